//! How near to each other parallel filaments may lie.

mod scenes;

use cryo_tubes::{TubeParams, trace_tubes};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use scenes::{Detector, detected, random_rotation, score, straight, sums::Sums, turned};

/// Two straight filaments of 140 voxels in 20 orientations.
fn pairs(apart_vox: f64, detector: &Detector, params: &TubeParams) -> Sums {
    let mut rng = ChaCha8Rng::seed_from_u64(77);
    let mut sums = Sums::default();
    for seed in 201..221 {
        let lines =
            [0.0, apart_vox].map(|y| straight([60.0, 120.0 + y, 115.0], [200.0, 120.0 + y, 115.0]));
        let lines = turned(&lines, random_rotation(&mut rng));
        let set = detected(&lines, detector, seed);
        sums.add(&score(
            &lines,
            &trace_tubes(&set, params, &()).unwrap().tubes,
        ));
    }
    sums
}

#[test]
fn parallel_filaments_stay_apart_from_eight_times_the_scatter_on() {
    // By the default scatter, and by half of it for points that are as much better.
    for scatter_vox in [1.0, 0.5] {
        for spacing_vox in [2.0, 4.0] {
            let detector = Detector {
                spacing_vox,
                jitter_vox: scatter_vox,
                ..Detector::default()
            };
            let params = TubeParams {
                scatter_vox,
                ..TubeParams::default()
            };
            for apart in [2.5, 3.0, 3.5, 4.0, 4.5, 5.0, 6.0, 7.0, 8.0] {
                let sums = pairs(apart, &detector, &params);
                println!(
                    "scatter {scatter_vox}, points every {spacing_vox}, {apart} apart: {sums}"
                );
                if apart >= 8.0 * scatter_vox {
                    assert_eq!(sums.merges, 0, "{apart} apart");
                    assert!(20 * sums.splits <= sums.truths, "{apart} apart");
                    assert!(sums.recall() >= 0.93 && sums.precision() >= 0.98);
                }
            }
        }
    }
}
