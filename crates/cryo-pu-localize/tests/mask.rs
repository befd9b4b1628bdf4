//! Nothing outside a mask is learned from or found.

mod common;

use std::ops::ControlFlow;

use common::{annotated, quick, scene, small_model};
use cryo_core::Volume;
use cryo_pu_localize::{
    Error, Expected, LocalizeParams, Objective, PredictParams, TargetLabel, Threshold, fit,
    particles, predict, predict_within,
};
use ndarray::{Array3, s};
use tch::{Kind, Tensor};

#[test]
fn voxels_outside_have_no_gradient_and_do_not_count() {
    let inside = [1.0_f32, 0.5, -1.0, -1.0, 0.0];
    let logits = [0.3_f32, -0.2, 0.1, -1.0, 0.4];
    for objective in [
        Objective::SoftFocal,
        Objective::PuFocal,
        Objective::GeneralizedExpectation { weight: 1.0 },
        Objective::PositiveNegative,
    ] {
        let loss = |outside: &[f32]| {
            let all = [&logits[..], outside].concat();
            let count = all.len() as i64;
            let target = [&inside[..], &vec![-2.0; outside.len()]].concat();
            let shape = [1, 1, 1, 1, count];
            let logits = Tensor::from_slice(&all).view(shape).set_requires_grad(true);
            let expected = [Expected {
                prior: 0.05,
                mass: None,
            }];
            let target = Tensor::from_slice(&target).view(shape);
            let loss = objective.loss(&logits, &target, &expected).unwrap();
            loss.backward();
            let outside = logits.grad().narrow(-1, 5, count - 5);
            let steepest = outside.abs().sum(Kind::Float).double_value(&[]);
            (loss.double_value(&[]), steepest)
        };
        let (alone, _) = loss(&[]);
        let (with, steepest) = loss(&[3.0, -3.0, 0.0]);
        assert!((alone - with).abs() < 1e-6, "{objective:?}: {alone} {with}");
        assert!(steepest < 1e-9, "{objective:?}: {steepest}");
    }
    assert_eq!(TargetLabel::of(-2.0), TargetLabel::Ignored);
}

#[test]
fn a_tomogram_that_is_mostly_padding_is_learned_and_searched_inside_its_mask() {
    tch::set_num_threads(1);
    let (small, truth) = scene(1, 14);
    // Five times as wide, with a constant beside.
    let [depth, height, width] = small.grid().shape;
    let mut data = Array3::from_elem((depth, height, 5 * width), 7.0);
    data.slice_mut(s![.., .., ..width]).assign(small.data());
    let mut grid = *small.grid();
    grid.shape[2] *= 5;
    let volume = Volume::new(data, grid).unwrap();
    let mask = Array3::from_shape_fn(grid.shape, |(_, _, x)| x < width);

    let model = small_model();
    let params = PredictParams::default();
    let whole = predict(&model, "scene", &volume.view(), &params, &());
    assert!(matches!(whole, Err(Error::Constant { .. })));

    let mut tomogram = annotated(&volume, &truth[..8]);
    tomogram.mask = Some(mask.view());
    let fitted = fit(&[tomogram], model, &quick(), &mut |_| {
        ControlFlow::Continue(())
    })
    .unwrap();
    let view = volume.view();
    let heat = predict_within(
        &fitted.model,
        "scene",
        &view,
        Some(mask.view()),
        &params,
        &(),
    )
    .unwrap();
    let map = &heat.classes[0];
    assert_eq!(map.shape()[2], 5 * width);
    assert!(map.slice(s![.., .., width..]).iter().all(|p| *p == 0.0));
    assert!(map.slice(s![.., .., ..width]).iter().all(|p| *p > 0.0));

    let params = LocalizeParams {
        threshold: Threshold::Auto,
        ..LocalizeParams::default()
    };
    let found = particles(&fitted.model, "scene", &heat, &view, &params)
        .unwrap()
        .set;
    let hit = |place: &&cryo_core::VoxelPos| {
        (found.items.iter()).any(|item| item.position.distance_to(**place) <= 4.0)
    };
    let hits = truth.iter().filter(hit).count();
    assert!(
        hits >= 13 && found.len() <= 16,
        "{hits} of 14 by {} picks",
        found.len()
    );
}
