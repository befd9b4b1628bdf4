//! A run folder whose truth is known: three kinds of particles in two tomograms, apart on the map.

use std::{collections::BTreeMap, fs, path::Path};

use cryo_core::{Particle, ParticleSet, VoxelPos};
use cryo_fixtures::{Body, Noise, PhantomBuilder, PhantomParams};
use cryo_io::{
    CoordinateFormat, Frame, Frames, Overwrite, Picks, PicksOptions, dataset::Dataset, hdf5, mrc,
    write_picks,
};
use ndarray::{Array2, Array4, Axis, s};

/// What is true of a candidate.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Truth {
    pub(crate) tomogram: String,
    /// 1, 2 or 3.
    pub(crate) kind: i32,
    pub(crate) position: VoxelPos,
    pub(crate) score: f32,
}

/// Where the kinds lie on the map: none between two others.
const MIDDLES: [[f32; 2]; 3] = [[-4.0, -2.5], [4.0, -3.0], [0.5, 4.0]];
const PATCH: usize = 20;
const VOXEL: f64 = 12.5;

/// Two tomograms that are no cubes and differ in size, with balls of two radii and rods.
fn phantom(shape: [usize; 3], seed: u64) -> cryo_fixtures::Phantom {
    let mut params = PhantomParams::new(shape, VOXEL);
    params.noise = Noise::SignalToNoise(2.0);
    params.seed = seed;
    let mut builder = PhantomBuilder::new(params).expect("valid");
    let bodies = [
        ("one", Body::Sphere { radius_vox: 3.0 }, 24),
        ("two", Body::Sphere { radius_vox: 5.0 }, 16),
        ("three", Body::Sphere { radius_vox: 7.0 }, 8),
    ];
    for (name, body, count) in bodies {
        builder.scatter(name, body, count).expect("room");
    }
    builder.build(&()).expect("built")
}

/// Writes the run to `at/run`, its tomograms beside it, and says what is true of each row.
pub(crate) fn write_run(at: &Path) -> Vec<Truth> {
    fs::create_dir_all(at.join("run")).expect("writable");
    let mut truth = Vec::new();
    let mut sets = Vec::new();
    let mut patches = Vec::new();
    for (name, shape, seed) in [("ts one", [44, 150, 170], 1), ("ts_two", [52, 180, 140], 2)] {
        let phantom = phantom(shape, seed);
        let file = format!("{}.mrc", name.replace(' ', "_"));
        mrc::write(
            at.join(&file),
            &phantom.volume,
            &mrc::WriteOptions::default(),
        )
        .expect("written");
        let mut set = ParticleSet::new(name, *phantom.volume.grid());
        for (number, item) in phantom.truth.items.iter().enumerate() {
            let kind = i32::try_from(item.class.expect("a class")).expect("small");
            let score = 0.25 + ((number * 37) % 64) as f32 / 100.0;
            // Sub-voxel places that no 32-bit number holds.
            let position = VoxelPos::zyx(item.position.z, item.position.y + 0.1, item.position.x);
            set.items.push(Particle {
                score: Some(score),
                ..Particle::at(position)
            });
            truth.push(Truth {
                tomogram: name.to_owned(),
                kind,
                position,
                score,
            });
            patches.push(patch(&phantom.volume, position));
        }
        sets.push(set);
    }
    write_lists(at, sets);
    write_table(at, &truth, patches);
    truth
}

fn patch(volume: &cryo_core::Volume, place: VoxelPos) -> Array2<u8> {
    let data = volume.data();
    let half = PATCH / 2;
    let start = |at: f64, n: usize| (at.round() as usize).clamp(half, n - half) - half;
    let (z, y, x) = (
        place.z.round() as usize,
        start(place.y, data.dim().1),
        start(place.x, data.dim().2),
    );
    let view = data.slice(s![z.min(data.dim().0 - 1), y..y + PATCH, x..x + PATCH]);
    let low = view.iter().copied().fold(f32::INFINITY, f32::min);
    let high = view.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    view.mapv(|value| ((value - low) / (high - low) * 255.0) as u8)
}

fn write_lists(at: &Path, sets: Vec<ParticleSet>) {
    let frame = |set: &ParticleSet| {
        let frame = Frame {
            tilt_series_pixel_size: Some(VOXEL),
            ..Frame::of(&set.grid)
        };
        (set.tomogram.clone(), frame)
    };
    let named: BTreeMap<String, Frame> = sets.iter().map(frame).collect();
    let options = PicksOptions {
        frames: Frames {
            named,
            ..Frames::default()
        },
        ..PicksOptions::default()
    };
    let picks = Picks {
        sets,
        ..Picks::default()
    };
    let path = at.join("run/candidates.star");
    write_picks(
        &path,
        CoordinateFormat::Relion5,
        &picks,
        &options,
        Overwrite::Replace,
    )
    .expect("written");
    let list = "name\ttomogram\nts one\t../ts_one.mrc\nts_two\t../ts_two.mrc\n";
    fs::write(at.join("run/dataset.tsv"), list).expect("written");
    Dataset::read(at.join("run/dataset.tsv")).expect("a dataset list");
}

fn write_table(at: &Path, truth: &[Truth], patches: Vec<Array2<u8>>) {
    let n = truth.len();
    // A golden angle spreads the candidates of a kind over a disc of radius 0.8.
    let spread = |row: usize| {
        let (turn, reach) = (row as f32 * 2.399_963, 0.8 * (row as f32 / n as f32).sqrt());
        [reach * turn.cos(), reach * turn.sin()]
    };
    let map = Array2::from_shape_fn((n, 2), |(row, axis)| {
        MIDDLES[truth[row].kind as usize - 1][axis] + spread(row)[axis]
    });
    let embedding = Array2::from_shape_fn((n, 128), |(row, column)| {
        let own = f32::from(column as i32 == truth[row].kind) * 5.0;
        own + ((row * 31 + column * 17) % 13) as f32 * 0.05
    });
    let mut pictures = Array4::zeros((n, 1, PATCH, PATCH));
    for (mut picture, patch) in pictures.outer_iter_mut().zip(&patches) {
        picture.index_axis_mut(Axis(0), 0).assign(patch);
    }
    let table = hdf5::Embeddings {
        embedding,
        tomogram: Some(truth.iter().map(|t| t.tomogram.clone()).collect()),
        position: Some(truth.iter().map(|t| t.position).collect()),
        patch: Some(pictures),
        ..hdf5::Embeddings::default()
    };
    let path = at.join("run/embedding.h5");
    hdf5::write_embeddings(&path, &table, Overwrite::Replace).expect("written");
    let clustering = hdf5::Clustering {
        umap2: map,
        label: truth.iter().map(|t| t.kind).collect(),
        outlier: (0..n).map(|row| row as f32 / 16.0 - 1.0).collect(),
        centres: Array2::zeros((3, 128)),
        class_of_centre: vec![1, 2, 3],
        spread: Array2::ones((3, 2)),
        ..hdf5::Clustering::default()
    };
    unlocked(&path);
    hdf5::write_clustering(&path, &clustering).expect("written");
    unlocked(&path);
}

/// Puts a copy in the place of an HDF5 file: a process that another test starts meanwhile inherits the open file,
/// and with it the lock that HDF5 puts on it.
pub(crate) fn unlocked(path: &Path) {
    let copy = path.with_extension("copy");
    fs::copy(path, &copy).expect("copied");
    fs::rename(&copy, path).expect("renamed");
}
