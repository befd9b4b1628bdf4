use cryo_core::Progress;
use rayon::prelude::*;

use super::{force::Forces, rates::Rates};
use crate::{Error, random::SplitMix};

/// Points that one task moves.
const BLOCK: usize = 256;

/// What stays the same over all epochs.
pub(super) struct Descent<'a> {
    /// Edges of the points that move.
    pub(super) rates: &'a Rates,
    pub(super) forces: &'a Forces,
    pub(super) epochs: usize,
    pub(super) negative_samples: usize,
    /// Pulls of an edge each time it is seen: both ends of an edge see it, and move each other by turns in
    /// umap-learn; here each end moves itself only, and twice.
    pub(super) pulls: f32,
    pub(super) seed: u64,
}

impl Descent<'_> {
    /// Moves all points at once, each by its own edges, seeing the others where they were an epoch ago.
    ///
    /// Hence a point's way does not depend on who is moved before it, nor by which thread.
    pub(super) fn move_all<const D: usize>(
        &self,
        layout: &mut Vec<[f32; D]>,
        progress: &dyn Progress,
    ) -> Result<(), Error> {
        progress.begin("laying out", self.epochs as u64);
        let mut next = layout.clone();
        for epoch in 0..self.epochs {
            if progress.is_cancelled() {
                return Err(Error::Cancelled);
            }
            let seen: &[[f32; D]] = layout;
            next.par_chunks_mut(BLOCK)
                .enumerate()
                .for_each(|(block, places)| {
                    for (number, place) in places.iter_mut().enumerate() {
                        let point = block * BLOCK + number;
                        *place = self.moved(point, point as u64, seen[point], seen, epoch);
                    }
                });
            std::mem::swap(layout, &mut next);
            progress.advance(1);
        }
        Ok(())
    }

    /// Where a point goes in one epoch. `key` chooses its random numbers.
    pub(super) fn moved<const D: usize>(
        &self,
        point: usize,
        key: u64,
        mut own: [f32; D],
        others: &[[f32; D]],
        epoch: usize,
    ) -> [f32; D] {
        let rate = 1.0 - epoch as f32 / self.epochs as f32;
        let pushes_a_pull = self.negative_samples as f32 / self.pulls;
        // What is left below one push at the end of an epoch is made up for in every other one.
        let mut due = 0.5 * (epoch % 2) as f32;
        let mut rng = SplitMix::new(self.seed, epoch as u64, key);
        for edge in self.rates.row(point) {
            for _ in 0..edge.times_in(epoch as u32) {
                let other = others[edge.to as usize];
                let force = -self.forces.pull(squared_distance(own, other));
                let here = own;
                add_step(&mut own, here, other, force, rate);
                due += pushes_a_pull;
                if due >= self.negative_samples as f32 {
                    self.push(&mut own, others, self.negative_samples, rate, &mut rng);
                    due -= self.negative_samples as f32;
                }
            }
        }
        self.push(&mut own, others, due as usize, rate, &mut rng);
        own
    }

    /// Pushes by random points, all seen from the same place: they need not wait for each other.
    fn push<const D: usize>(
        &self,
        own: &mut [f32; D],
        others: &[[f32; D]],
        count: usize,
        rate: f32,
        rng: &mut SplitMix,
    ) {
        let from = *own;
        for _ in 0..count {
            let other = others[rng.below(others.len())];
            let squared = squared_distance(from, other);
            // Itself and its copies do not push: there is no direction to go.
            if squared > 0.0 {
                add_step(own, from, other, self.forces.push(squared), rate);
            }
        }
    }
}

fn squared_distance<const D: usize>(a: [f32; D], b: [f32; D]) -> f32 {
    let mut sum = 0.0;
    for axis in 0..D {
        sum += (a[axis] - b[axis]) * (a[axis] - b[axis]);
    }
    sum
}

fn add_step<const D: usize>(
    to: &mut [f32; D],
    own: [f32; D],
    other: [f32; D],
    force: f32,
    rate: f32,
) {
    const FARTHEST: f32 = 4.0;
    for axis in 0..D {
        let gradient = force * (own[axis] - other[axis]);
        to[axis] += rate * gradient.clamp(-FARTHEST, FARTHEST);
    }
}
