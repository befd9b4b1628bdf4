use ndarray::{Array2, ArrayView2};
use rand::Rng;
use rayon::prelude::*;

use super::{FuzzyGraph, Start, UmapParams};
use crate::{
    Error, Metric, Pca,
    matrix::scale_to_one,
    random::{Stage, generator},
};

/// Side of the square or cube in which a layout begins.
const SIDE: f64 = 10.0;
/// Copies of a point begin that far apart, so that they can be told apart at all.
const JITTER: f64 = 1e-4;

/// `[n, components]`, each axis from 0 to 10.
pub(super) fn start(
    points: ArrayView2<'_, f32>,
    graph: &FuzzyGraph,
    params: &UmapParams,
) -> Result<Array2<f32>, Error> {
    let mut layout = principal(points, params)?;
    if params.start == Start::Spectral {
        layout = slow_modes(graph, &layout);
    }
    let mut rng = generator(params.seed, Stage::Layout, 0);
    for mut axis in layout.columns_mut() {
        let low = axis.iter().copied().fold(f64::INFINITY, f64::min);
        let high = axis.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let scale = if high > low { SIDE / (high - low) } else { 0.0 };
        axis.mapv_inplace(|value| (value - low) * scale + JITTER * rng.random_range(-1.0..1.0));
    }
    Ok(layout.mapv(|value| value as f32))
}

/// The first principal components; axes that the points do not have are random.
fn principal(points: ArrayView2<'_, f32>, params: &UmapParams) -> Result<Array2<f64>, Error> {
    let (n, d) = points.dim();
    let known = params.components.min(d).min(n);
    let found = match params.metric {
        Metric::Euclidean => Pca::fit(points, known)?.transform(points)?,
        Metric::Cosine => {
            let mut points = points.to_owned();
            scale_to_one(&mut points);
            Pca::fit(points.view(), known)?.transform(points.view())?
        }
    };
    let mut rng = generator(params.seed, Stage::Layout, 1);
    Ok(Array2::from_shape_fn(
        (n, params.components),
        |(row, axis)| {
            if axis < known {
                f64::from(found[[row, axis]])
            } else {
                rng.random_range(-1.0..1.0)
            }
        },
    ))
}

/// The modes of the graph's normalized Laplacian that change least from point to point, the constant one
/// left out, by power iteration: enough for a start, not to the last digit.
fn slow_modes(graph: &FuzzyGraph, near: &Array2<f64>) -> Array2<f64> {
    const ROUNDS: usize = 300;
    let (n, axes) = near.dim();
    let roots: Vec<f64> = (0..n)
        .into_par_iter()
        .map(|point| {
            let degree: f64 = graph.row(point).iter().map(|(_, w)| f64::from(*w)).sum();
            degree.max(1e-12).sqrt()
        })
        .collect();
    let mut modes = vec![roots.clone()];
    modes.extend((0..axes).map(|axis| {
        let column = near.column(axis).into_iter().zip(&roots);
        column.map(|(value, root)| value * root).collect()
    }));
    orthonormalize(&mut modes);
    for _ in 0..ROUNDS {
        for mode in &mut modes[1..] {
            *mode = (0..n)
                .into_par_iter()
                .map(|point| {
                    let edges = graph.row(point).iter();
                    let sum: f64 = edges
                        .map(|&(to, w)| f64::from(w) * mode[to as usize] / roots[to as usize])
                        .sum();
                    // Half of itself keeps modes that alternate from growing.
                    f64::midpoint(mode[point], sum / roots[point])
                })
                .collect();
        }
        orthonormalize(&mut modes);
    }
    Array2::from_shape_fn((n, axes), |(row, axis)| modes[axis + 1][row] / roots[row])
}

/// Gram and Schmidt, in order; a vector without a direction of its own becomes zero.
fn orthonormalize(vectors: &mut [Vec<f64>]) {
    let dot = |a: &[f64], b: &[f64]| -> f64 { a.iter().zip(b).map(|(a, b)| a * b).sum() };
    for number in 0..vectors.len() {
        let (before, rest) = vectors.split_at_mut(number);
        let vector = &mut rest[0];
        for other in before.iter() {
            let part = dot(vector, other);
            for (value, other) in vector.iter_mut().zip(other) {
                *value -= part * other;
            }
        }
        let length = dot(vector, vector).sqrt();
        let scale = if length > 1e-300 { 1.0 / length } else { 0.0 };
        for value in vector.iter_mut() {
            *value *= scale;
        }
    }
}
