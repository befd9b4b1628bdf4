use cryo_train::stream_rng;
use rand::seq::index::sample;
use tch::Tensor;

use crate::{
    Error,
    data::IGNORED_BELOW,
    loss::{ContrastParams, ContrastRows, ContrastTerms, contrast},
    network::Outputs,
};

/// Mirrors a second view, `[n, …, y, x]`, as the reference does: left and right in even steps, up and down in odd ones.
/// Doing it twice undoes it.
pub(super) fn mirror(tensor: &Tensor, step: u64) -> Result<Tensor, Error> {
    let axis = if step.is_multiple_of(2) { -1 } else { -2 };
    Ok(tensor.f_flip([axis])?)
}

/// The contrastive terms of two views of the same samples; the second is mirrored back already.
pub(super) fn contrastive(
    [first, second]: [&Outputs; 2],
    target: &Tensor,
    params: &ContrastParams,
    seed: u64,
    step: u64,
) -> Result<ContrastTerms, Error> {
    // Of several classes a voxel is what the highest value says; it is negative only where all are.
    let labels = target.f_amax([1], false)?.f_view([-1])?;
    let probability = |outputs: &Outputs| -> Result<Tensor, Error> {
        let highest = outputs.logits.f_amax([1], false)?.f_view([-1])?;
        Ok(highest.f_detach()?.f_sigmoid()?)
    };
    let features = |outputs: &Outputs| -> Result<Tensor, Error> {
        let features = outputs
            .features
            .as_ref()
            .expect("trained with a projection");
        let channels = features.size()[1];
        Ok(features.f_movedim_int(1, -1)?.f_reshape([-1, channels])?)
    };
    let chosen = chosen(&labels, params.rows, seed, step)?;
    let pick = |tensor: Tensor| tensor.f_index_select(0, &chosen);
    let features = Tensor::f_cat(&[pick(features(first)?)?, pick(features(second)?)?], 0)?;
    let probabilities = [pick(probability(first)?)?, pick(probability(second)?)?];
    let probabilities = Tensor::f_cat(&probabilities, 0)?;
    contrast(&features, &pick(labels)?, &probabilities, params)
}

/// Numbers of the voxels that are compared.
fn chosen(labels: &Tensor, rows: ContrastRows, seed: u64, step: u64) -> Result<Tensor, Error> {
    let device = labels.device();
    let numbers = |mask: Tensor| -> Result<Tensor, Error> { Ok(mask.f_nonzero()?.f_view([-1])?) };
    let looked_at = labels.f_ge(f64::from(IGNORED_BELOW))?;
    let ContrastRows::Sampled(most) = rows else {
        return numbers(looked_at);
    };
    let drawn = numbers(labels.f_gt(0.0)?)?;
    let others = numbers(labels.f_le(0.0)?.f_logical_and(&looked_at)?)?;
    let (have, left) = (
        others.size()[0] as usize,
        most.saturating_sub(drawn.size()[0] as usize),
    );
    if have <= left {
        return numbers(looked_at);
    }
    let mut rng = stream_rng(seed, "contrast", step);
    let order: Vec<i64> = (sample(&mut rng, have, left).into_iter())
        .map(|number| number as i64)
        .collect();
    let order = Tensor::from_slice(&order).to_device(device);
    Ok(Tensor::f_cat(
        &[drawn, others.f_index_select(0, &order)?],
        0,
    )?)
}
