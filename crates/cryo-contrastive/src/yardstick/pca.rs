use ndarray::{Array2, ArrayView2};
use tch::{Kind, Tensor};

use crate::{
    embed::rows,
    error::{Error, require},
};

/// The first principal components of `points`, `[n, d]`, as scores, `[n, components]`.
///
/// Eigenvectors of the covariance or, where d > n, of the Gram matrix, in f64; columns by falling variance,
/// signs arbitrary. Time is n d min(n, d). Fewer components come back where n − 1 or d is smaller.
///
/// # Errors
/// [`Error::Parameter`] for no points or no components, [`Error::Torch`].
///
/// # Examples
/// ```
/// let points = ndarray::array![[0.0, 1.0], [2.0, 1.0], [4.0, 1.0]];
/// let scores = cryo_contrastive::pca(points.view(), 1)?;
/// assert!((scores[[2, 0]].abs() - 2.0).abs() < 1e-6);
/// # Ok::<(), cryo_contrastive::Error>(())
/// ```
pub fn pca(points: ArrayView2<'_, f32>, components: usize) -> Result<Array2<f32>, Error> {
    let (n, d) = points.dim();
    require(
        n > 1 && d > 0,
        "points",
        "at least 2 of at least 1 number",
        format!("{n} of {d}"),
    )?;
    require(components > 0, "components", "at least 1", components)?;
    let components = components.min(n - 1).min(d);
    let values: Vec<f32> = points.iter().copied().collect();
    let points = Tensor::f_from_slice(&values)?
        .f_view([n as i64, d as i64])?
        .f_to_kind(Kind::Double)?;
    let centred = points.f_sub(&points.f_mean_dim([0_i64].as_slice(), true, Kind::Double)?)?;
    let transposed = centred.f_transpose(0, 1)?;
    let scores = if d <= n {
        let (_, vectors) = transposed.f_matmul(&centred)?.f_linalg_eigh("L")?;
        centred.f_matmul(&vectors)?
    } else {
        let (values, vectors) = centred.f_matmul(&transposed)?.f_linalg_eigh("L")?;
        vectors.f_mul(&values.f_clamp_min(0.0)?.f_sqrt()?)?
    };
    // Ascending eigenvalues.
    let size = scores.size()[1];
    let largest = scores
        .f_narrow(1, size - components as i64, components as i64)?
        .f_flip([1_i64].as_slice())?
        .f_to_kind(Kind::Float)?
        .f_contiguous()?;
    let values = Vec::<f32>::try_from(&largest.f_flatten(0, -1)?)?;
    Ok(rows(n, components, values))
}
