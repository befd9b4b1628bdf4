//! Optimizers, clipping and schedules against PyTorch (fixtures/reference/train.py).

use std::{fs, path::Path};

use cryo_fixtures::golden;
use cryo_train::{
    AdamParams, Decay, LarsParams, NamedTensors, Optimizer, OptimizerParams, Schedule, SgdParams,
};
use tch::{Device, Kind, Tensor};

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

fn loss(parameters: &[(String, Tensor)], data: &NamedTensors, step: i64) -> Tensor {
    // The gradient of Σ parameter · gradient is the gradient.
    let mut loss = Tensor::from(0.0_f32);
    for (name, parameter) in parameters {
        let gradient = data.get(&format!("gradient.{name}")).unwrap().get(step);
        loss += (parameter * gradient).sum(Kind::Float);
    }
    loss
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
            optimizer
                .backward(&loss(&parameters, &data, step as i64))
                .unwrap();
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
            optimizer
                .backward(&loss(&parameters, &data, step as i64))
                .unwrap();
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
    let loss = loss(&parameters, &data, 0);
    let mut first = Optimizer::new(adam, parameters).unwrap();
    first.backward(&loss).unwrap();
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

/// Three tensors of which a loss may reach some: those that it does not stay as they are, and what is remembered of each
/// survives a change of what is reached.
#[test]
fn tensors_that_the_loss_does_not_reach_stay_and_are_not_forgotten() {
    let adam = |exempt_vectors| {
        OptimizerParams::Adam(AdamParams {
            weight_decay: 0.1,
            decoupled: true,
            exempt_vectors,
            ..AdamParams::default()
        })
    };
    let start = || [vec![7], vec![3, 5], vec![2, 2]];
    let make = |size: &Vec<i64>| {
        let values = Tensor::arange(size.iter().product::<i64>(), (Kind::Float, Device::Cpu));
        (values.view(size.as_slice()) + 1.0).set_requires_grad(true)
    };
    for exempt_vectors in [false, true] {
        // Alone, each tensor takes the steps in which it is reached, at their numbers.
        let reached = [
            [true, true, false],
            [true, false, false],
            [true, true, false],
        ];
        let tensors: Vec<Tensor> = start().iter().map(make).collect();
        let named = |tensors: &[Tensor]| -> Vec<(String, Tensor)> {
            let named = tensors.iter().enumerate();
            named
                .map(|(n, t)| (n.to_string(), t.shallow_clone()))
                .collect()
        };
        let mut optimizer = Optimizer::new(adam(exempt_vectors), named(&tensors)).unwrap();
        let loss = |tensors: &[Tensor], reached: [bool; 3]| {
            let some = tensors.iter().zip(reached).filter(|(_, reached)| *reached);
            some.fold(Tensor::from(0.0_f32), |sum, (t, _)| {
                sum + t.square().sum(Kind::Float)
            })
        };
        let mut expected: Vec<Vec<f64>> = tensors.iter().map(values).collect();
        let mut moments = expected
            .iter()
            .map(|v| vec![[0.0; 2]; v.len()])
            .collect::<Vec<_>>();
        for (number, reached) in reached.into_iter().enumerate() {
            optimizer.backward(&loss(&tensors, reached)).unwrap();
            optimizer.step(0.01).unwrap();
            for (tensor, reached) in reached.into_iter().enumerate() {
                let decay = if exempt_vectors && tensor == 0 {
                    0.0
                } else {
                    0.1
                };
                let all = expected[tensor].iter_mut().zip(&mut moments[tensor]);
                for (value, [mean, square]) in all.filter(|_| reached) {
                    let gradient = 2.0 * *value;
                    *value *= 1.0 - 0.01 * decay;
                    *mean = 0.9 * *mean + 0.1 * gradient;
                    *square = 0.999 * *square + 0.001 * gradient * gradient;
                    let step = number as i32 + 1;
                    let mean = *mean / (1.0 - 0.9_f64.powi(step));
                    let square = *square / (1.0 - 0.999_f64.powi(step));
                    *value -= 0.01 * mean / (square.sqrt() + 1e-8);
                }
            }
        }
        for (tensor, expected) in tensors.iter().zip(&expected) {
            for (got, wanted) in values(tensor).iter().zip(expected) {
                assert!((got - wanted).abs() < TOLERANCE, "{got} {wanted}");
            }
        }
        let names: Vec<String> = optimizer.state().names().map(str::to_owned).collect();
        assert!(names.iter().any(|name| name == "1.exp_avg"), "{names:?}");
        assert!(
            !names.iter().any(|name| name.starts_with("2.")),
            "{names:?}"
        );
    }
}

fn values(tensor: &Tensor) -> Vec<f64> {
    Vec::try_from(tensor.detach().reshape([-1]).to_kind(Kind::Double)).unwrap()
}

#[test]
fn clipped_gradients_match_torch() {
    let data = data();
    let parameters = parameters(&data);
    let shared = parameters
        .iter()
        .map(|(n, t)| (n.clone(), t.shallow_clone()));
    let mut optimizer = Optimizer::new(OptimizerParams::Sgd(SgdParams::default()), shared).unwrap();
    optimizer.backward(&loss(&parameters, &data, 0)).unwrap();
    let norm = optimizer.clip_gradients(1.5).unwrap();
    let wanted = data.get("clipped.norm").unwrap().double_value(&[0]);
    assert!((norm - wanted).abs() < TOLERANCE, "{norm} {wanted}");
    assert_eq!(optimizer.gradients().count(), NAMES.len());
    for (name, gradient) in optimizer.gradients() {
        let wanted = data.get(&format!("clipped.{name}")).unwrap();
        assert!(difference(&gradient, wanted) < TOLERANCE, "{name}");
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
