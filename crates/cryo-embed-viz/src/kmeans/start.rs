use ndarray::{Array2, ArrayView2, Axis, s};
use rand::{Rng, seq::index};
use rayon::prelude::*;

use crate::{
    matrix::{ROWS, products, squared_lengths},
    random::{Stage, generator},
};

/// Points looked at for each centre: more do not lower the inertia that Lloyd's rounds reach.
const POINTS_A_CENTRE: usize = 40;

/// Centres far from each other: each next one is the best of a few points drawn in proportion to their
/// squared distance from the centres so far.
pub(super) fn plus_plus(points: ArrayView2<'_, f32>, clusters: usize, seed: u64) -> Array2<f32> {
    let mut rng = generator(seed, Stage::Centres, 0);
    let most = clusters.saturating_mul(POINTS_A_CENTRE).max(2000);
    let mut rows: Vec<usize> = if points.nrows() > most {
        index::sample(&mut rng, points.nrows(), most).into_vec()
    } else {
        (0..points.nrows()).collect()
    };
    rows.sort_unstable();
    let sample = points.select(Axis(0), &rows);
    let lengths = squared_lengths(sample.view());
    let trials = 2 + (clusters as f64).ln() as usize;

    let mut chosen = vec![rng.random_range(0..sample.nrows())];
    let mut nearest = vec![f32::INFINITY; sample.nrows()];
    let first = distances(&sample, &lengths, &chosen);
    lower(&mut nearest, &first);
    while chosen.len() < clusters {
        let candidates = draw(&nearest, trials, &mut rng);
        let all = distances(&sample, &lengths, &candidates);
        let potential = |trial: usize| -> f64 {
            let columns = all[trial * nearest.len()..].iter().zip(&nearest);
            columns.map(|(new, old)| f64::from(new.min(*old))).sum()
        };
        let potentials: Vec<f64> = (0..trials).into_par_iter().map(potential).collect();
        let best = (0..trials).min_by(|a, b| potentials[*a].total_cmp(&potentials[*b]));
        let best = best.unwrap_or(0);
        chosen.push(candidates[best]);
        let start = best * nearest.len();
        lower(&mut nearest, &all[start..]);
    }
    sample.select(Axis(0), &chosen)
}

fn lower(nearest: &mut [f32], new: &[f32]) {
    for (old, new) in nearest.iter_mut().zip(new) {
        *old = old.min(*new);
    }
}

/// Rows drawn with a chance in proportion to their weight.
fn draw(weights: &[f32], count: usize, rng: &mut impl Rng) -> Vec<usize> {
    let mut sum = 0.0;
    let sums: Vec<f64> = weights
        .iter()
        .map(|weight| {
            sum += f64::from(*weight);
            sum
        })
        .collect();
    (0..count)
        .map(|_| {
            // Where all weights are 0, points are equal and any will do.
            if sum <= 0.0 {
                return rng.random_range(0..weights.len());
            }
            let at = rng.random::<f64>() * sum;
            sums.partition_point(|sum| *sum <= at)
                .min(weights.len() - 1)
        })
        .collect()
}

/// Squared distances of all rows to some of them: all of the first, then all of the second, ...
fn distances(sample: &Array2<f32>, lengths: &[f32], some: &[usize]) -> Vec<f32> {
    let (n, count) = (sample.nrows(), some.len());
    let picked = sample.select(Axis(0), some);
    let starts: Vec<usize> = (0..n).step_by(8 * ROWS).collect();
    let blocks: Vec<Array2<f32>> = starts
        .into_par_iter()
        .map(|start| {
            let end = n.min(start + 8 * ROWS);
            let mut out = Array2::zeros((count, end - start));
            let block = sample.slice(s![start..end, ..]);
            products(-2.0, picked.view(), block, &mut out.view_mut());
            for (mut row, &index) in out.rows_mut().into_iter().zip(some) {
                for (value, length) in row.iter_mut().zip(&lengths[start..end]) {
                    *value = (*value + length + lengths[index]).max(0.0);
                }
            }
            out
        })
        .collect();
    let mut all = Vec::with_capacity(n * count);
    for trial in 0..count {
        for block in &blocks {
            all.extend(block.row(trial));
        }
    }
    all
}
