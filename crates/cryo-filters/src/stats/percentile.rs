use ndarray::{ArrayView, Dimension};
use rayon::prelude::*;

use crate::{Error, check, lanes::all_finite};

/// Classes of values that agree in the upper half of their bits.
const CLASSES: usize = 1 << 16;
const BLOCK: usize = 1 << 20;

/// The values below which the given percentages of all values lie, in the order of `percentages` (0 to 100), as `numpy.percentile`.
///
/// Between two values it is interpolated linearly. Exact selection, without sorting or copying the array: values are counted
/// by the upper half of their bits, then only the classes that hold an answer are searched. Two passes over memory, parallel.
///
/// # Errors
///
/// [`Error::Parameter`] for a percentage outside 0 to 100, [`Error::Empty`], [`Error::NotFinite`].
///
/// # Examples
///
/// ```
/// let values = ndarray::array![[4.0, 1.0], [2.0, 3.0]];
/// let found = cryo_filters::percentiles(values.view(), &[0.0, 50.0, 100.0])?;
/// assert_eq!(found, [1.0, 2.5, 4.0]);
/// # Ok::<(), cryo_filters::Error>(())
/// ```
pub fn percentiles<D: Dimension>(
    values: ArrayView<'_, f32, D>,
    percentages: &[f64],
) -> Result<Vec<f32>, Error> {
    if let Some(&got) = percentages
        .iter()
        .find(|value| !(0.0..=100.0).contains(*value))
    {
        return Err(check::parameter("percentage", got, "expected 0 to 100"));
    }
    check::not_empty(&values)?;
    let packed = values.as_standard_layout();
    let slice = check::slice(&packed);
    if !slice.par_chunks(BLOCK).all(all_finite)
        && let Some(error) = check::first_not_finite(&values)
    {
        return Err(error);
    }
    let counts = count_classes(slice);
    let value_at = |rank| value_at(slice, &counts, rank);
    let last = slice.len() - 1;
    let percentile = |&percentage: &f64| {
        let place = percentage / 100.0 * last as f64;
        let below = (place as usize).min(last);
        let low = value_at(below);
        let part = place - below as f64;
        let high = if part > 0.0 {
            value_at((below + 1).min(last))
        } else {
            low
        };
        (low + (high - low) * part) as f32
    };
    Ok(percentages.iter().map(percentile).collect())
}

/// The value that has `rank` values before it.
fn value_at(values: &[f32], counts: &[usize], rank: usize) -> f64 {
    let mut rest = rank;
    let mut class = 0;
    while rest >= counts[class] {
        rest -= counts[class];
        class += 1;
    }
    let in_class = |key: &u32| (key >> 16) as usize == class;
    let mut members: Vec<u32> = values
        .par_iter()
        .map(|&value| key(value))
        .filter(in_class)
        .collect();
    let (_, &mut found, _) = members.select_nth_unstable(rest);
    f64::from(value_of(found))
}

fn count_classes(values: &[f32]) -> Vec<usize> {
    let count = |values: &[f32]| {
        let mut counts = vec![0; CLASSES];
        for &value in values {
            counts[(key(value) >> 16) as usize] += 1;
        }
        counts
    };
    let add = |mut sum: Vec<usize>, counts: Vec<usize>| {
        sum.iter_mut()
            .zip(counts)
            .for_each(|(sum, count)| *sum += count);
        sum
    };
    values
        .par_chunks(BLOCK)
        .map(count)
        .reduce(|| vec![0; CLASSES], add)
}

/// An integer that is ordered as the values are.
fn key(value: f32) -> u32 {
    let bits = value.to_bits();
    if bits >> 31 == 0 {
        bits | 1 << 31
    } else {
        !bits
    }
}

fn value_of(key: u32) -> f32 {
    f32::from_bits(if key >> 31 == 1 {
        key ^ (1 << 31)
    } else {
        !key
    })
}
