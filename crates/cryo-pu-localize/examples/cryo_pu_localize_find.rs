//! Half of the balls of a phantom are annotated; where are the others?
//!
//!     cargo run --release -p cryo-pu-localize --example cryo_pu_localize_find

use std::ops::ControlFlow;

use cryo_eval::{EvaluateParams, evaluate};
use cryo_fixtures::{Body, Noise, PhantomBuilder, PhantomParams};
use cryo_pu_localize::{
    AnnotatedTomogram, Annotation, ClassConfig, FitParams, LocalizeParams, Model, ModelConfig, fit,
    localize,
};

fn main() -> anyhow::Result<()> {
    let mut params = PhantomParams::new([32, 96, 104], 20.0);
    params.noise = Noise::SignalToNoise(0.5);
    let mut builder = PhantomBuilder::new(params)?;
    builder.scatter("ball", Body::Sphere { radius_vox: 5.0 }, 16)?;
    let phantom = builder.build(&())?;

    let annotation = |particle: &cryo_core::Particle| Annotation {
        position: particle.position,
        class: Some(0),
    };
    let tomogram = AnnotatedTomogram {
        name: phantom.truth.tomogram.clone(),
        volume: phantom.volume.view(),
        mask: None,
        annotations: phantom.truth.items[..8].iter().map(annotation).collect(),
    };
    let classes = vec![ClassConfig {
        name: "ball".into(),
        diameter_angstrom: 200.0,
    }];
    let model = Model::new(
        &ModelConfig::recommended(classes, 20.0),
        42,
        tch::Device::Cpu,
    )?;
    let short = FitParams {
        epochs: 4,
        steps_per_epoch: Some(20),
        ..FitParams::recommended()
    };
    let fitted = fit(&[tomogram], model, &short, &mut |report| {
        println!("epoch {}: loss {:.5}", report.epoch, report.losses[0].1);
        ControlFlow::Continue(())
    })?;
    let found = localize(
        &fitted.model,
        &phantom.truth.tomogram,
        &phantom.volume.view(),
        &LocalizeParams::default(),
        &(),
    )?;
    let scores = evaluate(&[phantom.truth], &[found.set], &EvaluateParams::new(100.0))?.pooled;
    println!(
        "{} picks, F1 {:.2}",
        scores.n_picks,
        scores.f1.unwrap_or(0.0)
    );
    Ok(())
}
