use std::{cmp::Reverse, collections::BinaryHeap};

use crate::{cost::Cost, graph::Graph, matching::Match};

/// A matching that stays optimal while picks are added one by one.
///
/// Shortest augmenting paths with potentials (Jonker and Volgenant 1987, doi 10.1007/BF02278710) on the
/// sparse graph, where every pick has besides its neighbours a place of its own at the cost of being
/// left out. A search never leaves its connected component and mostly stays close to the new pick.
pub(crate) struct Assignment<'g> {
    graph: &'g Graph,
    truth_of_pick: Vec<Option<usize>>,
    pick_of_truth: Vec<Option<usize>>,
    pick_potential: Vec<Cost>,
    truth_potential: Vec<Cost>,
    /// Best known way to each truth in the current search: its cost and the pick before it.
    reached: Vec<Option<(Cost, usize)>>,
    settled: Vec<bool>,
    touched: Vec<usize>,
    queue: BinaryHeap<Reverse<(Cost, usize)>>,
}

/// Where the shortest path ends.
enum End {
    /// At a truth that has no pick yet.
    Truth(usize),
    /// At a pick that is left out from now on.
    Pick(usize),
}

impl<'g> Assignment<'g> {
    pub(crate) fn new(graph: &'g Graph) -> Self {
        let (picks, truths) = (graph.picks(), graph.truths);
        Self {
            graph,
            truth_of_pick: vec![None; picks],
            pick_of_truth: vec![None; truths],
            pick_potential: vec![Cost::ZERO; picks],
            truth_potential: vec![Cost::ZERO; truths],
            reached: vec![None; truths],
            settled: vec![false; truths],
            touched: Vec::new(),
            queue: BinaryHeap::new(),
        }
    }

    /// Adds a pick that was not added before; returns whether there is one match more.
    pub(crate) fn add(&mut self, pick: usize) -> bool {
        let (end, cost) = self.shortest_path(pick);
        self.pick_potential[pick] += cost;
        for &truth in &self.touched {
            if let (true, Some((reached, _))) = (self.settled[truth], self.reached[truth]) {
                self.truth_potential[truth] -= cost - reached;
                if let Some(owner) = self.pick_of_truth[truth] {
                    self.pick_potential[owner] += cost - reached;
                }
            }
        }
        let grown = matches!(end, End::Truth(_));
        self.augment(pick, end);
        for truth in self.touched.drain(..) {
            self.reached[truth] = None;
            self.settled[truth] = false;
        }
        self.queue.clear();
        grown
    }

    /// The matches, by ascending number of the pick.
    pub(crate) fn matches(&self) -> Vec<Match> {
        let matched = self.truth_of_pick.iter().enumerate();
        matched
            .filter_map(|(pick, truth)| {
                let neighbours = self.graph.of(pick).iter();
                let (truth, distance_angstrom) = neighbours
                    .copied()
                    .find(|&(number, _)| Some(number) == *truth)?;
                Some(Match {
                    truth,
                    pick,
                    distance_angstrom,
                })
            })
            .collect()
    }

    fn shortest_path(&mut self, source: usize) -> (End, Cost) {
        let (mut pick, mut base) = (source, Cost::ZERO);
        let mut left_out = (Cost::LEFT_OUT, source);
        // No way that costs as much as one to a known end can be better.
        let mut bound = Cost::LEFT_OUT;
        loop {
            let start = base - self.pick_potential[pick];
            left_out = left_out.min((start + Cost::LEFT_OUT, pick));
            bound = bound.min(left_out.0);
            for &(truth, distance) in self.graph.of(pick) {
                if self.settled[truth] {
                    continue;
                }
                let cost = start + Cost::of(distance) - self.truth_potential[truth];
                let known = self.reached[truth];
                if cost < bound && known.is_none_or(|(known, _)| cost < known) {
                    if known.is_none() {
                        self.touched.push(truth);
                    }
                    if self.pick_of_truth[truth].is_none() {
                        bound = cost;
                    }
                    self.reached[truth] = Some((cost, pick));
                    self.queue.push(Reverse((cost, truth)));
                }
            }
            let next = loop {
                match self.queue.pop() {
                    Some(Reverse((_, truth))) if self.settled[truth] => {}
                    Some(Reverse(next)) => break Some(next),
                    None => break None,
                }
            };
            let Some((cost, truth)) = next.filter(|(cost, _)| *cost < left_out.0) else {
                return (End::Pick(left_out.1), left_out.0);
            };
            let Some(owner) = self.pick_of_truth[truth] else {
                return (End::Truth(truth), cost);
            };
            self.settled[truth] = true;
            (pick, base) = (owner, cost);
        }
    }

    /// Moves every pick on the path to the truth behind it.
    fn augment(&mut self, source: usize, end: End) {
        let mut freed = match end {
            End::Truth(truth) => Some(truth),
            End::Pick(pick) => self.truth_of_pick[pick].take(),
        };
        while let Some((truth, (_, pick))) =
            freed.and_then(|truth| Some((truth, self.reached[truth]?)))
        {
            self.pick_of_truth[truth] = Some(pick);
            freed = self.truth_of_pick[pick].replace(truth);
            if pick == source {
                return;
            }
        }
    }
}
