use cryo_core::Progress;
use ndarray::{Array2, ArrayView2};
use rayon::prelude::*;

use super::{KMeans, KMeansParams, assign::nearest_rows};
use crate::Error;

/// Alternates between giving points to their nearest centre and moving centres to their means.
pub(super) fn run(
    points: ArrayView2<'_, f32>,
    mut centres: Array2<f32>,
    params: &KMeansParams,
    progress: &dyn Progress,
) -> Result<KMeans, Error> {
    let clusters = centres.nrows();
    progress.begin("k-means", params.max_iterations as u64);
    let enough = params.tolerance * mean_variance(points);
    let mut labels: Vec<u32> = Vec::new();
    let mut iterations = 0;
    while iterations < params.max_iterations {
        if progress.is_cancelled() {
            return Err(Error::Cancelled);
        }
        iterations += 1;
        let found = nearest_rows(points, centres.view());
        let mut new: Vec<u32> = found.iter().map(|(label, _)| *label).collect();
        refill(&mut new, &found, clusters);
        if new == labels {
            break;
        }
        let touched = touched(&labels, &new, clusters);
        labels = new;
        let shift = move_to_means(points, &labels, &touched, &mut centres);
        progress.advance(1);
        if shift <= enough {
            break;
        }
    }
    let found = nearest_rows(points, centres.view());
    let inertia = found.iter().map(|(_, squared)| f64::from(*squared)).sum();
    let labels = found.into_iter().map(|(label, _)| label).collect();
    Ok(KMeans {
        centres,
        labels,
        inertia,
        iterations,
    })
}

/// Centres after a number of rounds, whether or not they have come to rest.
pub(super) fn rounds(points: ArrayView2<'_, f32>, start: Array2<f32>, count: usize) -> Array2<f32> {
    let mut centres = start;
    for _ in 0..count {
        let found = nearest_rows(points, centres.view());
        let mut labels: Vec<u32> = found.iter().map(|(label, _)| *label).collect();
        refill(&mut labels, &found, centres.nrows());
        let all = vec![true; centres.nrows()];
        move_to_means(points, &labels, &all, &mut centres);
    }
    centres
}

/// Columns' variance, averaged; the points are around their mean.
fn mean_variance(points: ArrayView2<'_, f32>) -> f64 {
    let squares: Vec<f64> = (0..points.nrows())
        .into_par_iter()
        .map(|row| points.row(row).iter().map(|&v| f64::from(v).powi(2)).sum())
        .collect();
    squares.iter().sum::<f64>() / points.len().max(1) as f64
}

/// Gives each cluster without a point the farthest point that is not alone in its cluster.
fn refill(labels: &mut [u32], found: &[(u32, f32)], clusters: usize) {
    let mut sizes = vec![0_usize; clusters];
    for label in labels.iter() {
        sizes[*label as usize] += 1;
    }
    let empty: Vec<usize> = (0..clusters)
        .filter(|&cluster| sizes[cluster] == 0)
        .collect();
    if empty.is_empty() {
        return;
    }
    let mut order: Vec<usize> = (0..found.len()).filter(|&row| found[row].1 > 0.0).collect();
    order.sort_by(|&a, &b| found[b].1.total_cmp(&found[a].1).then(a.cmp(&b)));
    let mut order = order.into_iter();
    for cluster in empty {
        let free = order.find(|&row| sizes[labels[row] as usize] > 1);
        let Some(row) = free else {
            return;
        };
        sizes[labels[row] as usize] -= 1;
        sizes[cluster] += 1;
        labels[row] = cluster as u32;
    }
}

/// Clusters that won or lost a point.
fn touched(old: &[u32], new: &[u32], clusters: usize) -> Vec<bool> {
    let mut touched = vec![old.is_empty(); clusters];
    for (old, new) in old.iter().zip(new).filter(|(old, new)| old != new) {
        touched[*old as usize] = true;
        touched[*new as usize] = true;
    }
    touched
}

/// Moves centres and returns the sum of their squared shifts; empty clusters stay.
fn move_to_means(
    points: ArrayView2<'_, f32>,
    labels: &[u32],
    touched: &[bool],
    centres: &mut Array2<f32>,
) -> f64 {
    let mut members: Vec<Vec<u32>> = vec![Vec::new(); touched.len()];
    for (row, &label) in labels.iter().enumerate() {
        if touched[label as usize] {
            members[label as usize].push(row as u32);
        }
    }
    let columns = points.ncols();
    let means: Vec<Option<Vec<f32>>> = members
        .into_par_iter()
        .map(|rows| {
            let mut sums = vec![0.0_f64; columns];
            for &row in &rows {
                for (sum, &value) in sums.iter_mut().zip(points.row(row as usize)) {
                    *sum += f64::from(value);
                }
            }
            let count = rows.len() as f64;
            (!rows.is_empty()).then(|| sums.iter().map(|sum| (sum / count) as f32).collect())
        })
        .collect();
    let mut shift = 0.0;
    for (mut centre, mean) in centres.rows_mut().into_iter().zip(means) {
        for (old, new) in centre.iter_mut().zip(mean.into_iter().flatten()) {
            shift += f64::from(*old - new).powi(2);
            *old = new;
        }
    }
    shift
}
