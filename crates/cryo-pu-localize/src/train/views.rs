use cryo_train::stream_rng;
use rand::seq::index::sample;
use tch::Tensor;

use crate::{
    Error,
    data::IGNORED_BELOW,
    loss::{ContrastParams, ContrastRows, ContrastTerms, contrast},
};

/// Mirrors a second view, `[n, …, y, x]`, as the reference does: left and right in even steps, up and down in odd ones.
/// Doing it twice undoes it.
pub(super) fn mirror(tensor: &Tensor, step: u64) -> Result<Tensor, Error> {
    let axis = if step.is_multiple_of(2) { -1 } else { -2 };
    Ok(tensor.f_flip([axis])?)
}

/// Where voxels `[m]` of a sample `[n, …, z, y, x]` are in its mirrored view.
pub(super) fn mirrored(voxels: &Tensor, size: &[i64], step: u64) -> Result<Tensor, Error> {
    let (height, width) = (size[size.len() - 2], size[size.len() - 1]);
    let (extent, stride) = match step.is_multiple_of(2) {
        true => (width, 1),
        false => (height, width),
    };
    let place = (voxels.f_divide_scalar_mode(stride, "floor")?).f_remainder(extent)?;
    Ok(voxels + (place * -2 + (extent - 1)) * stride)
}

/// The contrastive terms of voxels that were chosen, by the logits of all voxels, `[n, classes, z, y, x]`, and the features
/// of those in two views; the second view's logits are mirrored back already.
pub(super) fn contrastive(
    logits: [&Tensor; 2],
    features: [Tensor; 2],
    target: &Tensor,
    chosen: &Tensor,
    params: &ContrastParams,
) -> Result<ContrastTerms, Error> {
    let pick = |tensor: &Tensor| -> Result<Tensor, Error> {
        let highest = tensor.f_detach()?.f_amax([1], false)?.f_view([-1])?;
        Ok(highest.f_index_select(0, chosen)?)
    };
    let probabilities = [pick(logits[0])?.f_sigmoid()?, pick(logits[1])?.f_sigmoid()?];
    let probabilities = Tensor::f_cat(&probabilities, 0)?;
    let features = Tensor::f_cat(&features, 0)?;
    contrast(&features, &pick(target)?, &probabilities, params)
}

/// Numbers of the voxels that are compared. Of several classes a voxel is what the highest value says; it is negative only
/// where all are.
pub(super) fn chosen(
    target: &Tensor,
    rows: ContrastRows,
    seed: u64,
    step: u64,
) -> Result<Tensor, Error> {
    let labels = target.f_amax([1], false)?.f_view([-1])?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_voxels_follow_the_mirror() {
        let size = [2, 1, 3, 4, 5];
        let sample = Tensor::arange(120, (tch::Kind::Int64, tch::Device::Cpu)).view(size);
        let voxels = Tensor::from_slice(&[0_i64, 7, 38, 64, 119]);
        for step in [4, 5] {
            let view = mirror(&sample, step).unwrap().contiguous().view([-1]);
            let there = mirrored(&voxels, &size, step).unwrap();
            assert_eq!(view.index_select(0, &there), voxels);
            assert_ne!(there, voxels);
        }
    }
}
