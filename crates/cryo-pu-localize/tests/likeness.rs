//! Peaks that look unlike the annotated particles are no particles, though the network has not seen such things.

mod common;

use std::ops::ControlFlow;

use common::{annotated, enlarged, quick, scene, small_model};
use cryo_core::{ParticleSet, Volume, VoxelPos};
use cryo_pu_localize::{FitParams, Found, LocalizeParams, Model, fit, localize};

fn train(likeness: bool) -> Model {
    tch::set_num_threads(1);
    let (volume, truth) = scene(1, 14);
    let tomogram = annotated(&volume, &truth[..8]);
    let params = FitParams {
        likeness,
        ..quick()
    };
    fit(&[tomogram], small_model(), &params, &mut |_| {
        ControlFlow::Continue(())
    })
    .unwrap()
    .model
}

fn with_larger_ones(seed: u64, balls: usize, larger: usize) -> (Volume, [Vec<VoxelPos>; 2]) {
    let (volume, truth) = scene(seed, balls + larger);
    enlarged(volume, truth, balls)
}

fn near(set: &ParticleSet, places: &[VoxelPos]) -> usize {
    let hit = |place: &&VoxelPos| {
        (set.items.iter()).any(|item| item.position.distance_to(**place) <= 4.0)
    };
    places.iter().filter(hit).count()
}

/// With the network's scores alone, and by default.
fn find(model: &Model, volume: &Volume) -> [Found; 2] {
    [true, false].map(|network_scores| {
        let params = LocalizeParams {
            network_scores,
            ..LocalizeParams::default()
        };
        localize(model, "scene", &volume.view(), &params, &()).unwrap()
    })
}

#[test]
fn larger_ones_are_told_from_balls_that_alone_were_learned() {
    let (volume, [balls, larger]) = with_larger_ones(2, 10, 8);
    let [alone, found] = find(&train(true), &volume);
    println!(
        "of {} balls {} and {}, of {} larger ones {} and {}, unlike {:?}",
        balls.len(),
        near(&alone.set, &balls),
        near(&found.set, &balls),
        larger.len(),
        near(&alone.set, &larger),
        near(&found.set, &larger),
        found.unlike
    );
    assert!(
        near(&alone.set, &larger) >= 4,
        "the network does not tell them apart"
    );
    assert!(near(&found.set, &larger) <= 1);
    assert!(near(&found.set, &balls) >= 9);
    assert!(alone.unlike == [0] && found.unlike[0] >= 3);
    let sorted = |items: &[cryo_core::Particle]| items.is_sorted_by(|a, b| a.score >= b.score);
    assert!(sorted(&found.set.items));
}

#[test]
fn a_tomogram_of_unlike_ones_alone_does_not_make_them_particles() {
    let (volume, [_, larger]) = with_larger_ones(3, 0, 14);
    let [alone, found] = find(&train(true), &volume);
    println!(
        "{} and {}",
        near(&alone.set, &larger),
        near(&found.set, &larger)
    );
    assert!(
        near(&alone.set, &larger) >= 7,
        "the network does not tell them apart"
    );
    assert!(near(&found.set, &larger) <= 3);
}

#[test]
fn without_it_scores_are_the_network_s() {
    let model = train(false);
    assert!(model.calibration().unwrap()[0].profile.is_none());
    let (volume, _) = with_larger_ones(2, 10, 8);
    let [alone, found] = find(&model, &volume);
    assert_eq!(alone, found);
}
