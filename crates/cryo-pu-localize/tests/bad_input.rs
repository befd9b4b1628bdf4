//! What is wrong with annotations and parameters is said.

mod common;

use std::ops::ControlFlow;

use common::{annotated, quick, scene, small_model};
use cryo_core::VoxelPos;
use cryo_pu_localize::{AnnotatedTomogram, Error, FitParams, Prior, Trainer, fit};

fn refused(tomogram: AnnotatedTomogram<'_>, params: &FitParams) -> Error {
    match fit(&[tomogram], small_model(), params, &mut |_| {
        ControlFlow::Continue(())
    }) {
        Err(error) => error,
        Ok(_) => panic!("accepted"),
    }
}

#[test]
fn coordinates_outside_say_what_would_lie_inside() {
    let (volume, truth) = scene(1, 10);
    let moved = |change: fn(VoxelPos) -> VoxelPos| {
        let places: Vec<VoxelPos> = truth.iter().map(|&place| change(place)).collect();
        refused(annotated(&volume, &places), &quick()).to_string()
    };
    let angstrom = moved(|p| VoxelPos::zyx(p.z * 20.0, p.y * 20.0, p.x * 20.0));
    assert!(
        angstrom.contains("all lie inside if the numbers are ångström"),
        "{angstrom}"
    );
    let order = moved(|p| VoxelPos::xyz(p.x, p.z, p.y));
    assert!(
        order.contains("all lie inside if the columns are x, z, y"),
        "{order}"
    );
    let lost = moved(|p| VoxelPos::zyx(p.z + 1e5, p.y, p.x));
    assert!(lost.contains("are they of this tomogram"), "{lost}");
    assert!(
        lost.starts_with("scene: annotation 1 is at voxel x"),
        "{lost}"
    );
}

#[test]
fn positions_in_another_order_that_still_lie_inside_are_noticed() {
    let (volume, truth) = scene(1, 14);
    let warnings = |places: &[VoxelPos]| {
        let tomogram = annotated(&volume, places);
        let trainer = Trainer::new(&[tomogram], small_model(), &quick()).unwrap();
        trainer.warnings().join(" ")
    };
    assert_eq!(warnings(&truth), "");
    // x and y exchanged, of those that stay inside.
    let swapped: Vec<VoxelPos> = (truth.iter())
        .filter(|place| place.x < 71.0)
        .map(|place| VoxelPos::xyz(place.y, place.x, place.z))
        .collect();
    assert!(swapped.len() > 7);
    let said = warnings(&swapped);
    assert!(
        said.contains("positions of ball lie on density")
            && said.contains("if the columns are y, x, z"),
        "{said}"
    );
}

#[test]
fn one_annotation_or_none_is_too_few() {
    let (volume, truth) = scene(1, 10);
    for count in [0, 1] {
        let error = refused(annotated(&volume, &truth[..count]), &quick());
        assert!(
            matches!(error, Error::TooFew { expected: 2, got, .. } if got == count),
            "{error}"
        );
    }
}

#[test]
fn a_class_that_the_model_does_not_have_is_refused() {
    let (volume, truth) = scene(1, 10);
    let mut tomogram = annotated(&volume, &truth);
    tomogram.annotations[3].class = Some(1);
    assert!(
        refused(tomogram, &quick())
            .to_string()
            .contains("classes below 1")
    );
}

#[test]
fn a_sample_larger_than_the_tomogram_is_refused() {
    let (volume, truth) = scene(1, 10);
    let params = FitParams {
        sample: [21, 32, 32],
        ..quick()
    };
    let error = refused(annotated(&volume, &truth), &params).to_string();
    assert!(
        error.contains("smaller than a sample of [21, 32, 32]"),
        "{error}"
    );
}

#[test]
fn nan_is_refused_with_its_place() {
    let (volume, truth) = scene(1, 10);
    let volume = volume.map_data(|mut data| {
        data[[1, 2, 3]] = f32::NAN;
        data
    });
    let volume = volume.unwrap();
    let error = refused(annotated(&volume, &truth), &quick()).to_string();
    assert_eq!(
        error,
        "scene: expected finite values, voxel x 3, y 2, z 1 is NaN"
    );
}

#[test]
fn parameters_out_of_range_name_themselves() {
    let (volume, truth) = scene(1, 10);
    let check = |change: &dyn Fn(&mut FitParams), field: &str| {
        let mut params = quick();
        change(&mut params);
        let error = refused(annotated(&volume, &truth), &params).to_string();
        assert!(error.starts_with(&format!("`{field}`")), "{error}");
    };
    check(&|p| p.epochs = 0, "epochs");
    check(&|p| p.batch_size = 0, "batch_size");
    check(&|p| p.sample = [4, 32, 32], "sample");
    check(&|p| p.sample = [5, 30, 32], "sample");
    check(&|p| p.near = 1.5, "near");
    check(&|p| p.prior = Prior::Given(0.0), "prior");
    check(&|p| p.augment.noise = f32::NAN, "noise");
    check(&|p| p.splat.sigma_per_diameter = 0.0, "sigma_per_diameter");
    check(&|p| p.held_out = 0.9, "held_out");
    check(&|p| p.contrast = Some(Default::default()), "projection");
}
