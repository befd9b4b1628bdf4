use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use clap::Args;
use cryo_contrastive::{Model, Trainer, YardstickParams, load_imagenet, yardstick};
use cryo_io::{Frames, Overwrite, dataset::DatasetEntry};
use cryo_train::EpochReport;

use super::{
    failure,
    folder::{RunFolder, frame, read_candidates},
    forecast::forecast,
    settings::{self, Flags, Settings},
    views::{Reading, Specimens},
};
use crate::{
    config,
    exit::{Failure, Outcome},
    learning::{say_warnings, tidy},
    options::{Common, is_interrupted},
    progress::Report,
    tomograms::{self, Tomogram},
};

/// Find candidates, cut out views, and train the exploration network on them.
#[derive(Debug, Args)]
#[command(after_help = "\
The run folder gets config.toml, dataset.tsv, candidates.star, checkpoints/, metrics.jsonl (one line an epoch) and yardstick.json: \
whether a candidate keeps its neighbours when it is seen once more, beside the same for principal components of the raw crops. \
Candidates are searched with the settings of [candidates] in --config, unless --candidates gives them.\n\n\
Examples:\n  cryo explore train --data 'tomo/*.mrc' --out run\n  \
cryo explore train --data dataset.tsv --candidates picks.star --out run --epochs 200\n  \
cryo explore train --data dataset.tsv --out run --resume")]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(super) what: What,
}

/// What is explored, and how it is learned.
#[derive(Debug, Args)]
pub(super) struct What {
    /// A dataset list, a pattern such as 'tomo/*.mrc', or tomograms.
    #[arg(long, value_name = "LIST|FILE", required = true, num_args = 1..)]
    data: Vec<String>,

    /// The run folder.
    #[arg(short, long, value_name = "RUN")]
    pub(super) out: PathBuf,

    /// Candidates in any coordinate format, instead of a search.
    #[arg(long, value_name = "FILE")]
    candidates: Option<PathBuf>,

    /// ImageNet weights of a ResNet-18 to start from: .pth, .safetensors or .ot; for --encoder resnet18.
    #[arg(long, value_name = "FILE")]
    imagenet: Option<PathBuf>,

    #[command(flatten)]
    flags: Flags,
}

/// Epochs between checkpoints, if these take no longer than `SAVED_AFTER`.
const SAVED_EVERY: u64 = 10;
const SAVED_AFTER: Duration = Duration::from_secs(30);

pub(crate) fn run(arguments: &Arguments, common: &Common) -> Result<Outcome, Failure> {
    train(&arguments.what, common)
}

/// The stage.
pub(super) fn train(arguments: &What, common: &Common) -> Result<Outcome, Failure> {
    if common.shard.is_some() {
        return Err(Failure::usage(
            "--shard: one network learns from all tomograms; train on some of them, and shard cryo explore embed --data ALL",
        ));
    }
    let settings = Settings::effective(common, &arguments.flags)?;
    let dataset = tomograms::dataset(&arguments.data)?;
    let entries: Vec<&DatasetEntry> = dataset.entries.iter().collect();
    let settings = settings.of_dataset(&entries)?;
    let params = settings.fit(common.seed())?;
    let model_config = settings.model()?;
    let folder = RunFolder::new(&arguments.out);
    let device = common
        .device
        .resolve()
        .map_err(|error| failure(error.into()))?;
    if common.dry_run {
        let network = (&model_config, device);
        let foreseen = forecast(
            &entries,
            arguments.candidates.as_deref(),
            &settings,
            network,
            common,
        )?;
        common.say(&format!(
            "would read {} tomograms and train {} epochs on {device:?}, {:.1} million multiplications a view, {foreseen}, into {}",
            entries.len(),
            settings.epochs,
            model_config.macs() as f64 / 1e6,
            arguments.out.display()
        ));
        return Ok(Outcome::Done);
    }
    let goes_on = goes_on(&folder, &settings, common)?;
    if goes_on {
        folder.check_dataset(&dataset)?;
        tidy(&arguments.out)?;
    }
    let sets = match (&arguments.candidates, goes_on) {
        (_, true) if folder.join("candidates.star").exists() => Some(read_candidates(
            &folder.join("candidates.star"),
            frames(&entries, common)?,
        )?),
        (Some(path), _) => Some(read_candidates(path, frames(&entries, common)?)?),
        (None, _) => None,
    };
    let progress = Report::new(common);
    let reading = Reading {
        settings: &settings,
        common,
        folder: &arguments.out,
        progress: &progress,
    };
    let specimens = Specimens::read(&entries, sets.as_deref(), &reading)?;
    let source = specimens.views(&settings)?;
    let mut trainer = match folder.latest()?.filter(|_| goes_on) {
        Some(checkpoint) => {
            common.say(&format!("going on from {}", checkpoint.display()));
            Trainer::resume(&source, &checkpoint, device).map_err(failure)?
        }
        None => {
            let model = Model::new(&model_config, common.seed(), device).map_err(failure)?;
            if let Some(path) = &arguments.imagenet {
                let report = load_imagenet(&model, path).map_err(failure)?;
                common.say(&format!(
                    "{}: {} tensors taken, {} left",
                    path.display(),
                    report.taken.len(),
                    report.left.len()
                ));
            }
            Trainer::new(&source, model, &params).map_err(failure)?
        }
    };
    if !goes_on {
        begin(&folder)?;
        tidy(&arguments.out)?;
        folder.write_dataset(&dataset, common)?;
        folder.write_candidates(&specimens.sets)?;
        write_config(&folder, &settings, arguments, common)?;
    }
    epochs(&mut trainer, &folder, common)?;
    let stick = YardstickParams {
        orientations: settings.orientations,
        seed: common.seed(),
        ..YardstickParams::default()
    };
    let found = yardstick(trainer.model(), &source, &params.augment[0], &stick);
    match found {
        Err(cryo_contrastive::Error::TooFew { .. }) => {
            common.say("too few candidates to compare with principal components");
        }
        found => {
            let found = found.map_err(failure)?;
            folder.write_yardstick(&found)?;
            common.say(&format!(
                "a candidate seen twice keeps {:.0} % of its neighbours, {:.0} % by principal components of the raw crops: learning {}",
                100.0 * found.learned,
                100.0 * found.pca,
                if found.gained() { "gained" } else { "gained nothing; train longer or look at the candidates" }
            ));
        }
    }
    Ok(Outcome::Done)
}

/// Whether an earlier run goes on; nothing is written yet.
fn goes_on(folder: &RunFolder, settings: &Settings, common: &Common) -> Result<bool, Failure> {
    let config = folder.config();
    if config.exists() && common.resume {
        config::check_same(&config, "explore", settings, common)?;
        if config::has(&config, "candidates")? {
            let searched = settings::candidates(common)?;
            config::check_same(&config, "candidates", &searched, common)?;
        }
        return Ok(true);
    }
    if config.exists() && !common.overwrite {
        return Err(Failure::usage(format!(
            "{}: a run is there and is not overwritten; choose another folder, or ask to --overwrite or to --resume",
            config.display()
        )));
    }
    Ok(false)
}

/// Makes the folder, once all that can fail before has not; what an earlier run has left goes, but for selections.
///
/// Without config.toml there is no run: it goes first and is written last, so that a kill between leaves nothing
/// that would be taken for this run's.
fn begin(folder: &RunFolder) -> Result<(), Failure> {
    let gone = |name: &str| match std::fs::remove_file(folder.join(name)) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Failure::from(cryo_io::Error::from(error)))
        }
        _ => Ok(()),
    };
    gone("config.toml")?;
    let old = folder.checkpoints();
    old.keep_last(0).map_err(|error| failure(error.into()))?;
    std::fs::create_dir_all(old.path()).map_err(cryo_io::Error::from)?;
    ["embedding.h5", "metrics.jsonl", "yardstick.json"]
        .into_iter()
        .try_for_each(gone)
}

fn write_config(
    folder: &RunFolder,
    settings: &Settings,
    arguments: &What,
    common: &Common,
) -> Result<(), Failure> {
    let mut tables = vec![("explore", config::to_table(settings)?)];
    if arguments.candidates.is_none() {
        let searched = settings::candidates(common)?;
        tables.push(("candidates", config::to_table(&searched)?));
    }
    config::write_tables(&folder.config(), tables, common, Overwrite::Replace)
}

fn epochs(trainer: &mut Trainer<'_>, folder: &RunFolder, common: &Common) -> Result<(), Failure> {
    let checkpoints = folder.checkpoints();
    let total = trainer.params().epochs;
    if common.threads.is_none() {
        trainer.share_cores();
    }
    let mut saved = Instant::now();
    while !trainer.is_done() {
        // Within an epoch there is nothing to save: the checkpoint before is at most one epoch and `SAVED_AFTER` old.
        let Some(report) = trainer.epoch_unless(&is_interrupted).map_err(failure)? else {
            return Err(Failure::Interrupted);
        };
        say(&report, total, common);
        folder.write_metrics(trainer.history())?;
        let is_due = report.epoch.is_multiple_of(SAVED_EVERY) || saved.elapsed() > SAVED_AFTER;
        if is_interrupted() || trainer.is_done() || is_due {
            let checkpoint = trainer.checkpoint().map_err(failure)?;
            let kept = checkpoints.save(&checkpoint);
            kept.and_then(|_| checkpoints.keep_last(2))
                .map_err(|error| failure(error.into()))?;
            saved = Instant::now();
        }
    }
    Ok(())
}

fn say(report: &EpochReport, total: u64, common: &Common) {
    let losses: Vec<String> = (report.losses.iter())
        .map(|(name, value)| format!("{name} {value:.4}"))
        .collect();
    common.say(&format!(
        "epoch {}/{total}: {}, rate {:.1e}, {:.0} candidates/s",
        report.epoch,
        losses.join(", "),
        report.rate,
        report.items_per_second
    ));
    say_warnings(report, common);
}

/// The grids of the tomograms, by name.
pub(super) fn frames(entries: &[&DatasetEntry], common: &Common) -> Result<Frames, Failure> {
    use cryo_candidates::PlaneSource;
    let mut frames = Frames::default();
    for entry in entries {
        let grid = Tomogram::open(entry, common)?.grid();
        frames.named.insert(entry.name.clone(), frame(&grid));
    }
    Ok(frames)
}
