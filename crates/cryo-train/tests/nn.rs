//! Layers against what they are made of.

use cryo_train::nn::{BatchNorm, Conv, ConvTranspose2d, Init, Mode, Scope, Store};
use tch::{Device, Kind, Tensor};

const LEARNING: Mode = Mode {
    train: true,
    kind: Kind::Float,
};
const LOOKING: Mode = Mode {
    train: false,
    ..LEARNING
};

fn images(size: &[i64]) -> Tensor {
    let count = size.iter().product::<i64>();
    let numbers = Tensor::arange(count, (Kind::Float, Device::Cpu));
    ((numbers * 0.37).sin() + 0.5).view(size)
}

fn assert_close(name: &str, got: &Tensor, wanted: &Tensor) {
    assert_eq!(got.size(), wanted.size(), "{name}");
    let scale = wanted.abs().max().double_value(&[]);
    let difference = (got - wanted).abs().max().double_value(&[]);
    assert!(
        scale > 0.1 && difference < 1e-5 * scale,
        "{name}: {difference:e} of {scale:e}"
    );
}

/// Statistics and, where there are any, scale and offset that are neither 0 nor 1.
fn used(norm: &BatchNorm, store: &Store, images: &Tensor) {
    let _guard = tch::no_grad_guard();
    for _ in 0..5 {
        let _ = norm.forward(images, LEARNING);
    }
    for (number, (name, tensor)) in store.tensors().iter().enumerate() {
        if name.starts_with("norm") && !name.contains("running") {
            tensor
                .shallow_clone()
                .copy_(&(images_like(tensor) * 0.5 + number as f64));
        }
    }
}

fn images_like(tensor: &Tensor) -> Tensor {
    images(&tensor.size())
}

#[test]
fn normalization_folded_into_a_convolution_is_the_convolution_and_then_the_normalization() {
    for (kernel, size) in [
        (&[3, 3][..], &[4, 3, 9, 10][..]),
        (&[1, 1], &[4, 3, 9, 10]),
        (&[3, 3, 3], &[2, 3, 5, 7, 6]),
    ] {
        for bias in [false, true] {
            for affine in [false, true] {
                for channels_last in [false, true] {
                    let mut store = Store::new(1, Device::Cpu);
                    let mut root = Scope::root(&mut store);
                    let mut conv =
                        Conv::new(&mut root.sub("conv"), [3, 5], kernel, Init::TorchDefault);
                    if bias {
                        conv = conv.with_bias(&mut root.sub("conv"), Init::Constant(0.7));
                    }
                    if channels_last {
                        conv = conv.channels_last();
                    }
                    let norm = BatchNorm::new(&mut root.sub("norm"), 5, affine);
                    let images = images(size);
                    used(&norm, &store, &conv.forward(&images, Kind::Float));
                    let apart = norm.forward(&conv.forward(&images, Kind::Float), LOOKING);
                    let name = format!("{kernel:?}, bias {bias}, affine {affine}");
                    assert_close(
                        &name,
                        &conv.forward_normalized(&images, &norm, LOOKING),
                        &apart,
                    );
                    // Statistics of the batch, not the running ones.
                    let learning = conv.forward_normalized(&images, &norm, LEARNING);
                    let apart = norm.forward(&conv.forward(&images, Kind::Float), LEARNING);
                    assert_close(&name, &learning, &apart);
                }
            }
        }
    }
}

#[test]
fn normalization_folded_into_a_transposed_convolution_is_both_one_after_the_other() {
    let mut store = Store::new(2, Device::Cpu);
    let mut root = Scope::root(&mut store);
    let grow = ConvTranspose2d::new(&mut root.sub("grow"), [6, 4], Init::Xavier);
    let norm = BatchNorm::new(&mut root.sub("norm"), 4, true);
    let images = images(&[3, 6, 5, 7]);
    let _guard = tch::no_grad_guard();
    for (name, tensor) in store.tensors() {
        if name == "grow.bias" {
            tensor.shallow_clone().copy_(&images_like(tensor));
        }
    }
    used(&norm, &store, &grow.forward(&images, Kind::Float));
    for mode in [LOOKING, LEARNING] {
        let apart = norm.forward(&grow.forward(&images, Kind::Float), mode);
        assert_eq!(apart.size(), [3, 4, 10, 14]);
        assert_close(
            "grow",
            &grow.forward_normalized(&images, &norm, mode),
            &apart,
        );
    }
    // A bias that a normalization takes away again is still part of what it remembers.
    let running = &store
        .tensors()
        .iter()
        .find(|(name, _)| name == "norm.running_mean");
    let running = &running.expect("it has one").1;
    let before = running.copy();
    let _ = norm.forward(&grow.forward(&images, Kind::Float), LEARNING);
    let apart = running.copy();
    running.shallow_clone().copy_(&before);
    let _ = grow.forward_normalized(&images, &norm, LEARNING);
    assert_close("running mean", running, &apart);
}

#[test]
fn what_is_learned_of_every_second_plane_is_the_dilated_convolution() {
    for depth in [1, 2, 5, 6] {
        for dilation in [2, 3] {
            let mut store = Store::new(1, Device::Cpu);
            let mut root = Scope::root(&mut store);
            let conv = Conv::new(&mut root.sub("conv"), [3, 5], &[3, 3, 3], Init::Normal(0.5));
            let conv = conv.with_dilation(&[dilation, 1, 1]);
            let norm = BatchNorm::new(&mut root.sub("norm"), 5, true);
            let input = images(&[2, 3, depth, 5, 6]).set_requires_grad(true);
            let weight = &store.tensors()[0].1;
            let split = conv.forward_normalized(&input, &norm, LEARNING);
            let whole = norm.forward(&conv.forward(&input, Kind::Float), LEARNING);
            let name = format!("{depth} planes, every {dilation}");
            assert_close(&name, &split, &whole);
            let gradient = |outputs: &Tensor| {
                let loss = (outputs * images_like(outputs)).sum(Kind::Float);
                Tensor::run_backward(&[&loss], &[&input, weight], true, false)
            };
            for (split, whole) in gradient(&split).iter().zip(&gradient(&whole)) {
                assert_close(&name, split, whole);
            }
        }
    }
}

#[test]
fn a_convolution_at_some_voxels_is_the_convolution_there() {
    for planes in [1, 3] {
        for bias in [false, true] {
            let mut store = Store::new(1, Device::Cpu);
            let mut root = Scope::root(&mut store);
            let mut scope = root.sub("conv");
            let mut conv = Conv::new(&mut scope, [3, 5], &[planes, 1, 1], Init::Normal(0.5));
            if bias {
                conv = conv.with_bias(&mut scope, Init::Constant(0.7));
            }
            let input = images(&[2, 3, 4, 5, 6]).set_requires_grad(true);
            // The first and the last of both samples among them, and one twice.
            let voxels = Tensor::from_slice(&[0_i64, 119, 120, 239, 47, 47, 160]);
            let some = conv.forward_at(&input, &voxels, Kind::Float);
            let all = conv.forward(&input, Kind::Float);
            let there = all.movedim_int(1, -1).reshape([-1, 5]);
            let there = there.index_select(0, &voxels);
            assert_close("values", &some, &there);
            let gradient = |outputs: &Tensor| {
                let loss = (outputs * images_like(outputs)).sum(Kind::Float);
                Tensor::run_backward(&[&loss], &[&input, &store.tensors()[0].1], true, false)
            };
            for (some, there) in gradient(&some).iter().zip(&gradient(&there)) {
                assert_close("gradient", some, there);
            }
        }
    }
}

#[test]
fn channels_lie_beside_each_other_behind_an_image_of_one_channel_too() {
    let mut store = Store::new(1, Device::Cpu);
    let mut root = Scope::root(&mut store);
    for channels in [1, 3] {
        let mut scope = root.sub(&format!("conv{channels}"));
        let conv = Conv::new(&mut scope, [channels, 5], &[3, 3], Init::TorchDefault);
        let conv = conv.channels_last();
        let output = conv.forward(&images(&[2, channels, 6, 7]), Kind::Float);
        assert_eq!(output.size(), [2, 5, 6, 7]);
        assert_eq!(output.stride(), [5 * 42, 1, 35, 5], "{channels} channels");
    }
}
