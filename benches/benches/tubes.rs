//! Criterion benches of filament tracing.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use cryo_bench::inputs;
use cryo_tubes::{PaperParams, TubeParams, trace_tubes, trace_tubes_as_paper};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn tubes(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("tubes");
    group.sample_size(10);
    for count in [10_000, 100_000] {
        // As a test, once and small.
        let count = if std::env::args().any(|word| word == "--test") {
            count / 10
        } else {
            count
        };
        let set = inputs::filament_points(count);
        group.throughput(Throughput::Elements(count as u64));
        group.bench_with_input(BenchmarkId::new("curve", count), &set, |bencher, set| {
            bencher
                .iter(|| black_box(trace_tubes(set, &TubeParams::default(), &()).expect("finite")));
        });
        group.bench_with_input(BenchmarkId::new("paper", count), &set, |bencher, set| {
            bencher.iter(|| {
                black_box(trace_tubes_as_paper(set, &PaperParams::default(), &()).expect("finite"))
            });
        });
    }
}

criterion_group!(benches, tubes);
criterion_main!(benches);
