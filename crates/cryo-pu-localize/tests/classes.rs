//! Two kinds that look alike in one network.

mod common;

use std::ops::ControlFlow;

use common::{enlarged, quick, scene, small_config};
use cryo_core::VoxelPos;
use cryo_pu_localize::{
    AnnotatedTomogram, Annotation, ClassConfig, FitParams, LocalizeParams, Model, NetworkConfig,
    Reading, fit, localize,
};

#[test]
fn a_place_is_of_one_kind_and_thresholds_know_it() {
    tch::set_num_threads(1);
    let (volume, balls) = scene(1, 14);
    let (volume, [balls, larger]) = enlarged(volume, balls, 7);
    let of = |places: &[VoxelPos], class| -> Vec<Annotation> {
        let annotation = |&position: &VoxelPos| Annotation {
            position,
            class: Some(class),
        };
        places[..6].iter().map(annotation).collect()
    };
    let tomogram = AnnotatedTomogram {
        name: "scene".into(),
        volume: volume.view(),
        mask: None,
        annotations: [of(&balls, 0), of(&larger, 1)].concat(),
    };
    let mut config = small_config();
    config.classes.push(ClassConfig {
        name: "larger".into(),
        diameter_angstrom: 220.0,
    });
    config.network = NetworkConfig {
        classes: 2,
        ..config.network
    };
    let model = Model::new(&config, 1, tch::Device::Cpu).unwrap();
    let params = FitParams {
        likeness: false,
        steps_per_epoch: Some(90),
        ..quick()
    };
    let fit = fit(&[tomogram], model, &params, &mut |_| {
        ControlFlow::Continue(())
    });
    let model = fit.unwrap().model;
    let found = localize(
        &model,
        "scene",
        &volume.view(),
        &LocalizeParams::default(),
        &(),
    );
    let found = found.unwrap().set;
    let of = |class| (found.items.iter()).filter(move |item| item.class == Some(class));
    for one in of(1) {
        // Less than half of the smaller one's radius.
        let claims = of(2).filter(|other| one.position.distance_to(other.position) < 2.0);
        assert_eq!(claims.count(), 0, "two classes at {:?}", one.position);
    }
    for (class, (own, others)) in [(&balls, &larger), (&larger, &balls)].iter().enumerate() {
        let calibration = &model.calibration().unwrap()[class];
        let [rival] = calibration.rivals[..] else {
            panic!("{class}: {calibration:?}");
        };
        assert!(
            rival[0] < calibration.particles[0],
            "{class}: {calibration:?}"
        );
        let near = |places: &[VoxelPos]| {
            let hit = |place: &&VoxelPos| {
                let picks =
                    (found.items.iter()).filter(|item| item.class == Some(class as u32 + 1));
                picks
                    .map(|item| item.position.distance_to(**place))
                    .any(|distance| distance <= 4.0)
            };
            places.iter().filter(hit).count()
        };
        // What is expected knows that places are left to the other class.
        let picks = of(class as u32 + 1).count() as f64;
        let nearest = |reading: &&Reading| (reading.threshold - calibration.threshold).abs();
        let reading = (calibration.readings.iter())
            .min_by(|a, b| nearest(a).total_cmp(&nearest(b)))
            .unwrap();
        assert!(
            (reading.precision - near(own) as f64 / picks).abs() < 0.15
                && (reading.picks as f64 - picks).abs() < 2.0,
            "{class}: {picks} picks, {calibration:?}"
        );
        // So few steps do not tell the network what is too small.
        let most = [1, others.len()][class];
        assert!(
            near(own) >= 6 && near(others) <= most,
            "{class}: {} and {}, {calibration:?}",
            near(own),
            near(others)
        );
    }
}
