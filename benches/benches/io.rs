//! Criterion benches of readers and writers.

use std::{hint::black_box, path::Path};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use cryo_bench::inputs;
use cryo_io::{Overwrite, mrc, star::Document};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn mrc_files(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let mut group = criterion.benchmark_group("mrc");
    group.sample_size(10);
    for depth in [32, 128] {
        let volume = inputs::volume([depth, 256, 384]);
        let path = folder.path().join("volume.mrc");
        let options = mrc::WriteOptions {
            overwrite: Overwrite::Replace,
            ..Default::default()
        };
        mrc::write(&path, &volume, &options).expect("the disk has room");
        group.throughput(Throughput::Elements((depth * 256 * 384) as u64));
        group.bench_with_input(
            BenchmarkId::new("read f32", depth),
            &path,
            |bencher, path| {
                bencher.iter(|| black_box(read(path)));
            },
        );
        group.bench_with_input(
            BenchmarkId::new("write f32", depth),
            &volume,
            |bencher, volume| {
                bencher.iter(|| mrc::write(&path, volume, &options).expect("the disk has room"));
            },
        );
        group.bench_with_input(
            BenchmarkId::new("crop 16³", depth),
            &path,
            |bencher, path| {
                bencher.iter(|| {
                    let reader = mrc::Reader::open(path, &mrc::ReadOptions::default());
                    let crop = reader.and_then(|reader| reader.crop([8, 100, 200], [16, 16, 16]));
                    black_box(crop.expect("it is an MRC file"))
                });
            },
        );
    }
}

fn read(path: &Path) -> cryo_core::Volume {
    mrc::read(path, &mrc::ReadOptions::default()).expect("it is an MRC file")
}

fn star_files(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let mut group = criterion.benchmark_group("star");
    group.sample_size(10);
    for rows in [1_000, 100_000] {
        let path = folder.path().join("particles.star");
        inputs::write_star(&path, rows).expect("the disk has room");
        let bytes = std::fs::read(&path).expect("the file is there");
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        group.bench_with_input(BenchmarkId::new("parse", rows), &bytes, |bencher, bytes| {
            bencher.iter(|| black_box(Document::parse(bytes.clone()).expect("it is a STAR file")));
        });
    }
}

criterion_group!(io, mrc_files, star_files);
criterion_main!(io);
