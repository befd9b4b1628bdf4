use ndarray::ArrayView2;
use rayon::prelude::*;

use super::vectors::{VectorDistance, Vectors, numbered};
use crate::error::{Error, require};

/// The mean silhouette of labelled points (Rousseeuw 1987, doi 10.1016/0377-0427(87)90125-7), from −1 to 1.
///
/// `points` is `[n, d]`, label `n` belongs to point `n`. With a the mean distance of a point to the others
/// of its label and b the smallest mean distance to those of another, its silhouette is (b − a) / max(a, b),
/// and 0 if it is alone with its label or both are 0. Values are those of scikit-learn's
/// `silhouette_score`. Time is n² d; points are shared among the threads of rayon's pool, and the
/// result does not depend on their number.
///
/// # Errors
/// [`Error::LengthMismatch`], [`Error::NonFiniteVector`], and [`Error::Parameter`] unless there are at
/// least 2 labels and fewer labels than points.
///
/// # Examples
/// ```
/// use cryo_eval::{VectorDistance, silhouette};
/// let points = ndarray::array![[0.0], [1.0], [10.0], [11.0]];
/// let score = silhouette(points.view(), &["a", "a", "b", "b"], VectorDistance::Euclidean)?;
/// assert!((score - (9.5 / 10.5 + 8.5 / 9.5) / 2.0).abs() < 1e-12);
/// # Ok::<(), cryo_eval::Error>(())
/// ```
pub fn silhouette<L: Ord>(
    points: ArrayView2<'_, f32>,
    labels: &[L],
    distance: VectorDistance,
) -> Result<f64, Error> {
    let (labels, counts) = numbered(labels, points.nrows())?;
    let valid = counts.len() >= 2 && counts.len() < labels.len();
    let expected = "of at least 2 kinds and fewer than points";
    require(
        valid,
        "labels",
        expected,
        format_args!("{} kinds", counts.len()),
    )?;
    let vectors = Vectors::new(points, distance)?;
    let of_point = |point: usize| {
        let mut sums = vec![0.0; counts.len()];
        for (other, &label) in labels
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != point)
        {
            sums[label] += vectors.distance(point, other);
        }
        let own = labels[point];
        if counts[own] == 1 {
            return 0.0;
        }
        let within = sums[own] / (counts[own] - 1) as f64;
        let means = sums.iter().zip(&counts).enumerate();
        let between = means
            .filter(|(label, _)| *label != own)
            .map(|(_, (sum, &count))| sum / count as f64)
            .fold(f64::INFINITY, f64::min);
        let larger = within.max(between);
        if larger > 0.0 {
            (between - within) / larger
        } else {
            0.0
        }
    };
    let silhouettes: Vec<f64> = (0..labels.len()).into_par_iter().map(of_point).collect();
    Ok(silhouettes.iter().sum::<f64>() / labels.len() as f64)
}
