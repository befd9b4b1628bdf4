//! `cryo explore embed`: one tomogram after another, so that the vectors of one do not depend on the others.

mod parts;
mod picture;

use std::path::PathBuf;

use clap::Args;
use cryo_contrastive::{EmbedParams, Model, embed};
use cryo_core::ParticleSet;
use cryo_io::{
    Frames,
    dataset::{Dataset, DatasetEntry},
    hdf5,
};

use super::{
    failure,
    folder::{Fingerprint, RunFolder, read_candidates},
    settings::{self, Settings},
    train::frames,
    views::{Reading, Specimens},
};
use crate::{
    config,
    exit::{Failure, Outcome},
    options::{Common, is_interrupted},
    progress::Report,
    tomograms,
};
use parts::Parts;

/// Embed the candidates of a run, or those of other tomograms, with its network.
#[derive(Debug, Args)]
#[command(after_help = "\
The settings of views and candidates are those of the run. The result, embedding.h5, has /embedding [n,128], /projection, \
/tomogram, /position (z, y, x in voxels), /score and /patch (the mean of its slices as a picture). With --shard a part of the \
tomograms is embedded and kept in a folder embedding-parts-…; the same command with --resume and without --shard joins the parts.\n\n\
Examples:\n  cryo explore embed --run run\n  cryo explore embed --run run --data 'others/*.mrc' --out others\n  \
cryo explore embed --run run --data dataset.tsv --out all --shard 2/8 --resume")]
pub(crate) struct Arguments {
    /// The run folder of `cryo explore train`.
    #[arg(long, value_name = "RUN")]
    pub(crate) run: PathBuf,

    /// Other tomograms: a dataset list, a pattern, or files. Their candidates are searched with the run's settings.
    #[arg(long, value_name = "LIST|FILE", num_args = 1.., requires = "out")]
    pub(crate) data: Vec<String>,

    /// Candidates of the other tomograms in any coordinate format, instead of a search.
    #[arg(long, value_name = "FILE", requires = "data")]
    pub(crate) candidates: Option<PathBuf>,

    /// Where embedding.h5, candidates.star and dataset.tsv of other tomograms go [default: the run folder]; it can be clustered and
    /// selected from as a run.
    #[arg(short, long, value_name = "DIR", requires = "data")]
    pub(crate) out: Option<PathBuf>,
}

/// What is embedded, and into what.
struct Plan {
    /// Whether these are the tomograms of the run itself.
    own: bool,
    run: RunFolder,
    target: RunFolder,
    dataset: Dataset,
    settings: Settings,
    /// With the settings of the run.
    of_run: Common,
    checkpoint: PathBuf,
    /// Where candidates come from, unless they are searched.
    given: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments, common: &Common) -> Result<Outcome, Failure> {
    let plan = Plan::new(arguments, common)?;
    let path = plan.target.join("embedding.h5");
    let entries: Vec<&DatasetEntry> = tomograms::mine(&plan.dataset, common).collect();
    if common.dry_run {
        common.say(&format!(
            "would embed {} tomograms with {} into {}",
            entries.len(),
            plan.checkpoint.display(),
            path.display()
        ));
        return Ok(Outcome::Done);
    }
    if path.exists() && !common.overwrite {
        if common.resume {
            return Ok(Outcome::Done);
        }
        return Err(Failure::usage(format!(
            "{}: the file exists and is not overwritten; ask to --overwrite",
            path.display()
        )));
    }
    let parts = Parts::new(&plan.target, &plan.key()?);
    parts.check_free(&entries, common)?;
    let frames = frames(&entries, common)?;
    plan.embed(&entries, frames, &parts, common)?;
    if common.shard.is_some() {
        common.say("the same command with --resume and without --shard joins the parts");
        return Ok(Outcome::Done);
    }
    plan.join(&parts, &path, common)?;
    Ok(Outcome::Done)
}

impl Plan {
    fn new(arguments: &Arguments, common: &Common) -> Result<Self, Failure> {
        let run = RunFolder::new(&arguments.run);
        let mut of_run = common.clone();
        of_run.config = Some(run.config());
        let settings = Settings::effective(&of_run, &serde_json::Map::new())?;
        let Some(checkpoint) = run.latest()? else {
            return Err(Failure::Input(format!(
                "{}: expected a run with checkpoints, got none; train it with cryo explore train",
                arguments.run.display()
            )));
        };
        let own = arguments.data.is_empty();
        let given = match (&arguments.candidates, own) {
            (Some(path), _) => Some(path.clone()),
            (None, true) => Some(run.join("candidates.star")),
            (None, false) => None,
        };
        let dataset = if own {
            run.dataset()?
        } else {
            tomograms::dataset(&arguments.data)?
        };
        Ok(Self {
            own,
            target: RunFolder::new(arguments.out.as_deref().unwrap_or(&arguments.run)),
            run,
            dataset,
            settings,
            of_run,
            checkpoint,
            given,
        })
    }

    /// What a vector follows from, beside the tomogram: parts made of anything else are not joined with these.
    fn key(&self) -> Result<String, Failure> {
        let mut key = Fingerprint::new();
        key.add_file(&self.checkpoint.join("model.safetensors"))?;
        key.add(config::to_table(&self.settings)?.to_string().as_bytes());
        if let Some(path) = &self.given {
            key.add_file(path)?;
        } else {
            let searched = settings::candidates(&self.of_run)?;
            key.add(config::to_table(&searched)?.to_string().as_bytes());
        }
        Ok(key.text())
    }

    /// Embeds tomograms whose parts are not there, one at a time.
    fn embed(
        &self,
        entries: &[&DatasetEntry],
        frames: Frames,
        parts: &Parts,
        common: &Common,
    ) -> Result<(), Failure> {
        let device = common
            .device
            .resolve()
            .map_err(|error| failure(error.into()))?;
        let sets = (self.given.as_ref())
            .map(|path| read_candidates(path, frames))
            .transpose()?;
        let model = Model::load(&self.checkpoint, device).map_err(failure)?;
        let progress = Report::new(common);
        for entry in entries {
            if common.resume && parts.has(entry) {
                continue;
            }
            if is_interrupted() {
                return Err(Failure::Interrupted);
            }
            let (set, table) = self.one(entry, sets.as_deref(), &model, &progress)?;
            parts.put(&set, &table)?;
        }
        Ok(())
    }

    fn one(
        &self,
        entry: &DatasetEntry,
        sets: Option<&[ParticleSet]>,
        model: &Model,
        progress: &Report,
    ) -> Result<(ParticleSet, hdf5::Embeddings), Failure> {
        let folder = self.run.join("");
        let reading = Reading {
            settings: &self.settings,
            common: &self.of_run,
            folder: &folder,
            progress,
        };
        let mut specimens = Specimens::read(&[entry], sets, &reading)?;
        let source = specimens.views(&self.settings)?;
        let params = EmbedParams {
            orientations: self.settings.orientations,
            ..EmbedParams::default()
        };
        let found = embed(model, &source, &params, progress).map_err(failure)?;
        let set = &specimens.sets[0];
        let sources = source.sources();
        let particles: Vec<usize> = sources.iter().map(|(_, particle)| *particle).collect();
        let item = |particle: &usize| &set.items[*particle];
        let table = hdf5::Embeddings {
            embedding: found.embedding,
            projection: Some(found.projection),
            tomogram: Some(vec![set.tomogram.clone(); particles.len()]),
            position: Some(particles.iter().map(|p| item(p).position).collect()),
            score: Some(
                particles
                    .iter()
                    .map(|p| item(p).score.unwrap_or(f32::NAN))
                    .collect(),
            ),
            patch: Some(picture::patches(&source, set, &particles)?),
            ..hdf5::Embeddings::default()
        };
        drop(source);
        Ok((specimens.sets.remove(0), table))
    }

    /// All parts as one table, in the order of the dataset.
    fn join(&self, parts: &Parts, path: &std::path::Path, common: &Common) -> Result<(), Failure> {
        let all: Vec<&DatasetEntry> = self.dataset.entries.iter().collect();
        let (sets, table) = parts.join(&all, frames(&all, common)?)?;
        let written = ["embedding.h5", "candidates.star", "dataset.tsv"];
        cryo_io::discard_abandoned(&self.target.join(""), |name| written.contains(&name))?;
        if !self.own {
            self.target.write_dataset(&self.dataset, common)?;
            self.target.write_candidates(&sets)?;
        }
        hdf5::write_embeddings(path, &table, common.overwrite())?;
        parts.remove();
        common.say(&format!(
            "{} candidates embedded in {}",
            table.len(),
            path.display()
        ));
        Ok(())
    }
}
