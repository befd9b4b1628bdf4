//! Optimizers, clipping and schedules against PyTorch (fixtures/reference/train.py).

use std::{fs, path::Path};

use cryo_fixtures::golden;
use cryo_train::{
    AdamParams, Decay, LarsParams, NamedTensors, Optimizer, OptimizerParams, Schedule, SgdParams,
};
use tch::{Kind, Tensor};

/// f32 sums in another order.
const TOLERANCE: f64 = 1e-5;
const NAMES: [&str; 2] = ["matrix", "vector"];

fn data() -> NamedTensors {
    let path = golden("train/optimizers.safetensors");
    NamedTensors::from_bytes(&fs::read(&path).unwrap(), Path::new("golden")).unwrap()
}

fn parameters(data: &NamedTensors) -> Vec<(String, Tensor)> {
    let start = |name: &str| data.get(&format!("start.{name}")).unwrap().copy();
    NAMES
        .iter()
        .map(|name| ((*name).to_owned(), start(name).set_requires_grad(true)))
        .collect()
}

fn set_gradients(parameters: &[(String, Tensor)], data: &NamedTensors, step: i64) {
    // The gradient of Σ parameter · gradient is the gradient.
    let mut loss = Tensor::from(0.0_f32);
    for (name, parameter) in parameters {
        let gradient = data.get(&format!("gradient.{name}")).unwrap().get(step);
        loss += (parameter * gradient).sum(Kind::Float);
    }
    loss.backward();
}

fn difference(a: &Tensor, b: &Tensor) -> f64 {
    assert_eq!(a.size(), b.size());
    (a - b).abs().max().double_value(&[])
}

fn rates(data: &NamedTensors) -> Vec<f64> {
    Vec::try_from(data.get("rates").unwrap()).unwrap()
}

fn sgd(momentum: f64, weight_decay: f64) -> SgdParams {
    SgdParams {
        momentum,
        weight_decay,
        ..SgdParams::default()
    }
}

fn cases() -> Vec<(&'static str, OptimizerParams)> {
    let lars = LarsParams {
        trust: 0.02,
        epsilon: 1e-8,
    };
    vec![
        ("sgd", OptimizerParams::Sgd(SgdParams::default())),
        ("sgd_decay", OptimizerParams::Sgd(sgd(0.0, 0.01))),
        ("momentum", OptimizerParams::Sgd(sgd(0.9, 0.01))),
        (
            "nesterov",
            OptimizerParams::Sgd(SgdParams {
                nesterov: true,
                ..sgd(0.9, 0.01)
            }),
        ),
        (
            "lars",
            OptimizerParams::Sgd(SgdParams {
                lars: Some(lars),
                exempt_vectors: true,
                ..sgd(0.9, 0.01)
            }),
        ),
        ("adam", OptimizerParams::Adam(AdamParams::default())),
        (
            "adam_decay",
            OptimizerParams::Adam(AdamParams {
                beta1: 0.8,
                beta2: 0.99,
                weight_decay: 0.01,
                ..AdamParams::default()
            }),
        ),
        (
            "adamw",
            OptimizerParams::Adam(AdamParams {
                weight_decay: 0.05,
                decoupled: true,
                ..AdamParams::default()
            }),
        ),
    ]
}

#[test]
fn ten_steps_match_torch() {
    let data = data();
    for (case, params) in cases() {
        let parameters = parameters(&data);
        let shared = parameters
            .iter()
            .map(|(n, t)| (n.clone(), t.shallow_clone()));
        let mut optimizer = Optimizer::new(params, shared).unwrap();
        for (step, rate) in rates(&data).into_iter().enumerate() {
            optimizer.zero_gradients();
            set_gradients(&parameters, &data, step as i64);
            optimizer.step(rate).unwrap();
        }
        for (name, parameter) in &parameters {
            let wanted = data.get(&format!("{case}.{name}")).unwrap();
            let difference = difference(&parameter.detach(), wanted);
            assert!(difference < TOLERANCE, "{case} {name}: {difference:e}");
        }
    }
}

#[test]
fn saved_state_goes_on_as_if_nothing_had_happened() {
    let data = data();
    for (case, params) in cases() {
        let mut parameters = parameters(&data);
        let mut shared: Vec<_> = parameters
            .iter()
            .map(|(n, t)| (n.clone(), t.shallow_clone()))
            .collect();
        let mut optimizer = Optimizer::new(params.clone(), shared).unwrap();
        for (step, rate) in rates(&data).into_iter().enumerate() {
            if step == 4 {
                let state = optimizer.state();
                let bytes = state.to_bytes(Path::new("state")).unwrap();
                let state = NamedTensors::from_bytes(&bytes, Path::new("state")).unwrap();
                for (_, tensor) in &mut parameters {
                    *tensor = tensor.detach().copy().set_requires_grad(true);
                }
                shared = parameters
                    .iter()
                    .map(|(n, t)| (n.clone(), t.shallow_clone()))
                    .collect();
                optimizer = Optimizer::new(params.clone(), shared).unwrap();
                optimizer.load_state(&state).unwrap();
            }
            optimizer.zero_gradients();
            set_gradients(&parameters, &data, step as i64);
            optimizer.step(rate).unwrap();
        }
        for (name, parameter) in &parameters {
            let wanted = data.get(&format!("{case}.{name}")).unwrap();
            assert!(
                difference(&parameter.detach(), wanted) < TOLERANCE,
                "{case} {name}"
            );
        }
    }
}

#[test]
fn state_of_another_optimizer_is_refused() {
    let data = data();
    let adam = OptimizerParams::Adam(AdamParams::default());
    let parameters = parameters(&data);
    set_gradients(&parameters, &data, 0);
    let mut first = Optimizer::new(adam, parameters).unwrap();
    first.step(0.1).unwrap();
    let momentum = OptimizerParams::Sgd(sgd(0.9, 0.0));
    let mut second = Optimizer::new(momentum, self::parameters(&data)).unwrap();
    let differences = second.load_state(&first.state()).unwrap_err();
    assert_eq!(differences.unexpected.len(), 4, "{differences}");
    assert!(
        differences.to_string().contains("matrix.exp_avg"),
        "{differences}"
    );
}

#[test]
fn clipped_gradients_match_torch() {
    let data = data();
    let parameters = parameters(&data);
    set_gradients(&parameters, &data, 0);
    let shared = parameters
        .iter()
        .map(|(n, t)| (n.clone(), t.shallow_clone()));
    let mut optimizer = Optimizer::new(OptimizerParams::Sgd(SgdParams::default()), shared).unwrap();
    let norm = optimizer.clip_gradients(1.5).unwrap();
    let wanted = data.get("clipped.norm").unwrap().double_value(&[0]);
    assert!((norm - wanted).abs() < TOLERANCE, "{norm} {wanted}");
    for (name, parameter) in &parameters {
        let wanted = data.get(&format!("clipped.{name}")).unwrap();
        assert!(difference(&parameter.grad(), wanted) < TOLERANCE, "{name}");
    }
    assert!((optimizer.gradient_norm().unwrap() - 1.5).abs() < TOLERANCE);
}

#[test]
fn schedules_match_torch() {
    let data = data();
    let cosine = Schedule {
        rate: 0.2,
        warmup: 0.0,
        decay: Decay::Cosine {
            over: 12.0,
            final_factor: 0.005,
        },
    };
    let step = Schedule {
        rate: 0.2,
        warmup: 0.0,
        decay: Decay::Step {
            at: vec![3.0, 7.0],
            factor: 0.1,
        },
    };
    for (case, schedule) in [("cosine", cosine), ("step", step)] {
        schedule.validate().unwrap();
        let wanted = data.get(&format!("schedule.{case}")).unwrap();
        for (epoch, wanted) in Vec::<f64>::try_from(wanted)
            .unwrap()
            .into_iter()
            .enumerate()
        {
            let got = schedule.at(epoch as f64);
            assert!(
                (got - wanted).abs() < 1e-12,
                "{case} {epoch}: {got} {wanted}"
            );
        }
    }
}

#[test]
fn warm_up_rises_linearly_to_the_rate() {
    let schedule = Schedule {
        warmup: 4.0,
        ..Schedule::constant(0.8)
    };
    let rates: Vec<f64> = (0..6).map(|epoch| schedule.at(f64::from(epoch))).collect();
    assert_eq!(rates, [0.0, 0.2, 0.4, 0.8 * 0.75, 0.8, 0.8]);
}

#[test]
fn bad_parameters_are_named() {
    let momentum = OptimizerParams::Sgd(sgd(1.0, 0.0));
    assert!(
        momentum
            .validate()
            .unwrap_err()
            .to_string()
            .starts_with("`momentum`")
    );
    let nesterov = OptimizerParams::Sgd(SgdParams {
        nesterov: true,
        ..SgdParams::default()
    });
    assert!(
        nesterov
            .validate()
            .unwrap_err()
            .to_string()
            .starts_with("`nesterov`")
    );
    let epsilon = OptimizerParams::Adam(AdamParams {
        epsilon: 0.0,
        ..AdamParams::default()
    });
    assert!(
        epsilon
            .validate()
            .unwrap_err()
            .to_string()
            .starts_with("`epsilon`")
    );
    for schedule in [
        Schedule::constant(f64::NAN),
        Schedule::cosine(0.1, 0.0, 0.0),
        Schedule::cosine(0.1, 10.0, -1.0),
    ] {
        assert!(schedule.validate().is_err(), "{schedule:?}");
    }
}
