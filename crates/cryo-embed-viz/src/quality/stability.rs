use cryo_core::Progress;
use ndarray::ArrayView2;

use crate::{Classes, ClassifyParams, Error, error::require_at_least};

/// How well clusterings with different seeds agree, over all pairs of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stability {
    /// Mean agreement.
    pub mean: f64,
    /// Smallest agreement.
    pub least: f64,
}

/// Classifies with each seed and scores every pair of labellings by `agreement`, such as the adjusted Rand
/// index of `cryo_eval::compare_labels`.
///
/// A structure that is there comes out again; where the mean is low, h is too large or there is no structure.
/// Points are compared by their nearest class, also those that would be unassigned.
///
/// # Errors
/// As [`Classes::fit`], and [`Error::TooFew`] below 2 seeds.
pub fn label_stability(
    points: ArrayView2<'_, f32>,
    classes: usize,
    params: &ClassifyParams,
    seeds: &[u64],
    agreement: impl Fn(&[u32], &[u32]) -> f64,
    progress: &dyn Progress,
) -> Result<Stability, Error> {
    require_at_least("seeds", 2, seeds.len())?;
    let mut labellings = Vec::with_capacity(seeds.len());
    for &seed in seeds {
        let mut params = params.clone();
        params.kmeans.seed = seed;
        let fitted = Classes::fit(points, classes, &params, progress)?;
        labellings.push(fitted.assign(points)?.nearest);
    }
    let (mut sum, mut least, mut pairs) = (0.0, f64::INFINITY, 0.0);
    for (number, one) in labellings.iter().enumerate() {
        for other in &labellings[..number] {
            let score = agreement(one, other);
            sum += score;
            pairs += 1.0;
            least = score.min(least);
        }
    }
    Ok(Stability {
        mean: sum / pairs,
        least,
    })
}
