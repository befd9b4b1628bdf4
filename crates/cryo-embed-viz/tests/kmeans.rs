//! k-means against its definition and scikit-learn's inertia.

mod common;

use common::{blobs, digits, golden, numbers, with_threads};
use cryo_embed_viz::{Error, KMeansParams, kmeans};
use cryo_eval::compare_labels;
use ndarray::{Array2, Axis, array, s};

#[test]
fn centres_are_means_and_labels_nearest() {
    let points = blobs(&[150, 90, 33], 7, 2.0).points;
    let params = KMeansParams {
        tolerance: 0.0,
        ..KMeansParams::default()
    };
    let found = kmeans(points.view(), 9, &params, &()).unwrap();
    let mut inertia = 0.0;
    for (row, &label) in points.rows().into_iter().zip(&found.labels) {
        let squared = |centre: usize| -> f64 {
            let pairs = row.iter().zip(found.centres.row(centre));
            pairs.map(|(a, b)| f64::from(a - b).powi(2)).sum()
        };
        let best = (0..9).map(squared).fold(f64::INFINITY, f64::min);
        assert!(squared(label as usize) <= best * (1.0 + 1e-5));
        inertia += best;
    }
    assert!((found.inertia / inertia - 1.0).abs() < 1e-5);
    for centre in 0..9 {
        let rows: Vec<usize> = (0..points.nrows())
            .filter(|&row| found.labels[row] == centre)
            .collect();
        let mean = points.select(Axis(0), &rows).mean_axis(Axis(0)).unwrap();
        let apart = (&mean - &found.centres.row(centre as usize)).mapv(f32::abs);
        assert!(apart.iter().all(|difference| *difference < 1e-4));
    }
}

#[test]
fn inertia_on_digits_is_that_of_sklearn() {
    let (points, _) = digits();
    let truth = golden("kmeans.json");
    let theirs = numbers(&truth["inertia_of_ten_seeds"]);
    let ours = (0..10).map(|seed| {
        let params = KMeansParams {
            seed,
            ..KMeansParams::default()
        };
        kmeans(points.view(), 30, &params, &()).unwrap().inertia
    });
    let (ours, theirs) = (ours.sum::<f64>() / 10.0, theirs.iter().sum::<f64>() / 10.0);
    assert!(ours < 1.01 * theirs, "{ours} {theirs}");
}

#[test]
fn blobs_are_found() {
    let truth = blobs(&[400, 300, 20, 150], 12, 15.0);
    let found = kmeans(truth.points.view(), 4, &KMeansParams::default(), &()).unwrap();
    let scores = compare_labels(&truth.labels, &found.labels).unwrap();
    assert_eq!(scores.adjusted_rand_index, 1.0);
    let (labels, distances) = found.nearest(truth.points.slice(s![7..8, ..])).unwrap();
    assert_eq!(labels[0], found.labels[7]);
    assert!(distances[0] > 0.0 && distances[0] < 10.0);
}

#[test]
fn no_cluster_is_empty_while_points_differ() {
    // Nearly all points in one place, a few far off.
    let mut points = Array2::zeros((500, 2));
    for row in 0..8 {
        points[[row, 0]] = 100.0 + row as f32 * 50.0;
    }
    for seed in 0..20 {
        let params = KMeansParams {
            seed,
            ..KMeansParams::default()
        };
        let found = kmeans(points.view(), 9, &params, &()).unwrap();
        let mut used = found.labels.clone();
        used.sort_unstable();
        used.dedup();
        assert_eq!((used.len(), found.inertia), (9, 0.0), "seed {seed}");
    }
    let same = kmeans(
        Array2::from_elem((20, 3), 4.0).view(),
        5,
        &KMeansParams::default(),
        &(),
    )
    .unwrap();
    assert_eq!(same.inertia, 0.0);
    assert!(same.centres.iter().all(|value| (*value - 4.0).abs() < 1e-6));
}

#[test]
fn results_are_the_same_on_any_number_of_threads() {
    let points = blobs(&[2000, 1000, 500], 24, 3.0).points;
    let run = || kmeans(points.view(), 40, &KMeansParams::default(), &()).unwrap();
    let one = with_threads(1, run);
    assert_eq!(one, with_threads(2, run));
    assert_eq!(one, with_threads(5, run));
}

#[test]
fn bad_input_is_named() {
    let points = array![[0.0_f32], [1.0]];
    let error = kmeans(points.view(), 3, &KMeansParams::default(), &()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "expected at least 3 points, one for each cluster, got 2"
    );
    let params = KMeansParams {
        tolerance: f64::NAN,
        ..KMeansParams::default()
    };
    assert!(matches!(
        kmeans(points.view(), 1, &params, &()),
        Err(Error::Parameter {
            name: "tolerance",
            ..
        })
    ));
}
