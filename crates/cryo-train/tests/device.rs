//! Choice of the device.

use cryo_train::{DeviceChoice, Error};

#[test]
fn names_round_trip() {
    for choice in [
        DeviceChoice::Auto,
        DeviceChoice::Cpu,
        DeviceChoice::Cuda(0),
        DeviceChoice::Cuda(3),
    ] {
        assert_eq!(choice.to_string().parse::<DeviceChoice>().unwrap(), choice);
    }
    assert_eq!(
        "cuda".parse::<DeviceChoice>().unwrap(),
        DeviceChoice::Cuda(0)
    );
    for wrong in ["", "gpu", "cuda:", "cuda:-1", "cuda:x", "CPU"] {
        let error = wrong.parse::<DeviceChoice>().unwrap_err();
        assert!(
            matches!(error, Error::DeviceName { .. }),
            "{wrong}: {error}"
        );
    }
}

#[test]
fn cpu_computes() {
    let device = DeviceChoice::Cpu.resolve().unwrap();
    let sum = tch::Tensor::from_slice(&[1.0_f32, 2.0, 3.5])
        .to_device(device)
        .sum(tch::Kind::Float);
    assert_eq!(sum.double_value(&[]), 6.5);
}

#[test]
fn an_absent_cuda_device_is_an_error_and_never_the_cpu() {
    let error = DeviceChoice::Cuda(99).resolve().unwrap_err();
    let message = error.to_string();
    assert!(
        message.starts_with("expected the device cuda:99, got "),
        "{message}"
    );
}

#[test]
fn auto_takes_what_is_there() {
    let device = DeviceChoice::Auto.resolve().unwrap();
    let seen = tch::Cuda::device_count() > 0;
    assert_eq!(device.is_cuda(), seen);
}
