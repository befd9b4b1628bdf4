use super::{AdamParams, flat::Part};
use crate::Error;

pub(super) fn update(
    params: &AdamParams,
    part: &mut Part,
    rate: f64,
    step: i64,
) -> Result<(), Error> {
    let decay = if part.exempt {
        0.0
    } else {
        params.weight_decay
    };
    let mut gradient = part.gradient.shallow_clone();
    if decay > 0.0 && params.decoupled {
        let _ = part.values.f_mul_scalar_(1.0 - rate * decay)?;
    } else if decay > 0.0 {
        gradient = gradient.f_add(&part.values.f_mul_scalar(decay)?)?;
    }
    let [mean, square] = part.slots.as_mut_slice() else {
        unreachable!("slots are two, as made or checked on loading");
    };
    let _ = mean.f_mul_scalar_(params.beta1)?;
    let _ = mean.f_add_(&gradient.f_mul_scalar(1.0 - params.beta1)?)?;
    let _ = square.f_mul_scalar_(params.beta2)?;
    let _ = square.f_addcmul_(&gradient, &gradient.f_mul_scalar(1.0 - params.beta2)?)?;
    let exponent = i32::try_from(step).unwrap_or(i32::MAX);
    let mean_bias = 1.0 - params.beta1.powi(exponent);
    let square_bias = 1.0 - params.beta2.powi(exponent);
    let mut below = square.f_sqrt()?;
    let _ = below.f_div_scalar_(square_bias.sqrt())?;
    let _ = below.f_add_scalar_(params.epsilon)?;
    let mut change = mean.f_div(&below)?;
    let _ = change.f_mul_scalar_(rate / mean_bias)?;
    let _ = part.values.f_sub_(&change)?;
    Ok(())
}
