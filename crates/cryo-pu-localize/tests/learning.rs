//! A tiny phantom is learned, resumed, and found again elsewhere.

mod common;

use std::ops::ControlFlow;

use common::{annotated, quick, scene, small_model};
use cryo_core::{ParticleSet, Volume, VoxelPos, VoxelSize};
use cryo_pu_localize::{
    Annotation, ContrastParams, Fit, FitParams, LocalizeParams, Model, ModelConfig, PredictParams,
    Threshold, Trainer, fit, localize, predict,
};
use ndarray::Array3;

fn train(params: &FitParams, model: Model) -> Fit {
    tch::set_num_threads(1);
    let (volume, truth) = scene(1, 14);
    let tomogram = annotated(&volume, &truth[..8]);
    fit(&[tomogram], model, params, &mut |_| {
        ControlFlow::Continue(())
    })
    .unwrap()
}

/// F1 within 4 voxels, and the mean error.
fn scores(found: &ParticleSet, truth: &[VoxelPos]) -> (f64, f64) {
    let mut left = truth.to_vec();
    let mut errors = Vec::new();
    for item in &found.items {
        let near = left
            .iter()
            .position(|place| place.distance_to(item.position) <= 4.0);
        if let Some(near) = near {
            errors.push(left.remove(near).distance_to(item.position));
        }
    }
    let hits = errors.len() as f64;
    let f1 = 2.0 * hits / (found.len() + truth.len()) as f64;
    (f1, errors.iter().sum::<f64>() / hits.max(1.0))
}

#[test]
fn eight_of_fourteen_balls_find_the_others_and_those_of_another_scene() {
    let fitted = train(&quick(), small_model());
    let losses: Vec<f64> = (fitted.history.iter())
        .map(|report| report.loss("loss").unwrap())
        .collect();
    assert!(losses[3] < 0.5 * losses[0], "{losses:?}");
    for seed in [1, 2] {
        let (volume, truth) = scene(seed, 14);
        let found = localize(
            &fitted.model,
            "scene",
            &volume.view(),
            &LocalizeParams::default(),
            &(),
        )
        .unwrap()
        .set;
        let (f1, error) = scores(&found, &truth);
        assert!(
            f1 >= 0.9 && error < 1.0,
            "scene {seed}: F1 {f1:.2}, error {error:.2}, {} picks",
            found.len()
        );
        assert!(found.items.iter().all(|item| item.class == Some(1)));
    }
}

#[test]
fn wrong_places_of_another_tomogram_do_not_teach_that_it_holds_nothing() {
    tch::set_num_threads(1);
    let ((first, truth), (second, others)) = (scene(1, 14), scene(2, 14));
    let mut wrong = annotated(&second, &[]);
    let far = |place: &VoxelPos| others.iter().all(|ball| ball.distance_to(*place) > 9.0);
    let grid = (0..72).flat_map(|y| (0..88).map(move |x| VoxelPos::zyx(10.0, y.into(), x.into())));
    let places = grid.filter(far).step_by(97);
    wrong.annotations = places
        .map(|position| Annotation {
            position,
            class: None,
        })
        .collect();
    assert!(wrong.annotations.len() > 8);
    let tomograms = [annotated(&first, &truth[..8]), wrong];
    let fitted = fit(&tomograms, small_model(), &quick(), &mut |_| {
        ControlFlow::Continue(())
    })
    .unwrap();
    let expected = fitted.model.calibration().unwrap()[0].expected;
    assert!(
        (10.0..20.0).contains(&expected),
        "{expected} of the 14 balls where some are annotated"
    );
    let params = LocalizeParams::default();
    let found = localize(&fitted.model, "scene", &second.view(), &params, &())
        .unwrap()
        .set;
    let (f1, _) = scores(&found, &others);
    assert!(f1 >= 0.85, "F1 {f1:.2}, {} picks", found.len());
}

#[test]
fn a_tomogram_is_looked_at_as_the_threshold_was_read() {
    let (volume, _) = scene(2, 14);
    for mirrors in [false, true] {
        let params = FitParams {
            epochs: 1,
            steps_per_epoch: Some(2),
            mirrors,
            ..quick()
        };
        let fitted = train(&params, small_model());
        let calibration = fitted.model.calibration().unwrap();
        assert!(calibration.iter().all(|class| class.mirrors == mirrors));
        let heat = |mirrors| {
            let params = PredictParams {
                mirrors,
                ..PredictParams::default()
            };
            let heat = predict(&fitted.model, "scene", &volume.view(), &params, &());
            heat.unwrap().classes
        };
        assert_eq!(heat(None), heat(Some(mirrors)));
        assert_ne!(heat(None), heat(Some(!mirrors)));
    }
}

#[test]
fn positions_come_back_in_the_voxels_of_a_finer_tomogram() {
    let fitted = train(&quick(), small_model());
    let (volume, truth) = scene(1, 14);
    // The same scene on voxels of 10 Å: every voxel eight times.
    let data = ndarray::Array3::from_shape_fn((40, 144, 176), |(z, y, x)| {
        volume.data()[[z / 2, y / 2, x / 2]]
    });
    let grid = cryo_core::Grid::new([40, 144, 176], VoxelSize::new(10.0).unwrap());
    let fine = cryo_core::Volume::new(data, grid).unwrap();
    let found = localize(
        &fitted.model,
        "fine",
        &fine.view(),
        &LocalizeParams::default(),
        &(),
    )
    .unwrap()
    .set;
    let in_old = ParticleSet {
        items: (found.items.iter())
            .map(|item| {
                let at = item.position;
                cryo_core::Particle::at(VoxelPos::zyx(
                    at.z / 2.0 - 0.25,
                    at.y / 2.0 - 0.25,
                    at.x / 2.0 - 0.25,
                ))
            })
            .collect(),
        ..found
    };
    let (f1, error) = scores(&in_old, &truth);
    assert!(f1 >= 0.85 && error < 1.0, "F1 {f1:.2}, error {error:.2}");
}

#[test]
fn a_resumed_run_equals_the_straight_one() {
    let params = FitParams {
        epochs: 3,
        steps_per_epoch: Some(3),
        held_out: 0.2,
        ..quick()
    };
    tch::set_num_threads(1);
    let (volume, truth) = scene(1, 14);
    let tomograms = [annotated(&volume, &truth[..12])];
    let mut straight = Trainer::new(&tomograms, small_model(), &params).unwrap();
    let mut first = Trainer::new(&tomograms, small_model(), &params).unwrap();
    first.epoch().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint");
    first.checkpoint().unwrap().save(&path).unwrap();
    drop(first);
    let mut resumed = Trainer::resume(&tomograms, &path, tch::Device::Cpu).unwrap();
    while !straight.is_done() {
        straight.epoch().unwrap();
    }
    while !resumed.is_done() {
        resumed.epoch().unwrap();
    }
    for ((name, a), (_, b)) in straight
        .model()
        .tensors()
        .iter()
        .zip(resumed.model().tensors())
    {
        assert_eq!(a, b, "{name}");
    }
    assert!(straight.history()[2].loss("held_out").unwrap().is_finite());
}

#[test]
fn a_saved_model_finds_what_it_found() {
    let params = FitParams {
        epochs: 1,
        ..quick()
    };
    let fitted = train(&params, small_model());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model");
    fitted.model.to_checkpoint().unwrap().save(&path).unwrap();
    let loaded = Model::load(&path, tch::Device::Cpu).unwrap();
    assert_eq!(loaded.calibration(), fitted.model.calibration());
    let (volume, _) = scene(3, 10);
    let find = |model: &Model| {
        localize(
            model,
            "scene",
            &volume.view(),
            &LocalizeParams::default(),
            &(),
        )
        .unwrap()
    };
    assert_eq!(find(&loaded), find(&fitted.model));
}

#[test]
fn the_terms_of_the_paper_train_too() {
    let (volume, truth) = scene(1, 14);
    let tomogram = annotated(&volume, &truth[..8]);
    let mut config = ModelConfig::recommended(small_model().config().classes.clone(), 20.0);
    config.network = cryo_pu_localize::NetworkConfig {
        width: 4,
        ..cryo_pu_localize::NetworkConfig::paper(1, 3)
    };
    let params = FitParams {
        epochs: 1,
        steps_per_epoch: Some(3),
        sample: [5, 32, 32],
        contrast: Some(ContrastParams::default()),
        ..FitParams::paper()
    };
    let model = Model::new(&config, 1, tch::Device::Cpu).unwrap();
    let fitted = fit(&[tomogram], model, &params, &mut |_| {
        ControlFlow::Continue(())
    })
    .unwrap();
    for term in [
        "loss",
        "localization",
        "consistency",
        "supervised",
        "unsupervised",
    ] {
        assert!(fitted.history[0].loss(term).unwrap().is_finite(), "{term}");
    }
}

#[test]
fn a_part_of_the_samples_is_seen_twice() {
    tch::set_num_threads(1);
    let (volume, truth) = scene(1, 14);
    let tomogram = annotated(&volume, &truth[..8]);
    let mut config = small_model().config().clone();
    config.network.projection = 8;
    let first_losses = |seen_twice| {
        let params = FitParams {
            steps_per_epoch: Some(1),
            contrast: Some(ContrastParams::default()),
            consistency: 1.0,
            seen_twice,
            ..quick()
        };
        let model = Model::new(&config, 1, tch::Device::Cpu).unwrap();
        let mut trainer = Trainer::new(std::slice::from_ref(&tomogram), model, &params).unwrap();
        let report = trainer.epoch().unwrap();
        ["localization", "consistency", "supervised", "unsupervised"]
            .map(|term| report.loss(term).unwrap())
    };
    // The loss of the heat map is of all samples all the same.
    let (all, half) = (first_losses(1.0), first_losses(0.5));
    assert_eq!(all[0], half[0]);
    for term in 1..4 {
        assert!(half[term] > 0.0 && half[term] != all[term], "{half:?}");
    }
}

#[test]
fn a_tomogram_of_another_spectrum_is_seen_like_those_learned_from() {
    let params = FitParams {
        epochs: 2,
        ..quick()
    };
    let model = train(&params, small_model()).model;
    assert!(model.spectrum().is_some());
    let (volume, _) = scene(2, 12);
    let data = volume.view().data().to_owned();
    let [depth, height, width] = volume.grid().shape;
    let blurred = Array3::from_shape_fn(data.raw_dim(), |(z, y, x)| {
        let beside = data[[(z + 1) % depth, y, x]]
            + data[[z, (y + 1) % height, x]]
            + data[[z, y, (x + 1) % width]];
        data[[z, y, x]] + 0.3 * beside
    });
    let blurred = Volume::new(blurred, *volume.grid()).unwrap();
    let seen = |volume: &Volume, matching| {
        let params = PredictParams {
            matching,
            ..PredictParams::default()
        };
        let heat = predict(&model, "scene", &volume.view(), &params, &()).unwrap();
        heat.classes[0].clone()
    };
    let wanted = seen(&volume, true);
    let difference = |matching| (seen(&blurred, matching) - &wanted).mapv(f32::abs).sum();
    let (matched, as_it_is) = (difference(true), difference(false));
    assert!(matched < 0.7 * as_it_is, "{matched} {as_it_is}");
}

#[test]
fn thresholds_and_kernels_are_as_asked() {
    let params = FitParams {
        epochs: 1,
        ..quick()
    };
    let model = train(&params, small_model()).model;
    let (volume, _) = scene(2, 12);
    let find = |threshold, kernel| {
        let params = LocalizeParams {
            threshold,
            kernel,
            ..LocalizeParams::default()
        };
        localize(&model, "scene", &volume.view(), &params, &())
            .unwrap()
            .set
    };
    let all = find(Threshold::Score(0.0), None);
    let some = find(Threshold::Score(0.2), None);
    assert!(some.items.iter().all(|item| item.score.unwrap() >= 0.2) && some.len() < all.len());
    // By default no two picks are closer than half a diameter, 4 voxels; the paper's rule knows only its cube.
    for (number, one) in all.items.iter().enumerate() {
        for other in &all.items[number + 1..] {
            assert!(one.position.distance_to(other.position) > 3.9);
        }
    }
    assert!(
        find(Threshold::Score(0.0), Some(3)).len() > find(Threshold::Score(0.0), Some(7)).len()
    );
}
