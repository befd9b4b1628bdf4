use std::{
    fs,
    path::{Path, PathBuf},
    time::Instant,
};

use clap::Args;
use cryo_candidates::PlaneSource as _;
use cryo_core::{ParticleSet, Volume};
use cryo_embed_viz::{Series, curves};
use cryo_io::{Overwrite, dataset::DatasetEntry, write_atomic};
use cryo_pu_localize::{
    AnnotatedTomogram, Annotation, Calibration, FitParams, Model, ModelConfig, PredictParams,
    Reading, Reduced, Trainer, check_inside, predict, predict_bytes,
};
use cryo_train::{CheckpointDir, EpochReport};
use ndarray::Array3;

use super::{
    annotations::{class_name, class_names, diameters, join_filaments, without_duplicates},
    drawing::Backdrop,
    epoch_pictures::EpochPictures,
    failure, inputs,
    settings::{Flags, Settings},
};
use crate::{
    config,
    exit::{Failure, Outcome},
    learning::{PROGRAM, duration, gibibytes, say_warnings, tidy},
    masks,
    options::{Common, is_interrupted},
    pictures,
    progress::Report,
    tomograms::{self, Tomogram},
};

/// Learn from a few annotated particles where the others are.
#[derive(Debug, Args)]
#[command(after_help = "\
The coordinates may have several classes, by name or number: one network learns them all, and takes the particles of one for \
negatives of the others. 10 to 50 particles of a class do. The run folder gets config.toml, checkpoints/, metrics.jsonl, model/ \
(what predict uses), thresholds.tsv and thresholds.png: the expected precision and recall at a range of thresholds.\n\n\
Examples:\n  cryo localize train --data ts_01.mrc --coords clicks.star --diameter 250 --out run\n  \
cryo localize train --data dataset.tsv --coords run/selections/ribosome.star --diameter 250 --out localized\n  \
cryo localize train --data dataset.tsv --coords picks.star --diameter ribosome=250,proteasome=150 --out run\n  \
cryo localize train --data dataset.tsv --coords microtubules.mod --diameter 250 --tubular --out tubes")]
pub(crate) struct Arguments {
    /// A dataset list, a pattern such as 'tomo/*.mrc', or tomograms. Only those with coordinates are read.
    #[arg(long, value_name = "LIST|FILE", required = true, num_args = 1..)]
    data: Vec<String>,

    /// Some particles, in any format of coordinates.
    #[arg(long, value_name = "FILE")]
    coords: PathBuf,

    /// Places where there is no particle of any class, in any format.
    #[arg(long, value_name = "FILE")]
    negatives: Option<PathBuf>,

    /// Diameter of a particle in ångström: a number for all classes, or CLASS=Å for each. Needed, unless --config says it.
    #[arg(long, value_name = "Å|CLASS=Å", value_delimiter = ',')]
    diameter: Vec<String>,

    /// The particles are points along tubes: filaments are traced from the predictions. Points with filament ids are joined along
    /// the filament, up to four diameters from one to the next.
    #[arg(long)]
    tubular: bool,

    /// Draw slabs of the first tomogram with coordinates, and of its heat map, after every epoch, as RUN/epochs/NN.png and
    /// NN_heat.png, with a circle round what scores at least half of what the coordinates do.
    #[arg(long)]
    png: bool,

    /// The run folder.
    #[arg(short, long, value_name = "RUN")]
    out: PathBuf,

    #[command(flatten)]
    flags: Flags,
}

/// A tomogram with coordinates on it.
struct Annotated<'a> {
    entry: &'a DatasetEntry,
    tomogram: Tomogram,
    annotations: Vec<Annotation>,
}

/// The tomograms with coordinates on the network's grid, and the names of the classes.
struct Learned {
    volumes: Vec<(String, Volume)>,
    masks: Vec<Option<Array3<bool>>>,
    annotations: Vec<Vec<Annotation>>,
    names: Vec<String>,
    /// What epochs are drawn on, the first tomogram, where they are.
    backdrop: Option<Backdrop>,
}

pub(crate) fn run(arguments: &Arguments, common: &Common) -> Result<Outcome, Failure> {
    if common.shard.is_some() {
        return Err(Failure::usage(
            "--shard: one network learns from all tomograms; shard cryo localize predict instead",
        ));
    }
    let mut settings = Settings::effective(common, &arguments.flags)?;
    settings.tubular |= arguments.tubular;
    let dataset = tomograms::dataset(&arguments.data)?;
    let entries: Vec<&DatasetEntry> = dataset.entries.iter().collect();
    let mut sets = inputs::coordinates(&arguments.coords, &entries, common)?;
    let names = class_names(&sets);
    if names.is_empty() {
        return Err(Failure::Input(format!(
            "{}: expected positions of particles, got none",
            arguments.coords.display()
        )));
    }
    if !arguments.diameter.is_empty() {
        settings.diameters = diameters(&arguments.diameter, &names)?;
    }
    if settings.diameters.len() != names.len() {
        return Err(Failure::usage(format!(
            "--diameter: expected the diameter in ångström of {}",
            names.join(", ")
        )));
    }
    if settings.tubular {
        join_filaments(&mut sets, &names, &settings.diameters, common);
    }
    let device = common
        .device
        .resolve()
        .map_err(|error| failure(error.into()))?;
    let goes_on = goes_on(&arguments.out, &settings, common)?;
    let places = annotated(arguments, &entries, &sets, &names, common)?;
    let voxel = (places.iter())
        .map(|one| one.tomogram.grid().voxel_size.x())
        .fold(f64::INFINITY, f64::min);
    let model_config = settings.model(&names, voxel)?;
    let drawn = arguments.png && !common.dry_run;
    let learned = read(places, names, model_config.voxel_angstrom, drawn, common)?;
    let params = settings.fit(&model_config, common.seed())?.fitting(
        least_shape(&learned.volumes, model_config.voxel_angstrom),
        &model_config.network,
    );
    let count: usize = learned.annotations.iter().map(Vec::len).sum();
    let plan = format!(
        "{count} annotations of {} in {} tomograms, on voxels of {:.2} Å, on {device:?}",
        learned.names.join(", "),
        learned.volumes.len(),
        model_config.voxel_angstrom
    );
    let annotated: Vec<AnnotatedTomogram<'_>> = (learned.volumes.iter().zip(&learned.masks))
        .zip(&learned.annotations)
        .map(|(((name, volume), mask), annotations)| AnnotatedTomogram {
            name: name.clone(),
            volume: volume.view(),
            mask: mask.as_ref().map(|mask| mask.view()),
            annotations: annotations.clone(),
        })
        .collect();
    let of_tomogram = |error| with_file(failure(error), &entries);
    if common.dry_run {
        let model = Model::new(&model_config, common.seed(), device).map_err(failure)?;
        let seconds = seconds(&annotated, model, &params).map_err(of_tomogram)?;
        common.say(&format!(
            "would learn from {plan}, in about {} and {}, as some steps took now, into {}",
            gibibytes(memory(&learned, &model_config, &params)),
            duration(seconds),
            arguments.out.display()
        ));
        return Ok(Outcome::Done);
    }
    common.say(&format!("learning from {plan}"));
    let checkpoints = CheckpointDir::new(arguments.out.join("checkpoints"));
    let latest = checkpoints
        .latest()
        .map_err(|error| failure(error.into()))?;
    let mut trainer = match latest.filter(|_| goes_on) {
        Some(path) => {
            common.say(&format!("going on from {}", path.display()));
            Trainer::resume(&annotated, &path, device).map_err(of_tomogram)?
        }
        None => {
            let model = Model::new(&model_config, common.seed(), device).map_err(failure)?;
            Trainer::new(&annotated, model, &params).map_err(of_tomogram)?
        }
    };
    for warning in trainer.warnings() {
        common.say(&format!("warning: {warning}"));
    }
    tidy(&arguments.out)?;
    if !goes_on {
        clear(&arguments.out)?;
        checkpoints
            .keep_last(0)
            .map_err(|error| failure(error.into()))?;
        fs::create_dir_all(checkpoints.path()).map_err(cryo_io::Error::from)?;
        let path = arguments.out.join("config.toml");
        config::write(&path, "localize", &settings, common, Overwrite::Replace)?;
    }
    let pictures = (learned.backdrop.as_ref())
        .map(|backdrop| EpochPictures::new(&annotated[0], backdrop, &arguments.out));
    epochs(
        &mut trainer,
        &checkpoints,
        pictures.as_ref(),
        &arguments.out,
        common,
    )?;
    let progress = Report::new(common);
    let fitted = trainer.finish_with(&progress).map_err(failure)?;
    let checkpoint = fitted.model.to_checkpoint().map_err(failure)?;
    checkpoint
        .save(&arguments.out.join("model"))
        .map_err(|error| failure(error.into()))?;
    let calibration = fitted.model.calibration().unwrap_or_default();
    if settings.tubular {
        for (name, found) in learned.names.iter().zip(calibration) {
            common.say(&format!(
                "{name}: filaments of a mean score of {:.2} and more",
                found.threshold
            ));
        }
        return Ok(Outcome::Done);
    }
    write_text(
        &arguments.out,
        "thresholds.tsv",
        &thresholds(&learned.names, calibration),
    )?;
    draw(&arguments.out, &learned.names, calibration)?;
    for (name, found) in learned.names.iter().zip(calibration) {
        common.say(&format!(
            "{name}: {:.0} particles expected in these tomograms, threshold {:.2}",
            // Not "-0".
            found.expected.max(0.0) + 0.0,
            found.threshold
        ));
    }
    Ok(Outcome::Done)
}

/// Steps that a dry run takes the time of.
const TIMED: u64 = 10;

/// Voxels `[z, y, x]` of the smallest tomogram on the network's grid.
fn least_shape(volumes: &[(String, Volume)], voxel_angstrom: f64) -> [usize; 3] {
    let mut least = [usize::MAX; 3];
    for (_, volume) in volumes {
        let grid = volume.grid();
        let size = [
            grid.voxel_size.z(),
            grid.voxel_size.y(),
            grid.voxel_size.x(),
        ];
        for axis in 0..3 {
            let extent = (grid.shape[axis] as f64 * size[axis] / voxel_angstrom).floor();
            least[axis] = least[axis].min(extent.max(1.0) as usize);
        }
    }
    least
}

/// Most memory that training and the heat maps after it take, in bytes.
fn memory(learned: &Learned, model: &ModelConfig, params: &FitParams) -> u64 {
    let (mut held, mut coarser, mut heat) = (0, 0, 0);
    for ((_, volume), mask) in learned.volumes.iter().zip(&learned.masks) {
        held += mask.as_ref().map_or(0, |mask| 2 * mask.len() as u64);
        let grid = volume.grid();
        let scale = (grid.voxel_size.x() / model.voxel_angstrom).powi(3);
        let voxels = volume.data().len() as f64;
        // As it was read, prepared, and what is drawn of each class.
        held += (4.0 * voxels * (1.0 + scale * (1 + model.network.classes) as f64)) as u64;
        if params.augment.coarser > 0.0 {
            coarser += (4.0 * voxels * scale) as u64;
        }
        heat = heat.max(predict_bytes(model, grid, &PredictParams::default()));
    }
    let samples = params.batch_size * params.sample.iter().product::<usize>();
    let training = samples as u64 * model.network.training_bytes_per_voxel();
    // Freed memory is kept, and heat maps need blocks of other sizes than training.
    PROGRAM + held + coarser + training + heat
}

/// Mirror images that the threshold is read of, where it is.
const MIRRORS: f64 = 4.0;

/// Seconds that training and reading the threshold take: some steps are done, the first ones to warm up, and the first
/// tomogram is looked at.
fn seconds(
    annotated: &[AnnotatedTomogram<'_>],
    model: Model,
    params: &FitParams,
) -> Result<f64, cryo_pu_localize::Error> {
    let some = FitParams {
        steps_per_epoch: Some(TIMED),
        ..params.clone()
    };
    let mut trainer = Trainer::new(annotated, model, &some)?;
    trainer.epoch()?;
    let step = trainer.epoch()?.seconds / TIMED as f64;
    let annotations = annotated.iter().map(|one| one.annotations.len() as u64);
    let steps = params.steps_per_epoch.unwrap_or(annotations.sum());
    let (first, begun) = (&annotated[0], Instant::now());
    let once = PredictParams {
        mirrors: Some(false),
        precision: params.precision,
        ..PredictParams::default()
    };
    predict(trainer.model(), &first.name, &first.volume, &once, &())?;
    // On the network's grid, tomograms are as large as they are in ångström.
    let size = |one: &AnnotatedTomogram<'_>| {
        let grid = one.volume.grid();
        let voxel = grid.voxel_size;
        one.volume.data().len() as f64 * voxel.x() * voxel.y() * voxel.z()
    };
    let all = annotated.iter().map(size).sum::<f64>() / size(first);
    let times = if params.mirrors { MIRRORS } else { 1.0 };
    let threshold = begun.elapsed().as_secs_f64() * all * times;
    Ok(step * (steps * params.epochs) as f64 + threshold)
}

fn annotated<'a>(
    arguments: &Arguments,
    entries: &[&'a DatasetEntry],
    sets: &[ParticleSet],
    names: &[String],
    common: &Common,
) -> Result<Vec<Annotated<'a>>, Failure> {
    let negatives = match &arguments.negatives {
        Some(path) => inputs::coordinates(path, entries, common)?,
        None => Vec::new(),
    };
    let mut found = Vec::new();
    for entry in entries {
        let of = |sets: &[ParticleSet]| -> Vec<ParticleSet> {
            sets.iter()
                .filter(|set| set.tomogram == entry.name)
                .cloned()
                .collect()
        };
        let mut annotations = Vec::new();
        for set in of(sets) {
            for item in &set.items {
                let name = class_name(&set, item.class);
                annotations.push(Annotation {
                    position: item.position,
                    class: names.iter().position(|known| *known == name),
                });
            }
        }
        for set in of(&negatives) {
            annotations.extend(set.items.iter().map(|item| Annotation {
                position: item.position,
                class: None,
            }));
        }
        if annotations.is_empty() {
            continue;
        }
        let given = annotations.len();
        let annotations = without_duplicates(annotations);
        if annotations.len() < given {
            common.say(&format!(
                "{}: {} positions are there twice and count once",
                entry.name,
                given - annotations.len()
            ));
        }
        found.push(Annotated {
            entry,
            tomogram: Tomogram::open(entry, common)?,
            annotations,
        });
    }
    Ok(found)
}

fn read(
    annotated: Vec<Annotated<'_>>,
    names: Vec<String>,
    voxel_angstrom: f64,
    drawn: bool,
    common: &Common,
) -> Result<Learned, Failure> {
    let mut learned = Learned {
        volumes: Vec::new(),
        masks: Vec::new(),
        annotations: Vec::new(),
        names,
        backdrop: None,
    };
    for Annotated {
        entry,
        tomogram,
        mut annotations,
    } in annotated
    {
        let grid = tomogram.grid();
        check_inside(&entry.name, &grid, &annotations)
            .map_err(|error| tomograms::named(failure(error), &entry.tomogram))?;
        let Reduced { volume, mask } = inputs::read(&tomogram, entry, voxel_angstrom, common)?;
        if drawn && learned.backdrop.is_none() {
            learned.backdrop = Some(Backdrop::of(&tomogram, &entry.name, &volume, common)?);
        }
        for annotation in &mut annotations {
            annotation.position = volume.grid().voxel_from(&grid, annotation.position);
        }
        if let Some(mask) = &mask {
            warn_of_masked(&annotations, mask, &entry.name, common);
        }
        learned.masks.push(mask);
        learned.volumes.push((entry.name.clone(), volume));
        learned.annotations.push(annotations);
    }
    Ok(learned)
}

/// Says how many positions lie outside the mask; they are learned from all the same.
fn warn_of_masked(
    annotations: &[Annotation],
    mask: &Array3<bool>,
    tomogram: &str,
    common: &Common,
) {
    let outside = |annotation: &&Annotation| !masks::holds(mask, annotation.position);
    let count = annotations.iter().filter(outside).count();
    if count > 0 {
        common.say(&format!(
            "warning: {tomogram}: {count} of {} positions lie outside the mask; they are learned from, and none is found there",
            annotations.len()
        ));
    }
}

/// Says which file a tomogram is that a failure begins with.
fn with_file(failure: Failure, entries: &[&DatasetEntry]) -> Failure {
    let Failure::Input(message) = &failure else {
        return failure;
    };
    let is_meant = |entry: &&&DatasetEntry| message.starts_with(&format!("{}: ", entry.name));
    match entries.iter().find(is_meant) {
        Some(entry) => tomograms::named(failure, &entry.tomogram),
        None => failure,
    }
}

/// Takes away what an earlier run ended with, so that nobody predicts with it while this one learns. Without config.toml
/// there is no run: it goes first, so that a kill between leaves nothing that would be resumed.
fn clear(folder: &Path) -> Result<(), Failure> {
    let gone = |result: std::io::Result<()>| match result {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Failure::from(cryo_io::Error::from(error)))
        }
        _ => Ok(()),
    };
    gone(fs::remove_file(folder.join("config.toml")))?;
    let model = folder.join("model");
    gone(fs::remove_file(model.join("manifest.json")))?;
    gone(fs::remove_dir_all(model))?;
    gone(fs::remove_dir_all(folder.join("epochs")))?;
    gone(fs::remove_file(folder.join("metrics.jsonl")))?;
    gone(fs::remove_file(folder.join("thresholds.png")))?;
    gone(fs::remove_file(folder.join("thresholds.tsv")))
}

/// Whether an earlier run goes on; nothing is written yet.
fn goes_on(folder: &Path, settings: &Settings, common: &Common) -> Result<bool, Failure> {
    let path = folder.join("config.toml");
    if path.exists() && common.resume {
        config::check_same(&path, "localize", settings, common)?;
        return Ok(true);
    }
    if path.exists() && !common.overwrite {
        return Err(Failure::usage(format!(
            "{}: a run is there and is not overwritten; choose another folder, or ask to --overwrite or to --resume",
            path.display()
        )));
    }
    Ok(false)
}

fn epochs(
    trainer: &mut Trainer,
    checkpoints: &CheckpointDir,
    pictures: Option<&EpochPictures<'_>>,
    folder: &Path,
    common: &Common,
) -> Result<(), Failure> {
    let total = trainer.params().epochs;
    if common.threads.is_none() {
        trainer.share_cores();
    }
    while !trainer.is_done() {
        // Within an epoch there is nothing to save.
        let Some(report) = trainer.epoch_unless(&is_interrupted).map_err(failure)? else {
            return Err(Failure::Interrupted);
        };
        say(&report, total, common);
        let mut lines = String::new();
        for report in trainer.history() {
            let line = serde_json::to_string(report)
                .map_err(|error| Failure::Resources(format!("metrics: {error}")))?;
            lines += &line;
            lines.push('\n');
        }
        write_text(folder, "metrics.jsonl", &lines)?;
        let checkpoint = trainer.checkpoint().map_err(failure)?;
        checkpoints
            .save(&checkpoint)
            .map_err(|error| failure(error.into()))?;
        checkpoints
            .keep_last(2)
            .map_err(|error| failure(error.into()))?;
        if let Some(pictures) = pictures {
            pictures.draw(report.epoch, trainer.model(), common.memory_bytes())?;
        }
        if is_interrupted() {
            return Err(Failure::Interrupted);
        }
    }
    Ok(())
}

fn say(report: &EpochReport, total: u64, common: &Common) {
    let losses: Vec<String> = (report.losses.iter())
        .map(|(name, value)| format!("{name} {value:.5}"))
        .collect();
    let left = report.seconds * total.saturating_sub(report.epoch) as f64;
    common.say(&format!(
        "epoch {}/{total}: {}, {:.0} samples/s, {left:.0} s left",
        report.epoch,
        losses.join(", "),
        report.items_per_second
    ));
    say_warnings(report, common);
}

fn thresholds(names: &[String], calibration: &[Calibration]) -> String {
    let mut text = "class\tthreshold\texpected_precision\texpected_recall\tpicks\n".to_owned();
    for (name, found) in names.iter().zip(calibration) {
        for reading in &found.readings {
            text += &format!(
                "{name}\t{:.2}\t{:.3}\t{:.3}\t{}\n",
                reading.threshold, reading.precision, reading.recall, reading.picks
            );
        }
    }
    text
}

/// The table of thresholds as curves.
fn draw(folder: &Path, names: &[String], calibration: &[Calibration]) -> Result<(), Failure> {
    let mut series = Vec::new();
    for (name, found) in names.iter().zip(calibration) {
        let mut add = |what: &str, value: fn(&Reading) -> f64| {
            let readings = found.readings.iter();
            series.push(Series {
                name: format!("{name}: expected {what}"),
                points: readings
                    .map(|reading| (reading.threshold, value(reading)))
                    .collect(),
            });
        };
        add("precision", |reading| reading.precision);
        add("recall", |reading| reading.recall);
    }
    let scene = curves(&series, "threshold of the score")
        .map_err(|error| Failure::Resources(format!("thresholds.png: {error}")))?;
    pictures::save(&folder.join("thresholds.png"), &scene)
}

fn write_text(folder: &Path, name: &str, text: &str) -> Result<(), Failure> {
    write_atomic(&folder.join(name), Overwrite::Replace, |out| {
        std::io::Write::write_all(out, text.as_bytes()).map_err(cryo_io::Error::from)
    })?;
    Ok(())
}
