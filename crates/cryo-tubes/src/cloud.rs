use cryo_core::{ParticleSet, VoxelPos};
use rayon::prelude::*;

use crate::{
    Vector,
    cells::{Cells, Division, MAX_CELLS},
    error::Error,
};

/// The different positions of a set, sorted by cell and then by place, so that their order does not depend on
/// that of the set.
pub(crate) struct Cloud {
    /// In edges of a voxel along x.
    pub(crate) points: Vec<Vector>,
    /// The best score of each; 1 without scores.
    pub(crate) scores: Vec<f64>,
    pub(crate) has_scores: bool,
    /// Numbers of the particles by position: those of point `i` are `sources[first[i]..first[i + 1]]`.
    sources: Vec<usize>,
    first: Vec<usize>,
    cells: Cells,
}

impl Cloud {
    /// Of the particles `members` of a set, in cells of `side`.
    pub(crate) fn new(set: &ParticleSet, members: &[usize], side: f64) -> Result<Self, Error> {
        let stretch = Stretch::of(set);
        let positions = finite_positions(set, members, stretch)?;
        let low = positions
            .iter()
            .copied()
            .reduce(|a, b| a.inf(&b))
            .unwrap_or_default();
        let high = positions
            .iter()
            .copied()
            .reduce(|a, b| a.sup(&b))
            .unwrap_or_default();
        let span = (high - low).max();
        let limit = (MAX_CELLS - 1.0) * side;
        if span > limit {
            let tomogram = set.tomogram.clone();
            return Err(Error::TooFarApart {
                tomogram,
                limit,
                span,
            });
        }
        let division = Division::new(low, side);
        let mut order: Vec<(u64, u32)> = (0_u32..)
            .zip(&positions)
            .map(|(n, p)| (division.key(p), n))
            .collect();
        order.par_sort_unstable_by(|a, b| {
            let place = |n: u32| positions[n as usize];
            let by_place = || {
                let (p, q) = (place(a.1), place(b.1));
                (0..3).fold(std::cmp::Ordering::Equal, |known, axis| {
                    known.then(p[axis].total_cmp(&q[axis]))
                })
            };
            a.0.cmp(&b.0)
                .then_with(by_place)
                .then(members[a.1 as usize].cmp(&members[b.1 as usize]))
        });
        let has_scores = members.iter().any(|&n| set.items[n].score.is_some());
        let mut cloud = Self {
            points: Vec::with_capacity(order.len()),
            scores: Vec::with_capacity(order.len()),
            has_scores,
            sources: Vec::with_capacity(order.len()),
            first: Vec::with_capacity(order.len() + 1),
            cells: Cells::new(division, &[]),
        };
        let mut keys = Vec::with_capacity(order.len());
        for (key, n) in order {
            let position = positions[n as usize];
            let member = members[n as usize];
            // Among particles with scores, one without counts nothing.
            let score = set.items[member]
                .score
                .map_or(if has_scores { 0.0 } else { 1.0 }, f64::from);
            if cloud.points.last() == Some(&position) {
                if let Some(best) = cloud.scores.last_mut() {
                    *best = best.max(score);
                }
            } else {
                cloud.first.push(cloud.sources.len());
                cloud.points.push(position);
                cloud.scores.push(score);
                keys.push(key);
            }
            cloud.sources.push(member);
        }
        cloud.first.push(cloud.sources.len());
        cloud.cells = Cells::new(division, &keys);
        Ok(cloud)
    }

    pub(crate) fn len(&self) -> usize {
        self.points.len()
    }

    /// Numbers of the particles at a point.
    pub(crate) fn sources(&self, point: usize) -> &[usize] {
        &self.sources[self.first[point]..self.first[point + 1]]
    }

    /// Calls `visit` with every point within `radius` of `centre` and its offset from there.
    pub(crate) fn near(&self, centre: &Vector, radius: f64, mut visit: impl FnMut(usize, Vector)) {
        let most = radius * radius;
        self.cells.near(centre, radius, |range| {
            for index in range {
                let offset = self.points[index] - centre;
                if offset.norm_squared() <= most {
                    visit(index, offset);
                }
            }
        });
    }
}

/// Edges of a voxel in edges along x.
#[derive(Clone, Copy)]
pub(crate) struct Stretch(Vector);

impl Stretch {
    pub(crate) fn of(set: &ParticleSet) -> Self {
        let size = set.grid.voxel_size;
        // Rounded headers must not bend what is straight.
        match size.isotropic() {
            Some(_) => Self(Vector::repeat(1.0)),
            None => Self(Vector::new(1.0, size.y() / size.x(), size.z() / size.x())),
        }
    }

    pub(crate) fn apply(self, position: VoxelPos) -> Vector {
        Vector::new(position.x, position.y, position.z).component_mul(&self.0)
    }

    pub(crate) fn undo(self, point: &Vector) -> VoxelPos {
        let place = point.component_div(&self.0);
        VoxelPos::xyz(place.x, place.y, place.z)
    }
}

fn finite_positions(
    set: &ParticleSet,
    members: &[usize],
    stretch: Stretch,
) -> Result<Vec<Vector>, Error> {
    let place = |&index: &usize| {
        let particle = &set.items[index];
        let VoxelPos { z, y, x } = particle.position;
        let tomogram = || set.tomogram.clone();
        if !particle.position.is_finite() {
            return Err(Error::NonFinitePosition {
                tomogram: tomogram(),
                index,
                x,
                y,
                z,
            });
        }
        match particle.score {
            Some(score) if !score.is_finite() => Err(Error::NonFiniteScore {
                tomogram: tomogram(),
                index,
                score,
            }),
            _ => Ok(stretch.apply(particle.position)),
        }
    };
    members.iter().map(place).collect()
}
