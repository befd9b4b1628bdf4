use cryo_core::Progress;
use ndarray::{Array2, ArrayView2, Axis, s};
use rayon::prelude::*;

use super::{
    Curve, Descent, Forces, FuzzyGraph, Rates, Umap, array, places,
    weights::{membership, scales},
};
use crate::{Error, Neighbours};

/// Points that are placed at a time, so that memory does not grow with their number.
const CHUNK: usize = 16_384;

impl Umap {
    /// Places of new points `[m, d]` on the map, `[m, components]`.
    ///
    /// A new point begins at the mean of its neighbours among the fitted points and moves for a third of the
    /// epochs (at most 100, 30 on maps above 10,000 points, as umap-learn) while these stay. Its place
    /// does not depend on the points placed with it. Memory beside input and output is bounded.
    ///
    /// # Errors
    /// [`Error::Length`] for another d, [`Error::NotFinite`], [`Error::Cancelled`].
    pub fn transform(
        &self,
        points: ArrayView2<'_, f32>,
        progress: &dyn Progress,
    ) -> Result<Array2<f32>, Error> {
        let mut out = Array2::zeros((points.nrows(), self.layout.ncols()));
        for (number, chunk) in points.axis_chunks_iter(Axis(0), CHUNK).enumerate() {
            let count = self.params.neighbours.min(self.index.len());
            let found = self.index.nearest(chunk, count, progress)?;
            let placed = match self.layout.ncols() {
                2 => self.place::<2>(&found, progress),
                _ => self.place::<3>(&found, progress),
            }?;
            let start = number * CHUNK;
            out.slice_mut(s![start..start + chunk.nrows(), ..])
                .assign(&placed);
        }
        Ok(out)
    }

    fn place<const D: usize>(
        &self,
        found: &Neighbours,
        progress: &dyn Progress,
    ) -> Result<Array2<f32>, Error> {
        let epochs = self.epochs_of_new();
        let scales = scales(found.distances.view(), false);
        let rows: Vec<Vec<(u32, f32)>> = scales
            .par_iter()
            .enumerate()
            .map(|(row, scale)| {
                let pairs = found
                    .indices
                    .row(row)
                    .into_iter()
                    .zip(found.distances.row(row));
                let list: Vec<(u32, f32)> = pairs
                    .map(|(&to, &d)| (to, membership(d, scale.rho, scale.sigma) as f32))
                    .collect();
                // By its own largest weight, so that the other new points do not matter.
                let largest = list.iter().map(|(_, weight)| *weight).fold(0.0, f32::max);
                let shares = list.into_iter().map(|(to, weight)| (to, weight / largest));
                shares.collect()
            })
            .collect();
        let graph = FuzzyGraph::from_rows(&rows);
        let fixed = places::<D>(&self.layout);
        let descent = Descent {
            rates: &Rates::new(&graph, epochs, 1.0),
            forces: &Forces::new(Curve::fit(self.params.min_dist, self.params.spread)),
            epochs,
            negative_samples: self.params.negative_samples,
            pulls: 1.0,
            seed: self.params.seed,
        };
        if progress.is_cancelled() {
            return Err(Error::Cancelled);
        }
        let placed: Vec<[f32; D]> = (0..rows.len())
            .into_par_iter()
            .map(|point| {
                let mut own = middle(&rows[point], &fixed);
                let key = u64::from(found.indices[[point, 0]]);
                for epoch in 0..epochs {
                    own = descent.moved(point, key, own, &fixed, epoch);
                }
                own
            })
            .collect();
        Ok(array(&placed))
    }

    fn epochs_of_new(&self) -> usize {
        match self.params.epochs {
            Some(epochs) => (epochs / 3).max(1),
            None if self.layout.nrows() <= 10_000 => 100,
            None => 30,
        }
    }
}

/// Mean of the neighbours by weight.
fn middle<const D: usize>(edges: &[(u32, f32)], places: &[[f32; D]]) -> [f32; D] {
    let total: f32 = edges.iter().map(|(_, weight)| weight).sum();
    let mut sum = [0.0; D];
    for &(to, weight) in edges {
        for (sum, value) in sum.iter_mut().zip(places[to as usize]) {
            *sum += weight / total * value;
        }
    }
    sum
}
