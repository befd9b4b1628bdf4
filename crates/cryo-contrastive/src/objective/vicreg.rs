use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};

use super::Loss;
use crate::Error;

/// Weights of the three terms.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VicRegParams {
    /// Of the mean squared difference of partners.
    pub invariance: f64,
    /// Of the hinge that keeps every output's standard deviation at 1.
    pub variance: f64,
    /// Of the squared covariances of different outputs.
    pub covariance: f64,
}

impl Default for VicRegParams {
    /// The paper's.
    fn default() -> Self {
        Self {
            invariance: 25.0,
            variance: 25.0,
            covariance: 1.0,
        }
    }
}

/// Under the root of the standard deviation, so that its gradient is finite; the paper's.
const EPSILON: f64 = 1e-4;

pub(super) fn loss(params: &VicRegParams, a: &Tensor, b: &Tensor) -> Result<Loss, Error> {
    let invariance = a.f_sub(b)?.f_square()?.f_mean(Kind::Float)?;
    let variance = hinge(a)?.f_add(&hinge(b)?)?.f_mul_scalar(0.5)?;
    let covariance = off_diagonal(a)?.f_add(&off_diagonal(b)?)?;
    let total = invariance
        .f_mul_scalar(params.invariance)?
        .f_add(&variance.f_mul_scalar(params.variance)?)?
        .f_add(&covariance.f_mul_scalar(params.covariance)?)?;
    let terms = vec![
        ("loss", total.detach()),
        ("invariance", invariance.detach()),
        ("variance", variance.detach()),
        ("covariance", covariance.detach()),
    ];
    Ok(Loss { total, terms })
}

fn hinge(outputs: &Tensor) -> Result<Tensor, Error> {
    let deviation = outputs
        .f_var_dim([0_i64].as_slice(), true, false)?
        .f_add_scalar(EPSILON)?
        .f_sqrt()?;
    let missing = deviation.f_neg()?.f_add_scalar(1.0)?.f_relu()?;
    Ok(missing.f_mean(Kind::Float)?)
}

/// Σ of squared covariances off the diagonal, over the number of outputs.
fn off_diagonal(outputs: &Tensor) -> Result<Tensor, Error> {
    let [n, d] = [outputs.size()[0], outputs.size()[1]];
    let centred = outputs.f_sub(&outputs.f_mean_dim([0_i64].as_slice(), true, Kind::Float)?)?;
    let covariance = centred
        .f_transpose(0, 1)?
        .f_matmul(&centred)?
        .f_div_scalar((n - 1).max(1))?;
    let diagonal = covariance
        .f_diagonal(0, 0, 1)?
        .f_square()?
        .f_sum(Kind::Float)?;
    let all = covariance.f_square()?.f_sum(Kind::Float)?;
    Ok(all.f_sub(&diagonal)?.f_div_scalar(d)?)
}
