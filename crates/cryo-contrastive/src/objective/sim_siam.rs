use tch::{Kind, Tensor};

use super::{Loss, Outputs};
use crate::Error;

/// −½ [mean cos(p₁, z₂) + mean cos(p₂, z₁)], z held fixed (spec E.3).
pub(super) fn loss(first: &Outputs, second: &Outputs) -> Result<Loss, Error> {
    let (Some(p1), Some(p2)) = (&first.prediction, &second.prediction) else {
        return Err(Error::Parameter {
            field: "prediction",
            expected: "there for SimSiam".into(),
            got: "none".into(),
        });
    };
    let one = mean_cosine(p1, &second.projection.detach())?;
    let two = mean_cosine(p2, &first.projection.detach())?;
    let total = one.f_add(&two)?.f_mul_scalar(-0.5)?;
    Ok(Loss::of_one("loss", total))
}

fn mean_cosine(a: &Tensor, b: &Tensor) -> Result<Tensor, Error> {
    Ok(Tensor::f_cosine_similarity(a, b, 1, 1e-8)?.f_mean(Kind::Float)?)
}
