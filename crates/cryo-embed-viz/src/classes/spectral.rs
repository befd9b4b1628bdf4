use nalgebra::{DMatrix, SymmetricEigen};
use ndarray::ArrayView2;

use super::{discretize::discretize, without_gaps};
use crate::Error;

/// Neighbour whose distance is the scale of a point, of the paper.
const SCALE_NEIGHBOUR: usize = 7;
/// Below it, affinities are lost beside the 1 of a point with itself and eigenvectors mean nothing.
const LEAST_AFFINITY: f64 = 1e-6;

/// Groups by the normalized cut; without `gamma` each point has a scale of its own.
pub(super) fn groups(
    centres: ArrayView2<'_, f32>,
    groups: usize,
    gamma: Option<f64>,
) -> Result<Vec<u32>, Error> {
    let n = centres.nrows();
    if groups == n || n == 1 {
        return Ok((0..n as u32).collect());
    }
    let mut affinity = affinities(&squared_distances(centres), gamma);
    let off_diagonal = |row: usize, column: usize| {
        if row == column {
            0.0
        } else {
            affinity[(row, column)]
        }
    };
    let largest = (0..n * n)
        .map(|i| off_diagonal(i / n, i % n))
        .fold(0.0, f64::max);
    if largest < LEAST_AFFINITY {
        return Err(Error::NoAffinity { points: n, largest });
    }
    // As scikit-learn: the diagonal does not count.
    affinity.fill_diagonal(0.0);
    let roots: Vec<f64> = (0..n)
        .map(|row| {
            let degree = affinity.row(row).sum();
            if degree > 0.0 { degree.sqrt() } else { 1.0 }
        })
        .collect();
    let normalized = DMatrix::from_fn(n, n, |row, column| {
        affinity[(row, column)] / (roots[row] * roots[column])
    });
    let eigen = SymmetricEigen::new(normalized);
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&a, &b| eigen.eigenvalues[b].total_cmp(&eigen.eigenvalues[a]));
    let modes = DMatrix::from_fn(n, groups, |row, column| {
        eigen.eigenvectors[(row, order[column])] / roots[row]
    });
    Ok(without_gaps(discretize(modes).into_iter()))
}

fn squared_distances(points: ArrayView2<'_, f32>) -> DMatrix<f64> {
    let n = points.nrows();
    DMatrix::from_fn(n, n, |a, b| {
        let pairs = points.row(a).into_iter().zip(points.row(b));
        pairs
            .map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2))
            .sum()
    })
}

fn affinities(squared: &DMatrix<f64>, gamma: Option<f64>) -> DMatrix<f64> {
    if let Some(gamma) = gamma {
        return squared.map(|squared| (-gamma * squared).exp());
    }
    let n = squared.nrows();
    let scales: Vec<f64> = (0..n)
        .map(|row| {
            let mut distances: Vec<f64> = squared.row(row).iter().copied().collect();
            distances.sort_by(f64::total_cmp);
            // Entry 0 is the point itself; copies have no scale and take the nearest that is not one.
            let at = SCALE_NEIGHBOUR.min(n - 1);
            let beyond = distances[at..]
                .iter()
                .copied()
                .find(|squared| *squared > 0.0);
            beyond.unwrap_or(1.0).sqrt()
        })
        .collect();
    DMatrix::from_fn(n, n, |a, b| {
        (-squared[(a, b)] / (scales[a] * scales[b])).exp()
    })
}
