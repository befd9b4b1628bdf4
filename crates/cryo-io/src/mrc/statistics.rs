use rayon::prelude::*;

use super::{Mode, Voxel};

/// Extrema, mean and deviation of a file's voxels, as its header states them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Statistics {
    /// Smallest value (DMIN).
    pub minimum: f32,
    /// Largest value (DMAX); below the smallest where they are not known.
    pub maximum: f32,
    /// Mean (DMEAN); below both extrema where it is not known.
    pub mean: f32,
    /// Root of the mean squared deviation from the mean (RMS); negative where it is not known.
    pub rms: f32,
}

impl Statistics {
    /// What MRC2014 writes where nothing is known: 0, −1, −2, −1.
    pub const UNDETERMINED: Self = Self {
        minimum: 0.0,
        maximum: -1.0,
        mean: -2.0,
        rms: -1.0,
    };
}

/// Statistics of a part of the voxels; parts are joined in order, so that the result does not
/// depend on the number of threads.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Summary {
    /// Number of finite values.
    pub(super) count: u64,
    /// Number of NaN and infinite values, left out of the rest.
    pub(super) non_finite: u64,
    pub(super) minimum: f64,
    pub(super) maximum: f64,
    pub(super) mean: f64,
    /// Of complex values; their real parts are what the rest is about.
    imaginary_mean: f64,
    squared_deviations: f64,
}

/// Values a block: several passes over one stay in the first cache.
const BLOCK: usize = 1 << 12;
const LANES: usize = 8;

impl Summary {
    pub(super) const EMPTY: Self = Self {
        count: 0,
        non_finite: 0,
        minimum: f64::INFINITY,
        maximum: f64::NEG_INFINITY,
        mean: 0.0,
        imaginary_mean: 0.0,
        squared_deviations: 0.0,
    };

    /// In parallel over blocks of fixed length; of complex values both parts make the deviation.
    pub(super) fn of<T: Voxel>(values: &[T]) -> Self {
        let blocks: Vec<Self> = values
            .par_chunks(BLOCK)
            .with_min_len(16)
            .map(|block| {
                let real = Self::of_part(block, T::to_f32);
                if !T::MODE.is_complex() {
                    return real;
                }
                let imaginary = Self::of_part(block, T::imaginary);
                Self {
                    non_finite: real.non_finite + imaginary.non_finite,
                    imaginary_mean: imaginary.mean,
                    squared_deviations: real.squared_deviations + imaginary.squared_deviations,
                    ..real
                }
            })
            .collect();
        blocks.into_iter().fold(Self::EMPTY, Self::join)
    }

    fn of_part<T: Voxel>(block: &[T], part: impl Fn(T) -> f32) -> Self {
        if let (Mode::Float32, Ok(values)) = (T::MODE, bytemuck::try_cast_slice(block)) {
            return Self::of_block(values);
        }
        let mut values = [0.0; BLOCK];
        for (value, &voxel) in values.iter_mut().zip(block) {
            *value = part(voxel);
        }
        Self::of_block(&values[..block.len()])
    }

    pub(super) fn join(self, other: Self) -> Self {
        let non_finite = self.non_finite + other.non_finite;
        if self.count == 0 || other.count == 0 {
            let kept = if self.count == 0 { other } else { self };
            return Self { non_finite, ..kept };
        }
        let count = self.count + other.count;
        let share = other.count as f64 / count as f64;
        let step = other.mean - self.mean;
        let imaginary_step = other.imaginary_mean - self.imaginary_mean;
        let squared_step = step * step + imaginary_step * imaginary_step;
        Self {
            count,
            non_finite,
            minimum: self.minimum.min(other.minimum),
            maximum: self.maximum.max(other.maximum),
            mean: self.mean + step * share,
            imaginary_mean: self.imaginary_mean + imaginary_step * share,
            squared_deviations: self.squared_deviations
                + other.squared_deviations
                + squared_step * share * self.count as f64,
        }
    }

    fn of_block(values: &[f32]) -> Self {
        let sum = lanes(values, [0.0_f64; LANES], |sum, value| {
            sum + f64::from(value)
        });
        let sum: f64 = sum.iter().sum();
        if values.is_empty() || !sum.is_finite() {
            return Self::of_finite(values);
        }
        let mean = sum / values.len() as f64;
        let squares = lanes(values, [0.0_f64; LANES], |sum, value| {
            let deviation = f64::from(value) - mean;
            sum + deviation * deviation
        });
        // Comparisons instead of `min` and `max`, whose rules for NaN are costly.
        let minima = lanes(values, [f32::INFINITY; LANES], |minimum, value| {
            if value < minimum { value } else { minimum }
        });
        let maxima = lanes(values, [f32::NEG_INFINITY; LANES], |maximum, value| {
            if value > maximum { value } else { maximum }
        });
        Self {
            count: values.len() as u64,
            non_finite: 0,
            minimum: f64::from(minima.into_iter().fold(f32::INFINITY, f32::min)),
            maximum: f64::from(maxima.into_iter().fold(f32::NEG_INFINITY, f32::max)),
            mean,
            imaginary_mean: 0.0,
            squared_deviations: squares.iter().sum(),
        }
    }

    fn of_finite(values: &[f32]) -> Self {
        let finite = || {
            values
                .iter()
                .copied()
                .map(f64::from)
                .filter(|value| value.is_finite())
        };
        let count = finite().count();
        let non_finite = (values.len() - count) as u64;
        if count == 0 {
            return Self {
                non_finite,
                ..Self::EMPTY
            };
        }
        let mean = finite().sum::<f64>() / count as f64;
        Self {
            count: count as u64,
            non_finite,
            minimum: finite().fold(f64::INFINITY, f64::min),
            maximum: finite().fold(f64::NEG_INFINITY, f64::max),
            mean,
            imaginary_mean: 0.0,
            squared_deviations: finite().map(|value| (value - mean).powi(2)).sum(),
        }
    }

    /// Deviation of the whole, not of a sample: what the header's RMS is.
    pub(super) fn rms(self) -> f64 {
        (self.squared_deviations / self.count.max(1) as f64).sqrt()
    }

    pub(super) fn statistics(self) -> Statistics {
        if self.count == 0 {
            return Statistics::UNDETERMINED;
        }
        Statistics {
            minimum: self.minimum as f32,
            maximum: self.maximum as f32,
            mean: self.mean as f32,
            rms: self.rms() as f32,
        }
    }
}

/// Folds values side by side, as vector instructions do; one fold a call, or the compiler does not.
fn lanes<A: Copy>(values: &[f32], start: [A; LANES], fold: impl Fn(A, f32) -> A) -> [A; LANES] {
    let mut lanes = start;
    let groups = values.chunks_exact(LANES);
    let rest = groups.remainder();
    for group in groups {
        for lane in 0..LANES {
            lanes[lane] = fold(lanes[lane], group[lane]);
        }
    }
    for &value in rest {
        lanes[0] = fold(lanes[0], value);
    }
    lanes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(count: usize) -> Vec<f32> {
        (0..count)
            .map(|i| ((i * 7919) % 1013) as f32 * 0.25 - 17.0)
            .collect()
    }

    #[test]
    fn summary_matches_brute_force() {
        let values = values(2 * BLOCK + 12_345);
        let summary = Summary::of(&values);
        let count = values.len() as f64;
        let mean = values.iter().map(|&v| f64::from(v)).sum::<f64>() / count;
        let squares = values.iter().map(|&v| (f64::from(v) - mean).powi(2));
        assert!((summary.mean - mean).abs() < 1e-9);
        assert!((summary.rms() - (squares.sum::<f64>() / count).sqrt()).abs() < 1e-9);
        assert_eq!((summary.minimum, summary.maximum), (-17.0, 236.0));
    }

    #[test]
    fn summary_leaves_out_what_is_not_finite() {
        let mut values = values(BLOCK + 100);
        let finite = Summary::of(&values[..BLOCK]);
        values[BLOCK..].fill(f32::NAN);
        values[BLOCK + 3] = f32::INFINITY;
        let summary = Summary::of(&values);
        assert_eq!(summary.non_finite, 100);
        assert_eq!(summary.statistics(), finite.statistics());
    }

    #[test]
    fn summary_is_the_same_on_any_number_of_threads() {
        let values = values(5 * BLOCK + 1);
        let on = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            pool.unwrap().install(|| Summary::of(&values))
        };
        assert_eq!(on(1), on(4));
    }

    #[test]
    fn nothing_has_no_statistics() {
        assert_eq!(
            Summary::of::<f32>(&[]).statistics(),
            Statistics::UNDETERMINED
        );
    }
}
