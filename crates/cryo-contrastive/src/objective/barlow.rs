use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};

use super::Loss;
use crate::Error;

/// Weight of the redundancy term.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BarlowParams {
    /// Of the squared correlations of different outputs, above 0.
    pub redundancy: f64,
}

impl Default for BarlowParams {
    /// The paper's.
    fn default() -> Self {
        Self { redundancy: 0.0051 }
    }
}

pub(super) fn loss(params: &BarlowParams, a: &Tensor, b: &Tensor) -> Result<Loss, Error> {
    let n = a.size()[0];
    let correlation = standardized(a)?
        .f_transpose(0, 1)?
        .f_matmul(&standardized(b)?)?
        .f_div_scalar(n)?;
    let diagonal = correlation.f_diagonal(0, 0, 1)?;
    let agreement = diagonal.f_sub_scalar(1.0)?.f_square()?.f_sum(Kind::Float)?;
    let redundancy = correlation
        .f_square()?
        .f_sum(Kind::Float)?
        .f_sub(&diagonal.f_square()?.f_sum(Kind::Float)?)?;
    let total = agreement.f_add(&redundancy.f_mul_scalar(params.redundancy)?)?;
    let terms = vec![
        ("loss", total.detach()),
        ("agreement", agreement.detach()),
        ("redundancy", redundancy.detach()),
    ];
    Ok(Loss { total, terms })
}

/// Batch normalization without weights, as the paper's code.
fn standardized(outputs: &Tensor) -> Result<Tensor, Error> {
    Ok(outputs.f_batch_norm::<Tensor>(None, None, None, None, true, 0.1, 1e-5, true)?)
}
