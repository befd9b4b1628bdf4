//! Principal components against scikit-learn (`fixtures/reference/embed.py`).

mod common;

use common::{blobs, digits, golden, numbers, with_threads};
use cryo_embed_viz::{Error, Pca};
use ndarray::{Array2, s};

#[track_caller]
fn close(got: impl IntoIterator<Item = f64>, expected: &[f64], tolerance: f64) {
    let got: Vec<f64> = got.into_iter().collect();
    assert_eq!(got.len(), expected.len());
    for (got, expected) in got.iter().zip(expected) {
        assert!(
            (got - expected).abs() <= tolerance * expected.abs().max(1.0),
            "{got}, {expected}"
        );
    }
}

#[test]
fn components_and_variances_match_sklearn() {
    let (points, _) = digits();
    let pca = Pca::fit(points.view(), 10).unwrap();
    let truth = golden("pca.json");
    close(
        pca.explained_variance.to_vec(),
        &numbers(&truth["explained_variance"]),
        1e-8,
    );
    close(
        pca.explained_variance_ratio.to_vec(),
        &numbers(&truth["explained_variance_ratio"]),
        1e-9,
    );
    // Seven digits are stored.
    for (row, expected) in pca
        .components
        .rows()
        .into_iter()
        .zip(truth["components"].as_array().unwrap())
    {
        close(row.to_vec(), &numbers(expected), 1e-6);
    }
    let placed = pca.transform(points.slice(s![..5, ..])).unwrap();
    for (row, expected) in placed
        .rows()
        .into_iter()
        .zip(truth["first_rows"].as_array().unwrap())
    {
        close(row.iter().map(|v| f64::from(*v)), &numbers(expected), 2e-6);
    }
}

#[test]
fn fewer_points_than_columns_are_no_problem() {
    let points = blobs(&[6], 40, 1.0).points;
    let pca = Pca::fit(points.view(), 6).unwrap();
    // Six points span five directions.
    assert!(pca.explained_variance[4] > 0.1 && pca.explained_variance[5] < 1e-9);
    assert!((pca.explained_variance_ratio.sum() - 1.0).abs() < 1e-12);
}

#[test]
fn results_are_the_same_on_any_number_of_threads() {
    let points = blobs(&[5000], 9, 1.0).points;
    let run = || Pca::fit(points.view(), 4).unwrap();
    assert_eq!(with_threads(1, run), with_threads(4, run));
}

#[test]
fn bad_input_is_named() {
    let points = Array2::<f32>::zeros((5, 3));
    assert!(matches!(
        Pca::fit(points.view(), 4),
        Err(Error::Parameter {
            name: "components",
            ..
        })
    ));
    assert!(matches!(
        Pca::fit(points.slice(s![..1, ..]), 1),
        Err(Error::TooFew { .. })
    ));
    let pca = Pca::fit(points.view(), 2).unwrap();
    assert_eq!(pca.explained_variance_ratio.to_vec(), [0.0, 0.0]);
    assert!(matches!(
        pca.transform(Array2::zeros((1, 2)).view()),
        Err(Error::Length { .. })
    ));
}
