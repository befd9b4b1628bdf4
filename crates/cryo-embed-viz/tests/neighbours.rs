//! Nearest neighbours against a loop over all pairs, and the approximate search against the exact one.

mod common;

use common::{blobs, digits, with_threads};
use cryo_embed_viz::{
    Error, Metric, NeighbourIndex, NeighbourParams, Neighbours, Search, nearest_neighbours,
};
use ndarray::{Array2, ArrayView2, array, s};

fn params(metric: Metric, search: Search) -> NeighbourParams {
    NeighbourParams {
        metric,
        search,
        seed: 3,
    }
}

/// Distances in double precision of all pairs, sorted.
fn brute_force(
    points: ArrayView2<'_, f32>,
    count: usize,
    metric: Metric,
) -> (Array2<u32>, Array2<f64>) {
    let n = points.nrows();
    let (mut indices, mut distances) = (Array2::zeros((n, count)), Array2::zeros((n, count)));
    for a in 0..n {
        let mut all: Vec<(f64, u32)> = (0..n)
            .filter(|&b| b != a)
            .map(|b| (distance(points, a, b, metric), b as u32))
            .collect();
        all.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        for (place, (distance, index)) in all.into_iter().take(count).enumerate() {
            indices[[a, place]] = index;
            distances[[a, place]] = distance;
        }
    }
    (indices, distances)
}

fn distance(points: ArrayView2<'_, f32>, a: usize, b: usize, metric: Metric) -> f64 {
    let pairs = || {
        points
            .row(a)
            .into_iter()
            .zip(points.row(b))
            .map(|(a, b)| (f64::from(*a), f64::from(*b)))
    };
    match metric {
        Metric::Euclidean => pairs().map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt(),
        Metric::Cosine => {
            let dot: f64 = pairs().map(|(a, b)| a * b).sum();
            let lengths: f64 =
                pairs().map(|(a, _)| a * a).sum::<f64>() * pairs().map(|(_, b)| b * b).sum::<f64>();
            1.0 - dot / lengths.sqrt()
        }
    }
}

#[test]
fn exact_neighbours_match_brute_force() {
    // More points than a block of queries and of columns; an odd length for the remainder of the lanes.
    let points = blobs(&[300, 200, 161], 13, 3.0).points;
    for metric in [Metric::Euclidean, Metric::Cosine] {
        let found =
            nearest_neighbours(points.view(), 17, &params(metric, Search::Exact), &()).unwrap();
        let (indices, distances) = brute_force(points.view(), 17, metric);
        assert_eq!(found.indices, indices, "{metric:?}");
        for (got, expected) in found.distances.iter().zip(&distances) {
            assert!(
                (f64::from(*got) - expected).abs() < 2e-6 * expected.max(1.0),
                "{got} {expected}"
            );
        }
    }
}

#[test]
fn far_from_the_origin_nothing_is_lost() {
    // Squares of lengths minus products would leave no digit of these distances.
    let near = blobs(&[200], 8, 1.0).points;
    let far = near.mapv(|value| (value * 64.0).round() / 64.0 + 4096.0);
    let found = nearest_neighbours(
        far.view(),
        5,
        &params(Metric::Euclidean, Search::Exact),
        &(),
    )
    .unwrap();
    let (indices, distances) = brute_force(far.view(), 5, Metric::Euclidean);
    assert_eq!(found.indices, indices);
    assert!(
        found
            .distances
            .iter()
            .zip(&distances)
            .all(|(a, b)| (f64::from(*a) - b).abs() < 1e-5)
    );
}

#[test]
fn copies_are_neighbours_at_distance_zero_and_a_point_is_not_its_own() {
    let points = Array2::from_elem((700, 4), 2.5_f32);
    let found = nearest_neighbours(points.view(), 3, &NeighbourParams::default(), &()).unwrap();
    assert!(found.distances.iter().all(|d| *d == 0.0));
    for (own, row) in found.indices.rows().into_iter().enumerate() {
        assert!(row.iter().all(|index| *index as usize != own));
    }
    assert_eq!(found.indices.row(0), array![1, 2, 3]);
}

fn recall(points: ArrayView2<'_, f32>, count: usize) -> f64 {
    let exact = nearest_neighbours(
        points,
        count,
        &params(Metric::Euclidean, Search::Exact),
        &(),
    )
    .unwrap();
    let near = nearest_neighbours(
        points,
        count,
        &params(Metric::Euclidean, Search::Approximate),
        &(),
    )
    .unwrap();
    for (own, row) in near.indices.rows().into_iter().enumerate() {
        let mut sorted = row.to_vec();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(sorted.len(), count, "row {own} holds a point twice");
        assert!(!sorted.contains(&(own as u32)));
    }
    near.recall(&exact).unwrap()
}

#[test]
fn approximate_neighbours_are_nearly_all_right() {
    // Noise in 32 dimensions has no structure to go by: the hardest case. Measured 0.99 and 0.96.
    let grouped = blobs(&[2000, 1500, 500, 100, 20], 32, 12.0).points;
    let noise = blobs(&[4000], 32, 1.0).points;
    let (grouped, noise) = (recall(grouped.view(), 15), recall(noise.view(), 15));
    assert!(grouped > 0.97, "{grouped}");
    assert!(noise > 0.90, "{noise}");
}

#[test]
fn results_are_the_same_on_any_number_of_threads() {
    let points = blobs(&[900, 800], 20, 5.0).points;
    for search in [Search::Exact, Search::Approximate] {
        let run = || {
            nearest_neighbours(points.view(), 10, &params(Metric::Euclidean, search), &()).unwrap()
        };
        let one = with_threads(1, run);
        assert_eq!(one, with_threads(2, run));
        assert_eq!(one, with_threads(5, run));
    }
}

#[test]
fn the_layout_in_memory_does_not_matter() {
    let (points, _) = digits();
    let some = points.slice(s![..200, ..]);
    let mut turned = Array2::zeros((64, 200));
    turned.assign(&some.t());
    let search = |view: ArrayView2<'_, f32>| {
        nearest_neighbours(view, 5, &NeighbourParams::default(), &()).unwrap()
    };
    assert_eq!(search(some), search(turned.t()));
}

#[test]
fn an_index_finds_the_same_for_a_query_alone_and_among_others() {
    // 126 cells, so that most are left out.
    let points = blobs(&[9000, 7000], 16, 6.0).points;
    let queries = points.slice(s![..;45, ..]);
    let exact =
        NeighbourIndex::new(points.view(), &params(Metric::Euclidean, Search::Exact)).unwrap();
    let cells = NeighbourIndex::new(
        points.view(),
        &params(Metric::Euclidean, Search::Approximate),
    )
    .unwrap();
    let truth = exact.nearest(queries, 10, &()).unwrap();
    let found = cells.nearest(queries, 10, &()).unwrap();
    let recall = found.recall(&truth).unwrap();
    assert!(recall > 0.95, "{recall}");
    for row in [0, 50, 300] {
        let alone = cells
            .nearest(queries.slice(s![row..=row, ..]), 10, &())
            .unwrap();
        assert_eq!(alone.indices.row(0), found.indices.row(row));
        assert_eq!(alone.distances.row(0), found.distances.row(row));
    }
    // A query that is a point finds itself.
    assert!(truth.distances.column(0).iter().all(|d| *d == 0.0));
    assert_eq!(truth.indices[[3, 0]], 135);
}

#[test]
fn recall_counts_what_is_shared() {
    let list = |indices: Array2<u32>| Neighbours {
        distances: Array2::zeros(indices.dim()),
        indices,
    };
    let (a, b) = (list(array![[1, 2], [0, 2]]), list(array![[2, 3], [2, 0]]));
    assert_eq!(a.recall(&b).unwrap(), 0.75);
}

#[test]
fn bad_input_is_named() {
    let points = array![[0.0, 1.0], [f32::NAN, 2.0], [1.0, 1.0]];
    let error = nearest_neighbours(points.view(), 1, &NeighbourParams::default(), &()).unwrap_err();
    assert!(
        matches!(
            error,
            Error::NotFinite {
                row: 1,
                column: 0,
                ..
            }
        ),
        "{error}"
    );
    let points = Array2::zeros((3, 2));
    let error = nearest_neighbours(points.view(), 3, &NeighbourParams::default(), &()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "count: expected at least 1 and below the number of points, got 3"
    );
    let index = NeighbourIndex::new(points.view(), &NeighbourParams::default()).unwrap();
    let error = index
        .nearest(Array2::zeros((1, 3)).view(), 1, &())
        .unwrap_err();
    assert_eq!(error.to_string(), "expected 2 columns, got 3");
}

#[test]
fn it_stops_when_told_to() {
    struct Stop;
    impl cryo_core::Progress for Stop {
        fn is_cancelled(&self) -> bool {
            true
        }
    }
    let points = blobs(&[100], 4, 1.0).points;
    for search in [Search::Exact, Search::Approximate] {
        let error = nearest_neighbours(points.view(), 3, &params(Metric::Euclidean, search), &Stop)
            .unwrap_err();
        assert!(matches!(error, Error::Cancelled));
    }
}
