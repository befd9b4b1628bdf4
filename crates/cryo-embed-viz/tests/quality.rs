//! Scores of maps against scikit-learn, and what is selected from them.

mod common;

use common::{digits, golden};
use cryo_embed_viz::{
    Error, Pca, inside, neighbour_preservation, sample_rows, trustworthiness, with_labels,
};
use ndarray::{Array2, array};

#[test]
fn trustworthiness_matches_sklearn() {
    let (points, _) = digits();
    let plane = Pca::fit(points.view(), 2)
        .unwrap()
        .transform(points.view())
        .unwrap();
    // The script rounds to three digits; so the planes are the same.
    let plane = plane.mapv(|value| (value * 1000.0).round() / 1000.0);
    for (count, expected) in golden("trustworthiness.json")["first_two_components"]
        .as_object()
        .unwrap()
    {
        let count = count.parse().unwrap();
        let got = trustworthiness(points.view(), plane.view(), count, None, 0).unwrap();
        // Integers tie in rank, in any order.
        assert!(
            (got - expected.as_f64().unwrap()).abs() < 2e-4,
            "{got} {expected}"
        );
        let some = trustworthiness(points.view(), plane.view(), count, Some(400), 1).unwrap();
        assert!((some - got).abs() < 0.01);
    }
}

#[test]
fn a_map_that_is_the_data_keeps_all_and_a_shuffled_one_nothing() {
    let (points, _) = digits();
    assert_eq!(
        trustworthiness(points.view(), points.view(), 10, Some(100), 0).unwrap(),
        1.0
    );
    assert_eq!(
        neighbour_preservation(points.view(), points.view(), 10, Some(100), 0).unwrap(),
        1.0
    );
    let shuffled = Array2::from_shape_fn((1500, 2), |(row, axis)| {
        ((row * 7919 + axis * 104_729 + row * row % 611) % 1499) as f32
    });
    let trust = trustworthiness(points.view(), shuffled.view(), 10, None, 0).unwrap();
    assert!((trust - 0.5).abs() < 0.03, "{trust}");
    let kept = neighbour_preservation(points.view(), shuffled.view(), 10, None, 0).unwrap();
    assert!(kept < 0.03, "{kept}");
}

#[test]
fn samples_are_fair_and_repeatable() {
    let rows = sample_rows(1000, 100, 3);
    assert_eq!(rows, sample_rows(1000, 100, 3));
    assert_ne!(rows, sample_rows(1000, 100, 4));
    let mut seen = vec![0; 50];
    for seed in 0..2000 {
        for row in sample_rows(50, 5, seed) {
            seen[row] += 1;
        }
    }
    assert!(
        seen.iter().all(|count| (140..=260).contains(count)),
        "{seen:?}"
    );
}

#[test]
fn a_polygon_selects_what_it_encloses() {
    let map = Array2::from_shape_fn((100, 2), |(row, axis)| {
        if axis == 0 {
            (row % 10) as f32 + 0.5
        } else {
            (row / 10) as f32 + 0.5
        }
    });
    // An L: the notch is outside.
    let corners = [
        [0.0, 0.0],
        [6.0, 0.0],
        [6.0, 2.0],
        [2.0, 2.0],
        [2.0, 5.0],
        [0.0, 5.0],
    ];
    let found = inside(map.view(), &corners).unwrap();
    let expected: Vec<usize> = (0..100)
        .filter(|row| (row % 10 < 6 && row / 10 < 2) || (row % 10 < 2 && row / 10 < 5))
        .collect();
    assert_eq!(found, expected);
    let mut turned = corners;
    turned.reverse();
    assert_eq!(inside(map.view(), &turned).unwrap(), expected);
}

#[test]
fn two_polygons_with_a_common_edge_share_no_point() {
    let map = array![[1.0, 0.5], [1.0, 0.0], [1.0, 1.0], [f32::NAN, 0.5]];
    let left = inside(
        map.view(),
        &[[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]],
    )
    .unwrap();
    let right = inside(
        map.view(),
        &[[1.0, 0.0], [2.0, 0.0], [2.0, 1.0], [1.0, 1.0]],
    )
    .unwrap();
    assert!(left.iter().all(|index| !right.contains(index)));
    assert!(right.contains(&0) && !left.contains(&3) && !right.contains(&3));
}

#[test]
fn labels_select_their_points() {
    assert_eq!(with_labels(&[1, 2, 3, 2, 0], &[2, 0]), [1, 3, 4]);
    assert!(with_labels(&[1], &[]).is_empty());
}

#[test]
fn bad_input_is_named() {
    let (points, layout) = (Array2::<f32>::zeros((6, 2)), Array2::<f32>::zeros((5, 2)));
    assert!(matches!(
        trustworthiness(points.view(), layout.view(), 2, None, 0),
        Err(Error::Length {
            expected: 6,
            got: 5,
            ..
        })
    ));
    assert!(matches!(
        trustworthiness(points.view(), points.view(), 3, None, 0),
        Err(Error::Parameter { name: "count", .. })
    ));
    assert!(matches!(
        inside(points.view(), &[[0.0; 2]; 2]),
        Err(Error::TooFew { expected: 3, .. })
    ));
}
