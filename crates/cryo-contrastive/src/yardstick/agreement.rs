use ndarray::{ArrayView2, s};
use tch::{Device, Kind, Tensor};

use crate::error::{Error, require};

/// How many of its `neighbours` nearest others (by cosine) an item has in common between two embeddings of
/// the same items, as a part, averaged over items: 1 for equal neighbourhoods, neighbours / (n − 1) by chance. Items that are
/// all embedded alike have no neighbourhoods in common.
///
/// `first` is `[n, d]`, `second` `[n, e]`. Time is n² (d + e).
///
/// # Errors
/// [`Error::Parameter`] unless both have as many rows and `neighbours` is at least 1 and below them.
///
/// # Examples
/// ```
/// let points = ndarray::array![[1.0, 0.0], [1.0, 0.1], [0.0, 1.0], [0.1, 1.0]];
/// assert_eq!(cryo_contrastive::neighbourhood_agreement(points.view(), points.view(), 1)?, 1.0);
/// # Ok::<(), cryo_contrastive::Error>(())
/// ```
pub fn neighbourhood_agreement(
    first: ArrayView2<'_, f32>,
    second: ArrayView2<'_, f32>,
    neighbours: usize,
) -> Result<f64, Error> {
    let n = first.nrows();
    let same = second.nrows() == n;
    require(same, "second", format!("{n} rows"), second.nrows())?;
    let valid = neighbours >= 1 && neighbours < n;
    require(
        valid,
        "neighbours",
        format!("1 to {}", n.saturating_sub(1)),
        neighbours,
    )?;
    let _guard = tch::no_grad_guard();
    let first = nearest(first, neighbours)?;
    // The other way round, so that items equally near are not taken in the same order in both.
    let last = n as i64 - 1;
    let second = nearest(second.slice(s![..;-1, ..]), neighbours)?;
    let second = (last - second).f_flip([0_i64].as_slice())?;
    // [n, k, 1] against [n, 1, k].
    let common = first.f_unsqueeze(2)?.f_eq_tensor(&second.f_unsqueeze(1)?)?;
    let common = common.f_sum(Kind::Double)?.f_double_value(&[])?;
    Ok(common / (n * neighbours) as f64)
}

/// `[n, k]`: numbers of the nearest others.
fn nearest(points: ArrayView2<'_, f32>, neighbours: usize) -> Result<Tensor, Error> {
    let (n, d) = points.dim();
    let standard = points.as_standard_layout();
    let values = standard
        .as_slice()
        .expect("a standard layout is contiguous");
    // In single precision the cosines of embeddings that nearly collapse are all 1.
    let points = Tensor::f_from_slice(values)?
        .f_view([n as i64, d as i64])?
        .f_to_kind(Kind::Double)?;
    let lengths = points
        .f_norm_scalaropt_dim(2.0, [1_i64].as_slice(), true)?
        .f_clamp_min(1e-12)?;
    let unit = points.f_div(&lengths)?;
    let own = Tensor::f_eye(n as i64, (Kind::Bool, Device::Cpu))?;
    let cosines = unit
        .f_matmul(&unit.f_transpose(0, 1)?)?
        .f_masked_fill(&own, f64::NEG_INFINITY)?;
    Ok(cosines.f_topk(neighbours as i64, 1, true, false)?.1)
}
