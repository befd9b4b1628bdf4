//! Filaments with known truth.

mod scenes;

use cryo_core::Orientation;
use cryo_eval::FilamentScores;
use cryo_fixtures::CentreLine;
use cryo_tubes::{PaperParams, TubeParams, trace_tubes, trace_tubes_as_paper};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use scenes::{Detector, arc, detected, mixed, random_rotation, score, straight, turned};

fn traced(lines: &[CentreLine], detector: &Detector, seed: u64) -> FilamentScores {
    let set = detected(lines, detector, seed);
    let tracing = trace_tubes(&set, &TubeParams::default(), &()).unwrap();
    score(lines, &tracing.tubes)
}

/// Rotations, the first of which is none.
fn rotations(count: usize) -> Vec<Orientation> {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let mut all = vec![Orientation::IDENTITY];
    all.extend((0..count).map(|_| random_rotation(&mut rng)));
    all
}

#[derive(Default)]
struct Sums {
    truths: usize,
    splits: usize,
    merges: usize,
    found: f64,
    truth: f64,
    right: f64,
    picked: f64,
}

impl Sums {
    fn add(&mut self, scores: &FilamentScores) {
        self.truths += scores.n_truth;
        self.splits += scores.n_splits;
        self.merges += scores.n_merges;
        self.truth += scores.truth_length_angstrom;
        self.picked += scores.picks_length_angstrom;
        self.found += scores.length_recall.unwrap_or(0.0) * scores.truth_length_angstrom;
        self.right += scores.length_precision.unwrap_or(0.0) * scores.picks_length_angstrom;
    }

    fn recall(&self) -> f64 {
        self.found / self.truth
    }

    fn precision(&self) -> f64 {
        self.right / self.picked
    }
}

#[test]
fn probe() {
    let scene = mixed();
    for (name, detector) in [
        (
            "clean",
            Detector {
                missed: 0.0,
                outliers: 0.0,
                jitter_vox: 0.0,
                ..Detector::default()
            },
        ),
        ("full", Detector::default()),
        (
            "sp2",
            Detector {
                spacing_vox: 2.0,
                ..Detector::default()
            },
        ),
        (
            "sp5",
            Detector {
                spacing_vox: 5.0,
                ..Detector::default()
            },
        ),
    ] {
        let mut sums = Sums::default();
        let mut paper = Sums::default();
        for (seed, rotation) in (1..).zip(rotations(20)) {
            let lines = turned(&scene, rotation);
            let set = detected(&lines, &detector, seed);
            let tracing = trace_tubes(&set, &TubeParams::default(), &()).unwrap();
            let s = score(&lines, &tracing.tubes);
            println!(
                "{name} {seed} n {} r {:.3} p {:.3} s {} m {} {:?} unused {} of {}",
                s.n_picks,
                s.length_recall.unwrap(),
                s.length_precision.unwrap(),
                s.n_splits,
                s.n_merges,
                tracing.dropped,
                tracing.unused,
                set.len()
            );
            sums.add(&s);
            let old = trace_tubes_as_paper(&set, &PaperParams::default(), &()).unwrap();
            paper.add(&score(&lines, &old.tubes));
        }
        println!(
            "{name}: recall {:.4} precision {:.4} splits {}/{} merges {}",
            sums.recall(),
            sums.precision(),
            sums.splits,
            sums.truths,
            sums.merges
        );
        println!(
            "{name} paper: recall {:.4} precision {:.4} splits {}/{} merges {}",
            paper.recall(),
            paper.precision(),
            paper.splits,
            paper.truths,
            paper.merges
        );
    }
}
