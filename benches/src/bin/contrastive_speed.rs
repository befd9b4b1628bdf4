//! The reference's exploration network in training and embedding, ours beside PyTorch's, in turns, in one run.
//!
//!     cargo run --release -p cryo-bench --features torch --bin contrastive_speed -- [PYTHON] [--batch 64] [--rounds 3]
//!
//! PYTHON has torch 2.11.0. Both sides have the same network (2d3d, box 36), batch, objective, optimizer, augmentations of the
//! reference (Python: one image after another on PIL-free tensors, and batched), and one thread. Figures are processor seconds, so that other
//! jobs on the machine disturb them little.

use std::{path::PathBuf, process::Command};

use cryo_bench::machine;
use cryo_contrastive::{EmbedParams, FitParams, Model, ModelConfig, Pairs, Trainer, embed};
use cryo_train::Precision;
use ndarray::Array4;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let (mut python, mut batch, mut rounds) = (None, 64_usize, 3_usize);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut number = || arguments.next().unwrap_or_default().parse();
        match argument.as_str() {
            "--batch" => batch = number()?,
            "--rounds" => rounds = number()?,
            _ => python = Some(PathBuf::from(argument)),
        }
    }
    tch::set_num_threads(1);
    println!(
        "Machine: {}; batch {batch}, one thread, best of {rounds} rounds.",
        machine::describe()
    );
    println!(
        "\n| program | training, candidates / CPU s | embedding, candidates / CPU s | peak memory, GiB |\n|---|---|---|---|"
    );
    let ways = [
        ("cryo-contrastive, f32", Precision::F32),
        ("cryo-contrastive, bf16", Precision::Bf16),
    ];
    let mut best = [[0.0_f64; 2]; 4];
    let mut memory = [0.0_f64; 4];
    for _ in 0..rounds {
        for (place, (_, precision)) in ways.iter().enumerate() {
            let speeds = ours(batch, *precision)?;
            for (best, speed) in best[place].iter_mut().zip(speeds) {
                *best = best.max(speed);
            }
            memory[place] = machine::peak_resident_bytes().unwrap_or(0) as f64 / f64::from(1 << 30);
        }
        for (place, mode) in ["single", "batched"].iter().enumerate() {
            let Some(python) = &python else { continue };
            let (speeds, peak) = theirs(python, batch, mode)?;
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

/// Candidates a processor second in training and in embedding.
fn ours(batch: usize, precision: Precision) -> Result<[f64; 2], Failure> {
    let views = Array4::from_shape_fn((4 * batch, 2, 36, 36), |(n, c, y, x)| {
        ((n * 31 + c * 7 + y * x) as f32).sin()
    });
    let source = views.view();
    let params = FitParams {
        batch_size: batch,
        pairs: Pairs::Same,
        precision,
        epochs: 2,
        ..FitParams::cet_pick()
    };
    let model = Model::new(&ModelConfig::paper_2d3d(36), 1, tch::Device::Cpu)?;
    let mut trainer = Trainer::new(&source, model, &params)?;
    let begun = machine::cpu_seconds().unwrap_or(0.0);
    trainer.epoch()?;
    let trained = machine::cpu_seconds().unwrap_or(0.0);
    let embedded = EmbedParams {
        precision,
        ..EmbedParams::default()
    };
    embed(trainer.model(), &source, &embedded, &())?;
    let done = machine::cpu_seconds().unwrap_or(0.0);
    let items = views.dim().0 as f64;
    Ok([items / (trained - begun), items / (done - trained)])
}

fn theirs(python: &std::path::Path, batch: usize, mode: &str) -> Result<([f64; 2], f64), Failure> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/python/contrastive_peer.py");
    let output = Command::new(python)
        .args([script, &batch.to_string(), mode])
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
