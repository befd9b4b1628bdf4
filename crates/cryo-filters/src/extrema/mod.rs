//! Running extrema and local maxima.

mod maxima;
mod running;

use ndarray::{Array3, ArrayView3, ArrayViewMut3};

pub use maxima::{LocalMaximum, local_maxima};

use crate::{Boundary, Error, check, separable::separable_into};
use running::RunningMaximum;

/// Larger windows are refused.
const LONGEST_WINDOW: usize = 65_536;

/// The largest value in a box of `size` voxels `[z, y, x]` about every voxel; `[z, y, x]` as `volume`.
///
/// A box of even size reaches one voxel further to the front, as in `scipy.ndimage.maximum_filter`. One pass a dimension by
/// windows of doubled length: `log2(size) + 1` vector operations a voxel, all of them in the cache, so the time hardly
/// depends on the size. Exact; parallel over planes, then rows.
///
/// # Errors
///
/// [`Error::Parameter`] for a size of 0 or above 65536, [`Error::Empty`], [`Error::NotFinite`].
///
/// # Examples
///
/// ```
/// use cryo_filters::{Boundary, maximum_filter};
/// use ndarray::Array3;
///
/// let mut volume = Array3::zeros((3, 9, 12));
/// volume[[1, 2, 7]] = 5.0;
/// let largest = maximum_filter(volume.view(), [1, 3, 5], Boundary::Reflect)?;
/// assert_eq!((largest[[1, 3, 9]], largest[[1, 3, 10]], largest[[0, 2, 7]]), (5.0, 0.0, 0.0));
/// # Ok::<(), cryo_filters::Error>(())
/// ```
pub fn maximum_filter(
    volume: ArrayView3<'_, f32>,
    size: [usize; 3],
    boundary: Boundary,
) -> Result<Array3<f32>, Error> {
    fresh(volume, |out| {
        maximum_filter_into(volume, size, boundary, out)
    })
}

/// Writes what [`maximum_filter`] returns to `out`.
///
/// # Errors
///
/// As [`maximum_filter`]; [`Error::Shape`] where `out` has another shape.
///
/// # Examples
///
/// ```
/// use cryo_filters::{Boundary, maximum_filter_into};
/// use ndarray::Array3;
///
/// let volume = Array3::from_shape_fn((2, 3, 4), |(_, _, x)| x as f32);
/// let mut largest = Array3::zeros((2, 3, 4));
/// maximum_filter_into(volume.view(), [1, 1, 3], Boundary::Nearest, largest.view_mut())?;
/// assert_eq!(largest[[0, 0, 0]], 1.0);
/// # Ok::<(), cryo_filters::Error>(())
/// ```
pub fn maximum_filter_into(
    volume: ArrayView3<'_, f32>,
    size: [usize; 3],
    boundary: Boundary,
    out: ArrayViewMut3<'_, f32>,
) -> Result<(), Error> {
    extremum_into(volume, size, boundary, 1.0, out)
}

/// The smallest value in a box about every voxel; otherwise as [`maximum_filter`].
///
/// # Errors
///
/// As [`maximum_filter`].
///
/// # Examples
///
/// ```
/// use cryo_filters::{Boundary, minimum_filter};
/// use ndarray::Array3;
///
/// let volume = Array3::from_shape_fn((2, 3, 4), |(_, _, x)| x as f32);
/// let smallest = minimum_filter(volume.view(), [1, 1, 3], Boundary::Reflect)?;
/// assert_eq!(smallest[[0, 0, 3]], 2.0);
/// # Ok::<(), cryo_filters::Error>(())
/// ```
pub fn minimum_filter(
    volume: ArrayView3<'_, f32>,
    size: [usize; 3],
    boundary: Boundary,
) -> Result<Array3<f32>, Error> {
    fresh(volume, |out| {
        minimum_filter_into(volume, size, boundary, out)
    })
}

/// Writes what [`minimum_filter`] returns to `out`.
///
/// # Errors
///
/// As [`maximum_filter_into`].
///
/// # Examples
///
/// ```
/// use cryo_filters::{Boundary, minimum_filter_into};
/// use ndarray::Array3;
///
/// let volume = Array3::from_shape_fn((2, 3, 4), |(_, _, x)| x as f32);
/// let mut smallest = Array3::zeros((2, 3, 4));
/// minimum_filter_into(volume.view(), [1, 1, 3], Boundary::Constant(-1.0), smallest.view_mut())?;
/// assert_eq!(smallest[[0, 0, 0]], -1.0);
/// # Ok::<(), cryo_filters::Error>(())
/// ```
pub fn minimum_filter_into(
    volume: ArrayView3<'_, f32>,
    size: [usize; 3],
    boundary: Boundary,
    out: ArrayViewMut3<'_, f32>,
) -> Result<(), Error> {
    extremum_into(volume, size, boundary, -1.0, out)
}

fn fresh(
    volume: ArrayView3<'_, f32>,
    fill: impl FnOnce(ArrayViewMut3<'_, f32>) -> Result<(), Error>,
) -> Result<Array3<f32>, Error> {
    check::not_empty(&volume)?;
    let mut out = Array3::zeros(volume.raw_dim());
    fill(out.view_mut())?;
    Ok(out)
}

fn extremum_into(
    volume: ArrayView3<'_, f32>,
    size: [usize; 3],
    boundary: Boundary,
    sign: f32,
    out: ArrayViewMut3<'_, f32>,
) -> Result<(), Error> {
    for (name, size) in ["size along z", "size along y", "size along x"]
        .into_iter()
        .zip(size)
    {
        if !(1..=LONGEST_WINDOW).contains(&size) {
            return Err(check::parameter(
                name,
                size as f64,
                "expected 1 to 65536 voxels",
            ));
        }
    }
    check::boundary(boundary)?;
    check::not_empty(&volume)?;
    let shape = volume.shape();
    let pass = |axis: usize| RunningMaximum::new(boundary, shape[axis], size[axis], sign);
    separable_into(volume, &[pass(0), pass(1), pass(2)], out)
}
