//! From over-clustering to classes.

mod common;

use common::{blobs, digits, golden, with_threads};
use cryo_embed_viz::{
    Classes, ClassifyParams, Error, Grouping, UNASSIGNED, group_centres, kmeans, label_stability,
};
use cryo_eval::compare_labels;
use ndarray::{Array2, array, s};

const GROUPINGS: [Grouping; 3] = [
    Grouping::Ward,
    Grouping::Spectral { gamma: 1.0 },
    Grouping::SelfTuning,
];

fn agreement(a: &[u32], b: &[u32]) -> f64 {
    compare_labels(a, b).unwrap().adjusted_rand_index
}

#[test]
fn spectral_groups_match_sklearn() {
    let truth = golden("spectral.json");
    let rows: Vec<Vec<f32>> = serde_json::from_value(truth["points"].clone()).unwrap();
    let points = Array2::from_shape_fn((rows.len(), 3), |(row, column)| rows[row][column]);
    let expected: Vec<u32> = serde_json::from_value(truth["groups"].clone()).unwrap();
    let found = group_centres(points.view(), 4, Grouping::Spectral { gamma: 1.0 }).unwrap();
    assert_eq!(agreement(&found, &expected), 1.0);
}

#[test]
fn every_grouping_joins_what_over_clustering_parted() {
    // Lengths of about 1, so that gamma 1 suits them.
    let truth = blobs(&[400, 300, 200, 60], 16, 20.0);
    let points = truth.points.mapv(|value| value / 8.0);
    for grouping in GROUPINGS {
        let params = ClassifyParams {
            clusters: 60,
            grouping,
            ..ClassifyParams::default()
        };
        let classes = Classes::fit(points.view(), 4, &params, &()).unwrap();
        let found = classes.assign(points.view()).unwrap();
        assert_eq!(
            agreement(&found.nearest, &truth.labels),
            1.0,
            "{grouping:?}"
        );
        assert_eq!(classes.count(), 4);
        // Class 1 is the largest.
        let sizes: Vec<usize> = classes.spreads.iter().map(|spread| spread.points).collect();
        assert_eq!(sizes, [400, 300, 200, 60], "{grouping:?}");
    }
}

#[test]
fn a_gamma_that_sees_nothing_is_refused_and_self_tuning_is_not() {
    let points = blobs(&[50, 50], 16, 30.0)
        .points
        .mapv(|value| value * 100.0);
    let error = group_centres(points.view(), 2, Grouping::Spectral { gamma: 1.0 }).unwrap_err();
    assert!(
        matches!(error, Error::NoAffinity { points: 100, .. }),
        "{error}"
    );
    assert!(error.to_string().contains("lower gamma"));
    assert!(group_centres(points.view(), 2, Grouping::SelfTuning).is_ok());
}

#[test]
fn outliers_are_unassigned_and_the_score_says_how_far() {
    let truth = blobs(&[500, 300], 8, 25.0);
    let params = ClassifyParams {
        clusters: 2,
        most_outlying: Some(6.0),
        ..ClassifyParams::default()
    };
    let classes = Classes::fit(truth.points.view(), 2, &params, &()).unwrap();
    let found = classes.assign(truth.points.view()).unwrap();
    assert!(
        found
            .labels
            .iter()
            .filter(|label| **label == UNASSIGNED)
            .count()
            < 8
    );
    let mut far = truth.points.slice(s![..1, ..]).to_owned();
    far[[0, 3]] += 40.0;
    let far = classes.assign(far.view()).unwrap();
    assert_eq!(far.labels, [UNASSIGNED]);
    assert!(far.nearest[0] > 0 && far.outlier_scores[0] > 20.0);
    // Half of the points lie below the median of their class.
    let below = found
        .outlier_scores
        .iter()
        .filter(|score| **score < 0.0)
        .count();
    assert!((390..=400).contains(&below), "{below}");
    let mut all = classes.clone();
    all.most_outlying = None;
    assert_eq!(
        all.assign(truth.points.view()).unwrap().labels,
        found.nearest
    );
}

#[test]
fn regrouping_keeps_the_centres_and_changes_the_classes() {
    let truth = blobs(&[200, 200, 200], 10, 15.0);
    let params = ClassifyParams {
        clusters: 30,
        ..ClassifyParams::default()
    };
    let clusters = kmeans(truth.points.view(), 30, &params.kmeans, &()).unwrap();
    for h in [1, 2, 3, 30] {
        let classes =
            Classes::regroup(truth.points.view(), clusters.centres.clone(), h, &params).unwrap();
        assert_eq!(classes.count(), h);
        assert_eq!(classes.centres, clusters.centres);
    }
}

#[test]
fn new_points_get_the_class_of_their_like() {
    let (points, labels) = digits();
    let (old, new) = points.view().split_at(ndarray::Axis(0), 1000);
    let classes = Classes::fit(old, 12, &ClassifyParams::default(), &()).unwrap();
    let of_old = classes.assign(old).unwrap().nearest;
    let of_new = classes.assign(new).unwrap().nearest;
    let old = compare_labels(&labels[..1000], &of_old).unwrap();
    let new = compare_labels(&labels[1000..], &of_new).unwrap();
    assert!(
        old.purity > 0.85 && new.purity > 0.8,
        "{} {}",
        old.purity,
        new.purity
    );
}

#[test]
fn structure_is_stable_over_seeds_and_noise_is_not() {
    let params = ClassifyParams {
        clusters: 40,
        ..ClassifyParams::default()
    };
    let seeds = [1, 2, 3];
    let there = blobs(&[300, 300, 300], 12, 20.0).points;
    let stable = label_stability(there.view(), 3, &params, &seeds, agreement, &()).unwrap();
    assert_eq!((stable.mean, stable.least), (1.0, 1.0));
    let noise = blobs(&[900], 12, 1.0).points;
    let unstable = label_stability(noise.view(), 3, &params, &seeds, agreement, &()).unwrap();
    assert!(
        unstable.mean < 0.7 && unstable.least <= unstable.mean,
        "{unstable:?}"
    );
}

#[test]
fn results_are_the_same_on_any_number_of_threads() {
    let points = blobs(&[900, 500], 12, 3.0).points;
    for grouping in [Grouping::Ward, Grouping::SelfTuning] {
        let params = ClassifyParams {
            clusters: 50,
            grouping,
            ..ClassifyParams::default()
        };
        let run = || Classes::fit(points.view(), 6, &params, &()).unwrap();
        assert_eq!(with_threads(1, run), with_threads(4, run));
    }
}

#[test]
fn small_and_equal_sets_are_no_problem() {
    let same = Array2::from_elem((12, 3), 1.5_f32);
    for grouping in GROUPINGS {
        let params = ClassifyParams {
            grouping,
            ..ClassifyParams::default()
        };
        let classes = Classes::fit(same.view(), 3, &params, &()).unwrap();
        let found = classes.assign(same.view()).unwrap();
        assert!(
            found.outlier_scores.iter().all(|score| *score == 0.0),
            "{grouping:?}"
        );
        let one = Classes::fit(array![[1.0_f32]].view(), 1, &params, &()).unwrap();
        assert_eq!(one.class_of_centre, [1]);
    }
    let error = Classes::fit(same.view(), 13, &ClassifyParams::default(), &()).unwrap_err();
    assert!(
        matches!(error, Error::TooFew { expected: 13, .. }),
        "{error}"
    );
}
