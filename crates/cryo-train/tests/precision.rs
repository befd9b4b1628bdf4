//! Which numbers the heavy layers are computed in, and loss scaling.

use cryo_train::{
    Error, LossScaler, NamedTensors, Optimizer, OptimizerParams, Precision, SgdParams,
};
use tch::{Device, Kind, Tensor};

#[test]
fn cpu_computes_in_f32_or_bf16() {
    assert_eq!(Precision::F32.kind(Device::Cpu).unwrap(), Kind::Float);
    let auto = Precision::Auto.kind(Device::Cpu).unwrap();
    assert!(matches!(auto, Kind::Float | Kind::BFloat16));
    assert_eq!(Precision::Bf16.kind(Device::Cpu).unwrap(), Kind::BFloat16);
    let error = Precision::F16.kind(Device::Cpu).unwrap_err();
    assert!(
        matches!(
            error,
            Error::Parameter {
                field: "precision",
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn settings_of_before_are_read() {
    // Once bf16 on a CPU had a name of its own.
    for (text, expected) in [("\"fast\"", Precision::Auto), ("\"f32\"", Precision::F32)] {
        assert_eq!(serde_json::from_str::<Precision>(text).unwrap(), expected);
    }
    assert_eq!(serde_json::to_string(&Precision::Auto).unwrap(), "\"auto\"");
}

#[test]
fn scaler_leaves_out_infinite_steps_and_halves() {
    assert!(LossScaler::new(Kind::Float).is_none());
    let mut scaler = LossScaler::new(Kind::Half).unwrap();
    let weight = Tensor::from_slice(&[3.0_f32]).set_requires_grad(true);
    let mut optimizer = Optimizer::new(
        OptimizerParams::Sgd(SgdParams::default()),
        [("weight".to_owned(), weight.shallow_clone())],
    )
    .unwrap();
    let mut backward = |factor: f64, scaler: &mut LossScaler| {
        let loss = scaler.scaled(&(weight.square() * factor)).unwrap();
        optimizer.backward(&loss.sum(Kind::Float)).unwrap();
        let finite = scaler.unscale(&mut optimizer).unwrap();
        let (_, gradient) = optimizer.gradients().next().unwrap();
        (finite, gradient.double_value(&[0]))
    };
    assert_eq!(backward(1.0, &mut scaler), (true, 6.0));
    assert_eq!(scaler.scale(), 65_536.0);
    assert!(!backward(1e35, &mut scaler).0);
    assert_eq!(scaler.scale(), 32_768.0);

    let mut state = NamedTensors::default();
    scaler.save_into(&mut state);
    let mut other = LossScaler::new(Kind::Half).unwrap();
    other.take_from(&mut state);
    assert_eq!(other, scaler);
    assert!(state.is_empty());
}
