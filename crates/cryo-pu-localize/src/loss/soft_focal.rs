use tch::{Kind, Tensor};

use super::{
    pu_focal::non_negative,
    sets::{Probability, Sets, complement, mean_over},
};
use crate::Error;

/// The positive-unlabelled loss of which the heat map is the target itself: soft positives are drawn to their value
/// instead of down.
///
/// Over drawn voxels, of value g, it is the quality focal loss |g − p|² · BCE(p, g) (Li et al. 2020, arXiv 2006.04388)
/// per unit of g; over the unlabelled the focal loss as negatives, p² · −ln(1 − p), of which what the positives among
/// them are expected to add is taken off, never below 0 (Kiryo et al. 2017, arXiv 1703.00593). The mean of that focal loss
/// over known negatives (value 0) weighs as much as the first: a few of them would drown among the unlabelled. `prior` is
/// the weight of the known against the unlabelled. `mass` is the sum of g that batches hold on average; `None` takes this one's. Where many
/// batches hold none of a class, as with several classes, the average keeps its weight from falling with their number.
///
/// # Errors
/// [`Error::Torch`] for shapes that do not fit.
pub fn soft_focal(
    logits: &Tensor,
    target: &Tensor,
    prior: f64,
    mass: Option<f64>,
) -> Result<Tensor, Error> {
    let Probability { p, ln_p, ln_q } = Probability::of(logits)?;
    let Sets {
        hard,
        soft,
        unlabelled,
        other,
        negative,
    } = Sets::of(target)?;
    let drawn = hard + soft;
    let value = target.f_clamp_min(0.0)?;
    let mass = match mass {
        Some(mass) => Tensor::from(mass.max(1.0))
            .f_to_kind(Kind::Float)?
            .f_to(logits.device())?,
        None => (&value * &drawn).f_sum(Kind::Float)?.f_clamp_min(1.0)?,
    };
    let entropy = -(&value * &ln_p + complement(&value) * &ln_q);
    let fit = (entropy * (&value - &p).f_square()? * &drawn).f_sum(Kind::Float)? / &mass;
    let down = -(p.f_square()? * &ln_q);
    let as_negative = (&down * &value * &drawn).f_sum(Kind::Float)? / mass;
    let unknown = non_negative(&(mean_over(&down, &(unlabelled + other))? - as_negative * prior))?;
    Ok((fit + mean_over(&down, &negative)?) * prior + unknown)
}
