use ndarray::{ArrayViewMut3, Axis};
use serde::{Deserialize, Serialize};

use crate::{Error, error::require};

/// What a voxel of a target is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TargetLabel {
    /// At an annotation.
    Positive,
    /// Beside one: between 0 and 1 in the target.
    Soft,
    /// Unknown; most voxels. Written as −1.
    Unlabelled,
    /// The core of a particle of another class: hardly one of this. Written as −0.5.
    Other,
    /// Outside the tomogram's mask: nothing is learned there. Written as −2.
    Ignored,
    /// Known to be no particle. Written as 0.
    Negative,
}

/// The core of another class's particle, in a target.
pub(crate) const OTHER: f32 = -0.5;
/// What lies outside the mask, in a target.
pub(crate) const IGNORED: f32 = -2.0;
/// Between that and the unlabelled's −1.
pub(crate) const IGNORED_BELOW: f32 = -1.5;

impl TargetLabel {
    /// The label of a value of a target, where 1 is a positive.
    #[must_use]
    pub fn of(value: f32) -> Self {
        if value < IGNORED_BELOW {
            Self::Ignored
        } else if value == OTHER {
            Self::Other
        } else if value < 0.0 {
            Self::Unlabelled
        } else if value == 0.0 {
            Self::Negative
        } else if value < 1.0 {
            Self::Soft
        } else {
            Self::Positive
        }
    }
}

/// How an annotation is drawn into the target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SplatParams {
    /// Standard deviation of the Gaussian over the particle's diameter; more makes broader peaks, which are easier to
    /// learn and harder to tell apart.
    pub sigma_per_diameter: f64,
    /// Values above it become 1.
    pub hard: f32,
    /// Values below it are not drawn.
    pub least: f32,
    /// Tubes (spec G.1): no soft voxels, those of at least 0.2 are positives.
    pub tubular: bool,
}

impl Default for SplatParams {
    fn default() -> Self {
        Self {
            sigma_per_diameter: 0.12,
            hard: 0.9,
            least: 0.02,
            tubular: false,
        }
    }
}

/// In tubular mode voxels of at least this are positives (spec G.1).
const TUBULAR: f32 = 0.2;

impl SplatParams {
    /// Checks every field.
    ///
    /// # Errors
    /// [`Error::Parameter`].
    pub fn validate(&self) -> Result<(), Error> {
        let sigma = self.sigma_per_diameter;
        let valid = sigma.is_finite() && sigma > 0.0 && sigma <= 1.0;
        require(valid, "sigma_per_diameter", "above 0, at most 1", sigma)?;
        let valid = self.hard > 0.0 && self.hard <= 1.0;
        require(valid, "hard", "above 0, at most 1", self.hard)?;
        let valid = self.least > 0.0 && self.least < self.hard;
        require(valid, "least", "above 0, below `hard`", self.least)
    }

    fn value(&self, gaussian: f32) -> f32 {
        if self.tubular {
            return f32::from(gaussian >= TUBULAR);
        }
        if gaussian > self.hard {
            1.0
        } else if gaussian < self.least {
            0.0
        } else {
            gaussian
        }
    }
}

/// The reference's splat radius in voxels of its half-resolution heat map for a box of `edge` voxels (spec G.1, the
/// CornerNet radius of Law and Deng 2018 at an overlap of 0.7); the Gaussian's σ is a sixth of twice the radius plus 1.
///
/// ```
/// use cryo_pu_localize::splat_radius;
/// assert_eq!([8, 16, 22, 30, 38, 44, 52, 60].map(splat_radius), [1, 2, 3, 4, 5, 6, 7, 8]);
/// ```
#[must_use]
pub fn splat_radius(edge: usize) -> usize {
    let half = (edge / 2) as f64;
    // Of the three cases of overlap this one is always the least for squares.
    let radius = (-2.8 * half + (7.84 * half * half + 3.36 * half * half).sqrt()) / 2.0;
    radius.floor() as usize
}

/// An annotation on the heat map's grid.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Splat {
    pub(crate) centre_zyx: [f64; 3],
    /// Along z, y, x.
    pub(crate) sigma: [f64; 3],
}

/// Draws splats into the part of a class's target that begins at `start`; where two overlap, the higher value stays.
pub(crate) fn paint(
    mut out: ArrayViewMut3<'_, f32>,
    start: [i64; 3],
    splats: impl Iterator<Item = Splat>,
    params: &SplatParams,
) {
    for Splat { centre_zyx, sigma } in splats {
        let mut ranges = [(0_usize, 0_usize); 3];
        for axis in 0..3 {
            let reach = 3.0 * sigma[axis];
            let local = centre_zyx[axis] - start[axis] as f64;
            let extent = out.len_of(Axis(axis)) as f64;
            let low = (local - reach).ceil().clamp(0.0, extent);
            let high = ((local + reach).floor() + 1.0).clamp(0.0, extent);
            ranges[axis] = (low as usize, high as usize);
        }
        let distance = |axis: usize, index: usize| {
            let offset = index as f64 + start[axis] as f64 - centre_zyx[axis];
            (offset / sigma[axis]).powi(2)
        };
        for z in ranges[0].0..ranges[0].1 {
            for y in ranges[1].0..ranges[1].1 {
                for x in ranges[2].0..ranges[2].1 {
                    let squared = distance(0, z) + distance(1, y) + distance(2, x);
                    // The nearest voxel counts as the centre: positions between voxels lose no positive.
                    let value = params.value((-0.5 * squared).exp() as f32);
                    let old = &mut out[[z, y, x]];
                    if value > 0.0 {
                        *old = old.max(value);
                    }
                }
            }
        }
        mark_nearest(&mut out, start, centre_zyx);
    }
}

/// The voxel nearest to a centre is a positive, however the centre lies between voxels.
fn mark_nearest(out: &mut ArrayViewMut3<'_, f32>, start: [i64; 3], centre: [f64; 3]) {
    let index: [i64; 3] = std::array::from_fn(|axis| centre[axis].round() as i64 - start[axis]);
    let shape = out.shape().to_owned();
    if (0..3).all(|axis| (0..shape[axis] as i64).contains(&index[axis])) {
        out[index.map(|i| i as usize)] = 1.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array3;

    fn painted(start: [i64; 3], params: &SplatParams) -> Array3<f32> {
        let mut target = Array3::from_elem((7, 9, 11), -1.0);
        let splat = Splat {
            centre_zyx: [13.0, 24.0, 35.0],
            sigma: [1.0, 1.5, 2.0],
        };
        paint(target.view_mut(), start, std::iter::once(splat), params);
        target
    }

    #[test]
    fn values_are_those_of_the_gaussian_and_the_rest_stays_unlabelled() {
        let target = painted([10, 20, 30], &SplatParams::default());
        assert_eq!(target[[3, 4, 5]], 1.0);
        let expected = (-0.5_f32 * (1.0 + (1.0 / 1.5_f32).powi(2))).exp();
        assert!((target[[4, 5, 5]] - expected).abs() < 1e-6);
        assert_eq!(target[[0, 0, 0]], -1.0);
        assert_eq!(TargetLabel::of(target[[4, 5, 5]]), TargetLabel::Soft);
    }

    #[test]
    fn a_part_of_the_target_equals_that_part_of_the_whole() {
        let params = SplatParams::default();
        let (whole, part) = (
            painted([10, 20, 30], &params),
            painted([12, 23, 33], &params),
        );
        for ((z, y, x), &value) in part.indexed_iter() {
            if let Some(&expected) = whole.get([z + 2, y + 3, x + 3]) {
                assert_eq!(value, expected);
            }
        }
    }

    #[test]
    fn tubes_have_no_soft_voxels() {
        let tubular = SplatParams {
            tubular: true,
            ..SplatParams::default()
        };
        let target = painted([10, 20, 30], &tubular);
        assert!(target.iter().all(|&value| value == 1.0 || value == -1.0));
        assert!(target.iter().filter(|&&value| value == 1.0).count() > 1);
    }
}
