use ndarray::{ArrayView2, Axis};
use rand::seq::index;
use rayon::prelude::*;

use crate::{
    Error, NeighbourIndex, NeighbourParams, Search,
    error::{require, require_length},
    matrix::{checked, mean, row, shifted, squared_distance},
    random::{Stage, generator},
};

/// Part of the neighbours on a map that are neighbours of the points too, weighted by rank, 0 to 1.
///
/// `points` is `[n, d]`, `layout` `[n, c]` (Venna and Kaski 2001, doi 10.1007/3-540-44668-0_68). `count` neighbours
/// are looked at, at least 1 and below n / 2. Of `rows` points, drawn by `seed`, the mean is taken; `None`
/// takes all and gives scikit-learn's `trustworthiness`. Time rows · n · d, shared among the threads of rayon's
/// pool.
///
/// # Errors
/// [`Error::Length`], [`Error::Parameter`], [`Error::NotFinite`].
///
/// # Examples
/// ```
/// use cryo_embed_viz::trustworthiness;
/// let points = ndarray::array![[0.0, 0.0], [1.0, 0.0], [2.0, 0.5], [8.0, 0.0], [9.0, 1.0]];
/// assert_eq!(trustworthiness(points.view(), points.view(), 2, None, 0)?, 1.0);
/// # Ok::<(), cryo_embed_viz::Error>(())
/// ```
pub fn trustworthiness(
    points: ArrayView2<'_, f32>,
    layout: ArrayView2<'_, f32>,
    count: usize,
    rows: Option<usize>,
    seed: u64,
) -> Result<f64, Error> {
    let n = points.nrows();
    require_length("rows of the layout", n, layout.nrows())?;
    let rule = "at least 1 and below half the number of points";
    require(count >= 1 && 2 * count < n, "count", rule, count as f64)?;
    let points = checked(points)?;
    let points = shifted(points.view(), &mean(points.view()));
    let rows = drawn(n, rows, seed)?;
    let near = near_on_map(layout, &rows, count)?;
    let penalties: Vec<f64> = rows
        .par_iter()
        .zip(near)
        .map(|(&point, near)| {
            let mut distances: Vec<(f32, u32)> = (0..n)
                .map(|other| {
                    (
                        squared_distance(row(&points, point), row(&points, other)),
                        other as u32,
                    )
                })
                .collect();
            // The point itself is before all others, whatever its copies.
            distances[point].0 = -1.0;
            let mut sorted = distances.clone();
            sorted.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            let penalty = |other: u32| {
                let own = distances[other as usize];
                let rank = sorted.partition_point(|entry| {
                    entry.0.total_cmp(&own.0).then(entry.1.cmp(&own.1)).is_lt()
                });
                rank.saturating_sub(count) as f64
            };
            near.into_iter().map(penalty).sum()
        })
        .collect();
    let (n, k) = (n as f64, count as f64);
    let worst = rows.len() as f64 * k * (2.0 * n - 3.0 * k - 1.0) / 2.0;
    Ok(1.0 - penalties.iter().sum::<f64>() / worst)
}

/// All rows, or some in ascending order.
pub(super) fn drawn(n: usize, rows: Option<usize>, seed: u64) -> Result<Vec<usize>, Error> {
    let count = rows.unwrap_or(n);
    require(count >= 1, "rows", "at least 1", count as f64)?;
    if count >= n {
        return Ok((0..n).collect());
    }
    let mut rng = generator(seed, Stage::Sample, 1);
    let mut rows = index::sample(&mut rng, n, count).into_vec();
    rows.sort_unstable();
    Ok(rows)
}

/// The `count` nearest others of some rows, all pairs compared.
pub(super) fn near_on_map(
    points: ArrayView2<'_, f32>,
    rows: &[usize],
    count: usize,
) -> Result<Vec<Vec<u32>>, Error> {
    let params = NeighbourParams {
        search: Search::Exact,
        ..NeighbourParams::default()
    };
    let index = NeighbourIndex::new(points, &params)?;
    let found = index.nearest(points.select(Axis(0), rows).view(), count + 1, &())?;
    let lists = rows.iter().zip(found.indices.rows());
    Ok(lists
        .map(|(&own, list)| {
            let others = list.iter().copied().filter(|other| *other as usize != own);
            others.take(count).collect()
        })
        .collect())
}
