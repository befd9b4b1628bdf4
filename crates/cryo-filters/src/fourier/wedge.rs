use ndarray::{Array3, ArrayView3};

use super::spectrum::{Spectrum, frequency};
use crate::{Error, check};

/// 1 where a tilt series about y from `first_deg` to `last_deg` has measured the Fourier transform of a volume of `shape`, else 0.
///
/// `[z, y, x / 2 + 1]`, zero frequency first, as the output of `numpy.fft.rfftn`. A tilt by θ measures the plane through the y
/// axis in which `kz = kx tan θ`: positive angles turn the specimen so that `x' = x cos θ + z sin θ`. For the other sign
/// swap and negate the angles. Frequencies are in cycles a voxel, so the wedge is right for volumes that are no cubes.
///
/// # Errors
///
/// [`Error::Parameter`] for angles that are not ascending or not within -90 to 90; [`Error::Empty`] for a shape without voxels.
///
/// # Examples
///
/// ```
/// let mask = cryo_filters::missing_wedge_mask([32, 8, 64], -60.0, 60.0)?;
/// assert_eq!(mask.dim(), (32, 8, 33));
/// assert_eq!((mask[[0, 3, 5]], mask[[9, 3, 2]]), (1.0, 0.0));
/// let measured = mask.mean().expect("not empty");
/// assert!((measured - 120.0 / 180.0).abs() < 0.15); // exact for a sphere
/// # Ok::<(), cryo_filters::Error>(())
/// ```
pub fn missing_wedge_mask(
    shape: [usize; 3],
    first_deg: f64,
    last_deg: f64,
) -> Result<Array3<f32>, Error> {
    validate(first_deg, last_deg)?;
    if shape.contains(&0) {
        return Err(Error::Empty {
            shape: shape.to_vec(),
        });
    }
    let [depth, height, width] = shape;
    Ok(Array3::from_shape_fn(
        (depth, height, width / 2 + 1),
        |(z, _, x)| {
            gain(
                [frequency(z, depth), 0.0, x as f64 / width as f64],
                first_deg,
                last_deg,
            ) as f32
        },
    ))
}

/// The volume without what a tilt series about y from `first_deg` to `last_deg` does not measure; angles as in [`missing_wedge_mask`].
///
/// # Errors
///
/// As [`missing_wedge_mask`], and [`Error::NotFinite`].
///
/// # Examples
///
/// ```
/// use cryo_filters::apply_missing_wedge;
/// use ndarray::Array3;
///
/// // A membrane that lies flat is not seen, one that stands upright is.
/// let flat = Array3::from_shape_fn((20, 6, 30), |(z, _, _)| if z == 9 { 1.0 } else { 0.0 });
/// let upright = Array3::from_shape_fn((20, 6, 30), |(_, _, x)| if x == 9 { 1.0 } else { 0.0 });
/// let seen = |volume: Array3<f32>| apply_missing_wedge(volume.view(), -60.0, 60.0);
/// assert!(seen(flat)?[[9, 3, 9]] < 0.1);
/// assert!(seen(upright)?[[9, 3, 9]] > 0.9);
/// # Ok::<(), cryo_filters::Error>(())
/// ```
pub fn apply_missing_wedge(
    volume: ArrayView3<'_, f32>,
    first_deg: f64,
    last_deg: f64,
) -> Result<Array3<f32>, Error> {
    validate(first_deg, last_deg)?;
    let mut spectrum = Spectrum::of(volume)?;
    spectrum.multiply(|frequency| gain(frequency, first_deg, last_deg));
    Ok(spectrum.into_volume())
}

fn gain([z, _, x]: [f64; 3], first_deg: f64, last_deg: f64) -> f64 {
    // The y axis belongs to every tilt.
    if z == 0.0 && x == 0.0 {
        return 1.0;
    }
    let angle = (z / x).atan().to_degrees();
    // Upright from both sides.
    let upright = x == 0.0 && (first_deg == -90.0 || last_deg == 90.0);
    f64::from(u8::from(upright || (first_deg..=last_deg).contains(&angle)))
}

fn validate(first_deg: f64, last_deg: f64) -> Result<(), Error> {
    for (name, angle) in [("first_deg", first_deg), ("last_deg", last_deg)] {
        if !(-90.0..=90.0).contains(&angle) {
            return Err(check::parameter(name, angle, "expected -90 to 90 degrees"));
        }
    }
    if first_deg >= last_deg {
        return Err(check::parameter(
            "last_deg",
            last_deg,
            "expected above first_deg",
        ));
    }
    Ok(())
}
