//! `cryo localize --tubular`: from a few points on one filament to all filaments of another tomogram.

mod common;
#[path = "common/scene.rs"]
mod scene;

use std::path::Path;

use common::{folder, succeed};
use cryo_core::{ParticleSet, VoxelPos};
use cryo_fixtures::{CentreLine, Noise, PhantomBuilder, PhantomParams};
use cryo_io::{CoordinateFormat, read_picks};

const SHAPE: [usize; 3] = [40, 96, 104];

/// Hollow tubes of 240 Å; the points of the first `annotated` of them go into `NAME.star`.
fn tomogram(folder: &Path, name: &str, lines: &[[[f64; 3]; 2]], annotated: u32) -> ParticleSet {
    let mut params = PhantomParams::new(SHAPE, 20.0);
    params.noise = Noise::SignalToNoise(1.0);
    params.seed = lines.len() as u64;
    let mut builder = PhantomBuilder::new(params).expect("valid");
    for [from, to] in lines {
        let at = |[x, y, z]: [f64; 3]| VoxelPos::xyz(x, y, z);
        let line = CentreLine::straight(at(*from), at(*to)).expect("a line");
        builder.tube("tube", line, 6.0, 2.5, 4.0).expect("a tube");
    }
    let phantom = builder.build(&()).expect("built");
    scene::write_volume(folder, name, &phantom.volume);
    let mut truth = phantom.truth;
    truth.tomogram = name.to_owned();
    let mut some = truth.clone();
    some.retain(|item| {
        item.filament
            .as_ref()
            .is_some_and(|point| point.id < annotated)
    });
    scene::write_star(folder, name, some);
    truth
}

/// Parts of the first points within 3 voxels of the others.
fn covered(points: &ParticleSet, by: &ParticleSet) -> f64 {
    let near = |at: VoxelPos| {
        by.items
            .iter()
            .any(|item| item.position.distance_to(at) <= 3.0)
    };
    let count = points
        .items
        .iter()
        .filter(|item| near(item.position))
        .count();
    count as f64 / points.len().max(1) as f64
}

#[test]
fn points_on_two_filaments_find_those_of_another_tomogram() {
    let folder = folder();
    let at = folder.path();
    let learned = [
        [[8.0, 20.0, 12.0], [96.0, 34.0, 24.0]],
        [[12.0, 86.0, 30.0], [94.0, 60.0, 16.0]],
    ];
    tomogram(at, "one", &learned, 2);
    let others = [
        [[18.0, 8.0, 14.0], [30.0, 90.0, 26.0]],
        [[46.0, 14.0, 28.0], [96.0, 40.0, 20.0]],
        [[50.0, 88.0, 16.0], [94.0, 66.0, 22.0]],
    ];
    let truth = tomogram(at, "two", &others, 3);
    let train = "localize train --data one.mrc --coords one.star --diameter 240 --tubular --out run --epochs 3 --steps 30 \
                 --device cpu --threads 1";
    succeed(at, &train.split_whitespace().collect::<Vec<_>>());
    assert!(!at.join("run/thresholds.tsv").exists());
    let predict =
        "localize predict --run run --data two.mrc --out picks --format imod --device cpu";
    succeed(at, &predict.split_whitespace().collect::<Vec<_>>());
    assert!(at.join("picks/two.mod").exists());

    let found = read_picks(
        at.join("picks/two.star"),
        Some(CoordinateFormat::Relion5),
        &scene::picks_options(&truth),
    )
    .expect("filaments")
    .sets
    .remove(0);
    let ids: std::collections::BTreeSet<u32> = (found.items.iter())
        .filter_map(|item| Some(item.filament.as_ref()?.id))
        .collect();
    let (recall, precision) = (covered(&truth, &found), covered(&found, &truth));
    println!(
        "{} filaments, recall {recall:.3}, precision {precision:.3}",
        ids.len()
    );
    assert_eq!(ids.len(), 3, "recall {recall}, precision {precision}");
    assert!(
        recall >= 0.85 && precision >= 0.9,
        "recall {recall}, precision {precision}"
    );
    assert!(found.items.iter().all(|item| item.orientation.is_some()));

    // A threshold is for the mean of a filament; the points go on below it.
    let strict =
        "localize predict --run run --data two.mrc --out strict --threshold 1 --device cpu";
    succeed(at, &strict.split_whitespace().collect::<Vec<_>>());
    let points = |name: &str| -> usize {
        let picks = read_picks(
            at.join(name),
            Some(CoordinateFormat::Relion5),
            &scene::picks_options(&truth),
        );
        picks
            .expect("readable")
            .sets
            .iter()
            .map(ParticleSet::len)
            .sum()
    };
    assert_eq!(points("strict/two.star"), 0);
    assert!(points("strict/two_points.star") > 0);
}
