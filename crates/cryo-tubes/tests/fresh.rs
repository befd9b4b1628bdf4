//! Scenes that no constant was chosen on: another geometry for every seed.

mod scenes;

use cryo_core::VoxelPos;
use cryo_fixtures::CentreLine;
use cryo_tubes::{PaperParams, TubeParams, trace_tubes, trace_tubes_as_paper};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::UnitSphere;
use scenes::{Detector, arc, detected, score, sums::Sums};

/// A helix of this radius and rise per turn: its curvature is 0.019 all along and its plane turns.
fn helix(rng: &mut ChaCha8Rng) -> CentreLine {
    const RADIUS: f64 = 15.0;
    const RISE_PER_RAD: f64 = 24.0;
    let start: [f64; 3] = std::array::from_fn(|_| rng.random_range(60.0..160.0));
    let turns = rng.random_range(0.6..1.2) * std::f64::consts::TAU;
    let phase = rng.random_range(0.0..std::f64::consts::TAU);
    let axis = rng.random_range(0..3);
    let place = |n: u32| {
        let angle = turns * f64::from(n) / 200.0;
        let mut place = start;
        place[axis] += RISE_PER_RAD * angle - 40.0;
        place[(axis + 1) % 3] += RADIUS * (angle + phase).cos();
        place[(axis + 2) % 3] += RADIUS * (angle + phase).sin();
        VoxelPos::xyz(place[0], place[1], place[2])
    };
    CentreLine::through((0..=200).map(place).collect()).expect("different places")
}

fn random_arc(rng: &mut ChaCha8Rng, curvature: f64, length: f64) -> CentreLine {
    let direction: [f64; 3] = rng.sample(UnitSphere);
    let towards: [f64; 3] = rng.sample(UnitSphere);
    // In the middle of the box at half of its length, if it was straight.
    let start = direction.map(|along| rng.random_range(60.0..180.0) - 0.5 * length * along);
    arc(start, direction, towards, curvature, length)
}

/// Four side by side, nine voxels from each other, slightly bent together.
fn bundle(rng: &mut ChaCha8Rng) -> Vec<CentreLine> {
    const APART: f64 = 9.0;
    let start: [f64; 3] = std::array::from_fn(|_| rng.random_range(40.0..90.0));
    let offsets = [(0.0, 0.0), (APART, 0.0), (0.0, APART), (APART, APART)];
    // Shifted across the direction and the bend, which keeps their distances.
    let lines = offsets.map(|(y, z)| {
        let from = [start[0], start[1] + y, start[2] + z];
        bent(from, rng.random_range(110.0..140.0))
    });
    lines.to_vec()
}

fn bent(from: [f64; 3], length: f64) -> CentreLine {
    let place = |n: u32| {
        let x = length * f64::from(n) / 100.0;
        let bend = 0.002 * x * x;
        VoxelPos::xyz(from[0] + x, from[1] + bend, from[2] - 0.5 * bend)
    };
    CentreLine::through((0..=100).map(place).collect()).expect("different places")
}

/// 6 straight, 5 bent with radii of 40 voxels and more, 2 helices and a bundle of 4, wherever they fall: they touch
/// and cross at any angle.
fn lines(seed: u64) -> Vec<CentreLine> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut lines = Vec::new();
    for _ in 0..6 {
        let length = rng.random_range(60.0..200.0);
        lines.push(random_arc(&mut rng, 0.0, length));
    }
    for _ in 0..5 {
        let (curvature, length) = (
            rng.random_range(0.002..0.025),
            rng.random_range(60.0..160.0),
        );
        lines.push(random_arc(&mut rng, curvature, length));
    }
    lines.extend((0..2).map(|_| helix(&mut rng)).collect::<Vec<_>>());
    lines.extend(bundle(&mut rng));
    lines
}

#[test]
fn filaments_of_another_geometry_are_found() {
    for (spacing_vox, recall) in [(2.0, 0.97), (3.0, 0.95), (4.0, 0.92)] {
        let detector = Detector {
            spacing_vox,
            ..Detector::default()
        };
        let (mut ours, mut paper) = (Sums::default(), Sums::default());
        for seed in 101..111 {
            let lines = lines(seed);
            let set = detected(&lines, &detector, seed);
            let tracing = trace_tubes(&set, &TubeParams::default(), &()).unwrap();
            let scores = score(&lines, &tracing.tubes);
            ours.add(&scores);
            let tracing = trace_tubes_as_paper(&set, &PaperParams::default(), &()).unwrap();
            paper.add(&score(&lines, &tracing.tubes));
        }
        println!("points every {spacing_vox} voxels, curve: {ours}");
        println!("points every {spacing_vox} voxels, paper: {paper}");
        assert!(ours.recall() >= recall && ours.precision() >= 0.98);
        assert!(20 * ours.splits <= ours.truths && 50 * ours.merges <= ours.truths);
    }
}
