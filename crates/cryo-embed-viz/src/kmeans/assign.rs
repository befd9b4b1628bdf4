use ndarray::{Array2, ArrayView2, s};
use rayon::prelude::*;

use crate::matrix::{ROWS, products, squared_distance, squared_lengths};

/// Centres whose products with a block of points stay in the processor's second cache.
const COLUMNS: usize = 512;

/// The nearest row of `centres` for each row of `points`, and the squared distance, computed from the
/// difference. Of equally near ones the first.
pub(crate) fn nearest_rows(
    points: ArrayView2<'_, f32>,
    centres: ArrayView2<'_, f32>,
) -> Vec<(u32, f32)> {
    let lengths = squared_lengths(centres);
    let starts: Vec<usize> = (0..points.nrows()).step_by(ROWS).collect();
    let blocks: Vec<Vec<(u32, f32)>> = starts
        .into_par_iter()
        .map(|start| {
            let end = points.nrows().min(start + ROWS);
            let block = points.slice(s![start..end, ..]);
            let best = nearest_of_block(block, centres, &lengths);
            let rows = best.into_iter().zip(block.rows());
            rows.map(|(label, point)| {
                let centre = centres.row(label as usize);
                let (point, centre) = (point.to_slice(), centre.to_slice());
                let standard = "callers give matrices in standard layout";
                let squared = squared_distance(point.expect(standard), centre.expect(standard));
                (label, squared)
            })
            .collect()
        })
        .collect();
    blocks.concat()
}

/// The nearest row of `centres` for each row of a block.
pub(super) fn nearest_of_block(
    points: ArrayView2<'_, f32>,
    centres: ArrayView2<'_, f32>,
    lengths: &[f32],
) -> Vec<u32> {
    let mut best = vec![(f32::INFINITY, 0); points.nrows()];
    let mut buffer = Array2::zeros((points.nrows(), COLUMNS.min(centres.nrows())));
    for start in (0..centres.nrows()).step_by(COLUMNS) {
        let end = centres.nrows().min(start + COLUMNS);
        let mut out = buffer.slice_mut(s![.., ..end - start]);
        products(-2.0, points, centres.slice(s![start..end, ..]), &mut out);
        for (best, row) in best.iter_mut().zip(out.rows()) {
            let row = row
                .to_slice()
                .expect("a row of a matrix in standard layout");
            let (index, value) = least_sum(row, &lengths[start..end]);
            if value < best.0 {
                *best = (value, (start + index) as u32);
            }
        }
    }
    best.into_iter().map(|(_, label)| label).collect()
}

/// Place and value of the first smallest `a[i] + b[i]`.
fn least_sum(a: &[f32], b: &[f32]) -> (usize, f32) {
    const LANES: usize = 8;
    let mut least = [f32::INFINITY; LANES];
    for (a, b) in a.chunks_exact(LANES).zip(b.chunks_exact(LANES)) {
        for lane in 0..LANES {
            let sum = a[lane] + b[lane];
            least[lane] = if sum < least[lane] { sum } else { least[lane] };
        }
    }
    let tail = a.len() - a.len() % LANES;
    let sums = a[tail..].iter().zip(&b[tail..]).map(|(a, b)| a + b);
    let least = least.into_iter().chain(sums).fold(f32::INFINITY, f32::min);
    let place = a.iter().zip(b).position(|(a, b)| a + b == least);
    (place.unwrap_or(0), least)
}
