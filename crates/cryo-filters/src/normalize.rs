//! Values mapped one by one.

use ndarray::{Array, ArrayView, ArrayViewMut, Dimension};
use rayon::prelude::*;

use crate::{Error, check, lanes::for_each_processor, stats::statistics};

const BLOCK: usize = 1 << 15;

/// The array with mean 0 and standard deviation 1: `(v - mean) / std`, of the population; of any dimension.
///
/// # Errors
///
/// [`Error::Constant`] where all values are equal, [`Error::Empty`], [`Error::NotFinite`].
///
/// # Examples
///
/// ```
/// let score = cryo_filters::z_score(ndarray::array![1.0, 3.0, 1.0, 3.0].view())?;
/// assert_eq!(score, ndarray::array![-1.0, 1.0, -1.0, 1.0]);
/// # Ok::<(), cryo_filters::Error>(())
/// ```
pub fn z_score<D: Dimension>(values: ArrayView<'_, f32, D>) -> Result<Array<f32, D>, Error> {
    fresh(values, z_score_in_place)
}

/// [`z_score`] in place.
///
/// # Errors
///
/// As [`z_score`]; the values are then unchanged.
///
/// # Examples
///
/// ```
/// let mut values = ndarray::array![1.0, 3.0];
/// cryo_filters::z_score_in_place(values.view_mut())?;
/// assert_eq!(values, ndarray::array![-1.0, 1.0]);
/// # Ok::<(), cryo_filters::Error>(())
/// ```
pub fn z_score_in_place<D: Dimension>(mut values: ArrayViewMut<'_, f32, D>) -> Result<(), Error> {
    let found = statistics(values.view())?;
    if found.minimum == found.maximum {
        return Err(Error::Constant {
            value: found.minimum,
            needs: "a z-score needs some spread",
        });
    }
    scale(&mut values, found.mean, found.std.recip());
    Ok(())
}

/// The array mapped linearly so that its smallest value is 0 and its largest 1; of any dimension.
///
/// # Errors
///
/// As [`z_score`].
///
/// # Examples
///
/// ```
/// let unit = cryo_filters::min_max(ndarray::array![2.0, 3.0, 6.0].view())?;
/// assert_eq!(unit, ndarray::array![0.0, 0.25, 1.0]);
/// # Ok::<(), cryo_filters::Error>(())
/// ```
pub fn min_max<D: Dimension>(values: ArrayView<'_, f32, D>) -> Result<Array<f32, D>, Error> {
    fresh(values, min_max_in_place)
}

/// [`min_max`] in place.
///
/// # Errors
///
/// As [`min_max`]; the values are then unchanged.
///
/// # Examples
///
/// ```
/// let mut values = ndarray::array![2.0, 3.0, 6.0];
/// cryo_filters::min_max_in_place(values.view_mut())?;
/// assert_eq!(values, ndarray::array![0.0, 0.25, 1.0]);
/// # Ok::<(), cryo_filters::Error>(())
/// ```
pub fn min_max_in_place<D: Dimension>(mut values: ArrayViewMut<'_, f32, D>) -> Result<(), Error> {
    let found = statistics(values.view())?;
    let span = f64::from(found.maximum) - f64::from(found.minimum);
    if span == 0.0 {
        return Err(Error::Constant {
            value: found.minimum,
            needs: "min-max scaling needs some spread",
        });
    }
    scale(&mut values, found.minimum.into(), span.recip());
    Ok(())
}

/// The array with values below `low` set to `low` and above `high` to `high`; of any dimension.
///
/// # Errors
///
/// [`Error::Parameter`] where `low` is not below `high`, [`Error::Empty`], [`Error::NotFinite`].
///
/// # Examples
///
/// ```
/// let clipped = cryo_filters::clip(ndarray::array![-7.0, 0.5, 3.0].view(), -1.0, 2.0)?;
/// assert_eq!(clipped, ndarray::array![-1.0, 0.5, 2.0]);
/// # Ok::<(), cryo_filters::Error>(())
/// ```
pub fn clip<D: Dimension>(
    values: ArrayView<'_, f32, D>,
    low: f32,
    high: f32,
) -> Result<Array<f32, D>, Error> {
    window(low.into(), high.into())?;
    statistics(values.view())?;
    fresh(values, |mut values| {
        map(&mut values, |values| {
            values
                .iter_mut()
                .for_each(|value| *value = value.clamp(low, high));
        });
        Ok(())
    })
}

/// The array clipped to its mean plus and minus `sigmas` standard deviations.
///
/// # Errors
///
/// [`Error::Parameter`] where `sigmas` is not positive, [`Error::Constant`], [`Error::Empty`], [`Error::NotFinite`].
///
/// # Examples
///
/// ```
/// let mut values = ndarray::Array1::from_iter((0..100).map(|value| (value % 2) as f32));
/// values[7] = 900.0; // a hot pixel
/// let clipped = cryo_filters::clip_sigma(values.view(), 4.0)?;
/// assert!(clipped[7] < 400.0);
/// # Ok::<(), cryo_filters::Error>(())
/// ```
pub fn clip_sigma<D: Dimension>(
    values: ArrayView<'_, f32, D>,
    sigmas: f64,
) -> Result<Array<f32, D>, Error> {
    if !(sigmas > 0.0 && sigmas.is_finite()) {
        return Err(check::parameter(
            "sigmas",
            sigmas,
            "expected above 0 and finite",
        ));
    }
    let found = statistics(values.view())?;
    if found.minimum == found.maximum {
        return Err(Error::Constant {
            value: found.minimum,
            needs: "clipping by sigma needs some spread",
        });
    }
    let reach = sigmas * found.std;
    clip(
        values,
        (found.mean - reach) as f32,
        (found.mean + reach) as f32,
    )
}

/// 256 levels: `clip(255 (v - low) / (high - low), 0, 255)`, rounded half to even; of any dimension.
///
/// Computed in double precision, as MiLoPYP's loader, which takes the window -2.5 to 2.0 on z-scored values (-3 to 3 after a Gaussian).
///
/// # Errors
///
/// [`Error::Parameter`] where `low` is not below `high`, [`Error::Empty`], [`Error::NotFinite`].
///
/// # Examples
///
/// ```
/// let levels = cryo_filters::quantize_u8(ndarray::array![-9.0, 0.0, 0.5, 1.5, 2.5].view(), 0.0, 255.0)?;
/// assert_eq!(levels, ndarray::array![0, 0, 0, 2, 2]);
/// # Ok::<(), cryo_filters::Error>(())
/// ```
pub fn quantize_u8<D: Dimension>(
    values: ArrayView<'_, f32, D>,
    low: f64,
    high: f64,
) -> Result<Array<u8, D>, Error> {
    window(low, high)?;
    check::not_empty(&values)?;
    let packed = values.as_standard_layout();
    let slice = check::slice(&packed);
    let mut levels = Array::<u8, D>::zeros(values.raw_dim());
    let out = check::fresh_slice(&mut levels);
    let blocks = out.par_chunks_mut(BLOCK).zip(slice.par_chunks(BLOCK));
    let finite = blocks
        .map(|(out, values)| quantize(values, low, high, out))
        .reduce(|| true, |a, b| a & b);
    if !finite && let Some(error) = check::first_not_finite(&values) {
        return Err(error);
    }
    Ok(levels)
}

for_each_processor! {
    /// Whether the values were finite.
    fn quantize(values: &[f32], low: f64, high: f64, out: &mut [u8]) -> bool {
        let span = high - low;
        for (level, &value) in out.iter_mut().zip(values) {
            let exact = (255.0 * (f64::from(value) - low) / span).clamp(0.0, 255.0);
            *level = exact.round_ties_even() as u8;
        }
        crate::lanes::all_finite(values)
    }
}

for_each_processor! {
    fn scale_block(values: &mut [f32], offset: f64, factor: f64) {
        for value in values {
            *value = ((f64::from(*value) - offset) * factor) as f32;
        }
    }
}

fn scale<D: Dimension>(values: &mut ArrayViewMut<'_, f32, D>, offset: f64, factor: f64) {
    map(values, |values| scale_block(values, offset, factor));
}

/// Applies `change` to all values, block by block where they are contiguous in some order.
fn map<D: Dimension>(
    values: &mut ArrayViewMut<'_, f32, D>,
    change: impl Fn(&mut [f32]) + Send + Sync,
) {
    match values.as_slice_memory_order_mut() {
        Some(values) => values.par_chunks_mut(BLOCK).for_each(change),
        None => values
            .iter_mut()
            .for_each(|value| change(std::slice::from_mut(value))),
    }
}

fn window(low: f64, high: f64) -> Result<(), Error> {
    if low < high && (high - low).is_finite() {
        return Ok(());
    }
    Err(check::parameter(
        "high",
        high,
        "expected finite and above low",
    ))
}

fn fresh<D: Dimension>(
    values: ArrayView<'_, f32, D>,
    change: impl FnOnce(ArrayViewMut<'_, f32, D>) -> Result<(), Error>,
) -> Result<Array<f32, D>, Error> {
    let mut values = values.to_owned();
    change(values.view_mut())?;
    Ok(values)
}
