use serde::{Deserialize, Serialize};
use tch::Tensor;

use super::{generalized_expectation, positive_negative_focal, pu_focal, soft_focal};
use crate::{Error, error::require};

/// What the heat map is trained with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum Objective {
    /// [`soft_focal`]: positives and unlabelled; the heat map is as high as the target.
    SoftFocal,
    /// [`pu_focal`]: the paper's.
    PuFocal,
    /// [`generalized_expectation`].
    GeneralizedExpectation {
        /// Of the expectation against the labels, per unlabelled voxel.
        weight: f64,
    },
    /// [`positive_negative_focal`]: where every particle is annotated.
    PositiveNegative,
}

/// What is expected of a class.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Expected {
    /// Part of the unlabelled voxels that is positive, 0 to 1.
    pub prior: f64,
    /// Sum of the target's positive values in a batch, on average; `None` where that of each batch is to be taken. Only
    /// [`Objective::SoftFocal`] looks at it.
    pub mass: Option<f64>,
}

impl Objective {
    /// The loss of `[n, classes, z, y, x]`, mean over the classes; `expected` has one entry for each.
    ///
    /// The positive-unlabelled losses are as high as the prior, which is ten times less of a particle of half the
    /// diameter. Each is weighed by the mean prior over its own, so that no class is drowned by larger ones.
    ///
    /// # Errors
    /// [`Error::Torch`] for shapes that do not fit.
    pub fn loss(
        &self,
        logits: &Tensor,
        target: &Tensor,
        expected: &[Expected],
    ) -> Result<Tensor, Error> {
        let mean_prior =
            expected.iter().map(|one| one.prior).sum::<f64>() / expected.len().max(1) as f64;
        let mut losses = Vec::with_capacity(expected.len());
        for (class, &Expected { prior, mass }) in expected.iter().enumerate() {
            let (logits, target) = (
                logits.f_select(1, class as i64)?,
                target.f_select(1, class as i64)?,
            );
            losses.push(match self {
                Self::SoftFocal => {
                    soft_focal(&logits, &target, prior, mass)? * (mean_prior / prior)
                }
                Self::PuFocal => pu_focal(&logits, &target, prior)? * (mean_prior / prior),
                Self::GeneralizedExpectation { weight } => {
                    generalized_expectation(&logits, &target, prior, *weight)?
                }
                Self::PositiveNegative => positive_negative_focal(&logits, &target)?,
            });
        }
        Ok(Tensor::f_stack(&losses, 0)?.f_mean(tch::Kind::Float)?)
    }

    /// Checks every field.
    ///
    /// # Errors
    /// [`Error::Parameter`].
    pub fn validate(&self) -> Result<(), Error> {
        if let Self::GeneralizedExpectation { weight } = self {
            let valid = weight.is_finite() && *weight > 0.0;
            require(valid, "weight", "above 0", weight)?;
        }
        Ok(())
    }
}
