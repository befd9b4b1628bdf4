//! Scenes of filaments with known truth: some points missed, some wrong, all jittered.
#![allow(dead_code, reason = "each test program uses its own part of this")]

pub(crate) mod sums;

use cryo_core::{AngstromPos, Grid, Orientation, Particle, ParticleSet, VoxelPos, VoxelSize};
use cryo_eval::{FilamentParams, FilamentScores, compare_filaments};
use cryo_fixtures::CentreLine;
use cryo_tubes::Tube;
use rand::{Rng, SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

pub(crate) const VOXEL_ANGSTROM: f64 = 10.0;

/// What a detector does to the points of filaments.
#[derive(Debug, Clone)]
pub(crate) struct Detector {
    /// Distance of the points along a filament before any is missed.
    pub(crate) spacing_vox: f64,
    /// Part of the points that is missed.
    pub(crate) missed: f64,
    /// Part of the result that is wrong, anywhere in the box of the scene.
    pub(crate) outliers: f64,
    /// Standard deviation on each axis.
    pub(crate) jitter_vox: f64,
}

impl Default for Detector {
    fn default() -> Self {
        Self {
            spacing_vox: 4.0,
            missed: 0.2,
            outliers: 0.2,
            jitter_vox: 1.0,
        }
    }
}

pub(crate) fn grid() -> Grid {
    Grid::new(
        [240, 260, 280],
        VoxelSize::new(VOXEL_ANGSTROM).expect("valid"),
    )
}

pub(crate) fn straight(from: [f64; 3], to: [f64; 3]) -> CentreLine {
    let [from, to] = [from, to].map(|[x, y, z]| VoxelPos::xyz(x, y, z));
    CentreLine::straight(from, to).expect("two places")
}

pub(crate) fn arc(
    start: [f64; 3],
    direction: [f64; 3],
    towards: [f64; 3],
    curvature: f64,
    length: f64,
) -> CentreLine {
    let [start, direction, towards] =
        [start, direction, towards].map(|[x, y, z]| VoxelPos::xyz(x, y, z));
    CentreLine::arc(start, direction, towards, curvature, length).expect("an arc")
}

/// Straight, curved down to the limit of 0.03, crossing at 90°, 60° and 30°, side by side, vertical.
pub(crate) fn mixed() -> Vec<CentreLine> {
    vec![
        straight([20.0, 30.0, 40.0], [180.0, 60.0, 50.0]),
        straight([40.0, 20.0, 200.0], [60.0, 180.0, 190.0]),
        // Curved: radii of 33, 50 and 100 voxels.
        arc(
            [150.0, 60.0, 100.0],
            [1.0, 0.0, 0.2],
            [0.0, 1.0, 0.0],
            0.03,
            100.0,
        ),
        arc(
            [40.0, 90.0, 120.0],
            [0.0, 1.0, 0.0],
            [1.0, 0.0, 1.0],
            0.02,
            120.0,
        ),
        arc(
            [20.0, 100.0, 70.0],
            [1.0, 1.0, 0.0],
            [1.0, -1.0, 0.3],
            0.01,
            170.0,
        ),
        // Crossing.
        straight([80.0, 150.0, 150.0], [220.0, 150.0, 150.0]),
        straight([150.0, 80.0, 150.0], [150.0, 220.0, 150.0]),
        straight([115.0, 89.0, 150.0], [185.0, 211.0, 150.0]),
        straight([120.0, 190.0, 90.0], [240.0, 220.0, 90.0]),
        straight([120.0, 220.0, 90.0], [240.0, 190.0, 90.0]),
        // Side by side, 10 voxels apart.
        straight([100.0, 20.0, 200.0], [240.0, 30.0, 210.0]),
        straight([100.0, 30.0, 200.0], [240.0, 40.0, 210.0]),
        straight([100.0, 25.0, 208.7], [240.0, 35.0, 218.7]),
        // Vertical.
        straight([210.0, 60.0, 10.0], [210.0, 60.0, 80.0]),
        straight([60.0, 210.0, 20.0], [60.0, 210.0, 220.0]),
    ]
}

/// The scene turned about the middle of the grid.
pub(crate) fn turned(lines: &[CentreLine], rotation: Orientation) -> Vec<CentreLine> {
    let middle = AngstromPos::xyz(130.0, 120.0, 115.0);
    let turn = |place: &VoxelPos| {
        let offset = AngstromPos::xyz(place.x - middle.x, place.y - middle.y, place.z - middle.z);
        let moved = rotation.rotate(offset);
        VoxelPos::xyz(moved.x + middle.x, moved.y + middle.y, moved.z + middle.z)
    };
    let lines = lines
        .iter()
        .map(|line| line.points().iter().map(turn).collect());
    lines
        .map(|points| CentreLine::through(points).expect("as many places"))
        .collect()
}

/// Uniformly distributed (Shoemake 1992).
pub(crate) fn random_rotation(rng: &mut ChaCha8Rng) -> Orientation {
    loop {
        let quaternion: [f64; 4] = std::array::from_fn(|_| rng.sample(StandardNormal));
        if let Some(rotation) = Orientation::from_quaternion(quaternion) {
            return rotation;
        }
    }
}

/// What a detector finds of the lines, in random order.
pub(crate) fn detected(lines: &[CentreLine], detector: &Detector, seed: u64) -> ParticleSet {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut set = ParticleSet::new("scene", grid());
    for line in lines {
        for point in line.sampled(detector.spacing_vox) {
            if rng.random::<f64>() < detector.missed {
                continue;
            }
            let mut off = || detector.jitter_vox * rng.sample::<f64, _>(StandardNormal);
            let VoxelPos { z, y, x } = point.position;
            let place = VoxelPos::xyz(x + off(), y + off(), z + off());
            set.items.push(Particle::at(place));
        }
    }
    let points = lines.iter().flat_map(CentreLine::points);
    let (mut low, mut high) = ([f64::INFINITY; 3], [f64::NEG_INFINITY; 3]);
    for point in points {
        for (axis, value) in [point.x, point.y, point.z].into_iter().enumerate() {
            low[axis] = low[axis].min(value - 10.0);
            high[axis] = high[axis].max(value + 10.0);
        }
    }
    let wrong = (set.len() as f64 * detector.outliers / (1.0 - detector.outliers)).round();
    for _ in 0..wrong as usize {
        let [x, y, z] = std::array::from_fn(|axis| rng.random_range(low[axis]..high[axis]));
        set.items.push(Particle::at(VoxelPos::xyz(x, y, z)));
    }
    set.items.shuffle(&mut rng);
    set
}

/// Scores within two voxels.
pub(crate) fn score(lines: &[CentreLine], tubes: &[Tube]) -> FilamentScores {
    let grid = grid();
    let truth: Vec<Vec<AngstromPos>> = lines
        .iter()
        .map(|line| {
            line.points()
                .iter()
                .map(|&p| grid.angstrom_from_voxel(p))
                .collect()
        })
        .collect();
    let picks: Vec<Vec<AngstromPos>> = tubes
        .iter()
        .map(|tube| {
            tube.points
                .iter()
                .map(|point| grid.angstrom_from_voxel(point.position))
                .collect()
        })
        .collect();
    compare_filaments(&truth, &picks, &FilamentParams::new(2.0 * VOXEL_ANGSTROM)).expect("finite")
}
