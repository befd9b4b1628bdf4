use tch::Tensor;

use super::{AdamParams, Entry};
use crate::Error;

pub(super) fn update(
    params: &AdamParams,
    entry: &mut Entry,
    gradient: &Tensor,
    rate: f64,
    step: i64,
) -> Result<(), Error> {
    let exempt = entry.is_exempt(params.exempt_vectors);
    let decay = if exempt { 0.0 } else { params.weight_decay };
    let mut gradient = gradient.shallow_clone();
    if decay > 0.0 && params.decoupled {
        let _ = entry.tensor.f_mul_scalar_(1.0 - rate * decay)?;
    } else if decay > 0.0 {
        gradient = gradient.f_add(&entry.tensor.f_mul_scalar(decay)?)?;
    }
    if entry.slots.is_empty() {
        entry.slots = vec![entry.tensor.f_zeros_like()?, entry.tensor.f_zeros_like()?];
    }
    let [mean, square] = entry.slots.as_mut_slice() else {
        unreachable!("slots are two, as made above or checked on loading");
    };
    let _ = mean.f_mul_scalar_(params.beta1)?;
    let _ = mean.f_add_(&gradient.f_mul_scalar(1.0 - params.beta1)?)?;
    let _ = square.f_mul_scalar_(params.beta2)?;
    let _ = square.f_addcmul_(&gradient, &gradient.f_mul_scalar(1.0 - params.beta2)?)?;
    let exponent = i32::try_from(step).unwrap_or(i32::MAX);
    let mean_bias = 1.0 - params.beta1.powi(exponent);
    let square_bias = 1.0 - params.beta2.powi(exponent);
    let below = square
        .f_sqrt()?
        .f_div_scalar(square_bias.sqrt())?
        .f_add_scalar(params.epsilon)?;
    let change = mean.f_div(&below)?.f_mul_scalar(rate / mean_bias)?;
    let _ = entry.tensor.f_sub_(&change)?;
    Ok(())
}
