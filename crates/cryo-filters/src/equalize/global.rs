use ndarray::{Array, ArrayView, Dimension};
use rayon::prelude::*;

use crate::{Error, check, stats::histogram};

const BLOCK: usize = 1 << 15;

/// The array with an even histogram: every value becomes the fraction of values up to it, above 0 to 1; of any dimension.
///
/// As `skimage.exposure.equalize_hist`: the cumulative histogram of `bins` bins, interpolated linearly between their centres.
/// More bins follow the distribution closer; 256 is usual. Two passes over memory, parallel.
///
/// # Errors
///
/// [`Error::Constant`] where all values are equal; otherwise as [`histogram`](crate::histogram).
///
/// # Examples
///
/// ```
/// let values = ndarray::Array1::from_iter((0..1000).map(|value| (value as f32).powi(3)));
/// let even = cryo_filters::equalize_histogram(values.view(), 4096)?;
/// assert!((even[500] - 0.5).abs() < 0.01 && even[999] == 1.0);
/// # Ok::<(), cryo_filters::Error>(())
/// ```
pub fn equalize_histogram<D: Dimension>(
    values: ArrayView<'_, f32, D>,
    bins: usize,
) -> Result<Array<f32, D>, Error> {
    let found = histogram(values.view(), bins, None)?;
    let packed = values.as_standard_layout();
    let slice = check::slice(&packed);
    if slice.iter().all(|value| *value == slice[0]) {
        return Err(Error::Constant {
            value: slice[0],
            needs: "equalization needs some spread",
        });
    }
    let centres = found.centres();
    let cumulative = found.cumulative();
    let slopes: Vec<f64> = (1..bins)
        .map(|bin| (cumulative[bin] - cumulative[bin - 1]) / (centres[bin] - centres[bin - 1]))
        .collect();
    let factor = bins as f64 / (found.maximum - found.minimum);
    let mapped = |value: f32| {
        let value = f64::from(value);
        if value >= centres[bins - 1] {
            return 1.0;
        }
        if value <= centres[0] {
            return cumulative[0] as f32;
        }
        let near = ((value - found.minimum) * factor - 0.5).max(0.0) as usize;
        let near = near.min(bins - 2);
        (cumulative[near] + slopes[near] * (value - centres[near])) as f32
    };
    let mut even = Array::zeros(values.raw_dim());
    check::fresh_slice(&mut even)
        .par_chunks_mut(BLOCK)
        .zip(slice.par_chunks(BLOCK))
        .for_each(|(even, values)| {
            even.iter_mut()
                .zip(values)
                .for_each(|(even, &value)| *even = mapped(value));
        });
    Ok(even)
}
