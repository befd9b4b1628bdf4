use tch::{Kind, Tensor};

use super::{ContrastParams, rows::Rows};
use crate::{Error, loss::sets::complement};

/// What [`contrast`](crate::contrast) computes, by libtorch's own gradients: for checking, as its memory grows with the square of the
/// voxels. Computes in the kind of the features. Returns L_sup and L_unsup.
///
/// # Errors
/// [`Error::Torch`] for shapes that do not fit.
pub fn contrast_dense(
    features: &Tensor,
    labels: &Tensor,
    probabilities: &Tensor,
    params: &ContrastParams,
) -> Result<[Tensor; 2], Error> {
    let rows = Rows::of(labels, probabilities, params)?;
    let (device, kind) = (features.device(), features.kind());
    let diagonal = Tensor::f_eye(rows.count, (kind, device))?;
    let dots = features.f_matmul(&features.f_transpose(0, 1)?)?;
    let highest = dots.f_amax([1], true)?.f_detach()?;
    let similar =
        ((dots - highest) / params.temperature).f_exp()? * complement(&diagonal) + &diagonal;
    let term = |a: &Tensor, b: &Tensor, prior: f64| -> Result<Tensor, Error> {
        let free = (b - a * prior) / (1.0 - prior);
        let g = free.f_clamp_min((-1.0 / params.temperature).exp())?;
        Ok((a + g).f_log()? - a.f_log()?)
    };
    let (positive, negative) = (
        rows.positive.f_to_kind(kind)?,
        rows.negative.f_to_kind(kind)?,
    );
    let positives = rows.supervised.size()[0] as f64;
    let negatives = negative.f_sum(kind)?.f_clamp_min(1.0)?;
    let a = similar.f_mv(&(&positive / (positives - 1.0).max(1.0)))?;
    let b = similar.f_mv(&(negative / negatives))?;
    let supervised = (term(&a, &b, params.prior)? * positive).f_sum(kind)? / positives.max(1.0);
    let half = rows.count / 2;
    let numbers = Tensor::f_arange(rows.count, (Kind::Int64, device))?;
    let twin = (numbers + half).f_remainder(rows.count)?.f_unsqueeze(1)?;
    let a = similar.f_gather(1, &twin, false)?.f_view([-1])?;
    let others = 2.0 * (half as f64 - rows.positives_per_view).max(1.0);
    let b = (similar.f_sum_dim_intlist([1].as_slice(), false, kind)? - &a) / others;
    let pick = |values: Tensor| values.f_index_select(0, &rows.unsupervised);
    let [attract, repel] = &rows.weights;
    let up = pick(term(&a, &b, params.prior)?)? * attract;
    let down = pick(term(&a, &b, 1.0 - params.prior)?)? * repel;
    let enough = f64::from(positives > 1.0);
    Ok([supervised * enough, (up + down).f_sum(kind)?])
}
