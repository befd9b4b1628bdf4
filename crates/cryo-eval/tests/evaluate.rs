//! Scores of sets of particles.

use std::collections::BTreeMap;

use cryo_core::{Grid, Particle, ParticleSet, VoxelPos, VoxelSize};
use cryo_eval::{ClassScores, Classes, EvaluateParams, Evaluation, Scores, evaluate};
use proptest::prelude::*;

const SIZE: f64 = 10.0;

/// Particles along x in voxels of 10 Å, with scores and class numbers.
fn set(tomogram: &str, particles: &[(f64, Option<f32>, Option<u32>)]) -> ParticleSet {
    let mut set = ParticleSet::new(
        tomogram,
        Grid::new([20, 30, 400], VoxelSize::new(SIZE).unwrap()),
    );
    for &(x, score, class) in particles {
        set.items.push(Particle {
            score,
            class,
            ..Particle::at(VoxelPos::xyz(x, 12.0, 7.0))
        });
    }
    set
}

fn bare(tomogram: &str, places: &[f64]) -> ParticleSet {
    set(
        tomogram,
        &places.iter().map(|&x| (x, None, None)).collect::<Vec<_>>(),
    )
}

fn scored(tomogram: &str, picks: &[(f64, f32)]) -> ParticleSet {
    set(
        tomogram,
        &picks
            .iter()
            .map(|&(x, score)| (x, Some(score), None))
            .collect::<Vec<_>>(),
    )
}

fn run(truth: &[ParticleSet], picks: &[ParticleSet], radius: f64) -> Evaluation {
    evaluate(truth, picks, &EvaluateParams::new(radius)).unwrap()
}

#[track_caller]
fn close(got: Option<f64>, expected: f64) {
    let got = got.expect("defined");
    assert!(
        (got - expected).abs() < 1e-12,
        "expected {expected}, got {got}"
    );
}

/// Four truths; picks by score: right, wrong, right, second on the first (tied with) right.
fn worked() -> ([ParticleSet; 1], [ParticleSet; 1]) {
    let truth = bare("a", &[10.0, 50.0, 90.0, 130.0]);
    let picks = scored(
        "a",
        &[
            (10.5, 0.2),
            (11.0, 0.9),
            (30.0, 0.8),
            (52.0, 0.5),
            (90.0, 0.2),
        ],
    );
    ([truth], [picks])
}

#[test]
fn scores_match_an_example_worked_by_hand() {
    let (truth, picks) = worked();
    let result = run(&truth, &picks, 20.0);
    let scores = &result.pooled;
    assert_eq!(
        (scores.n_truth, scores.n_picks, scores.n_matched),
        (4, 5, 3)
    );
    close(scores.precision, 3.0 / 5.0);
    close(scores.recall, 3.0 / 4.0);
    close(scores.f1, 6.0 / 9.0);
    // 0.9: P 1, R 1/4. 0.8: P 1/2. 0.5: P 2/3, R 2/4. 0.2: P 3/5, R 3/4.
    close(
        scores.average_precision,
        0.25 * (1.0 + 2.0 / 3.0 + 3.0 / 5.0),
    );
    let f1: Vec<f64> = result.curve.iter().map(|point| point.f1).collect();
    assert_eq!(f1, [2.0 / 5.0, 2.0 / 6.0, 4.0 / 7.0, 6.0 / 9.0]);
    close(scores.best_f1, 6.0 / 9.0);
    assert_eq!(scores.best_threshold, Some(0.2));
    // Of the two picks on the first truth the nearer one is matched: 5, 20 and 0 Å.
    close(scores.mean_error_angstrom, 25.0 / 3.0);
    close(scores.median_error_angstrom, 5.0);
    close(scores.rms_error_angstrom, (425.0_f64 / 3.0).sqrt());
    close(scores.f_beta(1.0), 6.0 / 9.0);
    // 17 P R / (16 P + R)
    close(scores.f_beta(4.0), 17.0 * 0.45 / (16.0 * 0.6 + 0.75));
}

#[test]
fn a_threshold_leaves_picks_out_but_not_out_of_the_sweep() {
    let (truth, picks) = worked();
    let params = EvaluateParams {
        threshold: Some(0.5),
        ..EvaluateParams::new(20.0)
    };
    let result = evaluate(&truth, &picks, &params).unwrap();
    assert_eq!((result.pooled.n_picks, result.pooled.n_matched), (3, 2));
    assert_eq!(result.pooled.threshold, Some(0.5));
    close(result.pooled.mean_error_angstrom, 15.0);
    let all = run(&truth, &picks, 20.0);
    assert_eq!(result.curve, all.curve);
    assert_eq!(result.pooled.best_f1, all.pooled.best_f1);
    assert_eq!(
        result.pooled.average_precision,
        all.pooled.average_precision
    );
    let matched: Vec<_> = result.tomograms[0]
        .matches
        .iter()
        .map(|m| (m.truth.item, m.pick.item))
        .collect();
    assert_eq!(matched, [(0, 1), (1, 3)]);
}

#[test]
fn a_better_pick_gives_way_where_this_finds_one_more() {
    // The best pick is near both truths, the second near the first only.
    let truth = [bare("a", &[10.0, 13.0])];
    let picks = [scored("a", &[(11.0, 0.9), (8.0, 0.1)])];
    let result = run(&truth, &picks, 20.0);
    assert_eq!(result.pooled.n_matched, 2);
    assert_eq!(result.pooled.average_precision, Some(1.0));
}

#[test]
fn duplicates_are_false_positives() {
    let truth = [bare("a", &[10.0])];
    let picks = [scored("a", &[(10.0, 0.5), (10.1, 0.9), (10.0, 0.3)])];
    let scores = run(&truth, &picks, 50.0).pooled;
    close(scores.precision, 1.0 / 3.0);
    assert_eq!(scores.recall, Some(1.0));
    assert_eq!(scores.best_threshold, Some(0.9));
    assert_eq!(scores.best_f1, Some(1.0));
}

#[test]
fn of_equally_good_thresholds_the_highest_is_named() {
    // F1 is 2/3 with one pick and with four.
    let truth = [bare("a", &[10.0, 50.0])];
    let picks = [scored(
        "a",
        &[(10.0, 0.75), (80.0, 0.5), (120.0, 0.5), (50.0, 0.25)],
    )];
    let result = run(&truth, &picks, 20.0);
    assert_eq!(result.curve[0].f1, result.curve[2].f1);
    assert_eq!(result.pooled.best_threshold, Some(0.75));
}

#[test]
fn picks_without_a_score_come_last_and_together() {
    let truth = [bare("a", &[10.0, 50.0])];
    let picks = [set(
        "a",
        &[
            (50.0, None, None),
            (10.0, Some(-3.0), None),
            (90.0, None, None),
        ],
    )];
    let result = run(&truth, &picks, 20.0);
    let points: Vec<_> = result
        .curve
        .iter()
        .map(|point| (point.threshold, point.n_picks))
        .collect();
    assert_eq!(points, [(Some(-3.0), 1), (None, 3)]);
    close(result.pooled.average_precision, 0.5 + 0.5 * 2.0 / 3.0);
    assert_eq!(result.pooled.best_threshold, None);
    let params = EvaluateParams {
        threshold: Some(-5.0),
        ..EvaluateParams::new(20.0)
    };
    assert_eq!(evaluate(&truth, &picks, &params).unwrap().pooled.n_picks, 1);
}

#[test]
fn pooling_sums_counts_over_tomograms() {
    let truth = [bare("b", &[10.0, 50.0, 90.0]), bare("a", &[10.0])];
    let picks = [
        scored("a", &[(10.0, 0.4), (90.0, 0.9)]),
        scored("b", &[(51.0, 0.6)]),
    ];
    let result = run(&truth, &picks, 20.0);
    let names: Vec<_> = result
        .tomograms
        .iter()
        .map(|part| part.tomogram.as_str())
        .collect();
    assert_eq!(names, ["a", "b"]);
    close(result.tomograms[0].scores.precision, 0.5);
    close(result.tomograms[1].scores.recall, 1.0 / 3.0);
    close(result.pooled.precision, 2.0 / 3.0);
    close(result.pooled.recall, 0.5);
    // 0.9: 0 of 1. 0.6: 1 of 2, R 1/4. 0.4: 2 of 3, R 2/4.
    close(
        result.pooled.average_precision,
        0.25 * (1.0 / 2.0 + 2.0 / 3.0),
    );
    close(result.pooled.mean_error_angstrom, 5.0);
}

#[test]
fn a_tomogram_without_picks_counts_as_misses() {
    let result = run(
        &[bare("a", &[10.0]), bare("b", &[10.0, 50.0, 90.0])],
        &[bare("a", &[10.0])],
        20.0,
    );
    close(result.pooled.recall, 0.25);
    let missed = &result.tomograms[1].scores;
    assert_eq!(
        (missed.precision, missed.recall, missed.f1),
        (None, Some(0.0), Some(0.0))
    );
    assert_eq!((missed.best_f1, missed.best_threshold), (Some(0.0), None));
    assert_eq!(
        (missed.average_precision, missed.mean_error_angstrom),
        (Some(0.0), None)
    );
}

#[test]
fn nothing_in_a_tomogram_makes_every_pick_wrong() {
    let scores = run(&[bare("a", &[])], &[scored("a", &[(10.0, 0.5)])], 20.0).pooled;
    assert_eq!(
        (scores.precision, scores.recall, scores.f1),
        (Some(0.0), None, Some(0.0))
    );
    assert_eq!(
        (scores.best_f1, scores.average_precision),
        (Some(0.0), None)
    );
}

#[test]
fn nothing_at_all_has_no_scores() {
    for truth in [vec![], vec![bare("a", &[])]] {
        let result = run(&truth, &[], 20.0);
        let Scores {
            n_truth,
            n_picks,
            n_matched,
            ..
        } = result.pooled;
        assert_eq!((n_truth, n_picks, n_matched), (0, 0, 0));
        assert_eq!(
            (
                result.pooled.precision,
                result.pooled.recall,
                result.pooled.f1
            ),
            (None, None, None)
        );
        assert_eq!(
            (result.pooled.best_f1, result.pooled.f_beta(2.0)),
            (None, None)
        );
        assert_eq!(result.tomograms.len(), truth.len());
    }
}

fn with_names(mut set: ParticleSet, names: &[(u32, &str)]) -> ParticleSet {
    set.classes = names
        .iter()
        .map(|&(number, name)| (number, name.to_owned()))
        .collect();
    set
}

/// Two ribosomes and two proteasomes; numbers of classes differ between truth and picks.
fn two_classes() -> ([ParticleSet; 1], [ParticleSet; 1]) {
    let truth = set(
        "a",
        &[
            (10.0, None, Some(1)),
            (50.0, None, Some(1)),
            (90.0, None, Some(2)),
            (130.0, None, Some(2)),
        ],
    );
    let picks = set(
        "a",
        &[
            (10.0, Some(0.9), Some(7)),
            (50.0, Some(0.8), Some(4)),
            (92.0, Some(0.7), Some(4)),
            (130.0, Some(0.6), None),
        ],
    );
    (
        [with_names(truth, &[(1, "ribosome"), (2, "proteasome")])],
        [with_names(picks, &[(7, "ribosome"), (4, "proteasome")])],
    )
}

fn counts(part: &ClassScores) -> (Option<&str>, usize, usize, usize) {
    (
        part.class.as_deref(),
        part.scores.n_truth,
        part.scores.n_picks,
        part.scores.n_matched,
    )
}

#[test]
fn each_class_finds_its_own_by_name() {
    let (truth, picks) = two_classes();
    let params = EvaluateParams {
        classes: Classes::Each,
        ..EvaluateParams::new(20.0)
    };
    let result = evaluate(&truth, &picks, &params).unwrap();
    let classes: Vec<_> = result.classes.iter().map(counts).collect();
    assert_eq!(
        classes,
        [
            (None, 0, 1, 0),
            (Some("proteasome"), 2, 2, 1),
            (Some("ribosome"), 2, 1, 1)
        ]
    );
    assert_eq!(
        (result.pooled.n_matched, result.pooled.precision),
        (2, Some(0.5))
    );
    assert_eq!(result.classes[1].scores.best_threshold, Some(0.7));
}

#[test]
fn ignored_classes_still_tell_which_truth_was_found() {
    let (truth, picks) = two_classes();
    let result = run(&truth, &picks, 10.0);
    assert_eq!(result.pooled.n_matched, 3);
    assert_eq!(result.classes, []);
    let found: Vec<_> = result
        .found
        .iter()
        .map(|part| (part.class.as_deref(), part.n_matched, part.recall))
        .collect();
    assert_eq!(
        found,
        [
            (Some("proteasome"), 1, Some(0.5)),
            (Some("ribosome"), 2, Some(1.0))
        ]
    );
}

#[test]
fn one_class_takes_the_picks_that_name_no_other() {
    let (truth, picks) = two_classes();
    let params = EvaluateParams {
        classes: Classes::Only("proteasome".into()),
        ..EvaluateParams::new(20.0)
    };
    let scores = evaluate(&truth, &picks, &params).unwrap().pooled;
    assert_eq!(
        (scores.n_truth, scores.n_picks, scores.n_matched),
        (2, 3, 2)
    );
}

#[test]
fn a_class_can_have_its_own_radius() {
    let (truth, picks) = two_classes();
    let wide = BTreeMap::from([("proteasome".to_owned(), 20.0)]);
    let params = EvaluateParams {
        class_radius_angstrom: wide,
        ..EvaluateParams::new(5.0)
    };
    assert_eq!(
        evaluate(&truth, &picks, &params).unwrap().pooled.n_matched,
        4
    );
    let narrow = BTreeMap::from([("proteasome".to_owned(), 5.0)]);
    let params = EvaluateParams {
        class_radius_angstrom: narrow,
        ..EvaluateParams::new(20.0)
    };
    assert_eq!(
        evaluate(&truth, &picks, &params).unwrap().pooled.n_matched,
        3
    );
}

#[test]
fn sets_of_one_tomogram_are_joined() {
    let truth = [bare("a", &[10.0]), bare("a", &[50.0])];
    let result = run(
        &truth,
        &[bare("a", &[50.0, 90.0]), bare("a", &[10.0])],
        20.0,
    );
    assert_eq!(result.tomograms.len(), 1);
    let matched: Vec<_> = result.tomograms[0]
        .matches
        .iter()
        .map(|m| (m.truth.set, m.pick.set, m.pick.item))
        .collect();
    assert_eq!(matched, [(1, 0, 0), (0, 1, 0)]);
}

#[track_caller]
fn refused(truth: &[ParticleSet], picks: &[ParticleSet], params: &EvaluateParams, message: &str) {
    assert_eq!(
        evaluate(truth, picks, params).unwrap_err().to_string(),
        message
    );
}

#[test]
fn picks_in_an_unknown_tomogram_are_refused_unless_skipped() {
    let (truth, picks) = (
        [bare("ts_01", &[10.0])],
        [bare("ts_01", &[10.0]), bare("ts_1", &[10.0])],
    );
    let params = EvaluateParams::new(20.0);
    refused(
        &truth,
        &picks,
        &params,
        "the picks have a tomogram `ts_1`, the truth only [\"ts_01\"]; give an empty set if nothing is in \
         it, or skip tomograms without truth",
    );
    let params = EvaluateParams {
        skip_tomograms_without_truth: true,
        ..params
    };
    assert_eq!(
        evaluate(&truth, &picks, &params).unwrap().pooled.precision,
        Some(1.0)
    );
}

#[test]
fn an_unknown_class_is_refused() {
    let (truth, picks) = two_classes();
    let message = "the truth has no class `ribosom`, only [\"proteasome\", \"ribosome\"]";
    let only = EvaluateParams {
        classes: Classes::Only("ribosom".into()),
        ..EvaluateParams::new(20.0)
    };
    refused(&truth, &picks, &only, message);
    let radius = BTreeMap::from([("ribosom".to_owned(), 5.0)]);
    let params = EvaluateParams {
        class_radius_angstrom: radius,
        ..EvaluateParams::new(20.0)
    };
    refused(&truth, &picks, &params, message);
}

#[test]
fn numbers_that_are_none_are_refused() {
    let params = EvaluateParams::new(20.0);
    let good = [bare("a", &[10.0])];
    let message =
        "expected finite coordinates, item 1 of the truth in `a` has (NaN, 12, 7) (x, y, z)";
    refused(&[bare("a", &[1.0, f64::NAN])], &[], &params, message);
    let message =
        "expected finite coordinates, item 0 of the picks in `a` has (inf, 12, 7) (x, y, z)";
    refused(&good, &[bare("a", &[f64::INFINITY])], &params, message);
    let message = "expected a finite score, item 1 of the picks in `a` has NaN";
    refused(
        &good,
        &[scored("a", &[(1.0, 0.5), (2.0, f32::NAN)])],
        &params,
        message,
    );
}

#[test]
fn parameters_out_of_range_are_refused() {
    let params = EvaluateParams {
        threshold: Some(f32::NAN),
        ..EvaluateParams::new(20.0)
    };
    refused(&[], &[], &params, "`threshold` must be finite, got NaN");
    let message = "`radius_angstrom` must be a finite length above 0 Å, got -1";
    refused(&[], &[], &EvaluateParams::new(-1.0), message);
    let radius = BTreeMap::from([("x".to_owned(), 0.0)]);
    let params = EvaluateParams {
        class_radius_angstrom: radius,
        ..EvaluateParams::new(20.0)
    };
    refused(
        &[],
        &[],
        &params,
        "`class_radius_angstrom` must be a finite length above 0 Å, got 0",
    );
}

#[test]
fn a_threshold_without_scores_is_refused() {
    let params = EvaluateParams {
        threshold: Some(0.5),
        ..EvaluateParams::new(20.0)
    };
    let sets = [bare("a", &[10.0])];
    let message = "no pick has a score that could be compared with the threshold 0.5";
    refused(&sets, &sets, &params, message);
    assert_eq!(
        evaluate(&sets, &[], &params).unwrap().pooled.recall,
        Some(0.0)
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn scores_ignore_the_order_of_particles_and_sets(
        truth in proptest::collection::vec((0.0..30.0_f64, 0..3_u32), 0..30),
        picks in proptest::collection::vec((0.0..30.0_f64, 0..5_u8, 0..3_u32), 0..40),
        each in any::<bool>(),
        threshold in proptest::option::of(0..5_u8),
    ) {
        let truth: Vec<_> = truth.into_iter().map(|(x, class)| (x, None, Some(class))).collect();
        let picks: Vec<_> = picks.into_iter().map(|(x, score, class)| (x, Some(f32::from(score)), Some(class))).collect();
        let params = EvaluateParams {
            classes: if each { Classes::Each } else { Classes::Ignored },
            threshold: threshold.map(f32::from),
            ..EvaluateParams::new(8.0)
        };
        let (some, others) = picks.split_at(picks.len() / 3);
        let result = evaluate(&[set("a", &truth)], &[set("a", some), set("a", others)], &params).unwrap();
        let reversed = |items: &[_]| set("a", &items.iter().rev().copied().collect::<Vec<_>>());
        let other = evaluate(&[reversed(&truth)], &[reversed(others), reversed(some)], &params).unwrap();
        prop_assert_eq!(&result.curve, &other.curve);
        prop_assert_eq!(result.pooled.n_matched, other.pooled.n_matched);
        prop_assert_eq!(result.pooled.average_precision, other.pooled.average_precision);
        for (a, b) in result.classes.iter().zip(&other.classes) {
            prop_assert_eq!(counts(a), counts(b));
            prop_assert_eq!(a.scores.average_precision, b.scores.average_precision);
        }
        let (a, b) = (result.pooled.mean_error_angstrom, other.pooled.mean_error_angstrom);
        prop_assert!((a.unwrap_or(0.0) - b.unwrap_or(0.0)).abs() < 1e-9);
    }
}
