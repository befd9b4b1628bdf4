//! Scores of filaments.

use std::f64::consts::PI;

use cryo_core::{AngstromPos, FilamentPoint, Grid, Particle, ParticleSet, VoxelPos, VoxelSize};
use cryo_eval::{FilamentParams, FilamentScores, compare_filaments, evaluate_filaments};

type Curve = Vec<AngstromPos>;

fn line(from: [f64; 3], to: [f64; 3]) -> Curve {
    [from, to]
        .map(|[x, y, z]| AngstromPos::xyz(x, y, z))
        .to_vec()
}

/// From one x to another at a height and a depth.
fn along_x(from: f64, to: f64, y: f64) -> Curve {
    line([from, y, 70.0], [to, y, 70.0])
}

fn run(truth: &[Curve], picks: &[Curve], radius: f64) -> FilamentScores {
    compare_filaments(truth, picks, &FilamentParams::new(radius)).unwrap()
}

#[track_caller]
fn close(got: Option<f64>, expected: f64, tolerance: f64) {
    let got = got.expect("defined");
    assert!(
        (got - expected).abs() <= tolerance,
        "expected {expected}, got {got}"
    );
}

#[test]
fn a_filament_follows_itself() {
    let curve: Curve = (0..50)
        .map(|n| f64::from(n) / 10.0)
        .map(|t| AngstromPos::xyz(300.0 * t, 200.0 * t.sin(), 50.0 * t * t))
        .collect();
    let backwards: Curve = curve.iter().rev().copied().collect();
    let scores = run(&[curve], &[backwards], 5.0);
    assert_eq!(
        (
            scores.length_recall,
            scores.length_precision,
            scores.length_f1
        ),
        (Some(1.0), Some(1.0), Some(1.0))
    );
    assert_eq!((scores.n_splits, scores.n_merges), (0, 0));
    close(scores.mean_error_angstrom, 0.0, 1e-9);
}

#[test]
fn lengths_match_closed_form() {
    // 300 of 1000 Å beyond the pick's end, of which 20 are within the radius; the pick begins 100 Å early.
    let scores = run(
        &[along_x(0.0, 1000.0, 40.0)],
        &[along_x(-100.0, 700.0, 52.0)],
        20.0,
    );
    assert_eq!(
        (scores.truth_length_angstrom, scores.picks_length_angstrom),
        (1000.0, 800.0)
    );
    let reach = (20.0_f64 * 20.0 - 12.0 * 12.0).sqrt();
    close(scores.length_recall, (700.0 + reach) / 1000.0, 0.003);
    close(scores.length_precision, (700.0 + reach) / 800.0, 0.003);
    close(scores.mean_error_angstrom, 12.0, 0.2);
}

#[test]
fn the_length_of_a_circle_matches_closed_form() {
    let arc = |turn: f64, radius: f64| -> Curve {
        let angles = (0..=720).map(|n| turn * f64::from(n) / 720.0);
        angles
            .map(|angle| AngstromPos::xyz(radius * angle.cos(), radius * angle.sin(), 33.0))
            .collect()
    };
    let scores = run(&[arc(2.0 * PI, 500.0)], &[arc(PI, 510.0)], 15.0);
    assert!((scores.truth_length_angstrom - 1000.0 * PI).abs() < 0.1);
    close(scores.length_precision, 1.0, 0.0);
    let beyond = 2.0 * (15.0_f64.powi(2) - 10.0_f64.powi(2)).sqrt() / (1000.0 * PI);
    close(scores.length_recall, 0.5 + beyond, 0.002);
    close(scores.mean_error_angstrom, 10.0, 0.01);
}

#[test]
fn sparse_points_are_joined_by_straight_segments() {
    // The truth has two points, the pick a hundred.
    let pick: Curve = (0..100)
        .map(|n| AngstromPos::xyz(10.0 * f64::from(n), 43.0, 70.0))
        .collect();
    let scores = run(&[along_x(0.0, 990.0, 40.0)], &[pick], 4.0);
    close(scores.length_recall, 1.0, 0.0);
    close(scores.mean_error_angstrom, 3.0, 1e-9);
}

#[test]
fn pieces_of_one_filament_are_splits() {
    let truth = [along_x(0.0, 900.0, 40.0), along_x(0.0, 900.0, 140.0)];
    let picks = [
        along_x(0.0, 290.0, 41.0),
        along_x(310.0, 590.0, 39.0),
        along_x(610.0, 900.0, 40.0),
        truth[1].clone(),
    ];
    let scores = run(&truth, &picks, 20.0);
    assert_eq!((scores.n_splits, scores.n_merges), (2, 0));
    assert_eq!(
        (scores.length_recall, scores.length_precision),
        (Some(1.0), Some(1.0))
    );
}

#[test]
fn a_second_pick_beside_the_first_is_a_split() {
    let scores = run(
        &[along_x(0.0, 900.0, 40.0)],
        &[along_x(0.0, 900.0, 42.0), along_x(100.0, 800.0, 35.0)],
        20.0,
    );
    assert_eq!((scores.n_splits, scores.length_precision), (1, Some(1.0)));
}

#[test]
fn a_pick_along_two_filaments_is_a_merge() {
    let truth = [along_x(0.0, 400.0, 40.0), along_x(450.0, 900.0, 40.0)];
    let scores = run(&truth, &[along_x(0.0, 900.0, 40.0)], 20.0);
    assert_eq!((scores.n_splits, scores.n_merges), (0, 1));
    close(scores.length_precision, 890.0 / 900.0, 0.005);
}

#[test]
fn a_crossing_is_neither_split_nor_merge() {
    let truth = [
        along_x(0.0, 900.0, 40.0),
        line([450.0, -400.0, 70.0], [450.0, 500.0, 70.0]),
    ];
    let scores = run(&truth, &[truth[0].clone(), truth[1].clone()], 20.0);
    assert_eq!((scores.n_splits, scores.n_merges), (0, 0));
    let one = run(&truth, &truth[..1], 20.0);
    assert_eq!((one.n_splits, one.n_merges), (0, 0));
    close(one.length_recall, 940.0 / 1800.0, 0.002);
}

#[test]
fn the_order_of_filaments_does_not_matter() {
    let truth = [
        along_x(0.0, 400.0, 40.0),
        along_x(450.0, 900.0, 40.0),
        along_x(0.0, 300.0, 200.0),
    ];
    let picks = [
        along_x(30.0, 600.0, 45.0),
        along_x(620.0, 900.0, 35.0),
        along_x(0.0, 50.0, 300.0),
    ];
    let scores = run(&truth, &picks, 20.0);
    let turned = |curves: &[Curve]| -> Vec<Curve> { curves.iter().rev().cloned().collect() };
    let other = run(&turned(&truth), &turned(&picks), 20.0);
    assert_eq!(
        (scores.n_splits, scores.n_merges),
        (other.n_splits, other.n_merges)
    );
    close(other.length_recall, scores.length_recall.unwrap(), 1e-12);
    close(
        other.length_precision,
        scores.length_precision.unwrap(),
        1e-12,
    );
}

#[test]
fn filaments_without_length_have_no_scores() {
    let point = [vec![AngstromPos::xyz(5.0, 40.0, 70.0)]];
    let none = run(&[], &[], 20.0);
    assert_eq!(
        (none.length_recall, none.length_precision, none.length_f1),
        (None, None, None)
    );
    let scores = run(&[along_x(0.0, 100.0, 40.0)], &point, 10.0);
    assert_eq!(
        (
            scores.n_picks,
            scores.length_precision,
            scores.mean_error_angstrom
        ),
        (1, None, None)
    );
    close(scores.length_recall, 0.15, 0.011);
    assert_eq!(run(&[Curve::new()], &point, 10.0).length_recall, None);
}

fn set(tomogram: &str, particles: &[(u32, Option<f64>, f64, f64)]) -> ParticleSet {
    let mut set = ParticleSet::new(
        tomogram,
        Grid::new([20, 30, 400], VoxelSize::new(10.0).unwrap()),
    );
    for &(id, arc_length_angstrom, x, y) in particles {
        let filament = Some(FilamentPoint {
            id,
            arc_length_angstrom,
        });
        set.items.push(Particle {
            filament,
            ..Particle::at(VoxelPos::xyz(x, y, 7.0))
        });
    }
    set
}

#[test]
fn particles_are_ordered_by_arc_length_and_pooled_over_tomograms() {
    let mixed = [
        (4, Some(200.0), 20.0, 5.0),
        (9, None, 0.0, 15.0),
        (4, Some(0.0), 0.0, 5.0),
        (9, None, 10.0, 15.0),
        (4, Some(100.0), 10.0, 5.0),
    ];
    let truth = [
        set("b", &[(1, None, 0.0, 3.0), (1, None, 70.0, 3.0)]),
        set("a", &mixed),
    ];
    let picks = [set("a", &[(2, None, 0.0, 5.0), (2, None, 20.0, 5.0)])];
    let result = evaluate_filaments(&truth, &picks, &FilamentParams::new(8.0)).unwrap();
    assert_eq!(result.tomograms[0].tomogram, "a");
    close(
        Some(result.tomograms[0].scores.truth_length_angstrom),
        300.0,
        1e-9,
    );
    close(result.tomograms[0].scores.length_recall, 2.0 / 3.0, 1e-9);
    assert_eq!(result.tomograms[1].scores.length_recall, Some(0.0));
    close(result.pooled.length_recall, 0.2, 1e-9);
    assert_eq!(result.pooled.length_precision, Some(1.0));
    assert_eq!((result.pooled.n_truth, result.pooled.n_picks), (3, 1));
}

#[track_caller]
fn refused(truth: &[ParticleSet], picks: &[ParticleSet], params: &FilamentParams, message: &str) {
    assert_eq!(
        evaluate_filaments(truth, picks, params)
            .unwrap_err()
            .to_string(),
        message
    );
}

#[test]
fn sets_without_filaments_are_refused() {
    let mut bare = set("a", &[(1, None, 0.0, 3.0)]);
    bare.items[0].filament = None;
    let params = FilamentParams::new(8.0);
    refused(
        &[bare],
        &[],
        &params,
        "expected particles with a filament, the truth in `a` has none",
    );
    let message = "the picks have a tomogram `b`, the truth only [\"a\"]; give an empty set if nothing is in it, or \
                   skip tomograms without truth";
    refused(&[set("a", &[])], &[set("b", &[])], &params, message);
    let params = FilamentParams {
        skip_tomograms_without_truth: true,
        ..params
    };
    assert!(evaluate_filaments(&[set("a", &[])], &[set("b", &[])], &params).is_ok());
}

#[test]
fn filaments_of_no_number_are_refused() {
    let params = FilamentParams::new(8.0);
    let nan = set("a", &[(1, Some(f64::NAN), 0.0, 3.0)]);
    refused(
        &[nan],
        &[],
        &params,
        "expected a finite arc length, item 0 of the truth in `a` has NaN Å",
    );
    let nan = set("a", &[(1, None, 0.0, 3.0), (1, None, 1.0, f64::NAN)]);
    let message =
        "expected finite coordinates, item 1 of the picks in `a` has (1, NaN, 7) (x, y, z)";
    refused(&[set("a", &[])], &[nan], &params, message);
    let error = compare_filaments(
        &[along_x(0.0, 1.0, 2.0), along_x(0.0, f64::NAN, 1.0)],
        &[],
        &params,
    )
    .unwrap_err();
    let message = "expected finite coordinates, item 1 of the truth has (NaN, 1, 70) (x, y, z)";
    assert_eq!(error.to_string(), message);
}

#[test]
fn filament_parameters_out_of_range_are_refused() {
    let message = "`radius_angstrom` must be a finite length above 0 Å, got 0";
    refused(&[], &[], &FilamentParams::new(0.0), message);
    let params = FilamentParams {
        step_angstrom: f64::NAN,
        ..FilamentParams::new(8.0)
    };
    refused(
        &[],
        &[],
        &params,
        "`step_angstrom` must be a finite length above 0 Å, got NaN",
    );
    let params = FilamentParams {
        min_shared_angstrom: -1.0,
        ..FilamentParams::new(8.0)
    };
    refused(
        &[],
        &[],
        &params,
        "`min_shared_angstrom` must be a finite length from 0 Å, got -1",
    );
    let params = FilamentParams {
        step_angstrom: 1e-9,
        ..FilamentParams::new(8.0)
    };
    let error = compare_filaments(&[along_x(0.0, 1000.0, 2.0)], &[], &params).unwrap_err();
    let message =
        "expected at most 10000000 pieces of filaments, got more; is `step_angstrom` in ångström?";
    assert_eq!(error.to_string(), message);
}
