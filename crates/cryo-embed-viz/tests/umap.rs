//! UMAP's parts against umap-learn's (`fixtures/reference/embed.py`), and its maps against their quality.

mod common;

use common::{blobs, digits, golden, numbers, with_threads};
use cryo_embed_viz::{
    Curve, Error, FuzzyGraph, NeighbourParams, Start, Umap, UmapParams, local_scales,
    nearest_neighbours, neighbour_preservation, trustworthiness,
};
use cryo_eval::{VectorDistance, neighbour_balanced_accuracy, silhouette};
use ndarray::{Array2, s};

#[test]
fn the_curve_matches_umap_learn() {
    for row in golden("curve.json").as_array().unwrap() {
        let [min_dist, spread, a, b] = numbers(row)[..] else {
            panic!("four numbers")
        };
        let curve = Curve::fit(min_dist, spread);
        // Both stop at the minimum to about six digits.
        assert!(
            (curve.a / a - 1.0).abs() < 1e-5,
            "{min_dist} {spread}: {curve:?}, {a} {b}"
        );
        assert!(
            (curve.b / b - 1.0).abs() < 1e-5,
            "{min_dist} {spread}: {curve:?}, {a} {b}"
        );
    }
}

#[test]
fn scales_and_graph_match_umap_learn() {
    let (points, _) = digits();
    let truth = golden("graph.json");
    let found = nearest_neighbours(points.view(), 14, &NeighbourParams::default(), &()).unwrap();
    let scales = local_scales(&found);
    let expected = numbers(&truth["sigmas"])
        .into_iter()
        .zip(numbers(&truth["rhos"]));
    for (scale, (sigma, rho)) in scales.iter().zip(expected) {
        assert!((scale.rho - rho).abs() < 1e-5 * rho, "{scale:?}, {rho}");
        // Bisection stops within 10⁻⁵ of log₂ 15.
        assert!(
            (scale.sigma - sigma).abs() < 2e-4 * sigma,
            "{scale:?}, {sigma}"
        );
    }
    let graph = FuzzyGraph::new(&found);
    // Digits are integers: where the last neighbour is tied, either may be taken, and edges differ there.
    let (edges, sum) = (
        truth["edges"].as_f64().unwrap(),
        truth["sum"].as_f64().unwrap(),
    );
    assert!(
        (graph.edges() as f64 / edges - 1.0).abs() < 0.002,
        "{} {edges}",
        graph.edges()
    );
    let total: f64 = (0..graph.len())
        .flat_map(|row| graph.row(row))
        .map(|(_, w)| f64::from(*w))
        .sum();
    assert!((total / sum - 1.0).abs() < 1e-3, "{total} {sum}");
    let (mut equal, mut all) = (0, 0);
    for (row, list) in truth["rows"].as_object().unwrap() {
        let own = graph.row(row.parse().unwrap());
        for edge in list.as_array().unwrap() {
            let edge = numbers(edge);
            let same = own
                .iter()
                .any(|(to, w)| f64::from(*to) == edge[0] && (f64::from(*w) - edge[1]).abs() < 1e-4);
            all += 1;
            equal += usize::from(same);
        }
    }
    assert!(
        all > 1000 && equal as f64 >= 0.99 * f64::from(all),
        "{equal} of {all}"
    );
}

#[test]
fn the_graph_is_symmetric_and_within_bounds() {
    let points = blobs(&[80, 40], 6, 4.0).points;
    let found = nearest_neighbours(points.view(), 9, &NeighbourParams::default(), &()).unwrap();
    let graph = FuzzyGraph::new(&found);
    for from in 0..graph.len() {
        assert!(graph.row(from).is_sorted_by_key(|(to, _)| *to));
        for &(to, weight) in graph.row(from) {
            assert!(weight > 0.0 && weight <= 1.0);
            let back = graph
                .row(to as usize)
                .iter()
                .find(|(back, _)| *back as usize == from);
            assert_eq!(back.map(|(_, w)| *w), Some(weight));
        }
    }
}

fn trust_on_digits(neighbours: usize, min_dist: f64, start: Start) -> f64 {
    let (points, _) = digits();
    let params = UmapParams {
        neighbours,
        min_dist,
        start,
        ..UmapParams::default()
    };
    let map = Umap::fit(points.view(), &params, &()).unwrap();
    trustworthiness(points.view(), map.layout.view(), 15, None, 0).unwrap()
}

#[test]
fn maps_are_as_trustworthy_as_umap_learns() {
    for (key, expected) in golden("trustworthiness.json")["umap_learn_on_digits"]
        .as_object()
        .unwrap()
    {
        let (neighbours, min_dist) = key.split_once(',').unwrap();
        for start in [Start::Pca, Start::Spectral] {
            let got = trust_on_digits(
                neighbours.parse().unwrap(),
                min_dist.parse().unwrap(),
                start,
            );
            let expected = expected.as_f64().unwrap();
            assert!(
                got >= expected - 0.005,
                "{key} {start:?}: {got}, umap-learn {expected}"
            );
        }
    }
}

#[test]
fn classes_stay_together_in_two_and_three_dimensions() {
    let (points, labels) = digits();
    for components in [2, 3] {
        let params = UmapParams {
            components,
            ..UmapParams::default()
        };
        let map = Umap::fit(points.view(), &params, &()).unwrap();
        assert_eq!(map.layout.dim(), (1500, components));
        let layout = map.layout.view();
        let accuracy =
            neighbour_balanced_accuracy(layout, &labels, 15, VectorDistance::Euclidean).unwrap();
        assert!(accuracy > 0.95, "{components}: {accuracy}");
        assert!(neighbour_preservation(points.view(), layout, 15, Some(500), 1).unwrap() > 0.3);
    }
}

#[test]
fn results_are_the_same_on_any_number_of_threads() {
    let points = blobs(&[500, 300, 27], 10, 5.0).points;
    for start in [Start::Pca, Start::Spectral] {
        let params = UmapParams {
            neighbours: 12,
            start,
            ..UmapParams::default()
        };
        let run = || {
            let map = Umap::fit(points.view(), &params, &()).unwrap();
            let placed = map.transform(points.slice(s![..40, ..]), &()).unwrap();
            (map.layout, placed)
        };
        let one = with_threads(1, run);
        assert_eq!(one, with_threads(2, run), "{start:?}");
        assert_eq!(one, with_threads(5, run), "{start:?}");
    }
}

#[test]
fn another_seed_gives_another_map() {
    let points = blobs(&[60], 5, 1.0).points;
    let fit = |seed| {
        let params = UmapParams {
            seed,
            neighbours: 8,
            ..UmapParams::default()
        };
        Umap::fit(points.view(), &params, &()).unwrap().layout
    };
    assert_eq!(fit(1), fit(1));
    assert_ne!(fit(1), fit(2));
}

#[test]
fn new_points_land_among_their_own_and_wherever_they_are_in_the_list() {
    let (points, labels) = digits();
    let (old, new) = points.view().split_at(ndarray::Axis(0), 1100);
    let params = UmapParams {
        neighbours: 15,
        ..UmapParams::default()
    };
    let map = Umap::fit(old, &params, &()).unwrap();
    let placed = map.transform(new, &()).unwrap();
    let right = (0..new.nrows()).filter(|&row| {
        let away = |other: usize| {
            let (a, b) = (placed.row(row), map.layout.row(other));
            (a[0] - b[0]).hypot(a[1] - b[1])
        };
        let mut near: Vec<usize> = (0..1100).collect();
        near.sort_by(|&a, &b| away(a).total_cmp(&away(b)));
        let same = near[..15]
            .iter()
            .filter(|&&other| labels[other] == labels[1100 + row])
            .count();
        same >= 8
    });
    let share = right.count() as f64 / new.nrows() as f64;
    assert!(share > 0.9, "{share}");
    let alone = map.transform(new.slice(s![123..124, ..]), &()).unwrap();
    assert_eq!(alone.row(0), placed.row(123));
}

#[test]
fn groups_that_share_no_neighbour_stay_apart() {
    let found = blobs(&[120, 120, 120], 30, 60.0);
    let map = Umap::fit(
        found.points.view(),
        &UmapParams {
            neighbours: 10,
            ..Default::default()
        },
        &(),
    )
    .unwrap();
    let score = silhouette(map.layout.view(), &found.labels, VectorDistance::Euclidean).unwrap();
    assert!(score > 0.7, "{score}");
}

#[test]
fn odd_sizes_and_copies_are_no_problem() {
    let few = Array2::from_shape_fn((4, 1), |(row, _)| row as f32);
    let same = Array2::from_elem((50, 3), 1.0_f32);
    for points in [few, same] {
        for components in [2, 3] {
            for start in [Start::Pca, Start::Spectral] {
                let params = UmapParams {
                    components,
                    start,
                    ..UmapParams::default()
                };
                let map = Umap::fit(points.view(), &params, &()).unwrap();
                assert!(map.layout.iter().all(|value| value.is_finite()));
                let placed = map.transform(points.view(), &()).unwrap();
                assert!(placed.iter().all(|value| value.is_finite()));
            }
        }
    }
}

#[test]
fn bad_input_is_named() {
    let points = Array2::<f32>::zeros((10, 3));
    let fit = |change: fn(&mut UmapParams)| {
        let mut params = UmapParams::default();
        change(&mut params);
        Umap::fit(points.view(), &params, &())
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        fit(|p| p.components = 4),
        "components: expected 2 or 3, got 4"
    );
    assert_eq!(
        fit(|p| p.min_dist = 2.0),
        "min_dist: expected from 0 to `spread`, got 2"
    );
    assert_eq!(
        fit(|p| p.neighbours = 1),
        "neighbours: expected at least 2, got 1"
    );
    assert!(matches!(
        Umap::fit(points.slice(s![..3, ..]), &UmapParams::default(), &()),
        Err(Error::TooFew { .. })
    ));
}
