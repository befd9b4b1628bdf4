//! Criterion benches of the way from a volume to candidates.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use cryo_bench::inputs;
use cryo_candidates::{CandidateParams, PreprocessParams, find_candidates, preprocess_volume};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn search(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("candidates");
    group.sample_size(10);
    for depth in [32, 96] {
        let volume = inputs::volume([depth, 160, 192]);
        group.throughput(Throughput::Elements((depth * 160 * 192) as u64));
        for (name, params) in [
            ("recommended", CandidateParams::default()),
            ("paper", CandidateParams::paper()),
        ] {
            group.bench_with_input(BenchmarkId::new(name, depth), &volume, |bencher, volume| {
                bencher.iter(|| black_box(find_candidates(volume, &params, None, &())));
            });
        }
        group.bench_with_input(
            BenchmarkId::new("preprocess", depth),
            &volume,
            |bencher, volume| {
                let params = PreprocessParams::paper();
                bencher.iter(|| black_box(preprocess_volume(volume, &params, &())));
            },
        );
    }
}

criterion_group!(candidates, search);
criterion_main!(candidates);
