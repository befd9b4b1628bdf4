//! What decides how well few annotations find the others, on the tomogram that they are of and on others.
//!
//!     cargo run --release -p cryo-bench --features torch --bin localize_ablation -- \
//!         FOLDER/sim01 [OTHER_FOLDER …] [--class 6qzp:250]… [--annotations 20] [--seeds 3] [--steps 120] \
//!         [--only TEXT] [--part 1/1] [--threads 2] [--device cpu]
//!
//! --only takes the row of that name, --part 2/3 the second of every three rows, --steps so many steps an epoch where the row has no
//! other number.
//!
//! The first folder is learned from, the others are only looked at. Each holds `*_rec.mrc` and `*_truth.star` (of `cryo
//! simulate`) or `*_particles.star`. Picks are matched one to one within half a diameter. Columns: F1 at the automatic
//! threshold / best F1 at any / mean error in voxels of the tomogram; for the first folder also F1 at the automatic
//! threshold of the particles that were not annotated.

mod data;
mod variants;

use std::{ops::ControlFlow, path::PathBuf, time::Instant};

use cryo_bench::{Part, machine};
use cryo_core::ParticleSet;
use cryo_eval::{EvaluateParams, evaluate};
use cryo_pu_localize::{LocalizeParams, Model, Threshold, fit, particles, predict};
use cryo_train::DeviceChoice;
use tch::Device;

use data::{Class, Scene};
use variants::{Variant, variants};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Failure = Box<dyn std::error::Error>;

struct Options {
    folders: Vec<PathBuf>,
    classes: Vec<Class>,
    annotations: usize,
    seeds: u64,
    steps: Option<u64>,
    only: Option<String>,
    part: Part,
    threads: i32,
    device: DeviceChoice,
}

fn options() -> Result<Options, Failure> {
    let mut arguments = std::env::args().skip(1);
    let mut options = Options {
        folders: Vec::new(),
        classes: Vec::new(),
        annotations: 20,
        seeds: 3,
        steps: None,
        only: None,
        part: Part::default(),
        threads: 2,
        device: DeviceChoice::Cpu,
    };
    while let Some(argument) = arguments.next() {
        let mut value = || {
            arguments
                .next()
                .ok_or(format!("{argument}: expected a value"))
        };
        match argument.as_str() {
            "--class" => {
                let text = value()?;
                let (name, diameter) = text.split_once(':').ok_or("expected NAME:ÅNGSTRÖM")?;
                options.classes.push(Class {
                    name: name.to_owned(),
                    diameter_angstrom: diameter.parse()?,
                });
            }
            "--annotations" => options.annotations = value()?.parse()?,
            "--seeds" => options.seeds = value()?.parse()?,
            "--steps" => options.steps = Some(value()?.parse()?),
            "--only" => options.only = Some(value()?),
            "--part" => options.part = value()?.parse()?,
            "--threads" => options.threads = value()?.parse()?,
            "--device" => options.device = value()?.parse()?,
            _ => options.folders.push(argument.into()),
        }
    }
    if options.classes.is_empty() {
        options.classes.push(Class {
            name: "6qzp".into(),
            diameter_angstrom: 250.0,
        });
    }
    Ok(options)
}

fn main() -> Result<(), Failure> {
    // As the program does.
    cryo_train::keep_freed_memory();
    let options = options()?;
    tch::set_num_threads(options.threads);
    let scenes = (options.folders.iter())
        .map(|folder| Scene::read(folder))
        .collect::<Result<Vec<_>, _>>()?;
    let first = scenes.first().ok_or("expected a folder")?;
    println!(
        "Machine: {}; {:?}, {} threads, {} annotations, {} seeds, classes {:?}.\n",
        machine::describe(),
        options.device,
        options.threads,
        options.annotations,
        options.seeds,
        options.classes
    );
    let names: Vec<&str> = scenes.iter().map(|scene| scene.name.as_str()).collect();
    println!(
        "| variant | class | un-annotated | {} | CPU s | wall s |",
        names.join(" | ")
    );
    println!("|---|---|---|{}---|---|", "---|".repeat(names.len()));
    let device = options.device.resolve()?;
    let voxel = first.volume.grid().voxel_size.x();
    let rows = variants(&options.classes, voxel, options.steps, device);
    let wanted = |variant: &Variant| (options.only.as_ref()).is_none_or(|o| variant.name == o);
    for (number, variant) in rows.iter().filter(|row| wanted(row)).enumerate() {
        if options.part.holds(number) {
            row(&scenes, variant, &options, device)?;
        }
    }
    Ok(())
}

/// Sums over the seeds of one class: of the un-annotated, then of each scene.
#[derive(Default)]
struct Sums {
    unannotated: Vec<f64>,
    scenes: Vec<Vec<[f64; 3]>>,
}

fn row(
    scenes: &[Scene],
    variant: &Variant,
    options: &Options,
    device: Device,
) -> Result<(), Failure> {
    let mut sums: Vec<Sums> = (options.classes.iter())
        .map(|_| Sums {
            unannotated: Vec::new(),
            scenes: vec![Vec::new(); scenes.len()],
        })
        .collect();
    let (mut cpu, mut wall) = (0.0, 0.0);
    for seed in 0..options.seeds {
        let learned = scenes[0].annotated(&options.classes, options.annotations, seed);
        let mut params = variant.params.clone();
        params.seed = seed;
        let model = Model::new(&variant.model, seed, device)?;
        let (begun, clock) = (machine::cpu_seconds().unwrap_or(0.0), Instant::now());
        let known = learned.annotations.clone();
        let fitted = fit(&[learned], model, &params, &mut |_| {
            ControlFlow::Continue(())
        })?;
        cpu += machine::cpu_seconds().unwrap_or(0.0) - begun;
        wall += clock.elapsed().as_secs_f64();
        for (number, scene) in scenes.iter().enumerate() {
            let heat = predict(
                &fitted.model,
                &scene.name,
                &scene.volume.view(),
                &Default::default(),
                &(),
            )?;
            let read = |threshold| {
                let params = LocalizeParams {
                    threshold,
                    ..LocalizeParams::default()
                };
                particles(
                    &fitted.model,
                    &scene.name,
                    &heat,
                    &scene.volume.view(),
                    &params,
                )
                .map(|found| found.set)
            };
            let (picks, all) = (read(Threshold::Auto)?, read(Threshold::Score(0.05))?);
            for (class, config) in options.classes.iter().enumerate() {
                let truth = scene.truth(config);
                let radius = config.diameter_angstrom / 2.0;
                let own = |set: &ParticleSet| {
                    let mut own = set.clone();
                    own.tomogram.clone_from(&truth.tomogram);
                    own.retain(|particle| particle.class == Some(class as u32 + 1));
                    own
                };
                let params = EvaluateParams::new(radius);
                let at = evaluate(std::slice::from_ref(&truth), &[own(&picks)], &params)?.pooled;
                let any = evaluate(std::slice::from_ref(&truth), &[own(&all)], &params)?.pooled;
                let error =
                    at.mean_error_angstrom.unwrap_or(f64::NAN) / scene.volume.grid().voxel_size.x();
                sums[class].scenes[number].push([
                    at.f1.unwrap_or(f64::NAN),
                    any.best_f1.unwrap_or(f64::NAN),
                    error,
                ]);
                eprintln!(
                    "{} seed {seed} {} {}: {} picks, precision {:.3}, recall {:.3}, F1 {:.3} at {:.3}; best {:.3} at {:.3}; {error:.2} voxels",
                    variant.name,
                    config.name,
                    scene.name,
                    own(&picks).len(),
                    at.precision.unwrap_or(f64::NAN),
                    at.recall.unwrap_or(f64::NAN),
                    at.f1.unwrap_or(f64::NAN),
                    own(&picks)
                        .items
                        .iter()
                        .map(|pick| pick.score.unwrap_or(f32::NAN))
                        .fold(f32::INFINITY, f32::min),
                    any.best_f1.unwrap_or(f64::NAN),
                    any.best_threshold.unwrap_or(f32::NAN),
                );
                if number == 0 {
                    let rest = without(&truth, &own(&picks), &known, class, radius);
                    let scores = evaluate(&[rest.0], &[rest.1], &params)?.pooled;
                    sums[class].unannotated.push(scores.f1.unwrap_or(f64::NAN));
                }
            }
        }
    }
    let seeds = options.seeds as f64;
    for (sums, class) in sums.iter().zip(&options.classes) {
        let cells: Vec<String> = sums.scenes.iter().map(|scene| cell(scene)).collect();
        println!(
            "| {} | {} | {} | {} | {:.0} | {:.0} |",
            variant.name,
            class.name,
            spread(&sums.unannotated),
            cells.join(" | "),
            cpu / seeds,
            wall / seeds
        );
    }
    Ok(())
}

/// Truth and picks without the annotated particles and the picks nearest to them.
fn without(
    truth: &ParticleSet,
    picks: &ParticleSet,
    known: &[cryo_pu_localize::Annotation],
    class: usize,
    radius_angstrom: f64,
) -> (ParticleSet, ParticleSet) {
    let (mut truth, mut picks) = (truth.clone(), picks.clone());
    let radius = radius_angstrom / truth.grid.voxel_size.x();
    for place in known.iter().filter(|place| place.class == Some(class)) {
        truth.retain(|particle| particle.position.distance_to(place.position) > 1e-6);
        let distance = |set: &ParticleSet, number: usize| {
            set.items[number].position.distance_to(place.position)
        };
        let nearest =
            (0..picks.len()).min_by(|&a, &b| distance(&picks, a).total_cmp(&distance(&picks, b)));
        if let Some(nearest) = nearest.filter(|&nearest| distance(&picks, nearest) <= radius) {
            picks.items.remove(nearest);
        }
    }
    (truth, picks)
}

fn spread(values: &[f64]) -> String {
    let count = values.len().max(1) as f64;
    let mean = values.iter().sum::<f64>() / count;
    let variance = values
        .iter()
        .map(|value| (value - mean).powi(2))
        .sum::<f64>()
        / count;
    format!("{mean:.3} ± {:.3}", variance.sqrt())
}

fn cell(values: &[[f64; 3]]) -> String {
    let column = |index: usize| -> Vec<f64> { values.iter().map(|value| value[index]).collect() };
    let mean = |index: usize| column(index).iter().sum::<f64>() / values.len().max(1) as f64;
    format!("{} / {:.3} / {:.2}", spread(&column(0)), mean(1), mean(2))
}
