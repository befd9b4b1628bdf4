//! Against scipy's assignment and scikit-learn's scores (`fixtures/reference/eval.py`).

use cryo_core::{AngstromPos, Grid, Particle, ParticleSet, VoxelPos, VoxelSize};
use cryo_eval::{
    EvaluateParams, VectorDistance, compare_labels, evaluate, match_points,
    neighbour_balanced_accuracy, silhouette,
};
use ndarray::{Array2, s};
use serde_json::Value;

fn cases(name: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(cryo_fixtures::golden(&format!("eval/{name}"))).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    let entries = value.as_array().unwrap().iter();
    entries.map(|entry| entry.as_f64().unwrap()).collect()
}

fn integers(value: &Value) -> Vec<i64> {
    let entries = value.as_array().unwrap().iter();
    entries.map(|entry| entry.as_i64().unwrap()).collect()
}

fn positions(value: &Value) -> Vec<AngstromPos> {
    let rows = value.as_array().unwrap().iter().map(numbers);
    rows.map(|row| AngstromPos::zyx(row[0], row[1], row[2]))
        .collect()
}

/// Positions counted on a grid of the given voxel size.
fn set(positions: &[AngstromPos], scores: Option<&[f64]>, size: f64) -> ParticleSet {
    let grid = Grid::new([40, 50, 60], VoxelSize::new(size).unwrap())
        .with_origin(AngstromPos::xyz(3.0, -4.0, 5.0));
    let mut set = ParticleSet::new("ts_01", grid);
    for (number, &position) in positions.iter().enumerate() {
        let mut particle = Particle::at(grid.voxel_from_angstrom(position));
        particle.score = scores.map(|scores| scores[number] as f32);
        set.items.push(particle);
    }
    set
}

#[track_caller]
fn close(got: f64, expected: &Value, tolerance: f64) {
    let expected = expected.as_f64().unwrap();
    assert!(
        (got - expected).abs() <= tolerance,
        "expected {expected}, got {got}"
    );
}

#[test]
fn matching_at_every_threshold_matches_scipy() {
    for case in cases("picks.json") {
        let (truth, picks) = (
            positions(&case["truth_zyx_angstrom"]),
            positions(&case["picks_zyx_angstrom"]),
        );
        let scores = numbers(&case["scores"]);
        let radius = case["radius_angstrom"].as_f64().unwrap();
        let (truth_set, pick_set) = (set(&truth, None, 7.0), set(&picks, Some(&scores), 9.5));
        let all = evaluate(
            std::slice::from_ref(&truth_set),
            std::slice::from_ref(&pick_set),
            &EvaluateParams::new(radius),
        )
        .unwrap();
        let points = case["threshold_picks_matched_distance"].as_array().unwrap();
        assert_eq!(all.curve.len(), points.len());
        for (point, expected) in all.curve.iter().zip(points) {
            let expected = numbers(expected);
            let threshold = expected[0] as f32;
            assert_eq!(point.threshold, Some(threshold));
            assert_eq!(
                [point.n_picks as f64, point.n_matched as f64],
                expected[1..3]
            );
            assert_eq!(point.recall, expected[2] / truth.len() as f64);

            let params = EvaluateParams {
                threshold: Some(threshold),
                ..EvaluateParams::new(radius)
            };
            let here = evaluate(
                std::slice::from_ref(&truth_set),
                std::slice::from_ref(&pick_set),
                &params,
            )
            .unwrap();
            assert_eq!(here.curve, all.curve);
            assert_eq!(here.pooled.precision, Some(point.precision));
            assert_eq!(here.pooled.f1, Some(point.f1));
            let distance = here.pooled.mean_error_angstrom.unwrap_or(0.0) * expected[2];
            assert!((distance - expected[3]).abs() < 1e-6);

            let kept: Vec<_> = picks
                .iter()
                .zip(&scores)
                .filter(|(_, score)| **score >= expected[0])
                .collect();
            let kept: Vec<_> = kept.into_iter().map(|(position, _)| *position).collect();
            let matches = match_points(&truth, &kept, radius).unwrap();
            assert_eq!(matches.len() as f64, expected[2]);
            let distance: f64 = matches
                .iter()
                .map(|matched| matched.distance_angstrom)
                .sum();
            assert!((distance - expected[3]).abs() < 1e-9);
        }
    }
}

#[test]
fn average_precision_matches_scikit_learn() {
    let mut complete = 0;
    for case in cases("picks.json") {
        let (truth, picks) = (
            positions(&case["truth_zyx_angstrom"]),
            positions(&case["picks_zyx_angstrom"]),
        );
        let params = EvaluateParams::new(case["radius_angstrom"].as_f64().unwrap());
        let picks = set(&picks, Some(&numbers(&case["scores"])), 9.5);
        let pooled = evaluate(&[set(&truth, None, 7.0)], &[picks], &params)
            .unwrap()
            .pooled;
        // scikit-learn knows of no truth that has no pick: its recall ends at 1, ours where it is.
        let recall = pooled.recall.unwrap();
        complete += usize::from(recall == 1.0);
        close(
            pooled.average_precision.unwrap() / recall,
            &case["average_precision_of_labels"],
            1e-12,
        );
    }
    assert_eq!(complete, 1);
}

#[test]
fn label_scores_match_scikit_learn() {
    for case in cases("labels.json") {
        let (classes, clusters) = (integers(&case["classes"]), integers(&case["clusters"]));
        let scores = compare_labels(&classes, &clusters).unwrap();
        close(scores.purity, &case["purity"], 1e-15);
        close(
            scores.normalized_mutual_information,
            &case["normalized_mutual_information"],
            1e-12,
        );
        close(
            scores.adjusted_rand_index,
            &case["adjusted_rand_index"],
            1e-12,
        );
    }
}

#[test]
fn vector_scores_match_scikit_learn() {
    for case in cases("vectors.json") {
        let rows: Vec<Vec<f64>> = case["points"]
            .as_array()
            .unwrap()
            .iter()
            .map(numbers)
            .collect();
        let points = Array2::from_shape_fn((rows.len(), rows[0].len()), |(n, d)| rows[n][d] as f32);
        let labels = integers(&case["labels"]);
        let euclidean = silhouette(points.view(), &labels, VectorDistance::Euclidean).unwrap();
        close(euclidean, &case["silhouette_euclidean"], 1e-9);
        let cosine = silhouette(points.view(), &labels, VectorDistance::Cosine).unwrap();
        close(cosine, &case["silhouette_cosine"], 1e-9);
        // The first is a vector of zeros, as far from all others: which are its neighbours is open.
        let others = points.slice(s![1.., ..]);
        for (neighbours, expected) in case["accuracy_without_first"].as_object().unwrap() {
            let neighbours = neighbours.parse().unwrap();
            let got = neighbour_balanced_accuracy(
                others,
                &labels[1..],
                neighbours,
                VectorDistance::Cosine,
            );
            close(got.unwrap(), expected, 1e-12);
        }
    }
}

#[test]
fn a_grid_with_an_origin_moves_its_positions() {
    let truth = set(&[AngstromPos::xyz(10.0, 20.0, 30.0)], None, 7.0);
    assert_eq!(
        truth.items[0].position,
        VoxelPos::xyz(1.0, 24.0 / 7.0, 25.0 / 7.0)
    );
    let picks = set(&[AngstromPos::xyz(10.0, 20.0, 31.0)], None, 2.0);
    let pooled = evaluate(&[truth], &[picks], &EvaluateParams::new(1.5))
        .unwrap()
        .pooled;
    assert!((pooled.mean_error_angstrom.unwrap() - 1.0).abs() < 1e-9);
}
