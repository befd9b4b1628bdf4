//! The Gaussian and what is made of it.

mod blobs;
mod direct;
mod kernel;
mod params;
mod passes;
mod slab;
mod spectral;

use ndarray::{Array3, ArrayView3, ArrayViewMut3};

pub use blobs::{difference_of_gaussians, laplacian_of_gaussian};
pub use params::GaussianParams;
pub use slab::{Slab, gaussian_in_place, gaussian_slab_into};

use crate::{Error, check};
use passes::convolve_into;

/// The volume convolved with a Gaussian; `[z, y, x]` as `volume`.
///
/// Three passes of one dimension over a sampled kernel that ends at `truncate * sigma` and sums to 1, as
/// `scipy.ndimage.gaussian_filter`; a sigma of 0 leaves its axis alone, so a 2D image is a volume `[1, y, x]` with
/// `sigma_vox[0] = 0`. Cost: linear in the number of voxels; a kernel of radius up to 128 (sigma 32) is summed directly, a longer one is
/// multiplied in Fourier space line by line, which bounds the cost of any sigma. Parallel over planes, then rows; the
/// result is the same for any number of threads. On processors with and without fused multiply-add it may differ in the last bit.
///
/// # Errors
///
/// [`Error::Sigma`] and [`Error::Parameter`] by [`GaussianParams::validate`], [`Error::Empty`], [`Error::NotFinite`].
///
/// # Examples
///
/// ```
/// use cryo_filters::{GaussianParams, gaussian};
/// use ndarray::Array3;
///
/// let mut volume = Array3::zeros((9, 20, 31));
/// volume[[4, 7, 11]] = 1.0;
/// let smooth = gaussian(volume.view(), &GaussianParams::isotropic(1.0))?;
/// assert!((smooth.sum() - 1.0).abs() < 1e-5);
/// assert!((smooth[[4, 7, 11]] - 0.0635).abs() < 1e-4); // (2 pi)^(-3/2)
/// # Ok::<(), cryo_filters::Error>(())
/// ```
pub fn gaussian(
    volume: ArrayView3<'_, f32>,
    params: &GaussianParams,
) -> Result<Array3<f32>, Error> {
    check::not_empty(&volume)?;
    let mut out = Array3::zeros(volume.raw_dim());
    gaussian_into(volume, params, out.view_mut())?;
    Ok(out)
}

/// Writes what [`gaussian`] returns to `out`, which has the shape of `volume` and whose old values do not matter.
///
/// A buffer that is used again saves the system the work of handing out fresh memory, which takes as long as the filter itself.
///
/// # Errors
///
/// As [`gaussian`]; [`Error::Shape`] where `out` has another shape. After [`Error::NotFinite`] the values of `out` are unspecified.
///
/// # Examples
///
/// ```
/// use cryo_filters::{GaussianParams, gaussian_into};
/// use ndarray::Array3;
///
/// let mut smooth = Array3::zeros((4, 5, 6));
/// for level in [1.0, 2.0] {
///     let volume = Array3::from_elem((4, 5, 6), level);
///     gaussian_into(volume.view(), &GaussianParams::isotropic(1.5), smooth.view_mut())?;
///     assert!(smooth.iter().all(|value| (value - level).abs() < 1e-5));
/// }
/// # Ok::<(), cryo_filters::Error>(())
/// ```
pub fn gaussian_into(
    volume: ArrayView3<'_, f32>,
    params: &GaussianParams,
    out: ArrayViewMut3<'_, f32>,
) -> Result<(), Error> {
    params.validate()?;
    convolve_into(volume, &params.kernels(), params.boundary, out)
}
