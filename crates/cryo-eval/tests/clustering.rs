//! Scores of clusterings and embeddings.

use cryo_eval::{VectorDistance, compare_labels, neighbour_balanced_accuracy, silhouette};
use cryo_fixtures::{EmbeddingParams, labelled_blobs};
use ndarray::{Array2, array};
use proptest::prelude::*;

#[test]
fn blobs_far_apart_score_one() {
    let params = EmbeddingParams {
        counts: vec![30, 50, 20],
        separation: 40.0,
        ..EmbeddingParams::default()
    };
    let blobs = labelled_blobs(&params).unwrap();
    let scores = compare_labels(&blobs.labels, &blobs.labels).unwrap();
    assert_eq!((scores.purity, scores.adjusted_rand_index), (1.0, 1.0));
    assert!((scores.normalized_mutual_information - 1.0).abs() < 1e-12);
    assert_eq!(
        (scores.n_points, scores.n_classes, scores.n_clusters),
        (100, 3, 3)
    );
    for distance in [VectorDistance::Euclidean, VectorDistance::Cosine] {
        let accuracy = neighbour_balanced_accuracy(blobs.points.view(), &blobs.labels, 5, distance);
        assert_eq!(accuracy.unwrap(), 1.0);
        assert!(silhouette(blobs.points.view(), &blobs.labels, distance).unwrap() > 0.7);
    }
}

#[test]
fn the_layout_of_the_vectors_does_not_matter() {
    let params = EmbeddingParams {
        counts: vec![30, 50],
        separation: 1.0,
        ..EmbeddingParams::default()
    };
    let blobs = labelled_blobs(&params).unwrap();
    let fortran = blobs.points.t().as_standard_layout().into_owned();
    for distance in [VectorDistance::Euclidean, VectorDistance::Cosine] {
        let score = silhouette(blobs.points.view(), &blobs.labels, distance).unwrap();
        assert_eq!(
            silhouette(fortran.t(), &blobs.labels, distance).unwrap(),
            score
        );
    }
}

#[test]
fn scores_are_the_same_on_any_number_of_threads() {
    let params = EmbeddingParams {
        counts: vec![70, 50, 9],
        separation: 1.0,
        ..EmbeddingParams::default()
    };
    let blobs = labelled_blobs(&params).unwrap();
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| {
            let (points, labels) = (blobs.points.view(), &blobs.labels);
            let score = silhouette(points, labels, VectorDistance::Cosine).unwrap();
            (
                score,
                neighbour_balanced_accuracy(points, labels, 3, VectorDistance::Cosine).unwrap(),
            )
        })
    };
    assert_eq!(run(1), run(4));
}

#[test]
fn a_point_alone_with_its_label_has_no_silhouette() {
    let points = array![[0.0], [2.0], [8.0]];
    let score = silhouette(points.view(), &[0, 0, 1], VectorDistance::Euclidean).unwrap();
    assert!((score - (6.0 / 8.0 + 4.0 / 6.0) / 3.0).abs() < 1e-12);
}

#[test]
fn coincident_points_have_a_silhouette_of_zero() {
    let points = Array2::ones((4, 3));
    assert_eq!(
        silhouette(points.view(), &[0, 0, 1, 1], VectorDistance::Euclidean).unwrap(),
        0.0
    );
}

#[test]
fn of_equal_votes_the_smallest_label_wins() {
    let points = array![[1.0, 0.0], [1.0, 0.1], [1.0, -0.1]];
    // The first has one neighbour of either label.
    for (labels, expected) in [([1, 1, 2], 0.5), ([2, 1, 2], 0.0)] {
        let accuracy =
            neighbour_balanced_accuracy(points.view(), &labels, 2, VectorDistance::Cosine);
        assert_eq!(accuracy.unwrap(), expected);
    }
}

#[test]
fn labels_and_points_of_different_number_are_refused() {
    let points = array![[1.0, 2.0], [3.0, 4.0]];
    let error = silhouette(points.view(), &[1], VectorDistance::Cosine).unwrap_err();
    assert_eq!(error.to_string(), "expected 2 labels, got 1");
    let error = compare_labels(&[1, 2, 3], &[1]).unwrap_err();
    assert_eq!(error.to_string(), "expected 3 labels of clusters, got 1");
    let error = compare_labels::<u8, u8>(&[], &[]).unwrap_err();
    assert_eq!(error.to_string(), "expected at least 1 points, got 0");
}

#[test]
fn labels_that_divide_nothing_are_refused() {
    let points = array![[1.0, 2.0], [3.0, 4.0], [5.0, 7.0]];
    for (labels, kinds) in [([1, 1, 1], 1), ([1, 2, 3], 3)] {
        let error = silhouette(points.view(), &labels, VectorDistance::Cosine).unwrap_err();
        let message = format!(
            "`labels` must be of at least 2 kinds and fewer than points, got {kinds} kinds"
        );
        assert_eq!(error.to_string(), message);
    }
}

#[test]
fn too_many_neighbours_are_refused() {
    let points = array![[1.0, 2.0], [3.0, 4.0], [5.0, 7.0]];
    for neighbours in [0, 3] {
        let error = neighbour_balanced_accuracy(
            points.view(),
            &[1, 1, 2],
            neighbours,
            VectorDistance::Cosine,
        );
        let message = format!(
            "`neighbours` must be at least 1 and below the number of points, got {neighbours}"
        );
        assert_eq!(error.unwrap_err().to_string(), message);
    }
}

#[test]
fn vectors_with_nan_are_refused() {
    let points = array![[1.0, 2.0], [3.0, f32::NAN], [5.0, 7.0]];
    let message = "expected finite vectors, vector 1 has NaN at entry 1";
    let error = silhouette(points.view(), &[1, 1, 2], VectorDistance::Euclidean).unwrap_err();
    assert_eq!(error.to_string(), message);
    let error = neighbour_balanced_accuracy(points.view(), &[1, 1, 2], 1, VectorDistance::Cosine)
        .unwrap_err();
    assert_eq!(error.to_string(), message);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn label_scores_are_bounded_and_symmetric(labels in proptest::collection::vec((0..5_u8, 0..6_i8), 1..60)) {
        let (classes, clusters): (Vec<u8>, Vec<i8>) = labels.into_iter().unzip();
        let scores = compare_labels(&classes, &clusters).unwrap();
        let swapped = compare_labels(&clusters, &classes).unwrap();
        prop_assert!(scores.purity > 0.0 && scores.purity <= 1.0);
        prop_assert!((0.0..=1.0).contains(&scores.normalized_mutual_information));
        prop_assert!((-0.5 - 1e-12..=1.0).contains(&scores.adjusted_rand_index));
        prop_assert!((scores.adjusted_rand_index - swapped.adjusted_rand_index).abs() < 1e-12);
        prop_assert!((scores.normalized_mutual_information - swapped.normalized_mutual_information).abs() < 1e-12);
        // What labels are called does not matter.
        let renamed: Vec<_> = clusters.iter().map(|label| format!("cluster {}", -label)).collect();
        let named = compare_labels(&classes, &renamed).unwrap();
        prop_assert_eq!(named.purity, scores.purity);
        prop_assert!((named.normalized_mutual_information - scores.normalized_mutual_information).abs() < 1e-12);
    }
}
