use ndarray::{ArrayView1, ArrayView2};
use rayon::prelude::*;

use crate::{Neighbours, matrix::ROWS};

/// The scale of a neighbourhood: memberships are `exp(−max(0, d − rho) / sigma)`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LocalScale {
    /// Distance to the nearest neighbour that is not a copy.
    pub rho: f64,
    /// Decay beyond it.
    pub sigma: f64,
}

/// The scale of each point, so that its memberships add up to log₂ of the number of neighbours with itself.
///
/// As umap-learn's `smooth_knn_dist` with local connectivity 1; `found` leaves the point itself out.
#[must_use]
pub fn local_scales(found: &Neighbours) -> Vec<LocalScale> {
    scales(found.distances.view(), true)
}

/// With `own`, the point itself belongs to its neighbourhood at distance 0 and its nearest neighbour
/// is fully connected. Without, points are new ones among others: nothing is fully connected.
pub(super) fn scales(distances: ArrayView2<'_, f32>, own: bool) -> Vec<LocalScale> {
    let size = distances.ncols() + usize::from(own);
    let sum: f64 = {
        let rows = 0..distances.nrows().div_ceil(ROWS);
        let parts: Vec<f64> = rows
            .into_par_iter()
            .map(|block| {
                let end = distances.nrows().min((block + 1) * ROWS);
                let rows = block * ROWS..end;
                rows.map(|row| {
                    distances
                        .row(row)
                        .iter()
                        .map(|d| f64::from(*d))
                        .sum::<f64>()
                })
                .sum()
            })
            .collect();
        parts.iter().sum()
    };
    let mean = sum / (size * distances.nrows().max(1)) as f64;
    (0..distances.nrows())
        .into_par_iter()
        .map(|row| scale_of(distances.row(row), size, mean, own))
        .collect()
}

fn scale_of(distances: ArrayView1<'_, f32>, size: usize, mean: f64, own: bool) -> LocalScale {
    const ENOUGH: f64 = 1e-5;
    const LEAST_PART_OF_MEAN: f64 = 1e-3;
    let rho = if own {
        distances
            .iter()
            .copied()
            .find(|d| *d > 0.0)
            .map_or(0.0, f64::from)
    } else {
        0.0
    };
    let target = (size as f64).log2();
    // umap-learn leaves out the first of the list, which is the point itself or, of new ones, the nearest.
    let skipped = usize::from(!own);
    let (mut low, mut high, mut sigma) = (0.0, f64::INFINITY, 1.0_f64);
    for _ in 0..64 {
        let terms = distances.iter().skip(skipped);
        let sum: f64 = terms.map(|&d| membership(d, rho, sigma)).sum();
        if (sum - target).abs() < ENOUGH {
            break;
        }
        if sum > target {
            high = sigma;
            sigma = f64::midpoint(low, high);
        } else {
            low = sigma;
            sigma = if high.is_infinite() {
                sigma * 2.0
            } else {
                f64::midpoint(low, high)
            };
        }
    }
    let sum: f64 = distances.iter().map(|d| f64::from(*d)).sum();
    let scale = if rho > 0.0 { sum / size as f64 } else { mean };
    LocalScale {
        rho,
        sigma: sigma.max(LEAST_PART_OF_MEAN * scale),
    }
}

pub(super) fn membership(distance: f32, rho: f64, sigma: f64) -> f64 {
    let beyond = f64::from(distance) - rho;
    if beyond <= 0.0 || sigma <= 0.0 {
        return 1.0;
    }
    (-beyond / sigma).exp()
}
