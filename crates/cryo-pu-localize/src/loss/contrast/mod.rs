mod debiased;
mod dense;
mod pairs;
mod params;
mod rows;
mod supervised;
mod unsupervised;

use tch::{Kind, Tensor};

use crate::Error;
pub use dense::contrast_dense;
pub use params::{ContrastParams, ContrastRows};
use rows::Rows;
use supervised::supervised;
use unsupervised::{Unsupervised, unsupervised};

/// The terms, each with its gradient.
pub struct ContrastTerms {
    /// L_sup; 0 where fewer than two voxels are positive.
    pub supervised: Tensor,
    /// L_unsup.
    pub unsupervised: Tensor,
    /// Part of the unlabelled rows whose term hangs on other voxels than their twin: the rest is on the clamp.
    pub active: f64,
}

/// The contrastive terms of voxels seen in two views, in memory linear in the voxels.
///
/// `features` is `[2n, d]`, of length 1: all voxels in the first view, then in the second. `labels` and `probabilities`
/// are `[n]` and `[2n]`: the target as in [`pu_focal`](crate::pu_focal), the probability in each view. Similarities are
/// computed in blocks of rows, those of the unsupervised term once for each pair, with the exact gradient for the features;
/// probabilities get none. Time grows with the square of the voxels.
///
/// # Errors
/// [`Error::Torch`] for shapes that do not fit.
pub fn contrast(
    features: &Tensor,
    labels: &Tensor,
    probabilities: &Tensor,
    params: &ContrastParams,
) -> Result<ContrastTerms, Error> {
    let rows = Rows::of(labels, probabilities, params)?;
    let (labelled, other) = {
        let _guard = tch::no_grad_guard();
        let z = features.detach();
        (
            supervised(&z, &rows, params)?,
            unsupervised(&z, &rows, params)?,
        )
    };
    let Unsupervised {
        value,
        gradient,
        active,
    } = other;
    // The value of the term with the gradient that the blocks gave.
    let term = |value: f64, gradient: Tensor| -> Result<Tensor, Error> {
        let carrier = (features * gradient).f_sum(Kind::Float)?;
        Ok(&carrier - carrier.detach() + value)
    };
    Ok(ContrastTerms {
        supervised: term(labelled.0, labelled.1)?,
        unsupervised: term(value, gradient)?,
        active,
    })
}
