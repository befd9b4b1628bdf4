//! Sizes, names, and independence of heat maps from how they are computed.

use cryo_core::{Grid, Volume, VoxelSize};
use cryo_pu_localize::{
    ClassConfig, Error, Model, ModelConfig, NetworkConfig, PredictParams, Resolution, predict,
    predict_within,
};
use ndarray::Array3;
use tch::{Device, Kind, Tensor};

fn classes() -> Vec<ClassConfig> {
    vec![ClassConfig {
        name: "ribosome".into(),
        diameter_angstrom: 250.0,
    }]
}

fn model(network: NetworkConfig) -> Model {
    let config = ModelConfig {
        network,
        voxel_angstrom: 10.0,
        classes: classes(),
        tubular: false,
    };
    Model::new(&config, 7, Device::Cpu).unwrap()
}

fn volume() -> Volume {
    let data = Array3::from_shape_fn((21, 26, 38), |(z, y, x)| {
        ((z * 131 + y * 37 + x * 11) as f32 * 0.7).sin() + ((z * z + y * x) as f32 * 0.3).cos()
    });
    Volume::new(data, Grid::new([21, 26, 38], VoxelSize::new(10.0).unwrap())).unwrap()
}

#[test]
fn parameters_are_as_many_as_the_reference_has() {
    // Spec G.3.
    assert_eq!(model(NetworkConfig::cet_pick(1, 4)).parameters(), 1_991_504);
    assert_eq!(model(NetworkConfig::cet_pick(1, 5)).parameters(), 7_828_048);
    let without = NetworkConfig {
        projection: 0,
        ..NetworkConfig::cet_pick(1, 4)
    };
    assert_eq!(model(without).parameters(), 1_988_432);
}

#[test]
fn outputs_have_the_resolution_of_the_network() {
    let samples = Tensor::randn([2, 5, 64, 48], (Kind::Float, Device::Cpu));
    for (network, rows, columns) in [
        (NetworkConfig::recommended(3), 64, 48),
        (NetworkConfig::paper(3, 4), 32, 24),
        (NetworkConfig::cet_pick(3, 5), 32, 24),
    ] {
        let stride = network.stride();
        let config = ModelConfig {
            network,
            voxel_angstrom: 10.0,
            classes: [classes(), classes(), classes()].concat(),
            tubular: false,
        };
        let model = Model::new(&config, 7, Device::Cpu).unwrap();
        let outputs = model.outputs(&samples).unwrap();
        assert_eq!(outputs.logits.size(), [2, 3, 5, rows, columns]);
        assert_eq!(stride as i64, 64 / rows);
    }
}

#[test]
fn a_new_heat_map_shows_the_prior() {
    let samples = Tensor::randn([1, 5, 32, 32], (Kind::Float, Device::Cpu));
    let outputs = model(NetworkConfig::recommended(1))
        .outputs(&samples)
        .unwrap();
    let mean = outputs.logits.sigmoid().mean(Kind::Float).double_value(&[]);
    assert!((0.001..0.1).contains(&mean), "{mean}");
}

#[test]
fn the_result_does_not_depend_on_slabs() {
    for network in [
        NetworkConfig::recommended(1),
        NetworkConfig::paper(1, 4),
        NetworkConfig::cet_pick(1, 4),
    ] {
        let model = model(network);
        let map = |planes| {
            let params = PredictParams {
                planes,
                ..PredictParams::default()
            };
            predict(&model, "test", &volume().view(), &params, &())
                .unwrap()
                .classes
                .remove(0)
        };
        let whole = map(100);
        for planes in [1, 4, 13] {
            let slabs = map(planes);
            assert_eq!(slabs.shape(), whole.shape());
            let difference = (&slabs - &whole).fold(0.0_f32, |m, v| m.max(v.abs()));
            assert!(difference < 1e-5, "{planes} planes: {difference}");
        }
    }
}

#[test]
fn the_mean_of_mirror_images_is_mirrored_with_the_tomogram() {
    let model = model(NetworkConfig::recommended(1));
    let params = PredictParams {
        mirrors: Some(true),
        ..PredictParams::default()
    };
    let map = |volume: &Volume| {
        predict(&model, "test", &volume.view(), &params, &())
            .unwrap()
            .classes
            .remove(0)
    };
    // Extents that the pooling divides, so that mirrored voxels are pooled with the same ones.
    let data = volume()
        .data()
        .slice(ndarray::s![.., ..24, ..36])
        .to_owned();
    let grid = Grid::new([21, 24, 36], VoxelSize::new(10.0).unwrap());
    let plain = map(&Volume::new(data.clone(), grid).unwrap());
    let mirrored = data.slice(ndarray::s![.., .., ..;-1]).to_owned();
    let mirrored = map(&Volume::new(mirrored, grid).unwrap());
    let back = mirrored.slice(ndarray::s![.., .., ..;-1]);
    let difference = (&plain - &back).fold(0.0_f32, |m, v| m.max(v.abs()));
    assert!(difference < 1e-5, "{difference}");
}

#[test]
fn scaling_and_shifting_a_tomogram_changes_nothing() {
    let model = model(NetworkConfig::recommended(1));
    let map = |volume: &Volume| {
        predict(
            &model,
            "test",
            &volume.view(),
            &PredictParams::default(),
            &(),
        )
        .unwrap()
        .classes
        .remove(0)
    };
    let scaled = volume().map_data(|data| data * 113.0 - 4000.0).unwrap();
    let difference = (&map(&volume()) - &map(&scaled)).fold(0.0_f32, |m, v| m.max(v.abs()));
    assert!(difference < 1e-3, "{difference}");
}

#[test]
fn a_budget_makes_slabs_thinner_and_then_refuses() {
    let model = model(NetworkConfig::recommended(1));
    let with = |memory_bytes| {
        let params = PredictParams {
            memory_bytes: Some(memory_bytes),
            ..PredictParams::default()
        };
        predict(&model, "test", &volume().view(), &params, &())
    };
    assert!(with(8 << 20).is_ok());
    let Err(Error::Memory {
        needed_bytes,
        limit_bytes,
    }) = with(100_000)
    else {
        panic!("100 kB cannot do");
    };
    assert!(needed_bytes > limit_bytes && with(needed_bytes).is_ok());

    // A mask takes a byte a voxel.
    let mask = Array3::from_elem((21, 26, 38), true);
    let params = PredictParams {
        memory_bytes: Some(needed_bytes),
        ..PredictParams::default()
    };
    let view = volume();
    let masked = predict_within(
        &model,
        "test",
        &view.view(),
        Some(mask.view()),
        &params,
        &(),
    );
    let Err(Error::Memory {
        needed_bytes: all, ..
    }) = masked
    else {
        panic!("there is no room for the mask");
    };
    assert_eq!(all, needed_bytes + mask.len() as u64);
}

#[test]
fn networks_that_cannot_be_are_refused() {
    let refused = |change: &dyn Fn(&mut NetworkConfig)| {
        let mut network = NetworkConfig::recommended(1);
        change(&mut network);
        let config = ModelConfig {
            network,
            voxel_angstrom: 10.0,
            classes: classes(),
            tubular: false,
        };
        let Err(error) = Model::new(&config, 1, Device::Cpu) else {
            panic!("accepted");
        };
        error.to_string()
    };
    assert_eq!(refused(&|n| n.blocks = 7), "`blocks` must be 3 to 6, got 7");
    assert!(refused(&|n| n.classes = 2).contains("2 classes"));
    assert!(refused(&|n| n.fusion.clear()).starts_with("`fusion`"));
    assert!(refused(&|n| n.head_planes = 2).starts_with("`head_planes`"));
    let _ = refused(&|n| {
        n.resolution = Resolution::HalfByStem;
        n.width = 0;
    });
}

#[test]
fn a_tomogram_of_one_value_or_with_nan_is_refused() {
    let model = model(NetworkConfig::recommended(1));
    let run = |data: Array3<f32>| {
        let volume = Volume::new(data, *volume().grid()).unwrap();
        match predict(
            &model,
            "ts_01",
            &volume.view(),
            &PredictParams::default(),
            &(),
        ) {
            Err(error) => error.to_string(),
            Ok(_) => panic!("accepted"),
        }
    };
    let flat = run(Array3::from_elem((21, 26, 38), 3.0));
    assert!(
        flat.starts_with("ts_01: more than half of the voxels have the same value 3"),
        "{flat}"
    );
    let mut data = volume().into_data();
    data[[4, 5, 6]] = f32::NAN;
    let nan = run(data);
    assert!(nan.contains("voxel x 6, y 5, z 4 is NaN"), "{nan}");
}
