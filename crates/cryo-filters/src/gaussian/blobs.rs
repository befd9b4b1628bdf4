use ndarray::{Array3, ArrayView3, Zip};

use super::{
    GaussianParams, gaussian,
    kernel::{half_kernel, half_second_derivative},
    passes::convolve_into,
};
use crate::{Error, check};

/// The volume smoothed by `narrow` minus the volume smoothed by `wide`: positive on bright blobs between the two sizes.
///
/// For dark particles swap the two, as MiLoPYP's code does (wide minus narrow). Cost: two calls of [`gaussian`].
///
/// # Errors
///
/// As [`gaussian`].
///
/// # Examples
///
/// ```
/// use cryo_filters::{GaussianParams, difference_of_gaussians};
/// use ndarray::Array3;
///
/// let mut volume = Array3::zeros((9, 20, 31));
/// volume[[4, 7, 11]] = 1.0;
/// let [narrow, wide] = [1.0, 2.0].map(GaussianParams::isotropic);
/// let blobs = difference_of_gaussians(volume.view(), &narrow, &wide)?;
/// assert!(blobs[[4, 7, 11]] > 0.0 && blobs[[4, 11, 11]] < 0.0);
/// # Ok::<(), cryo_filters::Error>(())
/// ```
pub fn difference_of_gaussians(
    volume: ArrayView3<'_, f32>,
    narrow: &GaussianParams,
    wide: &GaussianParams,
) -> Result<Array3<f32>, Error> {
    wide.validate()?;
    let mut difference = gaussian(volume, narrow)?;
    let wide = gaussian(volume, wide)?;
    Zip::from(&mut difference)
        .and(&wide)
        .par_for_each(|value, wide| *value -= wide);
    Ok(difference)
}

/// The Laplacian of the smoothed volume, in squared values per voxel: negative on bright blobs.
///
/// The sum over the axes of the convolution with the Gaussian's second derivative along one axis and the Gaussian along the
/// others, as `scipy.ndimage.gaussian_laplace`. An axis with a sigma of 0 adds nothing (scipy adds the smoothed volume there),
/// and a constant beyond the edge has no derivative (scipy takes the constant again after every pass);
/// so `GaussianParams::in_plane` gives the Laplacian of every slice. A blob of radius r answers strongest at `sigma = r / sqrt(3)`.
///
/// # Errors
///
/// As [`gaussian`]; [`Error::Sigma`] where all three sigmas are 0.
///
/// # Examples
///
/// ```
/// use cryo_filters::{GaussianParams, laplacian_of_gaussian};
/// use ndarray::Array3;
///
/// // x^2 has the second derivative 2.
/// let volume = Array3::from_shape_fn((5, 6, 40), |(_, _, x)| (x as f32 - 17.0).powi(2));
/// let laplacian = laplacian_of_gaussian(volume.view(), &GaussianParams::isotropic(1.0))?;
/// assert!((laplacian[[2, 3, 20]] - 2.0).abs() < 0.01);
/// # Ok::<(), cryo_filters::Error>(())
/// ```
pub fn laplacian_of_gaussian(
    volume: ArrayView3<'_, f32>,
    params: &GaussianParams,
) -> Result<Array3<f32>, Error> {
    params.validate()?;
    check::not_empty(&volume)?;
    let axes: Vec<usize> = (0..3)
        .filter(|&axis| params.sigma_vox[axis] > 0.0)
        .collect();
    if axes.is_empty() {
        return Err(Error::Sigma {
            axis: 'x',
            got: 0.0,
            rule: "expected above 0 along some axis",
        });
    }
    let mut laplacian = Array3::zeros(volume.raw_dim());
    let mut part = Array3::zeros(if axes.len() > 1 {
        volume.raw_dim()
    } else {
        Default::default()
    });
    for (number, &axis) in axes.iter().enumerate() {
        let mut halves = params
            .sigma_vox
            .map(|sigma| half_kernel(sigma, params.truncate));
        halves[axis] = half_second_derivative(params.sigma_vox[axis], params.truncate);
        if number == 0 {
            convolve_into(volume, &halves, params.boundary, laplacian.view_mut())?;
        } else {
            convolve_into(volume, &halves, params.boundary, part.view_mut())?;
            Zip::from(&mut laplacian)
                .and(&part)
                .par_for_each(|sum, part| *sum += part);
        }
    }
    Ok(laplacian)
}
