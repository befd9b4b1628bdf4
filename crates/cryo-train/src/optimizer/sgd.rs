use tch::Tensor;

use super::{Entry, LarsParams, SgdParams};
use crate::Error;

/// PyTorch's order: decay, (layer-wise rate,) momentum, step; the first buffer is the gradient itself.
pub(super) fn update(
    params: &SgdParams,
    entry: &mut Entry,
    gradient: Tensor,
    rate: f64,
) -> Result<(), Error> {
    let exempt = entry.is_exempt(params.exempt_vectors);
    let decay = if exempt { 0.0 } else { params.weight_decay };
    let lars = params.lars.as_ref().filter(|_| !exempt);
    let trust = lars.map_or(Ok(None), |lars| {
        layer_rate(lars, &entry.tensor, &gradient, decay).map(Some)
    })?;
    let mut change = if decay > 0.0 {
        gradient.f_add(&entry.tensor.f_mul_scalar(decay)?)?
    } else {
        gradient
    };
    if let Some(trust) = trust {
        change = change.f_mul(&trust)?;
    }
    if params.momentum > 0.0 {
        let mut buffer = match entry.slots.pop() {
            None => change.f_detach()?.copy(),
            Some(mut buffer) => {
                let _ = buffer.f_mul_scalar_(params.momentum)?;
                let _ = buffer.f_add_(&change)?;
                buffer
            }
        };
        change = if params.nesterov {
            change.f_add(&buffer.f_mul_scalar(params.momentum)?)?
        } else {
            buffer.shallow_clone()
        };
        entry.slots.push(std::mem::take(&mut buffer));
    }
    let _ = entry.tensor.f_sub_(&change.f_mul_scalar(rate)?)?;
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
