use ndarray::{ArrayViewMut3, Axis, parallel::prelude::*};

use super::{Contrast, Polarity, scan::Scan};

/// How a voxel's value becomes one that can be compared between tomograms; bright where a particle is.
#[derive(Debug, Clone)]
pub(crate) struct Tone {
    curve: Curve,
    sign: f32,
}

#[derive(Debug, Clone)]
enum Curve {
    /// Mean, factor, largest distance.
    Clip(f64, f64, f64),
    /// Start, bins a unit, value at every edge.
    Equal(f64, f64, Vec<f32>),
    /// Offset and factor to levels; lowest level and factor to one.
    Levels(f64, f64, f64, f64),
}

impl Tone {
    pub(crate) fn new(contrast: Contrast, polarity: Polarity, scan: &Scan) -> Self {
        let sign = match polarity {
            Polarity::BrightParticles => 1.0,
            Polarity::DarkParticles => -1.0,
        };
        let curve = match contrast {
            Contrast::Clip { sigmas } => Curve::Clip(scan.mean, scan.std.recip(), sigmas),
            Contrast::Equalize => Curve::Equal(
                scan.histogram_start,
                scan.bins_per_unit,
                edges(&scan.histogram),
            ),
            Contrast::Quantize { low, high } => levels(low, high, scan),
        };
        Self { curve, sign }
    }

    fn of(&self, value: f32) -> f32 {
        let value = f64::from(value);
        let even = match &self.curve {
            Curve::Clip(mean, factor, end) => ((value - mean) * factor).clamp(-end, *end) as f32,
            Curve::Equal(start, per_unit, edges) => {
                let place = ((value - start) * per_unit).clamp(0.0, (edges.len() - 1) as f64);
                let below = (place as usize).min(edges.len() - 2);
                let part = (place - below as f64) as f32;
                edges[below] + part * (edges[below + 1] - edges[below])
            }
            Curve::Levels(offset, factor, lowest, to_one) => {
                let level = ((value - offset) * factor)
                    .clamp(0.0, 255.0)
                    .round_ties_even();
                ((level - lowest) * to_one) as f32
            }
        };
        self.sign * even
    }

    /// Changes the planes in place.
    pub(crate) fn apply(&self, mut planes: ArrayViewMut3<'_, f32>) {
        planes
            .axis_iter_mut(Axis(0))
            .into_par_iter()
            .for_each(|mut plane| match self.curve {
                // The same in single precision, which the compiler vectorizes.
                Curve::Clip(mean, factor, end) => {
                    let [mean, factor, end] = [mean as f32, self.sign * factor as f32, end as f32];
                    for value in &mut plane {
                        *value = ((*value - mean) * factor).clamp(-end, end);
                    }
                }
                _ => plane.iter_mut().for_each(|value| *value = self.of(*value)),
            });
    }
}

/// Share of the voxels below every edge, less a half.
fn edges(counts: &[u64]) -> Vec<f32> {
    let all = counts.iter().sum::<u64>().max(1) as f64;
    let mut below = 0;
    let mut edges = vec![-0.5];
    edges.extend(counts.iter().map(|count| {
        below += count;
        (below as f64 / all - 0.5) as f32
    }));
    edges
}

/// Eight-bit levels of a window of z-scores, scaled so that the lowest that occurs is 0 and the highest 1 (`milopyp-spec` B).
fn levels(low: f64, high: f64, scan: &Scan) -> Curve {
    let factor = 255.0 / ((high - low) * scan.std);
    let offset = scan.mean + low * scan.std;
    let level = |value: f32| {
        ((f64::from(value) - offset) * factor)
            .clamp(0.0, 255.0)
            .round_ties_even()
    };
    let (lowest, highest) = (level(scan.minimum), level(scan.maximum));
    Curve::Levels(offset, factor, lowest, (highest - lowest).max(1.0).recip())
}
