//! Filaments with known truth.

mod scenes;

use cryo_core::{Orientation, Particle, VoxelPos};
use cryo_fixtures::CentreLine;
use cryo_tubes::{PaperParams, TubeParams, trace_tubes, trace_tubes_as_paper};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use scenes::{
    Detector, arc, detected, mixed, random_rotation, score, straight, sums::Sums, turned,
};

/// Rotations, the first of which is none.
fn rotations(count: usize) -> Vec<Orientation> {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let mut all = vec![Orientation::IDENTITY];
    all.extend((0..count).map(|_| random_rotation(&mut rng)));
    all
}

/// Ours and the published method over rotated scenes.
fn both(lines: &[CentreLine], detector: &Detector, count: usize) -> [Sums; 2] {
    let mut sums = [Sums::default(), Sums::default()];
    for (seed, rotation) in (1..).zip(rotations(count)) {
        let lines = turned(lines, rotation);
        let set = detected(&lines, detector, seed);
        let ours = trace_tubes(&set, &TubeParams::default(), &()).unwrap();
        let paper = trace_tubes_as_paper(&set, &PaperParams::default(), &()).unwrap();
        for (sums, tracing) in sums.iter_mut().zip([ours, paper]) {
            sums.add(&score(&lines, &tracing.tubes));
        }
    }
    sums
}

fn table(name: &str, sums: &[Sums; 2]) {
    for (method, sums) in ["curve", "paper"].iter().zip(sums) {
        println!("{name} {method}: {sums}");
    }
}

fn dense() -> Detector {
    Detector {
        spacing_vox: 2.0,
        ..Detector::default()
    }
}

#[test]
fn the_tracer_finds_phantom_filaments_in_any_orientation() {
    let sums = both(&mixed(), &dense(), 20);
    table("points every 2 voxels", &sums);
    let [ours, paper] = sums;
    assert!(ours.recall() >= 0.95 && ours.precision() >= 0.95);
    assert_eq!(ours.merges, 0);
    assert!(ours.splits * 20 <= ours.truths, "{} splits", ours.splits);
    // The published method loses what runs across y and what touches.
    assert!(paper.recall() < 0.5);
}

#[test]
fn fewer_points_cost_recall_and_splits() {
    // Every 3 and 4 voxels, a crossing at 28° is at the edge of what can be told.
    for (spacing_vox, recall, splits) in [(3.0, 0.95, 0.05), (4.0, 0.93, 0.06)] {
        let sums = both(
            &mixed(),
            &Detector {
                spacing_vox,
                ..Detector::default()
            },
            20,
        );
        table(&format!("points every {spacing_vox} voxels"), &sums);
        let truths = sums[0].truths as f64;
        assert!(sums[0].recall() >= recall && sums[0].precision() >= 0.95);
        assert!(sums[0].splits as f64 <= splits * truths && sums[0].merges as f64 <= 0.02 * truths);
    }
}

#[test]
fn each_kind_of_filament_is_found() {
    let kinds = [
        (
            "straight",
            vec![straight([20.0, 30.0, 40.0], [180.0, 60.0, 50.0])],
            0.97,
        ),
        (
            "vertical",
            vec![straight([110.0, 60.0, 10.0], [110.0, 60.0, 180.0])],
            0.97,
        ),
        (
            "curved at the limit",
            vec![arc(
                [150.0, 60.0, 100.0],
                [1.0, 0.0, 0.2],
                [0.0, 1.0, 0.0],
                0.03,
                100.0,
            )],
            0.95,
        ),
        (
            "curved",
            vec![arc(
                [20.0, 100.0, 70.0],
                [1.0, 1.0, 0.0],
                [1.0, -1.0, 0.3],
                0.01,
                170.0,
            )],
            0.95,
        ),
        (
            "crossing at 90°",
            vec![
                straight([80.0, 150.0, 150.0], [220.0, 150.0, 150.0]),
                straight([150.0, 80.0, 150.0], [150.0, 220.0, 150.0]),
            ],
            0.97,
        ),
        (
            "parallel, 10 voxels apart",
            vec![
                straight([100.0, 20.0, 200.0], [240.0, 30.0, 210.0]),
                straight([100.0, 30.0, 200.0], [240.0, 40.0, 210.0]),
            ],
            0.97,
        ),
    ];
    for (name, lines, recall) in kinds {
        let sums = both(&lines, &dense(), 20);
        table(name, &sums);
        let ours = &sums[0];
        assert!(ours.recall() >= recall, "{name}: recall {}", ours.recall());
        assert!(
            ours.precision() >= 0.95,
            "{name}: precision {}",
            ours.precision()
        );
        assert_eq!(ours.merges, 0, "{name}");
        assert!(
            ours.splits * 20 <= ours.truths,
            "{name}: {} splits",
            ours.splits
        );
    }
}

#[test]
fn without_noise_nothing_is_lost() {
    let clean = Detector {
        missed: 0.0,
        outliers: 0.0,
        jitter_vox: 0.0,
        ..Detector::default()
    };
    let [ours, _] = both(&mixed(), &clean, 5);
    assert!(ours.recall() > 0.99 && ours.precision() > 0.999);
    assert_eq!((ours.splits, ours.merges), (0, 0));
}

#[test]
fn outliers_alone_are_hardly_a_filament() {
    let lines = [straight([20.0, 30.0, 40.0], [24.0, 30.0, 40.0])];
    let mut found = 0;
    for seed in 0..10 {
        // About 300 points in a box of 200³.
        let mut set = detected(
            &lines,
            &Detector {
                missed: 1.0,
                outliers: 0.0,
                ..Detector::default()
            },
            seed,
        );
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        set.items.extend((0..300).map(|_| {
            let [x, y, z] = std::array::from_fn(|_| rng.random_range(0.0..200.0));
            Particle::at(VoxelPos::xyz(x, y, z))
        }));
        found += trace_tubes(&set, &TubeParams::default(), &())
            .unwrap()
            .tubes
            .len();
    }
    assert!(found <= 10, "{found} filaments in 10 scenes");
}
