use std::f64::consts::PI;

use ndarray::{Array3, ArrayView3};

use super::spectrum::{Spectrum, norm};
use crate::{Error, check};

/// Where a filter passes, in cycles a voxel: 0.5 is Nyquist, `voxel size / resolution` the frequency of a resolution.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PassParams {
    /// Half of the amplitude passes here.
    pub cutoff_per_vox: f64,
    /// Full width of the edge, half a cosine wave about the cutoff; 0 is a step, which rings. Wider rings less.
    pub edge_per_vox: f64,
}

impl PassParams {
    /// Whether every field obeys its rule.
    ///
    /// # Errors
    ///
    /// [`Error::Parameter`] with the field, its value and the rule.
    pub fn validate(&self) -> Result<(), Error> {
        if !(self.cutoff_per_vox > 0.0 && self.cutoff_per_vox.is_finite()) {
            let rule = "expected above 0 and finite, in cycles a voxel";
            return Err(check::parameter(
                "cutoff_per_vox",
                self.cutoff_per_vox,
                rule,
            ));
        }
        if !(0.0..=2.0 * self.cutoff_per_vox).contains(&self.edge_per_vox) {
            let rule = "expected 0 to twice the cutoff";
            return Err(check::parameter("edge_per_vox", self.edge_per_vox, rule));
        }
        Ok(())
    }

    /// 1 well below the cutoff, 0 well above.
    fn below(&self, frequency: f64) -> f64 {
        if self.edge_per_vox == 0.0 {
            return if frequency <= self.cutoff_per_vox {
                1.0
            } else {
                0.0
            };
        }
        let place = (frequency - self.cutoff_per_vox) / self.edge_per_vox + 0.5;
        0.5 * (1.0 + (PI * place.clamp(0.0, 1.0)).cos())
    }
}

/// The volume without its frequencies above the cutoff.
///
/// The gain is 1 below, 0 above, half a cosine wave of width `edge_per_vox` between; the mean stays. Real transforms in single
/// precision of any size (`realfft`, `rustfft`); the edge is periodic; needs two more volumes of memory; parallel.
///
/// # Errors
///
/// [`Error::Parameter`] by [`PassParams::validate`], [`Error::Empty`], [`Error::NotFinite`].
///
/// # Examples
///
/// ```
/// use cryo_filters::{PassParams, low_pass};
/// use ndarray::Array3;
///
/// // A wave of 4 voxels on a wave of 20.
/// let wave = |x: usize, length: f32| (std::f32::consts::TAU * x as f32 / length).cos();
/// let volume = Array3::from_shape_fn((3, 5, 40), |(_, _, x)| wave(x, 4.0) + wave(x, 20.0));
/// let slow = low_pass(volume.view(), PassParams { cutoff_per_vox: 0.15, edge_per_vox: 0.05 })?;
/// assert!((slow[[1, 2, 13]] - wave(13, 20.0)).abs() < 1e-5);
/// # Ok::<(), cryo_filters::Error>(())
/// ```
pub fn low_pass(volume: ArrayView3<'_, f32>, pass: PassParams) -> Result<Array3<f32>, Error> {
    pass.validate()?;
    filtered(volume, |frequency| pass.below(frequency))
}

/// The volume without its frequencies below the cutoff, the mean among them; otherwise as [`low_pass`].
///
/// # Errors
///
/// As [`low_pass`].
///
/// # Examples
///
/// ```
/// use cryo_filters::{PassParams, high_pass};
/// use ndarray::Array3;
///
/// let volume = Array3::from_elem((3, 5, 40), 7.0);
/// let flat = high_pass(volume.view(), PassParams { cutoff_per_vox: 0.1, edge_per_vox: 0.02 })?;
/// assert!(flat.iter().all(|value| value.abs() < 1e-5));
/// # Ok::<(), cryo_filters::Error>(())
/// ```
pub fn high_pass(volume: ArrayView3<'_, f32>, pass: PassParams) -> Result<Array3<f32>, Error> {
    pass.validate()?;
    filtered(volume, |frequency| 1.0 - pass.below(frequency))
}

/// The volume with the frequencies between the cutoffs of `high` and `low`: [`high_pass`] by the first, [`low_pass`] by the second, in one transform.
///
/// # Errors
///
/// As [`low_pass`]; [`Error::Parameter`] where the cutoff of the high-pass is not below that of the low-pass.
///
/// # Examples
///
/// ```
/// use cryo_filters::{PassParams, band_pass};
/// use ndarray::Array3;
///
/// let wave = |x: usize, length: f32| (std::f32::consts::TAU * x as f32 / length).cos();
/// let volume = Array3::from_shape_fn((3, 5, 40), |(_, _, x)| 3.0 + wave(x, 4.0) + wave(x, 20.0));
/// let high = PassParams { cutoff_per_vox: 0.02, edge_per_vox: 0.01 };
/// let low = PassParams { cutoff_per_vox: 0.15, edge_per_vox: 0.05 };
/// let band = band_pass(volume.view(), high, low)?;
/// assert!((band[[1, 2, 13]] - wave(13, 20.0)).abs() < 1e-5);
/// # Ok::<(), cryo_filters::Error>(())
/// ```
pub fn band_pass(
    volume: ArrayView3<'_, f32>,
    high: PassParams,
    low: PassParams,
) -> Result<Array3<f32>, Error> {
    high.validate()?;
    low.validate()?;
    if high.cutoff_per_vox >= low.cutoff_per_vox {
        let rule = "expected a high-pass cutoff below the low-pass cutoff";
        return Err(check::parameter(
            "cutoff_per_vox",
            high.cutoff_per_vox,
            rule,
        ));
    }
    filtered(volume, |frequency| {
        low.below(frequency) * (1.0 - high.below(frequency))
    })
}

fn filtered(
    volume: ArrayView3<'_, f32>,
    gain: impl Fn(f64) -> f64 + Sync,
) -> Result<Array3<f32>, Error> {
    let mut spectrum = Spectrum::of(volume)?;
    spectrum.multiply(|frequency| gain(norm(frequency)));
    Ok(spectrum.into_volume())
}
