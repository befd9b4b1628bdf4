use ndarray::{ArrayView, Dimension};
use rayon::prelude::*;

use super::statistics;
use crate::{Error, check};

const BLOCK: usize = 1 << 18;
/// More bins than voxels of a large tomogram have no use.
const MOST_BINS: usize = 1 << 20;

/// Counts of values in bins of equal width.
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram {
    /// Values in each bin.
    pub counts: Vec<u64>,
    /// Lower edge of the first bin.
    pub minimum: f64,
    /// Upper edge of the last bin, which belongs to it.
    pub maximum: f64,
}

impl Histogram {
    /// The edges of the bins: one more than there are bins.
    pub fn edges(&self) -> Vec<f64> {
        edges(self.minimum, self.maximum, self.counts.len())
    }

    /// The centres of the bins.
    pub fn centres(&self) -> Vec<f64> {
        self.edges()
            .windows(2)
            .map(|edge| (edge[0] + edge[1]) / 2.0)
            .collect()
    }

    /// The fraction of the counted values in each bin and all before it; the last is 1.
    pub fn cumulative(&self) -> Vec<f64> {
        let all = self.counts.iter().sum::<u64>().max(1) as f64;
        let mut sum = 0;
        let running = self.counts.iter().map(|count| {
            sum += count;
            sum as f64 / all
        });
        running.collect()
    }
}

/// Counts of values in `bins` bins of equal width over `range`, or from the smallest to the largest value, as `numpy.histogram`.
///
/// A value on an edge belongs to the bin above it, at the end of the range to the last; values outside the range are not
/// counted. Without a range and with all values equal the bins span one unit about that value. Parallel.
///
/// # Errors
///
/// [`Error::Parameter`] for no bins, more than 2^20, or a range that is not finite or not ascending; [`Error::Empty`]; [`Error::NotFinite`].
///
/// # Examples
///
/// ```
/// let values = ndarray::array![0.0, 1.0, 2.0, 2.5, 4.0];
/// let histogram = cryo_filters::histogram(values.view(), 4, None)?;
/// assert_eq!(histogram.counts, [1, 1, 2, 1]);
/// assert_eq!(histogram.edges(), [0.0, 1.0, 2.0, 3.0, 4.0]);
/// # Ok::<(), cryo_filters::Error>(())
/// ```
pub fn histogram<D: Dimension>(
    values: ArrayView<'_, f32, D>,
    bins: usize,
    range: Option<[f64; 2]>,
) -> Result<Histogram, Error> {
    if !(1..=MOST_BINS).contains(&bins) {
        return Err(check::parameter(
            "bins",
            bins as f64,
            "expected 1 to 1048576",
        ));
    }
    if let Some([minimum, maximum]) = range
        && !(minimum < maximum && (maximum - minimum).is_finite())
    {
        return Err(check::parameter(
            "end of the range",
            maximum,
            "expected finite and above its start",
        ));
    }
    let found = statistics(values.view())?;
    let [minimum, maximum] = range.unwrap_or(if found.minimum < found.maximum {
        [found.minimum.into(), found.maximum.into()]
    } else {
        [
            f64::from(found.minimum) - 0.5,
            f64::from(found.minimum) + 0.5,
        ]
    });
    let edges = edges(minimum, maximum, bins);
    let factor = bins as f64 / (maximum - minimum);

    let count = |values: &[f32]| {
        let mut counts = vec![0; bins];
        for value in values.iter().map(|&value| f64::from(value)) {
            if !(minimum..=maximum).contains(&value) {
                continue;
            }
            let mut bin = (((value - minimum) * factor) as usize).min(bins - 1);
            // The product may be rounded across an edge.
            if value < edges[bin] {
                bin -= 1;
            } else if bin + 1 < bins && value >= edges[bin + 1] {
                bin += 1;
            }
            counts[bin] += 1;
        }
        counts
    };
    let add = |mut sum: Vec<u64>, counts: Vec<u64>| {
        sum.iter_mut()
            .zip(counts)
            .for_each(|(sum, count)| *sum += count);
        sum
    };
    let packed = values.as_standard_layout();
    let slice = check::slice(&packed);
    // Blocks grow with the number of bins, so that counting outweighs adding.
    let block = BLOCK.max(bins);
    let counts = slice
        .par_chunks(block)
        .map(count)
        .reduce(|| vec![0; bins], add);
    Ok(Histogram {
        counts,
        minimum,
        maximum,
    })
}

fn edges(minimum: f64, maximum: f64, bins: usize) -> Vec<f64> {
    let width = (maximum - minimum) / bins as f64;
    let edge = |bin: usize| {
        if bin == bins {
            maximum
        } else {
            minimum + bin as f64 * width
        }
    };
    (0..=bins).map(edge).collect()
}
