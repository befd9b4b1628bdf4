use tch::Tensor;

use super::sets::{Probability, Sets, complement, mean_over};
use crate::Error;

/// The three risks of positive-unlabelled learning.
pub struct PuRisks {
    /// Of the positives as positives.
    pub positive: Tensor,
    /// Of the positives as negatives.
    pub positive_as_negative: Tensor,
    /// Of the unlabelled as negatives, of the known negatives and of other classes' particles.
    pub unlabelled: Tensor,
}

/// The positive-unlabelled focal loss with soft positives (spec G.4a): the non-negative estimator of Kiryo et al. 2017
/// (arXiv 1703.00593) over the focal loss of CornerNet (Law and Deng 2018, arXiv 1808.01244).
///
/// `logits` and `target` have one shape; the target is 1 at hard positives, between 0 and 1 at soft ones, −1 where
/// unlabelled, 0 at known negatives (all values: [`TargetLabel`](crate::TargetLabel)). `prior` is the part of the unlabelled that is positive, 0 to 1. As in the
/// reference, soft positives are pushed down with a weight that vanishes towards the centre.
///
/// # Errors
/// [`Error::Torch`] for shapes that do not fit.
///
/// # Examples
/// ```
/// use cryo_pu_localize::pu_focal;
/// use tch::Tensor;
/// let p = Tensor::from_slice(&[0.9_f32, 0.2, 0.5, 0.3, 0.1, 0.02, 0.6, 0.95]);
/// let target = Tensor::from_slice(&[1.0_f32, 1.0, 0.487, 0.056, -1.0, -1.0, -1.0, -1.0]);
/// let loss = pu_focal(&p.logit(None), &target, 0.01)?;
/// assert!((loss.double_value(&[]) - 0.754568).abs() < 1e-5); // spec L.1
/// # Ok::<(), cryo_pu_localize::Error>(())
/// ```
pub fn pu_focal(logits: &Tensor, target: &Tensor, prior: f64) -> Result<Tensor, Error> {
    let risks = pu_risks(logits, target)?;
    let positive = risks.positive * prior;
    let negative = risks.unlabelled - risks.positive_as_negative * prior;
    Ok(positive + non_negative(&negative)?)
}

/// The value where it is 0 or more; where it is below, 0 without gradient (β = 0 in spec G.4a).
pub(super) fn non_negative(risk: &Tensor) -> Result<Tensor, Error> {
    Ok(risk.f_relu()?)
}

/// The risks that [`pu_focal`] is made of.
///
/// # Errors
/// As [`pu_focal`].
pub fn pu_risks(logits: &Tensor, target: &Tensor) -> Result<PuRisks, Error> {
    let Probability { p, ln_p, ln_q } = Probability::of(logits)?;
    let Sets {
        hard,
        soft,
        unlabelled,
        other,
        negative,
    } = Sets::of(target)?;
    let down = p.f_square()? * &ln_q;
    let up = complement(&p).f_square()? * &ln_p;
    let away = complement(target).f_pow_tensor_scalar(4.0)?;
    let near = target.f_pow_tensor_scalar(4.0)?;
    let known = unlabelled + other + negative;
    Ok(PuRisks {
        positive: -(mean_over(&up, &hard)? + mean_over(&(&away * &down), &soft)?),
        positive_as_negative: -(mean_over(&down, &hard)? + mean_over(&(&near * &up), &soft)?),
        unlabelled: -mean_over(&down, &known)?,
    })
}
