use ndarray::{ArrayView, Dimension};
use rayon::prelude::*;

use crate::{Error, check, lanes::for_each_processor};

/// Values that are summed at a time; the sums of the blocks are added in order, for any number of threads.
const BLOCK: usize = 1 << 16;

/// Mean, spread and range.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Statistics {
    /// Arithmetic mean.
    pub mean: f64,
    /// Standard deviation of the population (divided by n).
    pub std: f64,
    /// Smallest value.
    pub minimum: f32,
    /// Largest value.
    pub maximum: f32,
}

/// Mean, standard deviation, smallest and largest value; of an array of any dimension.
///
/// Sums are taken in double precision over fixed blocks of 65536 values about the mean of each block and joined in order (Chan,
/// Golub, LeVeque 1983, doi 10.1080/00031305.1983.10483115), so an offset far larger than the spread does no harm and the
/// result is the same for any number of threads. One pass over memory. An array that is not contiguous is copied first.
///
/// # Errors
///
/// [`Error::Empty`], [`Error::NotFinite`].
///
/// # Examples
///
/// ```
/// let tilt = ndarray::array![[1.0, 2.0, 3.0], [4.0, 5.0, 9.0]];
/// let statistics = cryo_filters::statistics(tilt.view())?;
/// assert_eq!((statistics.mean, statistics.maximum), (4.0, 9.0));
/// assert!((statistics.std - (40.0_f64 / 6.0).sqrt()).abs() < 1e-12);
/// # Ok::<(), cryo_filters::Error>(())
/// ```
pub fn statistics<D: Dimension>(values: ArrayView<'_, f32, D>) -> Result<Statistics, Error> {
    check::not_empty(&values)?;
    let packed = values.as_standard_layout();
    let slice = check::slice(&packed);
    let blocks: Vec<Moments> = slice.par_chunks(BLOCK).map(block_moments).collect();
    let all = blocks.into_iter().fold(Moments::NONE, Moments::join);
    if !all.mean.is_finite()
        && let Some(error) = check::first_not_finite(&values)
    {
        return Err(error);
    }
    Ok(Statistics {
        mean: all.mean,
        std: (all.squares / all.count).sqrt(),
        minimum: all.minimum,
        maximum: all.maximum,
    })
}

#[derive(Clone, Copy)]
struct Moments {
    count: f64,
    mean: f64,
    /// Sum of the squared distances from the mean.
    squares: f64,
    minimum: f32,
    maximum: f32,
}

impl Moments {
    const NONE: Self = Self {
        count: 0.0,
        mean: 0.0,
        squares: 0.0,
        minimum: f32::INFINITY,
        maximum: f32::NEG_INFINITY,
    };

    fn join(self, other: Self) -> Self {
        let count = self.count + other.count;
        let apart = other.mean - self.mean;
        Self {
            count,
            mean: self.mean + apart * (other.count / count),
            squares: self.squares
                + other.squares
                + apart * apart * (self.count * other.count / count),
            minimum: self.minimum.min(other.minimum),
            maximum: self.maximum.max(other.maximum),
        }
    }
}

const WIDTH: usize = 16;

for_each_processor! {
    fn block_moments(values: &[f32]) -> Moments {
        let count = values.len() as f64;
        let mean = sum_of::<FMA>(values, 0.0, false) / count;
        let squares = sum_of::<FMA>(values, mean, true);
        let (mut minimum, mut maximum) = (values[0], values[0]);
        for &value in values {
            minimum = if value < minimum { value } else { minimum };
            maximum = if value > maximum { value } else { maximum };
        }
        Moments { count, mean, squares, minimum, maximum }
    }
}

/// The sum of the distances from `centre`, or of their squares, in sixteen interleaved parts.
#[inline(always)]
fn sum_of<const FMA: bool>(values: &[f32], centre: f64, squared: bool) -> f64 {
    let mut parts = [0.0_f64; WIDTH];
    let groups = values.chunks_exact(WIDTH);
    let rest = groups.remainder();
    let add = |parts: &mut [f64; WIDTH], group: &[f32]| {
        for (part, &value) in parts.iter_mut().zip(group) {
            let distance = f64::from(value) - centre;
            *part += if squared {
                distance * distance
            } else {
                distance
            };
        }
    };
    groups.for_each(|group| add(&mut parts, group));
    add(&mut parts, rest);
    parts.iter().sum()
}
