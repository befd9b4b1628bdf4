use ndarray::{Array3, ArrayView3, Axis};
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};
use serde::{Deserialize, Serialize};

use crate::{Error, error::require};

/// How samples are changed at random, so that the network depends on none of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AugmentParams {
    /// Whether each of z, y, x is mirrored in half of the samples.
    pub flips: bool,
    /// Whether half of the samples are turned by 90° in the plane.
    pub quarter_turns: bool,
    /// Whether every sample is turned in the plane by any angle, about its middle; the tomogram is mirrored at its edges.
    pub rotations: bool,
    /// Most noise that is added, as a part of the tomogram's own: it has the tomogram's spectrum.
    pub noise: f32,
    /// Standard deviation of the logarithm of the factor that the values are multiplied by.
    pub gain: f32,
    /// Part of the samples that are blurred a little.
    pub blur: f64,
    /// Part of the samples that are seen as if the tomogram had voxels up to [`AugmentParams::COARSEST`] times as large,
    /// interpolated and normalized as a coarser tomogram is: without, small particles are not found in such.
    pub coarser: f64,
}

impl Default for AugmentParams {
    /// Chosen on simulated tomograms by how well a network does on others (docs/benchmarks.md).
    fn default() -> Self {
        Self {
            flips: true,
            quarter_turns: true,
            rotations: false,
            noise: 1.0,
            gain: 0.3,
            blur: 0.3,
            coarser: 0.0,
        }
    }
}

impl AugmentParams {
    /// Voxels at most, as a multiple of the network's, that samples are seen with.
    pub const COARSEST: f64 = 1.5;

    /// The reference's: mirrored in the plane only (spec G.2).
    #[must_use]
    pub fn none() -> Self {
        Self {
            flips: false,
            quarter_turns: false,
            rotations: false,
            noise: 0.0,
            gain: 0.0,
            blur: 0.0,
            coarser: 0.0,
        }
    }

    /// Checks every field.
    ///
    /// # Errors
    /// [`Error::Parameter`].
    pub fn validate(&self) -> Result<(), Error> {
        let amount = |value: f32| value.is_finite() && (0.0..=10.0).contains(&value);
        require(amount(self.noise), "noise", "0 to 10", self.noise)?;
        require(amount(self.gain), "gain", "0 to 10", self.gain)?;
        let part = (0.0..=1.0).contains(&self.blur);
        require(part, "blur", "0 to 1", self.blur)?;
        let part = (0.0..=1.0).contains(&self.coarser);
        require(part, "coarser", "0 to 1", self.coarser)
    }

    /// Changes the values of a sample; where they are does not change.
    pub(crate) fn intensities(
        &self,
        sample: &mut Array3<f32>,
        noise: Noise<'_>,
        rng: &mut impl Rng,
    ) {
        if rng.random_bool(self.blur) {
            *sample = blurred(sample);
        }
        if let Some(own) = noise.own.filter(|_| self.noise > 0.0) {
            // Squared, so that most samples get little.
            let amount = rng.random::<f32>().powi(2) * self.noise;
            let start: [usize; 3] = std::array::from_fn(|axis| {
                let room = own.shape()[axis].saturating_sub(sample.shape()[axis]);
                rng.random_range(0..=room)
            });
            let [z, y, x] = std::array::from_fn(|axis| {
                start[axis]..(start[axis] + sample.shape()[axis]).min(own.shape()[axis])
            });
            let part = ndarray::s![z, y, x];
            if own.slice(part).shape() == sample.shape() {
                let seen_so = noise.coarser.map_or(0.0, |(_, seen_so)| seen_so);
                sample.scaled_add(amount * (1.0 - seen_so), &own.slice(part));
                if let Some((coarser, seen_so)) = noise.coarser {
                    sample.scaled_add(amount * seen_so, &coarser.slice(part));
                }
            }
        }
        if self.gain > 0.0 {
            let normal: f32 = StandardNormal.sample(rng);
            *sample *= (normal * self.gain).exp();
        }
    }
}

/// Noise of a tomogram; and of it as if it had larger voxels, with how much of the sample is seen so, where any is.
#[derive(Clone, Copy)]
pub(crate) struct Noise<'a> {
    pub(crate) own: Option<&'a Array3<f32>>,
    pub(crate) coarser: Option<(&'a Array3<f32>, f32)>,
}

/// How a sample is turned: the same for its values and its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Turn {
    flip: [bool; 3],
    swap: bool,
}

impl Turn {
    pub(crate) fn draw(params: &AugmentParams, square: bool, rng: &mut impl Rng) -> Self {
        let mut half = |wanted: bool| rng.random::<bool>() && wanted;
        Self {
            flip: [half(params.flips), half(params.flips), half(params.flips)],
            swap: half(params.quarter_turns && square),
        }
    }

    /// Writes the turned array, one value after another.
    pub(crate) fn write(self, array: &ArrayView3<'_, f32>, out: &mut [f32]) {
        let mut view = array.view();
        for axis in 0..3 {
            if self.flip[axis] {
                view.invert_axis(Axis(axis));
            }
        }
        if self.swap {
            view.swap_axes(1, 2);
        }
        out.iter_mut()
            .zip(view.iter())
            .for_each(|(out, value)| *out = *value);
    }
}

/// Half the values, half the mean of the neighbours along each axis.
fn blurred(sample: &Array3<f32>) -> Array3<f32> {
    let mut smooth = sample.clone();
    for axis in 0..3 {
        for mut lane in smooth.lanes_mut(Axis(axis)) {
            let last = lane.len() - 1;
            let mut before = lane[0];
            for index in 0..=last {
                let (own, after) = (lane[index], lane[(index + 1).min(last)]);
                lane[index] = 0.5 * own + 0.25 * (before + after);
                before = own;
            }
        }
    }
    smooth
}

#[cfg(test)]
mod tests {
    use super::*;
    use cryo_train::stream_rng;

    #[test]
    fn a_turn_moves_values_and_keeps_them_all() {
        let sample = Array3::from_shape_fn((2, 3, 3), |(z, y, x)| (z * 9 + y * 3 + x) as f32);
        let turn = Turn {
            flip: [false, true, false],
            swap: true,
        };
        let mut out = vec![0.0; 18];
        turn.write(&sample.view(), &mut out);
        // out[y][x] = sample[2 - x][y]
        assert_eq!(out[..9], [6.0, 3.0, 0.0, 7.0, 4.0, 1.0, 8.0, 5.0, 2.0]);
    }

    #[test]
    fn nothing_changes_without_augmentation() {
        let mut rng = stream_rng(1, "test", 0);
        let sample = Array3::from_shape_fn((2, 3, 4), |(z, y, x)| (z * 12 + y * 4 + x) as f32);
        let (none, mut changed) = (AugmentParams::none(), sample.clone());
        none.intensities(
            &mut changed,
            Noise {
                own: Some(&sample),
                coarser: None,
            },
            &mut rng,
        );
        assert_eq!(changed, sample);
        let mut out = vec![0.0; 24];
        Turn::draw(&none, true, &mut rng).write(&changed.view(), &mut out);
        assert_eq!(out, sample.into_raw_vec_and_offset().0);
    }

    #[test]
    fn blurring_keeps_constants_and_narrows_spikes() {
        let mut spike = Array3::zeros((5, 5, 5));
        assert_eq!(blurred(&(&spike + 2.0)), &spike + 2.0);
        spike[[2, 2, 2]] = 1.0;
        let smooth = blurred(&spike);
        assert_eq!(smooth[[2, 2, 2]], 0.125);
        assert!((smooth.sum() - 1.0).abs() < 1e-6);
    }
}
