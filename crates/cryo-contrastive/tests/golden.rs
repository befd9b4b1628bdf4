//! Objectives and networks against PyTorch (fixtures/reference/contrastive.py).

use std::{fs, path::Path};

use cryo_contrastive::{
    BarlowParams, Encoder, HeadsConfig, Model, ModelConfig, NtXentParams, Objective, Outputs,
    VicRegParams,
};
use cryo_fixtures::golden;
use cryo_train::NamedTensors;
use tch::{Device, Kind, Tensor};

fn data() -> NamedTensors {
    let bytes = fs::read(golden("contrastive/golden.safetensors")).unwrap();
    NamedTensors::from_bytes(&bytes, Path::new("golden")).unwrap()
}

/// f32 sums in another order, relative to the largest value.
const TOLERANCE: f64 = 1e-5;

fn assert_close(name: &str, got: &Tensor, wanted: &Tensor) {
    assert_within(TOLERANCE, name, got, wanted);
}

fn assert_within(tolerance: f64, name: &str, got: &Tensor, wanted: &Tensor) {
    assert_eq!(got.size(), wanted.size(), "{name}");
    let scale = wanted.abs().max().double_value(&[]).max(1.0);
    let difference = (got - wanted).abs().max().double_value(&[]);
    assert!(
        difference < tolerance * scale,
        "{name}: {difference:e} of {scale:e}"
    );
}

#[test]
fn losses_and_gradients_match_torch() {
    let data = data();
    for (name, objective) in [
        ("sim_siam", Objective::SimSiam),
        (
            "nt_xent",
            Objective::NtXent(NtXentParams { temperature: 0.2 }),
        ),
        ("vic_reg", Objective::VicReg(VicRegParams::default())),
        ("barlow", Objective::Barlow(BarlowParams::default())),
    ] {
        let tensor = |name: &str| {
            data.get(&format!("outputs.{name}"))
                .unwrap()
                .copy()
                .set_requires_grad(true)
        };
        let [p1, p2, z1, z2] = ["p1", "p2", "z1", "z2"].map(tensor);
        let outputs = |z: &Tensor, p: &Tensor| Outputs {
            features: z.shallow_clone(),
            projection: z.shallow_clone(),
            prediction: Some(p.shallow_clone()),
        };
        let loss = objective
            .loss(&outputs(&z1, &p1), &outputs(&z2, &p2))
            .unwrap();
        loss.backward();
        let wanted = |part: &str| data.get(&format!("{name}.{part}")).unwrap();
        assert_close(name, &loss.detach().view([1]), wanted("loss"));
        for (part, tensor) in [("p1", &p1), ("p2", &p2), ("z1", &z1), ("z2", &z2)] {
            let gradient = tensor.grad();
            // Nothing flows where the objective does not look, or holds an output fixed.
            let gradient = if gradient.defined() {
                gradient
            } else {
                tensor.zeros_like().detach()
            };
            assert_close(&format!("{name} {part}"), &gradient, wanted(part));
        }
    }
}

fn networks() -> [(&'static str, ModelConfig, [i64; 4]); 3] {
    let mut compact = ModelConfig::recommended(3, 10, 10);
    compact.input.bin = [1; 3];
    compact.encoder = Encoder::Compact { width: 8 };
    [
        ("paper_2d3d", ModelConfig::paper_2d3d(12), [6, 2, 12, 12]),
        ("paper_3d", ModelConfig::paper_3d(12), [6, 1, 12, 12]),
        ("compact", compact, [6, 3, 10, 10]),
    ]
}

/// The formula of the script.
fn set_weights(model: &Model) {
    let _guard = tch::no_grad_guard();
    for (index, (_, tensor)) in model.tensors().iter().enumerate() {
        let size = tensor.size();
        let matrix = size.len() > 1;
        let per_output: i64 = size[1..].iter().product();
        let scale = if matrix {
            1.0 / (per_output as f64).sqrt()
        } else {
            0.2
        };
        let values: Vec<f32> = (0..tensor.numel())
            .map(|i| {
                let value = scale * (0.37 * (i as f64 + 1.0) + index as f64).sin();
                (if matrix { value } else { 1.0 + value }) as f32
            })
            .collect();
        tensor
            .shallow_clone()
            .copy_(&Tensor::from_slice(&values).view(size.as_slice()));
    }
}

#[test]
fn names_shapes_and_parameter_counts_match_torch() {
    let data = data();
    for (name, config, _) in networks() {
        let model = Model::new(&config, 1, Device::Cpu).unwrap();
        let names: String = (model.tensors().iter())
            .map(|(name, tensor)| format!("{name} {:?}\n", tensor.size()))
            .collect();
        let wanted = fs::read_to_string(golden(&format!("contrastive/{name}.names"))).unwrap();
        assert_eq!(names, wanted);
        let parameters = data
            .get(&format!("{name}.parameters"))
            .unwrap()
            .int64_value(&[0]);
        assert_eq!(model.parameters() as i64, parameters, "{name}");
    }
    // milopyp-spec E.2
    for (config, parameters) in [
        (ModelConfig::paper_2d3d(36), 2_922_432),
        (ModelConfig::paper_3d(36), 2_888_896),
    ] {
        assert_eq!(
            Model::new(&config, 1, Device::Cpu).unwrap().parameters(),
            parameters
        );
    }
}

#[test]
fn outputs_of_networks_match_torch() {
    let data = data();
    for (name, config, shape) in networks() {
        let model = Model::new(&config, 1, Device::Cpu).unwrap();
        set_weights(&model);
        let count: i64 = shape.iter().product();
        let images: Vec<f32> = (0..count)
            .map(|i| ((i as f64).powf(1.3) * 0.11).sin() as f32)
            .collect();
        let images = Tensor::from_slice(&images).view(shape);
        let outputs = model.outputs(&images).unwrap();
        let wanted = |output: &str| data.get(&format!("{name}.eval.{output}")).unwrap();
        assert_close(name, &outputs.features, wanted("features"));
        assert_close(name, &outputs.projection, wanted("projection"));
        assert_eq!(
            outputs.prediction.is_some(),
            matches!(config.heads, HeadsConfig::SimSiam { .. })
        );
        if let Some(prediction) = outputs.prediction {
            assert_close(name, &prediction, wanted("prediction"));
        }

        // Seventeen batch normalizations over six items amplify rounding: of PyTorch's own gradients in f32, those of f64
        // differ by 2.6e-3 and those with channels last by 5.7e-3.
        let tolerance = if name == "compact" { TOLERANCE } else { 6e-3 };
        let outputs = model.training_outputs(&images).unwrap();
        let wanted = |output: &str| data.get(&format!("{name}.train.{output}")).unwrap();
        assert_within(
            tolerance,
            name,
            &outputs.features.detach(),
            wanted("features"),
        );
        assert_within(
            tolerance,
            name,
            &outputs.projection.detach(),
            wanted("projection"),
        );
        let d = outputs.projection.size()[1];
        let ramp = Tensor::linspace(0.0, 1.0, d, (Kind::Float, Device::Cpu));
        (outputs.projection.square() * ramp)
            .sum(Kind::Float)
            .backward();
        let first = if name == "compact" {
            "layer2.conv.weight"
        } else {
            "layer2.0.conv1.weight"
        };
        let weight = model
            .tensors()
            .iter()
            .find(|(name, _)| name == first)
            .unwrap();
        assert_within(
            tolerance,
            name,
            &weight.1.grad().get(0),
            data.get(&format!("{name}.gradient")).unwrap(),
        );
    }
}

#[test]
fn sizes_and_costs_are_as_stated() {
    // milopyp-spec K.3: 0.53 GMAC for one 36×36 crop.
    let paper = ModelConfig::paper_3d(36);
    assert_eq!(paper.macs() / 1_000_000, 531);
    assert_eq!(ModelConfig::paper_2d3d(36).macs(), 2 * paper.macs());
    let compact = ModelConfig::recommended(4, 36, 12);
    let model = Model::new(&compact, 1, Device::Cpu).unwrap();
    assert_eq!((model.parameters(), compact.macs()), (376_960, 4_064_256));
    assert_eq!(Kind::Float, model.tensors()[0].1.kind());
}
