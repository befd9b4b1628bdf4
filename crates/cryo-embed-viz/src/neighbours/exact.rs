use cryo_core::Progress;
use ndarray::{Array2, ArrayView2, s};
use rayon::prelude::*;

use super::{Neighbours, list::Shortlist};
use crate::{
    Error,
    matrix::{products, squared_distance, squared_lengths},
};

/// Queries that one task handles: more spread the cost of packing points for the product, fewer leave their
/// products in the processor's second cache.
const QUERIES: usize = 512;

/// Points whose products with a block of queries stay in the processor's second cache.
const COLUMNS: usize = 512;

/// The `count` nearest of `points` to each of `queries` by squared Euclidean distance.
///
/// With `same`, queries are the points, and a point is not its own neighbour.
pub(super) fn search(
    queries: ArrayView2<'_, f32>,
    points: ArrayView2<'_, f32>,
    count: usize,
    same: bool,
    progress: &dyn Progress,
) -> Result<Neighbours, Error> {
    let n = queries.nrows();
    progress.begin("comparing all pairs", n as u64);
    let lengths = squared_lengths(points);
    let longest = lengths.iter().copied().fold(0.0, f32::max);
    let mut indices = Array2::zeros((n, count));
    let mut distances = Array2::zeros((n, count));
    let blocks = (indices.as_slice_mut().into_iter())
        .flat_map(|all| all.chunks_mut(QUERIES * count))
        .zip(
            distances
                .as_slice_mut()
                .into_iter()
                .flat_map(|all| all.chunks_mut(QUERIES * count)),
        )
        .enumerate();
    let blocks: Vec<_> = blocks.collect();
    blocks
        .into_par_iter()
        .try_for_each(|(block, (indices, distances))| {
            if progress.is_cancelled() {
                return Err(Error::Cancelled);
            }
            let start = block * QUERIES;
            let rows = indices.len() / count;
            let some = queries.slice(s![start..start + rows, ..]);
            let first = same.then_some(start);
            let found = nearest_of_block(some, points, &lengths, longest, count, first);
            for (row, list) in found.into_iter().enumerate() {
                for (place, (distance, index)) in list.into_iter().enumerate() {
                    indices[row * count + place] = index;
                    distances[row * count + place] = distance;
                }
            }
            progress.advance(rows as u64);
            Ok(())
        })?;
    Ok(Neighbours { indices, distances })
}

/// `first` is the number of the first query among the points, if queries are points.
fn nearest_of_block(
    queries: ArrayView2<'_, f32>,
    points: ArrayView2<'_, f32>,
    lengths: &[f32],
    longest: f32,
    count: usize,
    first: Option<usize>,
) -> Vec<Vec<(f32, u32)>> {
    let dimensions = queries.ncols();
    let mut lists: Vec<Shortlist> = squared_lengths(queries)
        .into_iter()
        .map(|own| Shortlist::new(count, slack(own, longest, dimensions)))
        .collect();
    let mut buffer = Array2::zeros((queries.nrows(), COLUMNS.min(points.nrows())));
    for start in (0..points.nrows()).step_by(COLUMNS) {
        let end = points.nrows().min(start + COLUMNS);
        let mut out = buffer.slice_mut(s![.., ..end - start]);
        products(-2.0, queries, points.slice(s![start..end, ..]), &mut out);
        for (row, list) in lists.iter_mut().enumerate() {
            let own = first.map(|first| first + row);
            let row = out.row(row);
            let row = row
                .to_slice()
                .expect("a row of a matrix in standard layout");
            scan(row, &lengths[start..end], start, own, list);
        }
    }
    let nearest = |(row, list): (usize, Shortlist)| {
        let query = queries.row(row);
        let query = query
            .to_slice()
            .expect("prepared points are in standard layout");
        list.nearest(|index| {
            let point = points.row(index as usize);
            squared_distance(
                query,
                point
                    .to_slice()
                    .expect("prepared points are in standard layout"),
            )
        })
    };
    lists.into_iter().enumerate().map(nearest).collect()
}

/// Twice what rounding can move a squared distance that is made of lengths and a product.
pub(super) fn slack(own: f32, longest: f32, dimensions: usize) -> f32 {
    let roundings = (dimensions as f32).sqrt() + 8.0;
    4.0 * f32::EPSILON * roundings * (own + longest)
}

/// Offers what is near enough; squared distances lack the length of the query, which is common to all.
pub(super) fn scan(
    products: &[f32],
    lengths: &[f32],
    start: usize,
    own: Option<usize>,
    list: &mut Shortlist,
) {
    const LANES: usize = 16;
    let mut at = 0;
    while at < products.len() {
        let end = products.len().min(at + LANES);
        let mut values = [f32::INFINITY; LANES];
        for ((value, product), length) in
            (values.iter_mut().zip(&products[at..end])).zip(&lengths[at..end])
        {
            *value = product + length;
        }
        let limit = list.limit();
        let near = values
            .iter()
            .fold(false, |near, &value| near | (value <= limit));
        if near {
            for (lane, &value) in values[..end - at].iter().enumerate() {
                let index = start + at + lane;
                if own != Some(index) {
                    list.offer(value, index as u32);
                }
            }
        }
        at = end;
    }
}
