//! Learns a line, stops halfway, goes on from the checkpoint.
//!
//!     cargo run -p cryo-train --example cryo_train_resume

use std::path::Path;

use cryo_train::{
    Checkpoint, Error, LoadMode, Manifest, NamedTensors, Optimizer, OptimizerParams, SCHEMA,
    Schedule, SgdParams, assign,
};
use serde_json::Value;
use tch::{Kind, Tensor};

fn main() -> Result<(), Error> {
    let line = [("slope", 0.0_f32), ("offset", 0.0)].map(|(name, start)| {
        (
            name.to_owned(),
            Tensor::from_slice(&[start]).set_requires_grad(true),
        )
    });
    let shared = || {
        line.iter()
            .map(|(name, tensor)| (name.clone(), tensor.shallow_clone()))
    };
    let momentum = SgdParams {
        momentum: 0.9,
        ..SgdParams::default()
    };
    let params = OptimizerParams::Sgd(momentum);
    let schedule = Schedule::cosine(0.05, 100.0, 0.0);
    let (x, y) = (
        Tensor::from_slice(&[0.0_f32, 1.0, 2.0]),
        Tensor::from_slice(&[1.0_f32, 3.0, 5.0]),
    );
    let train = |optimizer: &mut Optimizer, steps: std::ops::Range<u64>| -> Result<(), Error> {
        for step in steps {
            let loss = (&x * &line[0].1 + &line[1].1 - &y)
                .square()
                .mean(Kind::Float);
            optimizer.backward(&loss)?;
            optimizer.step(schedule.at(step as f64))?;
        }
        Ok(())
    };

    let mut optimizer = Optimizer::new(params.clone(), shared())?;
    train(&mut optimizer, 0..50)?;
    let manifest = Manifest {
        schema: SCHEMA,
        crate_name: "example".into(),
        crate_version: "1".into(),
        config: Value::Null,
        params: Value::Null,
        seed: 0,
        epoch: 50,
        step: 50,
        history: Vec::new(),
    };
    let model: NamedTensors = shared()
        .map(|(name, tensor)| (name, tensor.detach()))
        .collect();
    let folder = std::env::temp_dir().join(format!("cryo-train-resume-{}", std::process::id()));
    Checkpoint {
        model,
        optimizer: optimizer.state(),
        manifest,
    }
    .save(&folder)?;

    let saved = Checkpoint::load(Path::new(&folder))?;
    assign(&line, &saved.model, &LoadMode::Strict).expect("the same two tensors");
    let mut optimizer = Optimizer::new(params, shared())?;
    optimizer
        .load_state(&saved.optimizer)
        .expect("the same optimizer");
    train(&mut optimizer, 50..100)?;
    let [slope, offset] = [0, 1].map(|index: usize| line[index].1.double_value(&[0]));
    println!("y = {slope:.3} x + {offset:.3}, after 50 + 50 steps");
    let _ = std::fs::remove_dir_all(&folder);
    Ok(())
}
