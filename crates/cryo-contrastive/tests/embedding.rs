//! An item's embedding depends on nothing but its view.

mod common;

use common::bars_and_disks;
use cryo_contrastive::{
    EmbedParams, Error, FitParams, Model, ModelConfig, Normalization, Trainer, Variants,
    ViewSource, embed, neighbourhood_agreement, pca,
};
use cryo_core::Progress;
use cryo_train::Precision;
use ndarray::{Array2, ArrayView4, Axis, s};
use tch::Device;

fn trained(views: ArrayView4<'_, f32>) -> Model {
    tch::set_num_threads(1);
    let model = Model::new(&ModelConfig::recommended(2, 24, 10), 5, Device::Cpu).unwrap();
    let params = FitParams {
        batch_size: 16,
        ..FitParams::recommended(1)
    };
    let mut trainer = Trainer::new(&views, model, &params).unwrap();
    trainer.epoch().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model");
    trainer.checkpoint().unwrap().save(&path).unwrap();
    Model::load(&path, Device::Cpu).unwrap()
}

fn largest_difference(a: &Array2<f32>, b: &Array2<f32>) -> f32 {
    assert_eq!(a.dim(), b.dim());
    (a - b)
        .iter()
        .fold(0.0, |largest: f32, value| largest.max(value.abs()))
}

#[test]
fn neither_list_nor_batch_matter() {
    let views = bars_and_disks(40, 0.5);
    let model = trained(views.view());
    let of = |views: ArrayView4<'_, f32>, batch_size, precision| {
        let params = EmbedParams {
            batch_size,
            precision,
            ..EmbedParams::default()
        };
        embed(&model, &views, &params, &()).unwrap().embedding
    };
    let all = of(views.view(), 256, Precision::F32);
    for batch in [1, 7] {
        let other = of(views.view(), batch, Precision::F32);
        assert!(largest_difference(&other, &all) < 1e-5);
    }
    let scale = all
        .iter()
        .fold(0.0_f32, |most, value| most.max(value.abs()));
    for precision in [Precision::F32, Precision::Bf16] {
        let all = of(views.view(), 64, precision);
        // Brighter company does not change an item.
        let part = of(views.slice(s![10..13, .., .., ..]), 64, precision);
        let same = all.slice(s![10..13, ..]).to_owned();
        assert!(
            largest_difference(&part, &same) < 1e-5 * scale,
            "{precision:?}"
        );
        let reversed = of(views.slice(s![..;-1, .., .., ..]), 64, precision);
        let reversed = reversed.slice(s![..;-1, ..]).to_owned();
        assert!(
            largest_difference(&reversed, &all) < 1e-5 * scale,
            "{precision:?}"
        );
    }
}

#[test]
fn half_precision_embeds_nearly_alike() {
    let views = bars_and_disks(40, 0.5);
    let model = trained(views.view());
    let [single, half] = [Precision::F32, Precision::Bf16].map(|precision| {
        let params = EmbedParams {
            precision,
            ..EmbedParams::default()
        };
        embed(&model, &views.view(), &params, &())
            .unwrap()
            .embedding
    });
    for (single, half) in single.rows().into_iter().zip(half.rows()) {
        let cosine = single.dot(&half) / (single.dot(&single) * half.dot(&half)).sqrt();
        assert!(cosine > 0.995, "{cosine}");
    }
}

#[test]
fn averaging_over_orientations_makes_turns_equal() {
    let views = bars_and_disks(8, 0.5);
    let model = trained(views.view());
    let mut turned = views.view();
    turned.swap_axes(2, 3);
    let turned = turned.slice(s![.., .., ..;-1, ..]);
    let difference = |orientations| {
        let params = EmbedParams {
            orientations,
            ..EmbedParams::default()
        };
        let [a, b] =
            [views.view(), turned].map(|views| embed(&model, &views, &params, &()).unwrap());
        largest_difference(&a.embedding, &b.embedding)
    };
    assert!(difference(1) > 1e-3);
    assert!(difference(4) < 1e-4 && difference(8) < 1e-4);
}

#[test]
fn wrong_views_are_told() {
    let views = bars_and_disks(16, 0.5);
    let model = trained(views.view());
    let embed = |views: ArrayView4<'_, f32>| embed(&model, &views, &EmbedParams::default(), &());
    let error = embed(views.slice(s![.., ..1, .., ..])).unwrap_err();
    assert_eq!(
        error.to_string(),
        "expected views of [2, 24, 24] (channels, y, x), got [1, 24, 24]; cut them with the settings of the run"
    );
    let mut broken = views.clone();
    broken[[11, 1, 3, 4]] = f32::NAN;
    assert!(matches!(
        embed(broken.view()),
        Err(Error::NonFinite { view: 11, .. })
    ));
    let error = Normalization::of(&broken.view()).unwrap_err();
    assert!(
        matches!(error, Error::NonFinite { view: 11, .. }),
        "{error}"
    );
    assert_eq!(
        embed(views.slice(s![..0, .., .., ..]))
            .unwrap()
            .embedding
            .dim(),
        (0, 128)
    );
}

#[test]
fn data_sets_too_small_or_constant_are_told() {
    let model = || Model::new(&ModelConfig::recommended(2, 24, 10), 5, Device::Cpu).unwrap();
    let params = FitParams::recommended(1);
    let few = bars_and_disks(7, 0.5);
    let error = Trainer::new(&few.view(), model(), &params).err().unwrap();
    assert!(
        matches!(
            error,
            Error::TooFew {
                expected: 8,
                got: 7
            }
        ),
        "{error}"
    );
    // Fewer than a batch of 256 make a smaller batch.
    let views = bars_and_disks(8, 0.5);
    let source = views.view();
    let mut trainer = Trainer::new(&source, model(), &params).unwrap();
    assert_eq!(trainer.epoch().unwrap().step, 1);

    let constant = ndarray::Array4::from_elem((12, 2, 24, 24), 3.0);
    let error = Trainer::new(&constant.view(), model(), &params)
        .err()
        .unwrap();
    assert!(matches!(error, Error::Constant { views: 12 }), "{error}");
    // Some constant crops among others are no harm.
    let mut some = bars_and_disks(12, 0.5);
    some.slice_mut(s![..6, .., .., ..]).fill(5.0);
    let source = some.view();
    let mut trainer = Trainer::new(&source, model(), &params).unwrap();
    assert!(trainer.epoch().unwrap().loss("loss").unwrap().is_finite());
}

#[test]
fn normalization_matches_closed_form() {
    let mut views = bars_and_disks(30, 0.5);
    views
        .index_axis_mut(Axis(1), 1)
        .mapv_inplace(|value| 1e4 + 2.0 * value);
    let normalization = Normalization::of(&views.view()).unwrap();
    for channel in 0..2 {
        let values: Vec<f64> = views
            .index_axis(Axis(1), channel)
            .iter()
            .map(|&value| f64::from(value))
            .collect();
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let std = (squares / (values.len() - 1) as f64).sqrt();
        assert!((f64::from(normalization.mean[channel]) - mean).abs() < 1e-6 * mean);
        assert!((f64::from(normalization.std[channel]) - std).abs() < 1e-5 * std);
    }
}

#[test]
fn embedding_can_be_cancelled() {
    struct Stop;
    impl Progress for Stop {
        fn is_cancelled(&self) -> bool {
            true
        }
    }
    let views = bars_and_disks(16, 0.5);
    let model = trained(views.view());
    let error = embed(&model, &views.view(), &EmbedParams::default(), &Stop).unwrap_err();
    assert!(matches!(error, Error::Cancelled));
}

#[test]
fn checkpoints_of_others_are_refused() {
    let views = bars_and_disks(16, 0.5);
    let model = trained(views.view());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model");
    let mut checkpoint = model.to_checkpoint().unwrap();
    checkpoint.manifest.config["model"]["encoder"]["width"] = 16.into();
    checkpoint.save(&path).unwrap();
    let error = Model::load(&path, Device::Cpu).err().unwrap().to_string();
    assert!(
        error.contains("layer1.conv.weight: expected [16, 1, 3, 3], got [32, 1, 3, 3]"),
        "{error}"
    );

    checkpoint.manifest.crate_name = "cryo-pu-localize".into();
    checkpoint.save(&path).unwrap();
    let error = Model::load(&path, Device::Cpu).err().unwrap().to_string();
    assert!(
        error.contains(
            "expected an exploration model of cryo-contrastive, got one of cryo-pu-localize"
        ),
        "{error}"
    );

    let file = path.join("model.safetensors");
    let bytes = std::fs::read(&file).unwrap();
    std::fs::write(&file, &bytes[..bytes.len() - 100]).unwrap();
    let error = Model::load(&path, Device::Cpu).err().unwrap().to_string();
    assert!(error.contains("cut off or damaged"), "{error}");
}

#[test]
fn variants_are_those_of_all_sources() {
    let (a, b) = (bars_and_disks(5, 0.5), bars_and_disks(5, 0.1));
    let [view_a, view_b] = [a.view(), b.view()];
    let variants = Variants::new(vec![&view_a, &view_b]).unwrap();
    assert_eq!(ViewSource::shape(&variants).variants, 2);
    let mut out = vec![0.0; 2 * 2 * 24 * 24];
    let index = |item, variant| cryo_contrastive::ViewIndex { item, variant };
    variants
        .fill(&[index(3, 1), index(2, 0)], &mut out)
        .unwrap();
    assert_eq!(out[..1152], *b.index_axis(Axis(0), 3).as_slice().unwrap());
    assert_eq!(out[1152..], *a.index_axis(Axis(0), 2).as_slice().unwrap());
    let short = a.slice(s![..4, .., .., ..]);
    assert!(Variants::new(vec![&view_a, &short]).is_err());
    assert!(Variants::new(Vec::new()).is_err());
}

#[test]
fn principal_components_match_closed_form() {
    // Points on a line in 3 dimensions, off the origin, more points than dimensions and the other way round.
    for d in [3, 50] {
        let points = Array2::from_shape_fn((11, d), |(i, j)| {
            7.0 + (i as f32 - 5.0) * if j == 1 { 3.0 } else { 0.0 }
        });
        let scores = pca(points.view(), 2).unwrap();
        let sign = scores[[10, 0]].signum();
        for i in 0..11 {
            assert!(
                (scores[[i, 0]] * sign - 3.0 * (i as f32 - 5.0)).abs() < 1e-4,
                "{d} {i}"
            );
            assert!(scores[[i, 1]].abs() < 1e-3, "{d} {i}: {}", scores[[i, 1]]);
        }
    }
    assert!(pca(Array2::zeros((1, 3)).view(), 1).is_err());
}

#[test]
fn agreement_of_unrelated_points_is_chance() {
    let points = |seed: u64| {
        use rand::Rng;
        let mut rng = cryo_train::stream_rng(seed, "points", 0);
        Array2::from_shape_fn((300, 8), |_| rng.random_range(-1.0..1.0_f32))
    };
    let (a, b) = (points(1), points(2));
    assert_eq!(
        neighbourhood_agreement(a.view(), a.view(), 10).unwrap(),
        1.0
    );
    let agreement = neighbourhood_agreement(a.view(), b.view(), 10).unwrap();
    assert!((agreement - 10.0 / 299.0).abs() < 0.01, "{agreement}");
    assert!(neighbourhood_agreement(a.view(), b.view(), 300).is_err());
}

#[test]
fn what_is_embedded_all_alike_has_no_neighbourhoods() {
    for value in [0.0, 0.7] {
        let collapsed = Array2::from_elem((300, 8), value);
        let agreement = neighbourhood_agreement(collapsed.view(), collapsed.view(), 10).unwrap();
        assert!(agreement <= 10.0 / 299.0, "{value}: {agreement}");
    }
}
