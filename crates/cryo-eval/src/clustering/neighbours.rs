use ndarray::ArrayView2;
use rayon::prelude::*;

use super::vectors::{VectorDistance, Vectors, numbered};
use crate::error::{Error, require};

/// The balanced accuracy with which the nearest other points tell the label of each, from 0 to 1.
///
/// `points` is `[n, d]`, label `n` belongs to point `n`. Every point is left out in turn and gets the most
/// frequent label of its `neighbours` nearest others (at least 1, below n); of labels with equal votes the
/// smallest wins, of points at equal distance the first. The result is the mean over labels of the part
/// of their points that got their own label, so rare labels count as much as frequent ones; chance is
/// one over the number of labels. A label with one point cannot be told. Raising `neighbours` smooths
/// and hurts rare labels. Values are those of scikit-learn's `balanced_accuracy_score` of
/// `KNeighborsClassifier` under `LeaveOneOut`. Time is n² d; points are shared among the threads of
/// rayon's pool, and the result does not depend on their number.
///
/// # Errors
/// [`Error::LengthMismatch`], [`Error::NonFiniteVector`], and [`Error::Parameter`] for `neighbours`.
///
/// # Examples
/// ```
/// use cryo_eval::{VectorDistance, neighbour_balanced_accuracy};
/// let points = ndarray::array![[1.0, 0.0], [9.0, 1.0], [0.0, 2.0], [1.0, 5.0], [4.0, 3.0]];
/// let accuracy =
///     neighbour_balanced_accuracy(points.view(), &[1, 1, 2, 2, 2], 1, VectorDistance::Cosine)?;
/// assert_eq!(accuracy, (1.0 + 2.0 / 3.0) / 2.0);
/// # Ok::<(), cryo_eval::Error>(())
/// ```
pub fn neighbour_balanced_accuracy<L: Ord>(
    points: ArrayView2<'_, f32>,
    labels: &[L],
    neighbours: usize,
    distance: VectorDistance,
) -> Result<f64, Error> {
    let (labels, counts) = numbered(labels, points.nrows())?;
    let n = labels.len();
    let valid = neighbours >= 1 && neighbours < n;
    require(
        valid,
        "neighbours",
        "at least 1 and below the number of points",
        neighbours,
    )?;
    let vectors = Vectors::new(points, distance)?;
    let is_right = |point: usize| {
        let others = (0..n).filter(|&other| other != point);
        let mut nearest: Vec<_> = others
            .map(|other| (vectors.distance(point, other), other))
            .collect();
        let order = |a: &(f64, usize), b: &(f64, usize)| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1));
        nearest.select_nth_unstable_by(neighbours - 1, order);
        let mut votes = vec![0_usize; counts.len()];
        for &(_, other) in &nearest[..neighbours] {
            votes[labels[other]] += 1;
        }
        let most = votes.iter().max();
        votes.iter().position(|vote| Some(vote) == most) == Some(labels[point])
    };
    let right: Vec<bool> = (0..n).into_par_iter().map(is_right).collect();
    let mut hits = vec![0_usize; counts.len()];
    for (&label, _) in labels.iter().zip(right).filter(|(_, right)| *right) {
        hits[label] += 1;
    }
    let recalls = hits
        .iter()
        .zip(&counts)
        .map(|(&hits, &count)| hits as f64 / count as f64);
    Ok(recalls.sum::<f64>() / counts.len() as f64)
}
