use rayon::prelude::*;

use super::FuzzyGraph;

/// How often each edge is seen.
pub(super) struct Rates {
    starts: Vec<usize>,
    edges: Vec<Rate>,
}

/// One edge of a point.
#[derive(Clone, Copy)]
pub(super) struct Rate {
    /// The other end.
    pub(super) to: u32,
    /// Times an epoch, in units of 2⁻²⁰.
    times: u32,
}

const BITS: u32 = 20;

impl Rates {
    /// The largest weight is seen `pulls` times an epoch, others in proportion; those that would not be seen `pulls`
    /// times in all `epochs` are left out.
    pub(super) fn new(graph: &FuzzyGraph, epochs: usize, pulls: f32) -> Self {
        let points = 0..graph.len();
        let edges = || points.clone().flat_map(|point| graph.row(point));
        let largest = edges().map(|(_, weight)| *weight).fold(0.0, f32::max);
        let least = largest / epochs as f32;
        let scale = pulls * (1_u32 << BITS) as f32 / largest;
        let rows: Vec<Vec<Rate>> = points
            .clone()
            .into_par_iter()
            .map(|point| {
                let seen = graph
                    .row(point)
                    .iter()
                    .filter(|(_, weight)| *weight >= least);
                let rate = |&(to, weight): &(u32, f32)| Rate {
                    to,
                    times: (weight * scale).round() as u32,
                };
                seen.map(rate).collect()
            })
            .collect();
        let mut starts = vec![0];
        starts.extend(rows.iter().scan(0, |sum, row| {
            *sum += row.len();
            Some(*sum)
        }));
        Self {
            starts,
            edges: rows.concat(),
        }
    }

    pub(super) fn row(&self, point: usize) -> &[Rate] {
        &self.edges[self.starts[point]..self.starts[point + 1]]
    }
}

impl Rate {
    /// How often it is seen in an epoch, at even intervals: `⌊(e + 1) r⌋ − ⌊e r⌋`, of which only the part of `e r`
    /// behind the point matters.
    pub(super) fn times_in(self, epoch: u32) -> u32 {
        const PART: u32 = (1 << BITS) - 1;
        ((epoch.wrapping_mul(self.times) & PART) + self.times) >> BITS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edge_is_seen_as_often_as_its_rate_says() {
        for times in [1, 5_243, 300_000, 1 << BITS, 2_000_000, 2 << BITS] {
            let rate = Rate { to: 0, times };
            let seen: u64 = (0..5000).map(|epoch| u64::from(rate.times_in(epoch))).sum();
            assert_eq!(seen, (5000 * u64::from(times)) >> BITS);
            let most = (0..5000).map(|epoch| rate.times_in(epoch)).max();
            assert_eq!(most, Some(times.div_ceil(1 << BITS).min(seen as u32)));
        }
    }
}
