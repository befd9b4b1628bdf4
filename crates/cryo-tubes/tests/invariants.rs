//! What must not change a result.

mod scenes;

use cryo_core::{Grid, Particle, ParticleSet, VoxelPos, VoxelSize};
use cryo_tubes::{PaperParams, Tracing, TubeParams, trace_tubes, trace_tubes_as_paper};
use proptest::prelude::*;
use rand::{SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use scenes::{Detector, detected, mixed, straight};

fn traced(set: &ParticleSet) -> Tracing {
    trace_tubes(set, &TubeParams::default(), &()).unwrap()
}

fn traced_as_paper(set: &ParticleSet) -> Tracing {
    trace_tubes_as_paper(set, &PaperParams::default(), &()).unwrap()
}

#[test]
fn the_number_of_threads_does_not_change_the_result() {
    let set = detected(&mixed(), &Detector::default(), 3);
    // Many filaments that touch, so that those grown at the same time want the same points.
    let crowd = (0..12).flat_map(|n| {
        let aside = 6.0 * f64::from(n);
        let across = straight([10.0, 20.0 + aside, 90.0], [230.0, 20.0 + aside, 100.0]);
        let along = straight([20.0 + aside, 10.0, 95.0], [20.0 + aside, 230.0, 95.0]);
        [across, along]
    });
    let crowd = detected(&crowd.collect::<Vec<_>>(), &Detector::default(), 4);
    for set in [set, crowd] {
        let with = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            pool.install(|| (traced(&set), traced_as_paper(&set)))
        };
        let one = with(1);
        assert!(one.0.tubes.len() >= 10);
        assert_eq!(one, with(4));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn permuting_the_points_leaves_the_tubes_unchanged(seed in 0..1000_u64, twice in any::<bool>()) {
        let mut set = detected(&mixed(), &Detector::default(), seed);
        for (n, item) in (0_u16..).zip(&mut set.items) {
            item.score = Some(f32::from(n % 7) / 7.0 + 0.1);
        }
        if twice {
            let again: Vec<Particle> = set.items.iter().take(200).cloned().collect();
            set.items.extend(again);
        }
        let mut order: Vec<usize> = (0..set.len()).collect();
        order.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
        let mut permuted = set.clone();
        permuted.items = order.iter().map(|&n| set.items[n].clone()).collect();
        for trace in [traced, traced_as_paper] {
            let (one, mut other) = (trace(&set), trace(&permuted));
            for tube in &mut other.tubes {
                for source in &mut tube.sources {
                    *source = order[*source];
                }
            }
            prop_assert_eq!(one.tubes.len(), other.tubes.len());
            for (one, other) in one.tubes.iter().zip(&other.tubes) {
                prop_assert_eq!(&one.points, &other.points);
                // Particles at one place are in the order of the set.
                let sorted = |sources: &[usize]| { let mut all = sources.to_vec(); all.sort_unstable(); all };
                prop_assert_eq!(sorted(&one.sources), sorted(&other.sources));
            }
            prop_assert_eq!(one.dropped, other.dropped);
        }
    }

    #[test]
    fn moving_the_points_by_whole_voxels_moves_the_tubes(seed in 0..1000_u64, x in -500..500_i32, z in -500..500_i32) {
        let set = detected(&mixed(), &Detector::default(), seed);
        let mut moved = set.clone();
        for item in &mut moved.items {
            item.position.x += f64::from(x);
            item.position.z += f64::from(z);
        }
        let (one, other) = (traced(&set), traced(&moved));
        prop_assert_eq!(one.tubes.len(), other.tubes.len());
        for (one, other) in one.tubes.iter().zip(&other.tubes) {
            prop_assert_eq!(one.points.len(), other.points.len(), "{} {} {:?} {:?}", one.length_angstrom, other.length_angstrom, one.sources, other.sources);
            for (one, other) in one.points.iter().zip(&other.points) {
                let back = VoxelPos::xyz(other.position.x - f64::from(x), other.position.y, other.position.z - f64::from(z));
                prop_assert!(back.distance_to(one.position) < 1e-5, "{}", back.distance_to(one.position));
            }
        }
    }
}

#[test]
fn a_circle_of_radius_r_has_curvature_one_over_r() {
    for radius in [34.0_f64, 60.0, 150.0, 700.0] {
        let step = 4.0 / radius;
        let count = (2.6 / step).min(120.0) as i32;
        let mut set = ParticleSet::new("circle", scenes::grid());
        for n in 0..count {
            let angle = 0.4 + step * f64::from(n);
            // In a plane that is no coordinate plane.
            let (u, v) = (radius * angle.cos(), radius * angle.sin());
            let place = VoxelPos::xyz(900.0 + 0.6 * u, 900.0 + v, 900.0 + 0.8 * u);
            set.items.push(Particle::at(place));
        }
        let tracing = traced(&set);
        assert_eq!(
            tracing.tubes.len(),
            1,
            "radius {radius}: {:?}",
            tracing.dropped
        );
        let tube = &tracing.tubes[0];
        let ratio = tube.max_curvature_per_vox * radius;
        assert!((ratio - 1.0).abs() < 0.01, "radius {radius}: {ratio}");
        let length = 10.0 * 4.0 * f64::from(count - 1);
        assert!(
            (tube.length_angstrom / length - 1.0).abs() < 5e-3,
            "radius {radius}: {} for {length}",
            tube.length_angstrom
        );
    }
}

#[test]
fn points_lie_at_equal_arc_lengths_of_any_spacing() {
    let set = detected(
        &[scenes::arc(
            [40.0, 90.0, 50.0],
            [1.0, 0.2, 0.1],
            [0.0, 1.0, 0.0],
            0.012,
            150.0,
        )],
        &Detector::default(),
        5,
    );
    for spacing_vox in [0.7, 2.0, 8.2, 40.0] {
        let params = TubeParams {
            spacing_vox,
            ..TubeParams::default()
        };
        let tube = trace_tubes(&set, &params, &()).unwrap().tubes.remove(0);
        for (n, pair) in (1..).zip(tube.points.windows(2)) {
            let walked = f64::from(n) * spacing_vox * scenes::VOXEL_ANGSTROM;
            assert!((pair[1].arc_length_angstrom - walked).abs() < 1e-9);
            // The chord is shorter than the arc by κ² s³ / 24.
            let chord = pair[0].position.distance_to(pair[1].position);
            let spacing: f64 = spacing_vox;
            let sagging = 0.03_f64.powi(2) * spacing.powi(3) / 24.0;
            assert!(
                (spacing - sagging - 1e-3 * spacing..=spacing + 1e-3 * spacing).contains(&chord),
                "{chord}"
            );
            let along = pair[1].tangent;
            let ahead = (pair[1].position.x - pair[0].position.x) * along.x
                + (pair[1].position.y - pair[0].position.y) * along.y
                + (pair[1].position.z - pair[0].position.z) * along.z;
            assert!(ahead > 0.9 * chord, "tangents point along the filament");
        }
        let last = tube.points[tube.points.len() - 1].arc_length_angstrom;
        let rest = tube.length_angstrom - last;
        assert!((-1e-6..spacing_vox * scenes::VOXEL_ANGSTROM).contains(&rest));
    }
}

#[test]
fn anisotropic_voxels_are_measured_in_edges_along_x() {
    // The same filaments on voxels twice as thick.
    let lines = [
        straight([20.0, 30.0, 40.0], [180.0, 60.0, 120.0]),
        straight([50.0, 60.0, 10.0], [60.0, 70.0, 200.0]),
    ];
    let cubes = detected(&lines, &Detector::default(), 11);
    let size = VoxelSize::zyx(20.0, 10.0, 10.0).unwrap();
    let bricks = cubes.resampled_to(&Grid::new([120, 260, 280], size));
    let (one, other) = (traced(&cubes), traced(&bricks));
    assert_eq!(one.tubes.len(), 2);
    for (one, other) in one.tubes.iter().zip(&other.tubes) {
        assert!((one.length_angstrom - other.length_angstrom).abs() < 1e-6);
        for (one, other) in one.points.iter().zip(&other.points) {
            let there = cubes.grid.voxel_from(&bricks.grid, other.position);
            assert!(there.distance_to(one.position) < 1e-6);
            assert!(one.tangent.distance_to(other.tangent) < 1e-6);
        }
    }
}

#[test]
fn classes_are_traced_apart() {
    // Two filaments one behind the other that would be one.
    let mut set = detected(
        &[straight([20.0, 50.0, 50.0], [200.0, 50.0, 50.0])],
        &Detector {
            outliers: 0.0,
            ..Detector::default()
        },
        2,
    );
    assert_eq!(traced(&set).tubes.len(), 1);
    for item in &mut set.items {
        item.class = Some(if item.position.x < 100.0 { 4 } else { 2 });
    }
    let classes: Vec<_> = traced(&set).tubes.iter().map(|tube| tube.class).collect();
    assert_eq!(classes, [Some(2), Some(4)]);
}

#[test]
fn ends_of_poor_score_are_cut() {
    let mut set = detected(
        &[straight([20.0, 50.0, 50.0], [220.0, 50.0, 50.0])],
        &Detector {
            outliers: 0.0,
            ..Detector::default()
        },
        2,
    );
    for item in &mut set.items {
        item.score = Some(if item.position.x > 160.0 { 0.1 } else { 0.8 });
    }
    let tube = traced(&set).tubes.remove(0);
    let end = tube.points[tube.points.len() - 1];
    assert!(
        (140.0..172.0).contains(&end.position.x),
        "{}",
        end.position.x
    );
    assert!((tube.points[0].score.unwrap() - 0.8).abs() < 1e-6);
    assert!((0.35..0.81).contains(&end.score.unwrap()), "{end:?}");
    let params = TubeParams {
        min_end_score: 0.0,
        ..TubeParams::default()
    };
    let whole = trace_tubes(&set, &params, &()).unwrap().tubes.remove(0);
    assert!(whole.length_angstrom > 1900.0);
    assert!((whole.points[whole.points.len() - 1].score.unwrap() - 0.1).abs() < 1e-3);
}

#[test]
fn a_wrong_point_ahead_of_an_end_is_cut_by_its_score() {
    let detector = Detector {
        outliers: 0.0,
        ..Detector::default()
    };
    let mut set = detected(
        &[straight([20.0, 50.0, 50.0], [220.0, 50.0, 50.0])],
        &detector,
        2,
    );
    for item in &mut set.items {
        item.score = Some(0.8);
    }
    let mut wrong = Particle::at(VoxelPos::xyz(231.0, 50.5, 50.0));
    wrong.score = Some(0.1);
    set.items.push(wrong);
    let end = |min_end_score: f64| {
        let params = TubeParams {
            min_end_score,
            ..TubeParams::default()
        };
        let tube = trace_tubes(&set, &params, &()).unwrap().tubes.remove(0);
        tube.points[tube.points.len() - 1].position.x
    };
    assert!(end(0.0) > 227.0, "{}", end(0.0));
    assert!((210.0..222.0).contains(&end(0.5)), "{}", end(0.5));
}
