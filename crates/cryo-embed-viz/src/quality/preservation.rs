use ndarray::ArrayView2;

use super::trust::{drawn, near_on_map};
use crate::{
    Error,
    error::{require, require_length},
};

/// Part of the `count` nearest neighbours of points that are among the `count` nearest on the map, 0 to 1.
///
/// `points` is `[n, d]`, `layout` `[n, c]`; `count` is at least 1 and below n. Of `rows` points, drawn by `seed`,
/// the mean is taken; `None` takes all. Time rows · n · d.
///
/// # Errors
/// [`Error::Length`], [`Error::Parameter`], [`Error::NotFinite`].
///
/// # Examples
/// ```
/// use cryo_embed_viz::neighbour_preservation;
/// let points = ndarray::array![[0.0], [1.0], [3.0], [4.0]];
/// let folded = ndarray::array![[0.0], [1.0], [-1.0], [2.0]];
/// assert_eq!(neighbour_preservation(points.view(), folded.view(), 1, None, 0)?, 0.5);
/// # Ok::<(), cryo_embed_viz::Error>(())
/// ```
pub fn neighbour_preservation(
    points: ArrayView2<'_, f32>,
    layout: ArrayView2<'_, f32>,
    count: usize,
    rows: Option<usize>,
    seed: u64,
) -> Result<f64, Error> {
    let n = points.nrows();
    require_length("rows of the layout", n, layout.nrows())?;
    let rule = "at least 1 and below the number of points";
    require(count >= 1 && count < n, "count", rule, count as f64)?;
    let rows = drawn(n, rows, seed)?;
    let here = near_on_map(points, &rows, count)?;
    let there = near_on_map(layout, &rows, count)?;
    let kept = |(a, b): (&Vec<u32>, &Vec<u32>)| a.iter().filter(|index| b.contains(index)).count();
    let kept: usize = here.iter().zip(&there).map(kept).sum();
    Ok(kept as f64 / (rows.len() * count) as f64)
}
