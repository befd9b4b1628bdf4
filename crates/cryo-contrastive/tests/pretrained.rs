//! ImageNet weights from a file of the user (fixtures/reference/contrastive.py made this one).

use std::{collections::BTreeMap, fs};

use cryo_contrastive::{Error, Model, ModelConfig, load_imagenet};
use cryo_fixtures::golden;
use cryo_train::NamedTensors;
use tch::{Device, Tensor};

fn paper() -> Model {
    Model::new(&ModelConfig::paper_2d3d(24), 1, Device::Cpu).unwrap()
}

fn saved() -> Vec<(String, Tensor)> {
    Tensor::loadz_multi(golden("contrastive/resnet18.pth")).unwrap()
}

#[test]
fn trunk_is_taken_and_the_rest_reported() {
    let values: BTreeMap<String, f64> = saved()
        .into_iter()
        .map(|(name, tensor)| (name, tensor.max().double_value(&[])))
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let [safetensors, ot] =
        ["weights.safetensors", "weights.ot"].map(|name| folder.path().join(name));
    let named: NamedTensors = saved().into_iter().collect();
    fs::write(&safetensors, named.to_bytes(&safetensors).unwrap()).unwrap();
    let contiguous: Vec<_> = saved()
        .into_iter()
        .map(|(name, tensor)| (name, tensor.contiguous()))
        .collect();
    Tensor::save_multi(&contiguous, &ot).unwrap();

    for path in [golden("contrastive/resnet18.pth"), safetensors, ot] {
        let model = paper();
        let before: BTreeMap<_, _> = (model.tensors().iter())
            .map(|(name, tensor)| (name.clone(), tensor.detach().copy()))
            .collect();
        let report = load_imagenet(&model, &path).unwrap();
        // bn1 and 12 convolutions and norms and 2 shortcuts: 4 + 12 · 5 + 2 · 5.
        assert_eq!(report.taken.len(), 74, "{path:?}");
        assert!(report.left.iter().any(|name| name == "conv1.weight"));
        assert!(report.left.iter().any(|name| name.starts_with("layer4.")));
        assert!(report.random.iter().any(|name| name == "conv1.weight"));
        assert!(
            report
                .random
                .iter()
                .any(|name| name.starts_with("projector."))
        );
        for (name, tensor) in model.tensors() {
            if report.taken.contains(name) {
                let (low, high) = (
                    tensor.min().double_value(&[]),
                    tensor.max().double_value(&[]),
                );
                assert_eq!((low, high), (values[name], values[name]), "{name}");
            } else {
                assert!(tensor.detach().equal(&before[name]), "{name}");
            }
        }
    }
}

#[test]
fn network_without_normalized_shortcuts_leaves_theirs() {
    let model = Model::new(&ModelConfig::paper_3d(24), 1, Device::Cpu).unwrap();
    let report = load_imagenet(&model, &golden("contrastive/resnet18.pth")).unwrap();
    assert_eq!(report.taken.len(), 66);
    assert!(
        report
            .left
            .contains(&"layer2.0.downsample.1.weight".to_owned())
    );
}

#[test]
fn what_does_not_fit_is_told_and_nothing_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("weights.safetensors");
    let mut named: NamedTensors = saved().into_iter().collect();
    named.remove("layer2.1.bn2.bias");
    named.insert("layer1.0.bn1.weight", Tensor::from_slice(&[1.0_f32]));
    fs::write(&path, named.to_bytes(&path).unwrap()).unwrap();
    let model = paper();
    let before = model.tensors()[1].1.detach().copy();
    let error = load_imagenet(&model, &path).unwrap_err().to_string();
    assert!(error.contains("missing layer2.1.bn2.bias"), "{error}");
    assert!(
        error.contains("layer1.0.bn1.weight: expected [64], got [1]"),
        "{error}"
    );
    assert!(model.tensors()[1].1.detach().equal(&before));

    let other = folder.path().join("weights.onnx");
    fs::write(&other, "x").unwrap();
    let error = load_imagenet(&model, &other).unwrap_err();
    assert!(matches!(error, Error::Weights { .. }), "{error}");
    let compact = Model::new(&ModelConfig::recommended(4, 24, 10), 1, Device::Cpu).unwrap();
    let error = load_imagenet(&compact, &path).unwrap_err();
    assert!(
        matches!(
            error,
            Error::Parameter {
                field: "encoder",
                ..
            }
        ),
        "{error}"
    );
}
