use ndarray::{Array2, ArrayView2, ArrayViewMut2, CowArray, Ix2, linalg::general_mat_mul};
use rayon::prelude::*;

use crate::Error;

/// Rows that one task handles; fixed, so that results do not depend on the number of threads.
pub(crate) const ROWS: usize = 256;

/// Largest entry, so that the square of a distance stays finite in single precision.
const LARGEST: f32 = 1e16;

/// The points with rows one after another in memory.
///
/// # Errors
/// [`Error::NotFinite`].
pub(crate) fn checked(points: ArrayView2<'_, f32>) -> Result<CowArray<'_, f32, Ix2>, Error> {
    let fits = |value: &f32| value.abs() < LARGEST;
    for (row, values) in points.rows().into_iter().enumerate() {
        if let Some(column) = values.iter().position(|value| !fits(value)) {
            let value = f64::from(values[column]);
            return Err(Error::NotFinite { row, column, value });
        }
    }
    if points.is_standard_layout() {
        return Ok(CowArray::from(points));
    }
    Ok(CowArray::from(points.as_standard_layout().into_owned()))
}

/// `out[i, j] = factor · a[i] · b[j]` over rows.
pub(crate) fn products(
    factor: f32,
    a: ArrayView2<'_, f32>,
    b: ArrayView2<'_, f32>,
    out: &mut ArrayViewMut2<'_, f32>,
) {
    general_mat_mul(factor, &a, &b.t(), 0.0, out);
}

/// Squared length of each row.
pub(crate) fn squared_lengths(points: ArrayView2<'_, f32>) -> Vec<f32> {
    let rows = (0..points.nrows()).into_par_iter();
    rows.map(|row| points.row(row).iter().map(|value| value * value).sum())
        .collect()
}

/// Squared distance of two vectors.
///
/// Eight running sums: one would wait for the last addition at every entry.
pub(crate) fn squared_distance(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0_f32; 8];
    let (heads, tails) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest: f32 = (heads.remainder().iter().zip(tails.remainder()))
        .map(|(a, b)| (a - b) * (a - b))
        .sum();
    for (a, b) in heads.zip(tails) {
        for lane in 0..8 {
            let difference = a[lane] - b[lane];
            sums[lane] += difference * difference;
        }
    }
    sums.iter().sum::<f32>() + rest
}

/// Mean of the rows, summed over fixed blocks and then in order.
pub(crate) fn mean(points: ArrayView2<'_, f32>) -> Vec<f64> {
    let (rows, columns) = points.dim();
    let starts: Vec<usize> = (0..rows).step_by(ROWS).collect();
    let blocks: Vec<Vec<f64>> = starts
        .into_par_iter()
        .map(|start| {
            let mut sums = vec![0.0; columns];
            for row in start..rows.min(start + ROWS) {
                for (sum, &value) in sums.iter_mut().zip(points.row(row)) {
                    *sum += f64::from(value);
                }
            }
            sums
        })
        .collect();
    let mut total = vec![0.0; columns];
    for block in blocks {
        for (total, sum) in total.iter_mut().zip(block) {
            *total += sum;
        }
    }
    total.iter().map(|sum| sum / rows.max(1) as f64).collect()
}

/// The points minus a vector.
pub(crate) fn shifted(points: ArrayView2<'_, f32>, by: &[f64]) -> Array2<f32> {
    let mut moved = points.to_owned();
    for mut row in moved.rows_mut() {
        for (value, by) in row.iter_mut().zip(by) {
            *value = (f64::from(*value) - by) as f32;
        }
    }
    moved
}

/// Scales rows to length 1; rows of zeros stay.
pub(crate) fn scale_to_one(points: &mut Array2<f32>) {
    for mut row in points.rows_mut() {
        let squares: f64 = row.iter().map(|&value| f64::from(value).powi(2)).sum();
        if squares > 0.0 {
            let length = squares.sqrt();
            row.mapv_inplace(|value| (f64::from(value) / length) as f32);
        }
    }
}

/// A row of a matrix whose rows lie one after another in memory.
pub(crate) fn row(points: &Array2<f32>, index: usize) -> &[f32] {
    let columns = points.ncols();
    let flat = points
        .as_slice()
        .expect("callers give matrices in standard layout");
    &flat[index * columns..(index + 1) * columns]
}
