use std::collections::BTreeMap;

use crate::{Grid, Particle};

/// The particles of one tomogram, with the grid that their positions are counted in.
///
/// ```
/// use cryo_core::{Grid, Particle, ParticleSet, VoxelPos, VoxelSize};
/// let fine = Grid::new([64, 96, 128], VoxelSize::new(5.0).expect("valid"));
/// let mut set = ParticleSet::new("ts_01", fine);
/// set.items.push(Particle::at(VoxelPos::xyz(20.0, 40.0, 60.0)));
///
/// let coarse = Grid::new([32, 48, 64], VoxelSize::new(10.0).expect("valid"));
/// let moved = set.resampled_to(&coarse);
/// assert_eq!(moved.items[0].position, VoxelPos::xyz(10.0, 20.0, 30.0));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ParticleSet {
    /// Name of the tomogram.
    pub tomogram: String,
    /// Where the positions are counted.
    pub grid: Grid,
    /// The particles, in the order of their source.
    pub items: Vec<Particle>,
    /// Names of classes by number.
    pub classes: BTreeMap<u32, String>,
}

impl ParticleSet {
    /// An empty set.
    #[must_use]
    pub fn new(tomogram: impl Into<String>, grid: Grid) -> Self {
        Self {
            tomogram: tomogram.into(),
            grid,
            items: Vec::new(),
            classes: BTreeMap::new(),
        }
    }

    /// The same places counted on `grid`; particles outside of it are kept.
    #[must_use]
    pub fn resampled_to(&self, grid: &Grid) -> Self {
        let mut moved = self.clone();
        for particle in &mut moved.items {
            particle.position = grid.voxel_from(&self.grid, particle.position);
        }
        moved.grid = *grid;
        moved
    }

    /// Sorts by descending score; particles without one and with NaN come last, ties keep their order.
    pub fn sort_by_score(&mut self) {
        let key = |particle: &Particle| match particle.score {
            Some(score) if !score.is_nan() => score,
            _ => f32::NEG_INFINITY,
        };
        self.items.sort_by(|a, b| key(b).total_cmp(&key(a)));
    }

    /// Keeps the particles for which `keep` holds, in order.
    pub fn retain(&mut self, keep: impl FnMut(&Particle) -> bool) {
        self.items.retain(keep);
    }

    /// Number of particles.
    #[must_use]
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there is no particle.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The number of the class called `name`; a new one gets the lowest free number from 1.
    ///
    /// # Panics
    /// If all numbers above 0 are taken.
    pub fn class_number(&mut self, name: &str) -> u32 {
        let known = self.classes.iter().find(|(_, known)| *known == name);
        if let Some((&number, _)) = known {
            return number;
        }
        let mut numbers = 1..=u32::MAX;
        let free = numbers.find(|number| !self.classes.contains_key(number));
        let number = free.expect("memory does not hold 2³² names of classes");
        self.classes.insert(number, name.to_owned());
        number
    }
}
