//! What decides how well the exploration network tells molecules apart, as a Markdown table.
//!
//!     cargo run --release -p cryo-bench --features torch --bin contrastive_ablation -- \
//!         FOLDER/sim01 [--epochs 60] [--seeds 1] [--only TEXT] [--part 1/1] [--threads 1] [--device cpu]
//!
//! --only takes the rows with that in their names, --part 2/3 the second of every three of them.
//! `FOLDER/sim01` holds `sim01_rec.mrc` and `sim01_particles.star`. A candidate has the class of the particle that it is
//! matched to, one to one, within half that particle's diameter; the others are background.

mod data;
mod score;
mod variants;

use std::{ops::ControlFlow, path::PathBuf, time::Instant};

use cryo_bench::{Part, machine};
use cryo_contrastive::{Model, embed, fit, pca, yardstick};
use cryo_train::DeviceChoice;

use data::{Data, SliceSource};
use score::{Score, mean_and_spread};
use variants::{Variant, variants};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Failure = Box<dyn std::error::Error>;

struct Options {
    folder: PathBuf,
    epochs: u64,
    seeds: u64,
    only: String,
    part: Part,
    threads: i32,
    device: DeviceChoice,
}

fn options() -> Result<Options, Failure> {
    let mut arguments = std::env::args().skip(1);
    let mut options = Options {
        folder: PathBuf::new(),
        epochs: 60,
        seeds: 1,
        only: String::new(),
        part: Part::default(),
        threads: 1,
        device: DeviceChoice::Cpu,
    };
    while let Some(argument) = arguments.next() {
        let mut value = || {
            arguments
                .next()
                .ok_or(format!("{argument}: expected a value"))
        };
        match argument.as_str() {
            "--epochs" => options.epochs = value()?.parse()?,
            "--seeds" => options.seeds = value()?.parse()?,
            "--only" => options.only = value()?,
            "--part" => options.part = value()?.parse()?,
            "--device" => options.device = value()?.parse()?,
            "--threads" => options.threads = value()?.parse()?,
            _ => options.folder = argument.into(),
        }
    }
    Ok(options)
}

fn main() -> Result<(), Failure> {
    // As the program does.
    cryo_train::keep_freed_memory();
    let options = options()?;
    tch::set_num_threads(options.threads);
    let data = Data::read(&options.folder)?;
    println!(
        "Machine: {}; {} epochs, {} seeds, {} threads. {}",
        machine::describe(),
        options.epochs,
        options.seeds,
        options.threads,
        data.describe()
    );
    println!(
        "\n| variant | 5-NN balanced accuracy | by class (background, then by number) | ribosomes among 20 neighbours | \
         yardstick: learned / PCA | CPU s | parameters | MMAC |\n|---|---|---|---|---|---|---|---|"
    );
    for (name, slices, size, crop) in [
        ("PCA 50, mean of 3 slices, box 24", 3, 24, None),
        ("PCA 50, input of the network", 4, 36, Some(12)),
    ] {
        if name.contains(&options.only) && options.part.holds(0) {
            let points = data.raw_crops(slices, size, crop)?;
            let score = Score::of(pca(points.view(), 50)?.view(), &data.labels)?;
            println!(
                "| {name} | {:.3} | {} | {:.2} | | | | |",
                score.accuracy,
                score.recalls(),
                score.retrieval
            );
        }
    }
    let rows = variants(options.epochs);
    let wanted = |row: &&Variant| row.name.contains(&options.only);
    for (number, variant) in rows.iter().filter(wanted).enumerate() {
        if options.part.holds(number) {
            println!("{}", row(&data, variant, &options)?);
        }
    }
    Ok(())
}

fn row(data: &Data, variant: &Variant, options: &Options) -> Result<String, Failure> {
    let mut scores = Vec::new();
    let (mut seconds, mut facts, mut sticks) = (0.0, (0, 0), Vec::new());
    for seed in 0..options.seeds {
        let source = SliceSource::new(data, variant)?;
        let model = Model::new(&variant.config, seed, options.device.resolve()?)?;
        facts = (model.parameters(), variant.config.macs());
        let mut params = variant.params.clone();
        params.seed = seed;
        let (begun, wall) = (machine::cpu_seconds().unwrap_or(0.0), Instant::now());
        let fitted = fit(&source, model, &params, &mut |_| ControlFlow::Continue(()))?;
        seconds += machine::cpu_seconds().unwrap_or(0.0) - begun;
        eprintln!(
            "{} seed {seed}: {:.0} s",
            variant.name,
            wall.elapsed().as_secs_f64()
        );
        let embedding = embed(&fitted.model, &source, &variant.embed, &())?;
        scores.push(Score::of(embedding.embedding.view(), &data.labels)?);
        sticks.push(yardstick(
            &fitted.model,
            &source,
            &params.augment[0],
            &variant.yardstick,
        )?);
    }
    let of = |value: &dyn Fn(&Score) -> f64| mean_and_spread(scores.iter().map(value));
    let stick = |value: &dyn Fn(&cryo_contrastive::Yardstick) -> f64| {
        sticks.iter().map(value).sum::<f64>() / sticks.len() as f64
    };
    Ok(format!(
        "| {} | {} | {} | {} | {:.2} / {:.2} | {:.0} | {} | {:.2} |",
        variant.name,
        of(&|score| score.accuracy),
        scores[0].recalls(),
        of(&|score| score.retrieval),
        stick(&|stick| stick.learned),
        stick(&|stick| stick.pca),
        seconds / options.seeds as f64,
        facts.0,
        facts.1 as f64 / 1e6
    ))
}
