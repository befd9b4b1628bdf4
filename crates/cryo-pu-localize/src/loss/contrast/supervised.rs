use tch::{Device, Kind, Tensor};

use super::{ContrastParams, debiased::debiased, rows::Rows};
use crate::Error;

/// Numbers of a block of similarities: on a CPU it stays in the cache, elsewhere it keeps the device busy.
const fn block(device: Device) -> i64 {
    match device {
        Device::Cpu => 1 << 21,
        _ => 1 << 24,
    }
}

/// The value of the term and its gradient for the features `z`.
pub(super) fn supervised(
    z: &Tensor,
    rows: &Rows,
    params: &ContrastParams,
) -> Result<(f64, Tensor), Error> {
    let mut gradient = z.zeros_like();
    let mut value = 0.0;
    let positives = rows.supervised.size()[0];
    if positives > 1 {
        let step = (block(z.device()) / rows.count.max(1)).max(1);
        for start in (0..positives).step_by(step as usize) {
            let part = rows
                .supervised
                .f_narrow(0, start, step.min(positives - start))?;
            value += of_rows(z, &part, rows, params, &mut gradient)?;
        }
    }
    Ok((value, gradient))
}

/// Similarities of the rows to all voxels: exp((zᵢ·zⱼ − max)/T), 1 with themselves. Of vectors of length 1 the highest product is
/// that with themselves.
fn similarities(z: &Tensor, part: &Tensor, temperature: f64) -> Result<(Tensor, Tensor), Error> {
    let own = z.f_index_select(0, part)?;
    let scaled = &own / temperature;
    let highest = (&own * &scaled).f_sum_dim_intlist([1].as_slice(), true, Kind::Float)?;
    let mut dots = scaled.f_matmul(&z.f_transpose(0, 1)?)?;
    let _ = dots.f_sub_(&highest)?;
    let mut similar = dots.f_exp_()?;
    let _ = similar.f_scatter_value_(1, &part.f_unsqueeze(1)?, 1.0)?;
    Ok((own, similar))
}

/// Adds the gradient of the rows' dot products `by_dot` `[rows, 2n]` to that of the features.
fn spread(
    z: &Tensor,
    part: &Tensor,
    own: &Tensor,
    mut by_dot: Tensor,
    gradient: &mut Tensor,
) -> Result<(), Error> {
    // The similarity with itself is a constant.
    let _ = by_dot.f_scatter_value_(1, &part.f_unsqueeze(1)?, 0.0)?;
    let _ = gradient.f_index_add_(0, part, &by_dot.f_matmul(z)?)?;
    let _ = gradient.f_add_(&by_dot.f_transpose(0, 1)?.f_matmul(own)?)?;
    Ok(())
}

fn of_rows(
    z: &Tensor,
    part: &Tensor,
    rows: &Rows,
    params: &ContrastParams,
    gradient: &mut Tensor,
) -> Result<f64, Error> {
    let temperature = params.temperature;
    let positives = rows.supervised.size()[0] as f64;
    let (own, similar) = similarities(z, part, temperature)?;
    let in_a = &rows.positive / (positives - 1.0);
    let in_b = &rows.negative / rows.negative.f_sum(Kind::Float)?.f_clamp_min(1.0)?;
    let (a, b) = (similar.f_mv(&in_a)?, similar.f_mv(&in_b)?);
    let [value, by_a, by_b] = debiased(&a, &b, params.prior, temperature)?;
    let columns = Tensor::f_stack(&[in_a, in_b], 0)?;
    let by_similar = Tensor::f_stack(&[by_a, by_b], 1)?.f_matmul(&columns)?;
    let by_dot = by_similar * similar / (temperature * positives);
    spread(z, part, &own, by_dot, gradient)?;
    Ok(value.f_sum(Kind::Double)?.f_double_value(&[])? / positives)
}
