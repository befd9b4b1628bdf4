use cryo_core::AngstromPos;

use crate::{cells::Cells, error::Error};

/// Most pairs of a truth and a pick within the radius that a matching holds, 16 bytes each.
///
/// Real picks have a few per pick; more mean a radius in the wrong unit.
pub const MAX_PAIRS: usize = 16_000_000;

/// Which truths every pick may be matched with, and how far they are.
pub(crate) struct Graph {
    /// Where the neighbours of each pick begin; one more than there are picks.
    starts: Vec<usize>,
    neighbours: Vec<(usize, f64)>,
    pub(crate) truths: usize,
}

impl Graph {
    /// `radius(pick, truth)` is how far the two may be apart, `None` if never matched, and never above `max_radius`.
    pub(crate) fn new(
        truth: &[AngstromPos],
        picks: &[AngstromPos],
        max_radius: f64,
        radius: impl Fn(usize, usize) -> Option<f64>,
    ) -> Result<Self, Error> {
        let cells = Cells::new(truth, max_radius);
        let mut starts = vec![0];
        let mut neighbours = Vec::new();
        for (pick, &position) in picks.iter().enumerate() {
            cells.near(position, |number| {
                let distance = position.distance_to(truth[number]);
                let close = radius(pick, number).is_some_and(|radius| distance <= radius);
                if close && neighbours.len() <= MAX_PAIRS {
                    neighbours.push((number, distance));
                }
            });
            if neighbours.len() > MAX_PAIRS {
                return Err(Error::TooMany {
                    what: "pairs of a pick and a truth within the radius",
                    field: "radius_angstrom",
                    limit: MAX_PAIRS,
                });
            }
            starts.push(neighbours.len());
        }
        Ok(Self {
            starts,
            neighbours,
            truths: truth.len(),
        })
    }

    /// The truths that a pick may be matched with, and their distances.
    pub(crate) fn of(&self, pick: usize) -> &[(usize, f64)] {
        &self.neighbours[self.starts[pick]..self.starts[pick + 1]]
    }

    pub(crate) fn picks(&self) -> usize {
        self.starts.len() - 1
    }
}
