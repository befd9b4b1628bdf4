//! Boxes of voxels made one voxel.

use ndarray::{Array3, ArrayView3, Axis, parallel::prelude::*};

use crate::{Error, check};

/// The volume with every box of `factor` voxels `[z, y, x]` replaced by its mean.
///
/// The result has `floor(n / factor)` voxels along an axis of n; a remainder at the end is dropped. Voxel i of the result is centred on
/// voxel `factor * i + (factor - 1) / 2`, so positions scale about the *corner* of the first voxel. Sums in double precision; parallel over planes.
///
/// # Errors
///
/// [`Error::Parameter`] for a factor of 0 or longer than its axis, [`Error::Empty`], [`Error::NotFinite`].
///
/// # Examples
///
/// ```
/// use ndarray::Array3;
///
/// let volume = Array3::from_shape_fn((2, 4, 7), |(_, y, x)| (10 * y + x) as f32);
/// let binned = cryo_filters::bin_mean(volume.view(), [1, 2, 3])?;
/// assert_eq!(binned.dim(), (2, 2, 2));
/// assert_eq!(binned[[0, 0, 1]], 9.0);
/// # Ok::<(), cryo_filters::Error>(())
/// ```
pub fn bin_mean(volume: ArrayView3<'_, f32>, factor: [usize; 3]) -> Result<Array3<f32>, Error> {
    let count = factor.iter().map(|&factor| factor as f64).product::<f64>();
    bin(
        volume,
        factor,
        0.0,
        |sum, value| sum + f64::from(value),
        |sum| (sum / count) as f32,
    )
}

/// The volume with every box of `factor` voxels `[z, y, x]` replaced by its largest value; otherwise as [`bin_mean`].
///
/// # Errors
///
/// As [`bin_mean`].
///
/// # Examples
///
/// ```
/// use ndarray::Array3;
///
/// let volume = Array3::from_shape_fn((2, 4, 7), |(_, y, x)| (10 * y + x) as f32);
/// let binned = cryo_filters::bin_max(volume.view(), [1, 2, 3])?;
/// assert_eq!(binned[[0, 0, 1]], 15.0);
/// # Ok::<(), cryo_filters::Error>(())
/// ```
pub fn bin_max(volume: ArrayView3<'_, f32>, factor: [usize; 3]) -> Result<Array3<f32>, Error> {
    bin(volume, factor, f32::NEG_INFINITY, f32::max, |largest| {
        largest
    })
}

fn bin<T: Copy + Send + Sync>(
    volume: ArrayView3<'_, f32>,
    factor: [usize; 3],
    start: T,
    join: impl Fn(T, f32) -> T + Sync,
    finish: impl Fn(T) -> f32 + Sync,
) -> Result<Array3<f32>, Error> {
    check::not_empty(&volume)?;
    let shape = volume.shape();
    let names = ["factor along z", "factor along y", "factor along x"];
    for ((name, factor), &length) in names.into_iter().zip(factor).zip(shape) {
        if !(1..=length).contains(&factor) {
            return Err(check::parameter(
                name,
                factor as f64,
                "expected 1 to the length of the axis",
            ));
        }
    }
    let target = [0, 1, 2].map(|axis| shape[axis] / factor[axis]);
    let mut binned = Array3::zeros(target);
    let slabs = volume.axis_chunks_iter(Axis(0), factor[0]).into_par_iter();
    // Whatever the boxes drop is looked at too: NaN is an error wherever it stands.
    let finite = volume
        .axis_iter(Axis(0))
        .into_par_iter()
        .all(|plane| plane.iter().all(|v| v.is_finite()));
    if !finite && let Some(error) = check::first_not_finite(&volume) {
        return Err(error);
    }
    slabs.zip(binned.axis_iter_mut(Axis(0))).for_each_init(
        || vec![start; target[2]],
        |row, (slab, mut plane)| {
            for (boxes, mut out) in slab
                .axis_chunks_iter(Axis(1), factor[1])
                .zip(plane.outer_iter_mut())
            {
                row.fill(start);
                for line in boxes.lanes(Axis(2)) {
                    for (cell, values) in row
                        .iter_mut()
                        .zip(line.axis_chunks_iter(Axis(0), factor[2]))
                    {
                        *cell = values.iter().fold(*cell, |cell, &value| join(cell, value));
                    }
                }
                out.iter_mut()
                    .zip(&*row)
                    .for_each(|(out, &cell)| *out = finish(cell));
            }
        },
    );
    Ok(binned)
}
