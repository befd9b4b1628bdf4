//! Learning on small phantoms: it gains, it resumes, it repeats, it warns.

mod common;

use std::ops::ControlFlow;

use common::bars_and_disks;
use cryo_contrastive::{
    AugmentParams, CollapseMonitor, EmbedParams, Embedding, Encoder, FitParams, HeadsConfig, Model,
    ModelConfig, Objective, Trainer, VicRegParams, YardstickParams, embed, fit, pca, yardstick,
};
use ndarray::{Array2, ArrayView4};
use tch::{Device, Tensor};

fn small() -> ModelConfig {
    let mut config = ModelConfig::recommended(2, 24, 10);
    config.encoder = Encoder::Compact { width: 8 };
    config.heads = HeadsConfig::Projector {
        hidden: 32,
        output: 16,
    };
    config
}

fn params(epochs: u64) -> FitParams {
    FitParams {
        batch_size: 32,
        ..FitParams::recommended(epochs)
    }
}

/// Part of the items whose nearest other (by cosine) is of the same kind.
fn accuracy(points: &Array2<f32>) -> f64 {
    let unit = |row: usize| {
        let row = points.row(row).to_owned();
        let length = row.dot(&row).sqrt();
        row / length
    };
    let n = points.nrows();
    let right = (0..n)
        .filter(|&i| {
            let nearest = (0..n)
                .filter(|&j| j != i)
                .max_by(|&a, &b| unit(i).dot(&unit(a)).total_cmp(&unit(i).dot(&unit(b))));
            nearest.unwrap() % 2 == i % 2
        })
        .count();
    right as f64 / n as f64
}

fn embedded(model: &Model, views: ArrayView4<'_, f32>) -> Embedding {
    embed(model, &views, &EmbedParams::default(), &()).unwrap()
}

fn untrained() -> Model {
    Model::new(&small(), 3, Device::Cpu).unwrap()
}

#[test]
fn learning_tells_bars_from_disks() {
    tch::set_num_threads(1);
    let views = bars_and_disks(96, 0.6);
    let mut params = params(40);
    params
        .augment
        .iter_mut()
        .for_each(|changes| changes.noise = 0.3);
    let mut losses = Vec::new();
    let fitted = fit(&views.view(), untrained(), &params, &mut |report| {
        assert!(report.warnings.is_empty(), "{:?}", report.warnings);
        assert!(report.items_per_second > 0.0);
        losses.push(report.loss("loss").unwrap());
        ControlFlow::Continue(())
    })
    .unwrap();
    assert_eq!(losses.len(), 40);
    let (first, last) = (losses[0], losses[39]);
    assert!(last < 0.9 * first, "{first} → {last}");
    let after = accuracy(&embedded(&fitted.model, views.view()).embedding);
    assert!(after > 0.9, "{after}");

    let score = yardstick(
        &fitted.model,
        &views.view(),
        &AugmentParams {
            noise: 0.3,
            ..AugmentParams::default()
        },
        &YardstickParams {
            neighbours: 40,
            ..YardstickParams::default()
        },
    )
    .unwrap();
    assert!(
        score.gained() && score.learned > score.pca.max(score.chance) + 0.03,
        "{score:?}"
    );
    assert_eq!(score.items, 96);
}

#[test]
fn every_objective_and_the_paper_network_learn() {
    tch::set_num_threads(1);
    let views = bars_and_disks(32, 0.3);
    let one_channel = views.slice(ndarray::s![.., ..1, .., ..]);
    let paper = ModelConfig::paper_3d(24);
    let sim_siam = FitParams {
        objective: Objective::SimSiam,
        optimizer: cryo_train::OptimizerParams::Sgd(cryo_train::SgdParams::default()),
        schedule: cryo_train::Schedule::constant(0.05),
        batch_size: 16,
        ..params(2)
    };
    let model = Model::new(&paper, 3, Device::Cpu).unwrap();
    let fitted = fit(&one_channel, model, &sim_siam, &mut |_| {
        ControlFlow::Continue(())
    })
    .unwrap();
    let losses: Vec<f64> = fitted
        .history
        .iter()
        .map(|r| r.loss("loss").unwrap())
        .collect();
    assert!(losses[1] < losses[0], "{losses:?}");

    for objective in [
        Objective::VicReg(VicRegParams::default()),
        Objective::Barlow(cryo_contrastive::BarlowParams::default()),
    ] {
        let params = FitParams {
            objective,
            batch_size: 16,
            ..params(8)
        };
        let fitted = fit(&views.view(), untrained(), &params, &mut |_| {
            ControlFlow::Continue(())
        })
        .unwrap();
        let losses: Vec<f64> = fitted
            .history
            .iter()
            .map(|r| r.loss("loss").unwrap())
            .collect();
        assert!(losses[7] < losses[0], "{losses:?}");
        assert_eq!(fitted.history[0].losses.last().unwrap().0, "output_std");
    }
}

#[test]
fn two_and_two_epochs_are_four() {
    tch::set_num_threads(1);
    let views = bars_and_disks(40, 0.5);
    let source = views.view();
    let mut straight = Trainer::new(&source, untrained(), &params(4)).unwrap();
    while !straight.is_done() {
        straight.epoch().unwrap();
    }

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("half");
    let mut half = Trainer::new(&source, untrained(), &params(4)).unwrap();
    half.epoch().unwrap();
    half.epoch().unwrap();
    half.checkpoint().unwrap().save(&path).unwrap();
    let mut resumed = Trainer::resume(&source, &path, Device::Cpu).unwrap();
    assert_eq!(resumed.history().len(), 2);
    while !resumed.is_done() {
        resumed.epoch().unwrap();
    }
    for ((name, a), (_, b)) in straight
        .model()
        .tensors()
        .iter()
        .zip(resumed.model().tensors())
    {
        assert!(a.equal(b), "{name}");
    }
    let losses = |trainer: &Trainer<'_>| -> Vec<_> {
        trainer
            .history()
            .iter()
            .map(|report| report.losses.clone())
            .collect()
    };
    assert_eq!(losses(&straight), losses(&resumed));

    // And the model of a checkpoint embeds as the one that wrote it.
    resumed.checkpoint().unwrap().save(&path).unwrap();
    let loaded = Model::load(&path, Device::Cpu).unwrap();
    assert_eq!(embedded(&loaded, source), embedded(resumed.model(), source));
}

#[test]
fn a_whitened_embedding_has_no_mean_and_is_rounder_and_does_not_depend_on_the_list() {
    tch::set_num_threads(1);
    let views = bars_and_disks(60, 0.5);
    let source = views.view();
    let params_of_embedding = EmbedParams {
        orientations: 8,
        ..EmbedParams::default()
    };
    let run = |whitened: bool| {
        let config = ModelConfig {
            whitened,
            ..small()
        };
        let model = Model::new(&config, 3, Device::Cpu).unwrap();
        let fitted = fit(&source, model, &params(3), &mut |_| {
            ControlFlow::Continue(())
        });
        let model = fitted.unwrap().model;
        let all = embed(&model, &source, &params_of_embedding, &()).unwrap();
        (model, all)
    };
    let ((_, raw), (model, white)) = (run(false), run(true));
    assert_eq!(raw.projection, white.projection);

    // Mean length of the mean, total variance, and the part of it that lies along one direction.
    let facts = |points: &Array2<f32>| {
        let points = points.mapv(f64::from);
        let mean = points.mean_axis(ndarray::Axis(0)).unwrap();
        let centred = &points - &mean;
        let covariance = centred.t().dot(&centred) / points.nrows() as f64;
        let total = covariance.diag().sum();
        // Of the squares of the eigenvalues.
        let concentration = covariance.iter().map(|value| value * value).sum::<f64>();
        (mean.dot(&mean) / total, total, concentration.sqrt() / total)
    };
    let embeddings = [raw.embedding, white.embedding];
    let [raw, white] = [0, 1].map(|number| facts(&embeddings[number]));
    assert!(raw.0 > 0.5 && white.0 < 1e-6, "{raw:?} {white:?}");
    assert!((raw.1 / white.1 - 1.0).abs() < 1e-3, "{raw:?} {white:?}");
    assert!(white.2 < 0.95 * raw.2, "{raw:?} {white:?}");

    // Deviations along the first directions are those before to the power of ¾, times a constant.
    let deviations = |points: &Array2<f32>| {
        let scores = pca(points.view(), 4).unwrap().mapv(f64::from);
        scores.var_axis(ndarray::Axis(0), 0.0).mapv(f64::sqrt)
    };
    let (before, after) = (deviations(&embeddings[0]), deviations(&embeddings[1]));
    for direction in 1..4 {
        let part = before[direction] / before[0];
        assert!(part > 0.1, "below the floor: {before}");
        let power = (after[direction] / after[0]).ln() / part.ln();
        assert!((power - 0.75).abs() < 0.01, "{power}: {before} {after}");
    }

    let few = views.slice(ndarray::s![..7, .., .., ..]);
    let some = embed(&model, &few, &params_of_embedding, &()).unwrap();
    let all = embed(&model, &source, &params_of_embedding, &()).unwrap();
    let differences = &some.embedding - &all.embedding.slice(ndarray::s![..7, ..]);
    assert!(differences.iter().all(|value| value.abs() < 1e-4));
}

#[test]
fn other_seeds_give_other_networks() {
    tch::set_num_threads(1);
    let views = bars_and_disks(24, 0.5);
    let run = |seed: u64| {
        let params = FitParams { seed, ..params(1) };
        let model = Model::new(&small(), seed, Device::Cpu).unwrap();
        let fitted = fit(&views.view(), model, &params, &mut |_| {
            ControlFlow::Continue(())
        })
        .unwrap();
        embedded(&fitted.model, views.view()).embedding
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}

#[test]
fn breaking_returns_the_network_so_far() {
    let views = bars_and_disks(16, 0.5);
    let fitted = fit(&views.view(), untrained(), &params(50), &mut |report| {
        if report.epoch == 2 {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    })
    .unwrap();
    assert_eq!(fitted.history.len(), 2);
}

#[test]
fn monitor_trips_on_a_collapse() {
    tch::set_num_threads(1);
    let views = bars_and_disks(32, 0.5);
    let one_channel = views.slice(ndarray::s![.., ..1, .., ..]);
    let model = Model::new(&ModelConfig::paper_3d(24), 3, Device::Cpu).unwrap();
    // A projector that sees nothing.
    let (_, weight) = model
        .tensors()
        .iter()
        .find(|(name, _)| name == "projector.6.weight")
        .unwrap();
    tch::no_grad(|| weight.shallow_clone().copy_(&Tensor::from(0.0_f32)));
    let params = FitParams {
        objective: Objective::SimSiam,
        optimizer: cryo_train::OptimizerParams::Sgd(cryo_train::SgdParams::default()),
        schedule: cryo_train::Schedule::constant(1e-6),
        ..params(1)
    };
    let fitted = fit(&one_channel, model, &params, &mut |_| {
        ControlFlow::Continue(())
    })
    .unwrap();
    let warnings = &fitted.history[0].warnings;
    assert!(
        warnings[0].contains("collapse") && warnings[0].contains("nt_xent"),
        "{warnings:?}"
    );

    let monitor = CollapseMonitor::new(128, true);
    assert!((monitor.healthy() - 0.0884).abs() < 1e-4);
    assert!(monitor.warning(0.07).is_none() && monitor.warning(0.0024).is_some());
}
