use tch::{Kind, Tensor};

use crate::Error;

/// Mean squared difference of the probabilities of two views of the same voxels (spec G.4c).
///
/// # Errors
/// [`Error::Torch`] for shapes that do not fit.
pub fn consistency(first: &Tensor, second: &Tensor) -> Result<Tensor, Error> {
    let difference = first.f_sigmoid()? - second.f_sigmoid()?;
    Ok(difference.f_square()?.f_mean(Kind::Float)?)
}
