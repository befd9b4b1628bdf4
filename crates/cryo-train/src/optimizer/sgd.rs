use tch::Tensor;

use super::{LarsParams, SgdParams, flat::Part};
use crate::Error;

/// PyTorch's order: decay, (layer-wise rate,) momentum, step.
pub(super) fn update(params: &SgdParams, part: &mut Part, rate: f64) -> Result<(), Error> {
    let decay = if part.exempt {
        0.0
    } else {
        params.weight_decay
    };
    let lars = params.lars.as_ref().filter(|_| !part.exempt);
    let trust = lars.map_or(Ok(None), |lars| {
        layer_rate(lars, &part.values, &part.gradient, decay).map(Some)
    })?;
    let mut change = if decay > 0.0 {
        part.gradient.f_add(&part.values.f_mul_scalar(decay)?)?
    } else {
        part.gradient.shallow_clone()
    };
    if let Some(trust) = trust {
        change = change.f_mul(&trust)?;
    }
    if let Some(buffer) = part.slots.first_mut() {
        let _ = buffer.f_mul_scalar_(params.momentum)?;
        let _ = buffer.f_add_(&change)?;
        change = if params.nesterov {
            change.f_add(&buffer.f_mul_scalar(params.momentum)?)?
        } else {
            buffer.shallow_clone()
        };
    }
    let _ = part.values.f_sub_(&change.f_mul_scalar(rate)?)?;
    Ok(())
}

/// trust · |w| / (|g| + decay · |w| + ε), as a tensor: asking for the number would wait for the device.
fn layer_rate(
    lars: &LarsParams,
    weight: &Tensor,
    gradient: &Tensor,
    decay: f64,
) -> Result<Tensor, Error> {
    let (weight, gradient) = (weight.f_norm()?, gradient.f_norm()?);
    let below = gradient
        .f_add(&weight.f_mul_scalar(decay)?)?
        .f_add_scalar(lars.epsilon)?;
    let rate = weight.f_mul_scalar(lars.trust)?.f_div(&below)?;
    let both = weight.f_gt(0.0)?.f_logical_and(&gradient.f_gt(0.0)?)?;
    Ok(rate.f_where_self(&both, &rate.f_ones_like()?)?)
}
