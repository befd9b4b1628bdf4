use ndarray::{ArrayView3, Axis, parallel::prelude::*};

use super::spectrum::{Spectrum, frequency, norm};
use crate::Error;

/// The mean power at one spatial frequency.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RadialShell {
    /// Radius of the shell in cycles a voxel.
    pub frequency_per_vox: f64,
    /// Mean of the squared amplitudes of the transform (not normalized); 0 where the shell holds no value.
    pub power: f64,
    /// Values of the whole transform in the shell.
    pub count: u64,
}

/// The radial average of the power spectrum, from frequency 0 to Nyquist.
///
/// With n the longest axis the shells are `k / n` cycles a voxel for k from 0 to `n / 2`, and a value belongs to the
/// nearest one, whatever the lengths of the other axes. Frequencies beyond Nyquist, in the corners, are left out. Sums in double precision, in order.
///
/// # Errors
///
/// [`Error::Empty`], [`Error::NotFinite`].
///
/// # Examples
///
/// ```
/// use ndarray::Array3;
///
/// let wave = |x: usize| (std::f32::consts::TAU * x as f32 / 8.0).cos();
/// let volume = Array3::from_shape_fn((3, 5, 40), |(_, _, x)| wave(x));
/// let shells = cryo_filters::radial_power(volume.view())?;
/// let strongest = shells.iter().max_by(|a, b| a.power.total_cmp(&b.power)).expect("not empty");
/// assert_eq!(strongest.frequency_per_vox, 0.125);
/// # Ok::<(), cryo_filters::Error>(())
/// ```
pub fn radial_power(volume: ArrayView3<'_, f32>) -> Result<Vec<RadialShell>, Error> {
    Ok(shells_of(&Spectrum::of(volume)?))
}

/// The shell of a frequency.
pub(super) fn shell(frequency: f64, longest: usize) -> usize {
    (frequency * longest as f64 + 0.5).floor() as usize
}

pub(super) fn shells_of(spectrum: &Spectrum) -> Vec<RadialShell> {
    let [depth, height, width] = spectrum.shape();
    let longest = depth.max(height).max(width);
    let shells = longest / 2 + 1;
    let sums_of_plane = |(z, plane): (usize, ndarray::ArrayView2<'_, _>)| {
        let mut sums = vec![(0.0_f64, 0_u64); shells];
        for ((y, x), value) in plane.indexed_iter() {
            let value: &rustfft::num_complex::Complex32 = value;
            let place = [
                frequency(z, depth),
                frequency(y, height),
                x as f64 / width as f64,
            ];
            if let Some((power, count)) = sums.get_mut(shell(norm(place), longest)) {
                let times = spectrum.multiplicity(x);
                *power +=
                    (f64::from(value.re).powi(2) + f64::from(value.im).powi(2)) * times as f64;
                *count += times;
            }
        }
        sums
    };
    let planes = spectrum
        .values
        .axis_iter(Axis(0))
        .into_par_iter()
        .enumerate();
    let planes: Vec<Vec<(f64, u64)>> = planes.map(sums_of_plane).collect();
    let join = |shell: usize| {
        let (power, count) = planes
            .iter()
            .map(|plane| plane[shell])
            .fold((0.0, 0), |sum, plane| (sum.0 + plane.0, sum.1 + plane.1));
        RadialShell {
            frequency_per_vox: shell as f64 / longest as f64,
            power: if count > 0 { power / count as f64 } else { 0.0 },
            count,
        }
    };
    (0..shells).map(join).collect()
}
