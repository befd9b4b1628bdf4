//! The embedding in few bytes.

use ndarray::{ArrayView2, Axis};

use crate::{Error, Pca, sample_rows};

const SAMPLE: usize = 50_000;
const SEED: u64 = 42;

/// The first principal components of `embedding` `[n, d]`, row by row in 8 bits, and their number.
///
/// One scale for all of them, so that distances keep their proportions; what lies beyond 8 standard
/// deviations of the widest component is cut off.
pub(super) fn reduced(
    embedding: ArrayView2<'_, f32>,
    components: usize,
) -> Result<(Vec<i8>, usize), Error> {
    let (n, d) = embedding.dim();
    if n < 2 {
        return Ok((vec![0; n], 1));
    }
    let sample = embedding.select(Axis(0), &sample_rows(n, SAMPLE, SEED));
    let components = components.min(d).min(sample.nrows());
    let pca = Pca::fit(sample.view(), components)?;
    let largest = pca
        .transform(sample.view())?
        .iter()
        .fold(0.0_f32, |most, value| most.max(value.abs()));
    let limit = largest.min(8.0 * pca.explained_variance[0].sqrt() as f32);
    let scale = if limit > 0.0 { 127.0 / limit } else { 0.0 };
    let mut bytes = Vec::with_capacity(n * components);
    for rows in embedding.axis_chunks_iter(Axis(0), SAMPLE) {
        let part = pca.transform(rows)?;
        // The cast saturates.
        bytes.extend(part.iter().map(|value| (value * scale).round() as i8));
    }
    Ok((bytes, components))
}
