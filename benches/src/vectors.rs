//! Embeddings of known structure, the same for every way.

use cryo_fixtures::{EmbeddingParams, labelled_blobs};
use ndarray::Array2;

/// Gaussian blobs `[n, dimensions]` of different sizes whose centres lie half a standard deviation from the middle
/// along each axis, so that they overlap.
///
/// # Panics
/// If there are no dimensions.
#[must_use]
pub fn mixture(n: usize, dimensions: usize, blobs: usize) -> Array2<f32> {
    // Sizes 1 : 2 : 3, over and over.
    let weights: Vec<usize> = (0..blobs).map(|blob| 1 + blob % 3).collect();
    let total: usize = weights.iter().sum();
    let mut counts: Vec<usize> = weights.iter().map(|weight| n * weight / total).collect();
    counts[0] += n - counts.iter().sum::<usize>();
    let params = EmbeddingParams {
        dimensions,
        counts,
        separation: 0.5,
        spread: 1.0,
        seed: 1,
    };
    labelled_blobs(&params)
        .expect("these are valid parameters")
        .points
}
