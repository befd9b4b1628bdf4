//! NN-descent (Dong et al. 2011, doi 10.1145/1963405.1963487), from lists that a search of cells found.
//!
//! Each point looks at its own candidates only, in lists of the round before: twice the distances of
//! the original, and the same result on any number of threads.

use cryo_core::Progress;
use ndarray::{Array2, ArrayView2};
use rayon::prelude::*;

use super::{Neighbours, index::Cells};
use crate::{Error, matrix::squared_distance, random::SplitMix};

/// Neighbours of a kind (new or old, forward or reverse) that a point hands on in a round.
const HANDED_ON: usize = 10;
/// Rounds at most.
const ROUNDS: usize = 5;
/// It stops when at most this part of all entries changes.
const FEW: f64 = 0.002;

pub(super) fn search(
    points: ArrayView2<'_, f32>,
    count: usize,
    seed: u64,
    progress: &dyn Progress,
) -> Result<Neighbours, Error> {
    let found = Cells::new(points, seed).search(points, count, true, progress)?;
    let (n, entries) = (points.nrows(), found.indices.len());
    let mut lists = Lists::new(&found, count);
    progress.begin("improving lists of neighbours", (ROUNDS * n) as u64);
    for round in 0..ROUNDS {
        let [new, old] = lists.hand_on(n, seed, round);
        let changed = lists.improve(points, &new, &old, progress)?;
        if (changed as f64) <= FEW * entries as f64 {
            break;
        }
    }
    lists.into_neighbours(n)
}

#[derive(Clone, Copy)]
struct Entry {
    distance: f32,
    index: u32,
    is_new: bool,
}

struct Lists {
    entries: Vec<Entry>,
    count: usize,
}

/// Rows of at most `2 * HANDED_ON` points, one after another.
struct Handed {
    starts: Vec<usize>,
    indices: Vec<u32>,
}

impl Handed {
    fn of(&self, point: usize) -> &[u32] {
        &self.indices[self.starts[point]..self.starts[point + 1]]
    }
}

impl Lists {
    fn new(found: &Neighbours, count: usize) -> Self {
        let pairs = found.distances.iter().zip(&found.indices);
        let entries = pairs.map(|(&distance, &index)| Entry {
            distance,
            index,
            is_new: true,
        });
        Self {
            entries: entries.collect(),
            count,
        }
    }

    /// What each point hands on: new and old neighbours, and points whose neighbour it is. New ones
    /// that are handed on become old.
    fn hand_on(&mut self, n: usize, seed: u64, round: usize) -> [Handed; 2] {
        let chosen: Vec<[Vec<u32>; 2]> = (self.entries.par_chunks_mut(self.count))
            .map(|list| {
                let mut chosen = [Vec::new(), Vec::new()];
                for entry in list {
                    let kind = &mut chosen[usize::from(!entry.is_new)];
                    if kind.len() < HANDED_ON {
                        kind.push(entry.index);
                        entry.is_new = false;
                    }
                }
                chosen
            })
            .collect();
        [0, 1].map(|kind| with_reverse(&chosen, kind, n, seed, round))
    }

    /// Replaces entries by nearer candidates and returns how many were replaced.
    fn improve(
        &mut self,
        points: ArrayView2<'_, f32>,
        new: &Handed,
        old: &Handed,
        progress: &dyn Progress,
    ) -> Result<usize, Error> {
        let row = |index: usize| {
            points
                .row(index)
                .to_slice()
                .expect("prepared points are in standard layout")
        };
        let improve_one = |(point, list): (usize, &mut [Entry])| {
            let mut candidates = Vec::with_capacity(1024);
            for &near in new.of(point) {
                candidates.extend_from_slice(new.of(near as usize));
                candidates.extend_from_slice(old.of(near as usize));
            }
            for &near in old.of(point) {
                candidates.extend_from_slice(new.of(near as usize));
            }
            candidates.sort_unstable();
            candidates.dedup();
            let own = row(point);
            let mut changed = 0;
            for index in candidates {
                if index as usize != point {
                    let distance = squared_distance(own, row(index as usize));
                    changed += usize::from(insert(list, distance, index));
                }
            }
            changed
        };
        const BLOCK: usize = 512;
        let count = self.count;
        let changed: Result<Vec<usize>, Error> = (self.entries.par_chunks_mut(BLOCK * count))
            .enumerate()
            .map(|(block, lists)| {
                if progress.is_cancelled() {
                    return Err(Error::Cancelled);
                }
                progress.advance((lists.len() / count) as u64);
                let lists = lists.chunks_mut(count).enumerate();
                Ok(lists
                    .map(|(row, list)| improve_one((block * BLOCK + row, list)))
                    .sum())
            })
            .collect();
        Ok(changed?.iter().sum())
    }

    fn into_neighbours(self, n: usize) -> Result<Neighbours, Error> {
        let indices = self.entries.iter().map(|entry| entry.index).collect();
        let distances = self.entries.iter().map(|entry| entry.distance).collect();
        let whole = "each point has a list of the same length";
        Ok(Neighbours {
            indices: Array2::from_shape_vec((n, self.count), indices).expect(whole),
            distances: Array2::from_shape_vec((n, self.count), distances).expect(whole),
        })
    }
}

/// Puts a candidate in its place if it is nearer than the last and not there yet.
fn insert(list: &mut [Entry], distance: f32, index: u32) -> bool {
    let last = list.len() - 1;
    let is_before = |entry: &Entry| {
        entry
            .distance
            .total_cmp(&distance)
            .then(entry.index.cmp(&index))
            .is_lt()
    };
    if is_before(&list[last]) || (list[last].index == index) {
        return false;
    }
    let place = list.partition_point(is_before);
    if list[place].index == index {
        return false;
    }
    list[place..].rotate_right(1);
    list[place] = Entry {
        distance,
        index,
        is_new: true,
    };
    true
}

/// The chosen of one kind, and up to as many of the points that chose this one.
fn with_reverse(
    chosen: &[[Vec<u32>; 2]],
    kind: usize,
    n: usize,
    seed: u64,
    round: usize,
) -> Handed {
    let mut reverse: Vec<Vec<u32>> = vec![Vec::new(); n];
    for (point, lists) in chosen.iter().enumerate() {
        for &near in &lists[kind] {
            reverse[near as usize].push(point as u32);
        }
    }
    let rows: Vec<Vec<u32>> = (reverse.into_par_iter().zip(chosen).enumerate())
        .map(|(point, (mut reverse, lists))| {
            let mut rng = SplitMix::new(seed, (2 * round + kind) as u64, point as u64);
            for place in 0..reverse.len().min(HANDED_ON) {
                let other = place + rng.below(reverse.len() - place);
                reverse.swap(place, other);
            }
            reverse.truncate(HANDED_ON);
            reverse.extend_from_slice(&lists[kind]);
            reverse.sort_unstable();
            reverse.dedup();
            reverse
        })
        .collect();
    let mut starts = vec![0];
    starts.extend(rows.iter().scan(0, |sum, row| {
        *sum += row.len();
        Some(*sum)
    }));
    Handed {
        starts,
        indices: rows.concat(),
    }
}
