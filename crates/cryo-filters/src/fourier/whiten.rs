use ndarray::{Array3, ArrayView3};

use super::{
    radial::{shell, shells_of},
    spectrum::{Spectrum, norm},
};
use crate::{Error, normalize::z_score_in_place};

/// The volume with the same mean power at every spatial frequency, mean 0 and standard deviation 1.
///
/// Every value of the transform is divided by the root of the mean power of its shell (see [`radial_power`](crate::radial_power));
/// frequencies beyond Nyquist take the last shell's. Shells without power stay empty.
///
/// # Errors
///
/// [`Error::Constant`] where nothing is left beside the mean, [`Error::Empty`], [`Error::NotFinite`].
///
/// # Examples
///
/// ```
/// use ndarray::Array3;
///
/// let volume = Array3::from_shape_fn((5, 9, 20), |(z, y, x)| ((z * 37 + y * 101 + x * 53) % 97) as f32);
/// let white = cryo_filters::whiten(volume.view())?;
/// assert!(white.sum().abs() < 1e-2);
/// # Ok::<(), cryo_filters::Error>(())
/// ```
pub fn whiten(volume: ArrayView3<'_, f32>) -> Result<Array3<f32>, Error> {
    let found = crate::stats::statistics(volume)?;
    if found.minimum == found.maximum {
        return Err(Error::Constant {
            value: found.minimum,
            needs: "whitening needs some spread",
        });
    }
    let mut spectrum = Spectrum::of(volume)?;
    let gains: Vec<f64> = shells_of(&spectrum)
        .iter()
        .map(|shell| {
            if shell.power > 0.0 {
                shell.power.sqrt().recip()
            } else {
                0.0
            }
        })
        .collect();
    let longest = spectrum.shape().into_iter().max().unwrap_or(1);
    spectrum.multiply(|frequency| {
        let radius = norm(frequency);
        if radius == 0.0 {
            0.0
        } else {
            gains[shell(radius, longest).min(gains.len() - 1)]
        }
    });
    let mut white = spectrum.into_volume();
    z_score_in_place(white.view_mut())?;
    Ok(white)
}
