//! Particles are moved onto the average of their class.

mod common;

use common::{scene, small_model};
use cryo_core::{Particle, ParticleSet, VoxelPos};
use cryo_pu_localize::centre;
use cryo_train::stream_rng;
use rand::Rng;
use rand_distr::StandardNormal;

/// Particles at the truth, each off by a normal deviate of that many voxels along every axis.
fn near(truth: &[VoxelPos], volume: &cryo_core::Volume, deviation: f64) -> ParticleSet {
    let mut rng = stream_rng(5, "off", 0);
    let mut set = ParticleSet::new("scene", *volume.grid());
    for place in truth {
        let mut off = || deviation * rng.sample::<f64, _>(StandardNormal);
        let place = VoxelPos::zyx(place.z + off(), place.y + off(), place.x + off());
        set.items.push(Particle {
            class: Some(1),
            score: Some(0.5),
            ..Particle::at(place)
        });
    }
    set
}

fn mean_error(set: &ParticleSet, truth: &[VoxelPos]) -> f64 {
    let errors = set.items.iter().zip(truth);
    let sum: f64 = errors
        .map(|(item, place)| item.position.distance_to(*place))
        .sum();
    sum / truth.len() as f64
}

#[test]
fn positions_that_are_off_come_nearer_to_the_middle() {
    let model = small_model();
    for seed in [1, 2, 3] {
        let (volume, truth) = scene(seed, 14);
        let mut set = near(&truth, &volume, 0.7);
        let before = mean_error(&set, &truth);
        centre(&model, &volume.view(), &mut set).unwrap();
        let after = mean_error(&set, &truth);
        println!("scene {seed}: {before:.2} to {after:.2} voxels");
        assert!(after < 0.5 * before, "{before} to {after}");
        assert!(set.items.iter().all(|item| item.score == Some(0.5)));
    }
}

#[test]
fn few_particles_other_classes_and_noise_stay_where_they_are() {
    let model = small_model();
    let (volume, truth) = scene(1, 14);
    let mut few = near(&truth[..7], &volume, 0.7);
    let before = few.clone();
    centre(&model, &volume.view(), &mut few).unwrap();
    assert_eq!(few.items, before.items);

    let mut others = near(&truth, &volume, 0.7);
    others.items.iter_mut().for_each(|item| item.class = None);
    let before = others.clone();
    centre(&model, &volume.view(), &mut others).unwrap();
    assert_eq!(others.items, before.items);

    // Nothing goes further than three voxels of the network's grid, here the tomogram's, and a half.
    let mut wrong = near(&truth, &volume, 4.0);
    wrong.items.iter_mut().for_each(|item| {
        let VoxelPos { z, y, x } = item.position;
        item.position = VoxelPos::zyx(z.clamp(0.0, 19.0), y.clamp(0.0, 71.0), x.clamp(0.0, 87.0));
    });
    let before = wrong.clone();
    centre(&model, &volume.view(), &mut wrong).unwrap();
    for (item, before) in wrong.items.iter().zip(&before.items) {
        let (a, b) = (item.position, before.position);
        for moved in [a.z - b.z, a.y - b.y, a.x - b.x] {
            assert!(moved.abs() <= 3.0, "{moved}");
        }
    }
}
