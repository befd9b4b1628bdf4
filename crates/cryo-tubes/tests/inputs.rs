//! Input that is empty, degenerate or wrong.

use std::sync::atomic::{AtomicBool, Ordering};

use cryo_core::{Grid, Particle, ParticleSet, Progress, VoxelPos, VoxelSize};
use cryo_tubes::{
    Error, FitAxis, PaperParams, Tracing, TubeParams, to_particles, trace_tubes,
    trace_tubes_as_paper,
};

fn set(places: &[[f64; 3]]) -> ParticleSet {
    let grid = Grid::new([100, 200, 300], VoxelSize::new(10.0).unwrap());
    let mut set = ParticleSet::new("ts_01", grid);
    set.items = places
        .iter()
        .map(|&[x, y, z]| Particle::at(VoxelPos::xyz(x, y, z)))
        .collect();
    set
}

/// By both methods.
fn both(places: &[[f64; 3]]) -> [Tracing; 2] {
    let set = set(places);
    [
        trace_tubes(&set, &TubeParams::default(), &()).unwrap(),
        trace_tubes_as_paper(&set, &PaperParams::default(), &()).unwrap(),
    ]
}

fn diagonal(count: usize) -> Vec<[f64; 3]> {
    (0..count)
        .map(|n| n as f64)
        .map(|n| [10.0 + 2.0 * n, 20.0 + 3.0 * n, 30.0 + n])
        .collect()
}

#[test]
fn nothing_and_little_have_no_filaments() {
    for places in [vec![], vec![[1.0, 2.0, 3.0]], diagonal(3)] {
        for tracing in both(&places) {
            assert!(tracing.tubes.is_empty());
            assert_eq!(tracing.unused, places.len());
        }
    }
    let empty = set(&[]);
    assert!(to_particles(&empty, &[]).is_empty());
}

#[test]
fn duplicates_count_once() {
    for tracing in both(&vec![[5.0, 6.0, 7.0]; 1000]) {
        assert!(tracing.tubes.is_empty());
        assert_eq!(tracing.unused, 1000);
    }
    let once = diagonal(20);
    let mut twice = once.clone();
    twice.extend(&once);
    for (one, two) in both(&once).into_iter().zip(both(&twice)) {
        assert_eq!(one.tubes.len(), 1);
        assert_eq!(two.tubes[0].points, one.tubes[0].points);
        assert_eq!((two.tubes[0].sources.len(), two.unused), (40, 0));
    }
}

#[test]
fn collinear_points_are_a_straight_filament() {
    let step = 14.0_f64.sqrt();
    for tracing in both(&diagonal(20)) {
        let tube = &tracing.tubes[0];
        assert!(
            (tube.length_angstrom - 190.0 * step).abs() < 1e-6,
            "{}",
            tube.length_angstrom
        );
        assert!(tube.max_curvature_per_vox < 1e-6 && tube.residual_vox < 1e-6);
        assert_eq!(tube.sources, (0..20).collect::<Vec<_>>());
        for point in &tube.points {
            let along = (point.position.x - 10.0) / 2.0;
            let off = point.position.distance_to(VoxelPos::xyz(
                10.0 + 2.0 * along,
                20.0 + 3.0 * along,
                30.0 + along,
            ));
            assert!(off < 1e-6, "{off}");
            let tangent = point.tangent;
            assert!((tangent.y * step - 3.0).abs() < 1e-6 && (tangent.x * step - 2.0).abs() < 1e-6);
        }
    }
}

#[test]
fn points_in_one_plane_are_traced_within_it() {
    for axis in 0..3 {
        let places: Vec<[f64; 3]> = (0..30)
            .map(|n| 0.03 * f64::from(n))
            .map(|angle| {
                let mut place = [40.0; 3];
                place[(axis + 1) % 3] += 100.0 * angle.sin();
                place[(axis + 2) % 3] += 100.0 * (1.0 - angle.cos());
                place
            })
            .collect();
        let tracing = trace_tubes(&set(&places), &TubeParams::default(), &()).unwrap();
        assert_eq!(tracing.tubes.len(), 1);
        for point in &tracing.tubes[0].points {
            let place = [point.position.x, point.position.y, point.position.z];
            assert!((place[axis] - 40.0).abs() < 1e-9);
        }
        assert!((tracing.tubes[0].max_curvature_per_vox - 0.01).abs() < 1e-4);
    }
}

#[test]
fn a_filament_across_y_is_lost_by_the_paper_and_found_along_x() {
    let places: Vec<[f64; 3]> = (0..20)
        .map(|n| [10.0 + 4.0 * f64::from(n), 50.0, 30.0])
        .collect();
    let [ours, paper] = both(&places);
    assert_eq!(
        (ours.tubes.len(), paper.tubes.len(), paper.dropped.short),
        (1, 0, 1)
    );
    let params = PaperParams {
        axis: FitAxis::X,
        ..PaperParams::default()
    };
    let along_x = trace_tubes_as_paper(&set(&places), &params, &()).unwrap();
    assert_eq!(along_x.tubes.len(), 1);
    assert_eq!(along_x.tubes[0].points.len(), 39);
}

#[test]
fn numbers_that_are_none_are_refused_by_name() {
    let mut wrong = set(&diagonal(10));
    wrong.items[4].position.y = f64::NAN;
    let message = "expected finite coordinates, particle 4 of `ts_01` has (18, NaN, 34) (x, y, z)";
    let errors = |set: &ParticleSet| {
        [
            trace_tubes(set, &TubeParams::default(), &()).unwrap_err(),
            trace_tubes_as_paper(set, &PaperParams::default(), &()).unwrap_err(),
        ]
    };
    for error in errors(&wrong) {
        assert_eq!(error.to_string(), message);
    }
    let mut wrong = set(&diagonal(10));
    wrong.items[7].score = Some(f32::INFINITY);
    for error in errors(&wrong) {
        assert_eq!(
            error.to_string(),
            "expected a finite score, particle 7 of `ts_01` has inf"
        );
    }
    let far = set(&[[0.0; 3], [1e300, 0.0, 0.0]]);
    for error in errors(&far) {
        assert!(
            matches!(error, Error::TooFarApart { span: 1e300, .. }),
            "{error}"
        );
    }
}

#[test]
fn parameters_out_of_range_are_refused_by_name() {
    let good = TubeParams::default();
    let wrong = [
        (
            TubeParams {
                scatter_vox: 0.0,
                ..good.clone()
            },
            "`scatter_vox` must be a finite number above 0, got 0",
        ),
        (
            TubeParams {
                link_distance_vox: 2.0,
                ..good.clone()
            },
            "`link_distance_vox` must be finite and at least 3 times `scatter_vox`, got 2",
        ),
        (
            TubeParams {
                max_curvature_per_vox: f64::NAN,
                ..good.clone()
            },
            "`max_curvature_per_vox` must be a finite number above 0, got NaN",
        ),
        (
            TubeParams {
                max_gap_vox: -1.0,
                ..good.clone()
            },
            "`max_gap_vox` must be a finite number from 0, got -1",
        ),
        (
            TubeParams {
                min_length_vox: f64::INFINITY,
                ..good.clone()
            },
            "`min_length_vox` must be a finite number from 0, got inf",
        ),
        (
            TubeParams {
                min_points: 3,
                ..good.clone()
            },
            "`min_points` must be at least 4, got 3",
        ),
        (
            TubeParams {
                max_residual_vox: 0.0,
                ..good.clone()
            },
            "`max_residual_vox` must be a finite number above 0, got 0",
        ),
        (
            TubeParams {
                min_end_score: 1.5,
                ..good.clone()
            },
            "`min_end_score` must be from 0 to 1, got 1.5",
        ),
        (
            TubeParams {
                spacing_vox: 0.0,
                ..good
            },
            "`spacing_vox` must be a finite number above 0, got 0",
        ),
    ];
    for (params, message) in wrong {
        assert_eq!(
            trace_tubes(&set(&[]), &params, &())
                .unwrap_err()
                .to_string(),
            message
        );
    }
    let good = PaperParams::default();
    let wrong = [
        (
            PaperParams {
                link_distance_vox: -2.0,
                ..good.clone()
            },
            "`link_distance_vox` must be a finite number above 0, got -2",
        ),
        (
            PaperParams {
                min_points: 2,
                ..good.clone()
            },
            "`min_points` must be at least 3, got 2",
        ),
        (
            PaperParams {
                spacing_vox: 0.0,
                ..good
            },
            "`spacing_vox` must be a finite number above 0, got 0",
        ),
    ];
    for (params, message) in wrong {
        assert_eq!(
            trace_tubes_as_paper(&set(&[]), &params, &())
                .unwrap_err()
                .to_string(),
            message
        );
    }
}

#[test]
fn a_caller_can_stop_it() {
    struct Stop(AtomicBool);
    impl Progress for Stop {
        fn begin(&self, stage: &str, _: u64) {
            self.0
                .store(stage == "following filaments", Ordering::Relaxed);
        }
        fn is_cancelled(&self) -> bool {
            self.0.load(Ordering::Relaxed)
        }
    }
    let stop = Stop(AtomicBool::new(false));
    let result = trace_tubes(&set(&diagonal(20)), &TubeParams::default(), &stop);
    assert_eq!(result, Err(Error::Cancelled));
}
