//! Criterion benches of neighbours, maps and clusters.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use cryo_bench::vectors::mixture;
use cryo_embed_viz::{
    Classes, ClassifyParams, KMeansParams, NeighbourParams, Search, Umap, UmapParams, kmeans,
    nearest_neighbours, without_overlap,
};
use ndarray::Array2;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const DIMENSIONS: usize = 128;

/// Points for a run once as a test, or for a measurement.
fn size(measured: usize) -> usize {
    let is_test = std::env::args().any(|argument| argument == "--test");
    if is_test { 600 } else { measured }
}

fn points(n: usize) -> Array2<f32> {
    mixture(n, DIMENSIONS, 20)
}

fn neighbours(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("neighbours");
    group.sample_size(10);
    let points = points(size(20_000));
    for (name, search) in [
        ("exact", Search::Exact),
        ("approximate", Search::Approximate),
    ] {
        let params = NeighbourParams {
            search,
            ..Default::default()
        };
        group.bench_function(BenchmarkId::new(name, points.nrows()), |bencher| {
            bencher.iter(|| black_box(nearest_neighbours(points.view(), 39, &params, &())));
        });
    }
}

fn maps(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("umap");
    group.sample_size(10);
    let points = points(size(20_000));
    for neighbours in [15, 40] {
        let params = UmapParams {
            neighbours,
            ..Default::default()
        };
        group.bench_function(BenchmarkId::new("fit", neighbours), |bencher| {
            bencher.iter(|| black_box(Umap::fit(points.view(), &params, &())));
        });
    }
    let map = Umap::fit(points.view(), &UmapParams::default(), &()).expect("points are finite");
    group.bench_function("transform", |bencher| {
        bencher.iter(|| black_box(map.transform(points.view(), &())));
    });
    let places: Vec<[f32; 2]> = map
        .layout
        .rows()
        .into_iter()
        .map(|row| [row[0], row[1]])
        .collect();
    group.bench_function("without_overlap", |bencher| {
        bencher.iter(|| black_box(without_overlap(&places, 0.3)));
    });
}

fn clusters(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("clusters");
    group.sample_size(10);
    let points = mixture(size(50_000), DIMENSIONS, 200);
    let k = 300.min(points.nrows() / 2);
    group.bench_function(BenchmarkId::new("kmeans", k), |bencher| {
        bencher.iter(|| black_box(kmeans(points.view(), k, &KMeansParams::default(), &())));
    });
    let params = ClassifyParams::default();
    let centres = kmeans(points.view(), k, &params.kmeans, &())
        .expect("points are finite")
        .centres;
    group.bench_function("regroup to 48", |bencher| {
        bencher.iter(|| {
            let regrouped = Classes::regroup(points.view(), centres.clone(), 48, &params);
            black_box(regrouped)
        });
    });
}

criterion_group!(embed, neighbours, maps, clusters);
criterion_main!(embed);
