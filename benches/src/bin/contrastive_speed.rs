//! The reference's exploration network in training and embedding, ours beside PyTorch's, in turns, in one run.
//!
//!     cargo run --release -p cryo-bench --features torch --bin contrastive_speed -- \
//!         [PYTHON] [--batch 64] [--batches 4] [--rounds 3] [--device cpu]
//!
//! PYTHON has torch 2.11.0. Both sides have the same network (2d3d, box 36), batch, objective, optimizer, augmentations of the
//! reference (Python: one image after another on PIL-free tensors, and batched), and one thread. On the CPU figures are
//! processor seconds, so that other jobs on the machine disturb them little; on CUDA seconds of the clock, after an epoch
//! to warm up.

use std::{path::PathBuf, process::Command, time::Instant};

use cryo_bench::machine;
use cryo_contrastive::{EmbedParams, FitParams, Model, ModelConfig, Pairs, Trainer, embed};
use cryo_train::{DeviceChoice, Precision};
use ndarray::Array4;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    // As the program does.
    cryo_train::keep_freed_memory();
    let (mut python, mut rounds) = (None, 3_usize);
    let mut work = Work {
        batch: 64,
        batches: 4,
        device: DeviceChoice::Cpu,
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().unwrap_or_default();
        match argument.as_str() {
            "--batch" => work.batch = value().parse()?,
            "--batches" => work.batches = value().parse()?,
            "--rounds" => rounds = value().parse()?,
            "--device" => work.device = value().parse()?,
            _ => python = Some(PathBuf::from(argument)),
        }
    }
    tch::set_num_threads(1);
    println!(
        "Machine: {}; {:?}, {} batches of {}, one thread, best of {rounds} rounds.",
        machine::describe(),
        work.device,
        work.batches,
        work.batch
    );
    println!(
        "\n| program | training, candidates / s | embedding, candidates / s | peak memory, GiB |\n|---|---|---|---|"
    );
    let ways = [
        ("cryo-contrastive, f32", Precision::F32),
        ("cryo-contrastive, bf16", Precision::Bf16),
    ];
    let mut best = [[0.0_f64; 2]; 4];
    let mut memory = [0.0_f64; 4];
    for _ in 0..rounds {
        for (place, (_, precision)) in ways.iter().enumerate() {
            let speeds = ours(&work, *precision)?;
            for (best, speed) in best[place].iter_mut().zip(speeds) {
                *best = best.max(speed);
            }
            memory[place] = machine::peak_resident_bytes().unwrap_or(0) as f64 / f64::from(1 << 30);
        }
        for (place, mode) in ["single", "batched"].iter().enumerate() {
            let Some(python) = &python else { continue };
            let (speeds, peak) = theirs(python, &work, mode)?;
            for (best, speed) in best[2 + place].iter_mut().zip(speeds) {
                *best = best.max(speed);
            }
            memory[2 + place] = peak;
        }
    }
    let names = [
        ways[0].0,
        ways[1].0,
        "PyTorch, augmentation image by image",
        "PyTorch, augmentation batched",
    ];
    for (place, name) in names
        .iter()
        .enumerate()
        .filter(|(place, _)| *place < 2 || python.is_some())
    {
        println!(
            "| {name} | {:.1} | {:.1} | {:.2} |",
            best[place][0], best[place][1], memory[place]
        );
    }
    Ok(())
}

struct Work {
    batch: usize,
    batches: usize,
    device: DeviceChoice,
}

/// Seconds that the processor has worked, or of the clock where another device works.
fn seconds(device: tch::Device, since: Instant) -> f64 {
    if let tch::Device::Cuda(index) = device {
        tch::Cuda::synchronize(index as i64);
        return since.elapsed().as_secs_f64();
    }
    machine::cpu_seconds().unwrap_or(0.0)
}

/// Candidates a second in training and in embedding.
fn ours(work: &Work, precision: Precision) -> Result<[f64; 2], Failure> {
    let batch = work.batch;
    let device = work.device.resolve()?;
    let views = Array4::from_shape_fn((work.batches * batch, 2, 36, 36), |(n, c, y, x)| {
        ((n * 31 + c * 7 + y * x) as f32).sin()
    });
    let source = views.view();
    let params = FitParams {
        batch_size: batch,
        pairs: Pairs::Same,
        precision,
        epochs: 3,
        ..FitParams::cet_pick()
    };
    let model = Model::new(&ModelConfig::paper_2d3d(36), 1, device)?;
    let mut trainer = Trainer::new(&source, model, &params)?;
    let clock = Instant::now();
    if device != tch::Device::Cpu {
        trainer.epoch()?;
    }
    let begun = seconds(device, clock);
    trainer.epoch()?;
    let trained = seconds(device, clock);
    let embedded = EmbedParams {
        precision,
        ..EmbedParams::default()
    };
    embed(trainer.model(), &source, &embedded, &())?;
    let done = seconds(device, clock);
    let items = views.dim().0 as f64;
    Ok([items / (trained - begun), items / (done - trained)])
}

fn theirs(python: &std::path::Path, work: &Work, mode: &str) -> Result<([f64; 2], f64), Failure> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/python/contrastive_peer.py");
    let output = Command::new(python)
        .args([script, &work.batch.to_string(), mode])
        .args([&work.batches.to_string(), &work.device.to_string()])
        .output()?;
    let facts: serde_json::Value = serde_json::from_slice(&output.stdout)
        .map_err(|_| String::from_utf8_lossy(&output.stderr).into_owned())?;
    let number = |name: &str| {
        facts[name]
            .as_f64()
            .ok_or(format!("the script gave no {name}"))
    };
    Ok(([number("train")?, number("embed")?], number("peak_gib")?))
}
