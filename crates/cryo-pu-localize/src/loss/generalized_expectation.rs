use tch::{Kind, Tensor};

use super::sets::{Probability, Sets, complement, mean_over};
use crate::Error;

/// The generalized-expectation loss for positive and unlabelled voxels (Mann and McCallum 2010; GE-binomial of Bepler et
/// al. 2019, doi 10.1038/s41592-019-0575-8, with both counts as normal distributions).
///
/// Positives are to be positive; of the unlabelled only the number of positives is drawn to what the prior says: the
/// divergence of the normal distribution of the predicted number, of mean Σp and variance Σp(1 − p), from that of the
/// binomial of `prior`, per unlabelled voxel times `weight`. Soft positives take no part.
///
/// # Errors
/// [`Error::Torch`] for shapes that do not fit.
pub fn generalized_expectation(
    logits: &Tensor,
    target: &Tensor,
    prior: f64,
    weight: f64,
) -> Result<Tensor, Error> {
    let Probability { p, ln_p, ln_q } = Probability::of(logits)?;
    let sets = Sets::of(target)?;
    let labelled = mean_over(&ln_p, &sets.hard)? + mean_over(&ln_q, &(sets.negative + sets.other))?;
    let count = sets.unlabelled.f_sum(Kind::Float)?.f_clamp_min(1.0)?;
    let mean = (&p * &sets.unlabelled).f_sum(Kind::Float)?;
    let variance = (&p * complement(&p) * &sets.unlabelled).f_sum(Kind::Float)?;
    let expected = &count * prior;
    let spread = (&expected * (1.0 - prior)).f_clamp_min(1e-6)?;
    let ratio = (variance + 1e-6) / &spread;
    let divergence = 0.5 * (&ratio - ratio.f_log()? - 1.0 + (mean - expected).f_square()? / spread);
    Ok(divergence * weight / count - labelled)
}
