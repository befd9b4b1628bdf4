//! A small scene with known particles.
#![allow(dead_code, reason = "each test program uses its own part of this")]

use cryo_core::{Grid, Volume, VoxelPos, VoxelSize};
use cryo_pu_localize::{
    AnnotatedTomogram, Annotation, AugmentParams, ClassConfig, FitParams, Model, ModelConfig,
    NetworkConfig,
};
use cryo_train::stream_rng;
use ndarray::Array3;
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};

/// Dark balls of 160 Å and small ones of 80 Å in noise of deviation 1, voxels of 20 Å.
pub(crate) fn scene(seed: u64, balls: usize) -> (Volume, Vec<VoxelPos>) {
    let shape = [20, 72, 88];
    let mut rng = stream_rng(seed, "scene", 0);
    let mut data = Array3::from_shape_fn(shape, |_| StandardNormal.sample(&mut rng));
    let mut centres: Vec<VoxelPos> = Vec::new();
    while centres.len() < 2 * balls {
        let place = VoxelPos::zyx(
            rng.random_range(4.0..15.0),
            rng.random_range(6.0..65.0),
            rng.random_range(6.0..81.0),
        );
        if centres.iter().all(|other| other.distance_to(place) > 9.0) {
            centres.push(place);
        }
    }
    for (number, centre) in centres.iter().enumerate() {
        let radius = if number < balls { 4.0 } else { 2.0 };
        for ((z, y, x), value) in data.indexed_iter_mut() {
            let place = VoxelPos::zyx(z as f64, y as f64, x as f64);
            if place.distance_to(*centre) <= radius {
                *value -= 3.0;
            }
        }
    }
    let grid = Grid::new(shape, VoxelSize::new(20.0).expect("above 0"));
    centres.truncate(balls);
    (Volume::new(data, grid).expect("the grid's shape"), centres)
}

/// All of a scene's balls but the first few made larger, to 5.5 voxels.
pub(crate) fn enlarged(
    volume: Volume,
    mut truth: Vec<VoxelPos>,
    balls: usize,
) -> (Volume, [Vec<VoxelPos>; 2]) {
    let others = truth.split_off(balls);
    let grid = *volume.grid();
    let mut data = volume.data().to_owned();
    for ((z, y, x), value) in data.indexed_iter_mut() {
        let place = VoxelPos::zyx(z as f64, y as f64, x as f64);
        for centre in &others {
            match place.distance_to(*centre) {
                distance if distance <= 4.0 => {}
                distance if distance <= 5.5 => *value -= 3.0,
                _ => {}
            }
        }
    }
    let volume = Volume::new(data, grid).expect("the grid's shape");
    (volume, [truth, others])
}

pub(crate) fn annotated<'a>(volume: &'a Volume, places: &[VoxelPos]) -> AnnotatedTomogram<'a> {
    let annotation = |&position: &VoxelPos| Annotation {
        position,
        class: Some(0),
    };
    AnnotatedTomogram {
        name: "scene".into(),
        volume: volume.view(),
        mask: None,
        annotations: places.iter().map(annotation).collect(),
    }
}

pub(crate) fn small_config() -> ModelConfig {
    let classes = vec![ClassConfig {
        name: "ball".into(),
        diameter_angstrom: 160.0,
    }];
    let mut config = ModelConfig::recommended(classes, 20.0);
    config.network = NetworkConfig {
        width: 6,
        ..NetworkConfig::recommended(1)
    };
    config
}

pub(crate) fn small_model() -> Model {
    Model::new(&small_config(), 1, tch::Device::Cpu).expect("a valid network")
}

pub(crate) fn quick() -> FitParams {
    FitParams {
        epochs: 4,
        steps_per_epoch: Some(30),
        batch_size: 4,
        sample: [5, 32, 32],
        augment: AugmentParams {
            noise: 0.5,
            ..AugmentParams::default()
        },
        ..FitParams::recommended()
    }
}
