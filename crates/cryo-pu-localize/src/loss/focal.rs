use tch::{Kind, Tensor};

use super::sets::{Probability, Sets, complement, looked_at};
use crate::Error;

/// CornerNet's focal loss for complete labels (Law and Deng 2018, arXiv 1808.01244, equation 1): everything that is no
/// positive is a negative, less so beside one. Also the validation loss (spec G.4).
///
/// # Errors
/// [`Error::Torch`] for shapes that do not fit.
///
/// # Examples
/// ```
/// use cryo_pu_localize::positive_negative_focal;
/// use tch::Tensor;
/// let p = Tensor::from_slice(&[0.9_f32, 0.2, 0.5, 0.3, 0.1, 0.02, 0.6, 0.95]);
/// let target = Tensor::from_slice(&[1.0_f32, 1.0, 0.487, 0.056, -1.0, -1.0, -1.0, -1.0]);
/// let loss = positive_negative_focal(&p.logit(None), &target)?;
/// assert!((loss.double_value(&[]) - 2.051581).abs() < 1e-5); // spec L.2
/// # Ok::<(), cryo_pu_localize::Error>(())
/// ```
pub fn positive_negative_focal(logits: &Tensor, target: &Tensor) -> Result<Tensor, Error> {
    let Probability { p, ln_p, ln_q } = Probability::of(logits)?;
    let hard = Sets::of(target)?.hard;
    let weight = complement(&target.f_clamp_min(0.0)?).f_pow_tensor_scalar(4.0)?;
    let up = (complement(&p).f_square()? * ln_p * &hard).f_sum(Kind::Float)?;
    let others = complement(&hard) * looked_at(target)?;
    let down = (weight * p.f_square()? * ln_q * others).f_sum(Kind::Float)?;
    Ok(-(up + down) / hard.f_sum(Kind::Float)?.f_clamp_min(1.0)?)
}
