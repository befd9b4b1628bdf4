//! The localization network in training and in looking at a tomogram, ours beside PyTorch's, a step with contrastive
//! terms, and those terms in blocks beside their dense form, in one run.
//!
//!     cargo run --release -p cryo-bench --features torch --bin localize_speed -- \
//!         [PYTHON] [--rounds 3] [--device cpu] [--size 128,256,256] [--rows 8192]
//!
//! PYTHON has torch 2.11.0. Both sides have the recommended network for one class, batches of 4 samples of 7 × 64 × 64, AdamW and
//! the same loss; ours also cuts and changes the samples. One thread. On the CPU figures are processor seconds, so that other
//! jobs on the machine disturb them little; on CUDA seconds of the clock, after an epoch to warm up.

use std::{path::PathBuf, process::Command, time::Instant};

use cryo_bench::machine;
use cryo_core::{Grid, Volume, VoxelPos, VoxelSize};
use cryo_pu_localize::{
    AnnotatedTomogram, Annotation, ClassConfig, ContrastParams, ContrastRows, FitParams, Model,
    ModelConfig, NetworkConfig, PredictParams, Trainer, contrast, contrast_dense, predict,
};
use cryo_train::{DeviceChoice, Precision};
use ndarray::Array3;
use tch::{Device, Kind, Tensor};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Failure = Box<dyn std::error::Error>;

const STEPS: u64 = 20;
const BATCH: usize = 4;

fn main() -> Result<(), Failure> {
    // As the program does.
    cryo_train::keep_freed_memory();
    let (mut python, mut rounds, mut rows) = (None, 3_usize, 8192_i64);
    let (mut device, mut size) = (DeviceChoice::Cpu, vec![128, 256, 256]);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().unwrap_or_default();
        match argument.as_str() {
            "--rounds" => rounds = value().parse()?,
            "--rows" => rows = value().parse()?,
            "--device" => device = value().parse()?,
            "--size" => {
                size = value()
                    .split(',')
                    .map(str::parse)
                    .collect::<Result<_, _>>()?;
            }
            _ => python = Some(PathBuf::from(argument)),
        }
    }
    let shape = <[usize; 3]>::try_from(size).map_err(|_| "--size: expected Z,Y,X")?;
    tch::set_num_threads(1);
    println!(
        "Machine: {}; {device:?}, one thread, best of {rounds} rounds; a tomogram of {shape:?} (z, y, x).\n",
        machine::describe()
    );
    println!(
        "| program | training, samples / s | with contrastive terms | a tomogram, s | peak memory, GiB |\n|---|---|---|---|---|"
    );
    let resolved = device.resolve()?;
    for precision in [Precision::F32, Precision::Bf16] {
        let mut best = [0.0_f64, 0.0, f64::INFINITY];
        for _ in 0..rounds {
            let [training, contrastive, looking] = ours(resolved, precision, shape)?;
            best = [
                best[0].max(training),
                best[1].max(contrastive),
                best[2].min(looking),
            ];
        }
        let memory = machine::peak_resident_bytes().unwrap_or(0) as f64 / f64::from(1 << 30);
        println!(
            "| cryo-pu-localize, {precision:?} | {:.1} | {:.1} | {:.2} | {memory:.2} |",
            best[0], best[1], best[2]
        );
    }
    if let Some(python) = &python {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/python/localize_peer.py");
        let sizes = shape.map(|extent| extent.to_string());
        let output = Command::new(python)
            .args([script, &device.to_string(), &rounds.to_string()])
            .args(&sizes)
            .output()?;
        let text = String::from_utf8_lossy(&output.stdout);
        print!("{text}");
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
        }
    }
    terms(resolved, rows)
}

/// Seconds that the processor has worked, or of the clock where another device works.
fn seconds(device: Device, since: Instant) -> f64 {
    if let Device::Cuda(index) = device {
        tch::Cuda::synchronize(index as i64);
        return since.elapsed().as_secs_f64();
    }
    machine::cpu_seconds().unwrap_or(0.0)
}

/// Samples a second, without and with contrastive terms, and seconds for a tomogram.
fn ours(device: Device, precision: Precision, shape: [usize; 3]) -> Result<[f64; 3], Failure> {
    let grid = Grid::new(shape, VoxelSize::new(10.0).ok_or("above 0")?);
    let data = Array3::from_shape_fn(shape, |(z, y, x)| {
        ((z * 131 + y * 37 + x * 11) as f32).sin()
    });
    let volume = Volume::new(data, grid)?;
    let small = volume.crop(
        [0; 3],
        [32.min(shape[0]), 128.min(shape[1]), 128.min(shape[2])],
    );
    let small = small?;
    let annotations = (0..8).map(|n| Annotation {
        position: VoxelPos::zyx(16.0, 20.0 + 10.0 * f64::from(n), 64.0),
        class: Some(0),
    });
    let tomogram = AnnotatedTomogram {
        name: "bench".into(),
        volume: small,
        mask: None,
        annotations: annotations.collect(),
    };
    let mut config = ModelConfig {
        network: NetworkConfig::recommended(1),
        voxel_angstrom: 10.0,
        classes: vec![ClassConfig {
            name: "particle".into(),
            diameter_angstrom: 120.0,
        }],
        tubular: false,
    };
    let mut params = FitParams {
        epochs: 2,
        steps_per_epoch: Some(STEPS),
        batch_size: BATCH,
        precision,
        ..FitParams::recommended()
    };
    let clock = Instant::now();
    let tomograms = [tomogram];
    let learned = |config: &ModelConfig, params: &FitParams| -> Result<_, Failure> {
        let model = Model::new(config, 1, device)?;
        let mut trainer = Trainer::new(&tomograms, model, params)?;
        trainer.epoch()?;
        let begun = seconds(device, clock);
        trainer.epoch()?;
        let samples = (STEPS as usize * BATCH) as f64;
        Ok((samples / (seconds(device, clock) - begun), trainer))
    };
    let (training, trainer) = learned(&config, &params)?;
    config.network.projection = 32;
    params.contrast = Some(ContrastParams::default());
    let (contrastive, _) = learned(&config, &params)?;
    let looking = PredictParams {
        precision,
        ..PredictParams::default()
    };
    if device != Device::Cpu {
        predict(trainer.model(), "bench", &volume.view(), &looking, &())?;
    }
    let begun = seconds(device, clock);
    predict(trainer.model(), "bench", &volume.view(), &looking, &())?;
    let looked = seconds(device, clock) - begun;
    Ok([training, contrastive, looked])
}

/// The contrastive terms of so many rows.
fn terms(device: Device, rows: i64) -> Result<(), Failure> {
    let params = ContrastParams {
        gates: [0.01, 0.99],
        neutral: true,
        rows: ContrastRows::All,
        ..ContrastParams::default()
    };
    println!("\n| contrastive terms, forward and backward | rows | s |\n|---|---|---|");
    for (name, rows, dense) in [
        ("in blocks", 24_576, false),
        ("in blocks", rows, false),
        ("dense", rows, true),
    ] {
        let z = Tensor::randn([rows, 32], (Kind::Float, device));
        let z = (&z / z.norm_scalaropt_dim(2.0, [1], true))
            .detach()
            .set_requires_grad(true);
        let labels = Tensor::full([rows / 2], -1.0, (Kind::Float, device));
        let _ = labels.narrow(0, 0, 8).fill_(1.0);
        let probabilities = Tensor::rand([rows], (Kind::Float, device));
        let clock = Instant::now();
        let begun = seconds(device, clock);
        if dense {
            let [a, b] = contrast_dense(&z, &labels, &probabilities, &params)?;
            (a + b).backward();
        } else {
            let found = contrast(&z, &labels, &probabilities, &params)?;
            (found.supervised + found.unsupervised).backward();
        }
        println!(
            "| {name} | {rows} | {:.2} |",
            seconds(device, clock) - begun
        );
    }
    Ok(())
}
