use crate::Vector;

/// Bits of a key for each axis.
const BITS: u32 = 21;
/// Most cells along an axis.
pub(crate) const MAX_CELLS: f64 = (1_u64 << BITS) as f64 - 2.0;

/// A cell list: which points, sorted by cell, lie in which cube of space.
///
/// The keys of a row of cells along x follow each other, so that a ball is a few ranges of points.
pub(crate) struct Cells {
    low: Vector,
    side: f64,
    /// Key of each occupied cell, ascending, with a last one above all others.
    keys: Vec<u64>,
    /// Where the points of each occupied cell begin; the number of points for the last.
    starts: Vec<u32>,
}

/// How space is cut into cells.
#[derive(Clone, Copy)]
pub(crate) struct Division {
    pub(crate) low: Vector,
    pub(crate) side: f64,
}

impl Division {
    /// The key of the cell of a position at or above `low` on every axis.
    pub(crate) fn key(&self, position: &Vector) -> u64 {
        let cell = |axis: usize| ((position[axis] - self.low[axis]) / self.side) as u64;
        cell(2) << (2 * BITS) | cell(1) << BITS | cell(0)
    }
}

impl Cells {
    /// From the ascending keys of the points.
    pub(crate) fn new(division: Division, keys_of_points: &[u64]) -> Self {
        let (mut keys, mut starts) = (Vec::new(), Vec::new());
        for (index, &key) in (0_u32..).zip(keys_of_points) {
            if keys.last() != Some(&key) {
                keys.push(key);
                starts.push(index);
            }
        }
        keys.push(u64::MAX);
        starts.push(keys_of_points.len() as u32);
        Self {
            low: division.low,
            side: division.side,
            keys,
            starts,
        }
    }

    /// Calls `visit` with every range of points that may lie within `radius`.
    pub(crate) fn near(
        &self,
        centre: &Vector,
        radius: f64,
        mut visit: impl FnMut(std::ops::Range<usize>),
    ) {
        let span = |axis: usize| {
            let cell = |value: f64| ((value - self.low[axis]) / self.side).floor();
            let (first, last) = (cell(centre[axis] - radius), cell(centre[axis] + radius));
            (last >= 0.0 && first <= MAX_CELLS)
                .then_some((first.max(0.0) as u64, last.min(MAX_CELLS) as u64))
        };
        let (Some(x), Some(y), Some(z)) = (span(0), span(1), span(2)) else {
            return;
        };
        for z in z.0..=z.1 {
            for y in y.0..=y.1 {
                let row = z << (2 * BITS) | y << BITS;
                let first = self.keys.partition_point(|&key| key < row | x.0);
                let within = self.keys[first..]
                    .iter()
                    .take_while(|key| **key <= row | x.1)
                    .count();
                if within > 0 {
                    visit(self.starts[first] as usize..self.starts[first + within] as usize);
                }
            }
        }
    }
}
