use std::path::PathBuf;

use clap::Args;
use cryo_contrastive::{EmbedParams, Model, ViewIndex, ViewSource, embed};
use cryo_core::ParticleSet;
use cryo_io::{dataset::DatasetEntry, hdf5};
use ndarray::Array4;

use super::{
    failure,
    folder::{RunFolder, read_candidates},
    settings::Settings,
    train::frames,
    views::{Reading, Specimens, Views},
};
use crate::{
    exit::{Failure, Outcome},
    options::Common,
    progress::Report,
    tomograms,
};

/// Embed the candidates of a run, or those of other tomograms, with its network.
#[derive(Debug, Args)]
#[command(after_help = "\
The settings of views and candidates are those of the run. The result, embedding.h5, has /embedding [n,128], /projection, \
/tomogram, /position (z, y, x in voxels), /score and /patch (the mean of its slices as a picture).\n\n\
Examples:\n  cryo explore embed --run run\n  cryo explore embed --run run --data 'others/*.mrc' --out others")]
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

pub(crate) fn run(arguments: &Arguments, common: &Common) -> Result<Outcome, Failure> {
    let run = RunFolder::new(&arguments.run);
    let mut of_run = common.clone();
    of_run.config = Some(run.config());
    let settings = Settings::effective(&of_run, &serde_json::Map::new())?;
    let device = common
        .device
        .resolve()
        .map_err(|error| failure(error.into()))?;
    let Some(checkpoint) = run.latest()? else {
        return Err(Failure::Input(format!(
            "{}: expected a run with checkpoints, got none; train it with cryo explore train",
            arguments.run.display()
        )));
    };
    let own = arguments.data.is_empty();
    let dataset = if own {
        run.dataset()?
    } else {
        tomograms::dataset(&arguments.data)?
    };
    let entries: Vec<&DatasetEntry> = tomograms::mine(&dataset, common).collect();
    let target = RunFolder::new(arguments.out.as_deref().unwrap_or(&arguments.run));
    let path = target.join("embedding.h5");
    if common.dry_run {
        common.say(&format!(
            "would embed {} tomograms with {} into {}",
            entries.len(),
            checkpoint.display(),
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
    let given = match (&arguments.candidates, own) {
        (Some(path), _) => Some(path.clone()),
        (None, true) => Some(run.join("candidates.star")),
        (None, false) => None,
    };
    let frames = frames(&entries, common)?;
    let sets = given
        .map(|path| read_candidates(&path, frames))
        .transpose()?;
    let progress = Report::new(common);
    let target_folder = arguments.out.as_deref().unwrap_or(&arguments.run);
    let reading = Reading {
        settings: &settings,
        common: &of_run,
        folder: target_folder,
        progress: &progress,
    };
    let specimens = Specimens::read(&entries, sets.as_deref(), &reading)?;
    let source = specimens.views(&settings)?;
    let model = Model::load(&checkpoint, device).map_err(failure)?;
    let params = EmbedParams {
        orientations: settings.orientations,
        ..EmbedParams::default()
    };
    let result = embed(&model, &source, &params, &progress).map_err(failure)?;
    let (mut names, mut positions, mut scores) = (Vec::new(), Vec::new(), Vec::new());
    let sources = source.sources();
    for &(part, particle) in &sources {
        names.push(specimens.sets[part].tomogram.clone());
        let candidate = &specimens.sets[part].items[particle];
        positions.push(candidate.position);
        scores.push(candidate.score.unwrap_or(f32::NAN));
    }
    let table = hdf5::Embeddings {
        embedding: result.embedding,
        projection: Some(result.projection),
        tomogram: Some(names),
        position: Some(positions),
        score: Some(scores),
        patch: Some(patches(&source, &specimens.sets, &sources)?),
        ..hdf5::Embeddings::default()
    };
    if !own {
        std::fs::create_dir_all(target.join("")).map_err(cryo_io::Error::from)?;
        target.write_dataset(&dataset, common)?;
        target.write_candidates(&specimens.sets)?;
    }
    hdf5::write_embeddings(&path, &table, common.overwrite())?;
    common.say(&format!(
        "{} candidates embedded in {}",
        table.len(),
        path.display()
    ));
    Ok(Outcome::Done)
}

const BATCH: usize = 256;

/// The mean of the channels of every view, from 0 to 255 between its least and its largest value: a person sees more
/// in a thicker slice. What lies beyond the tomogram, which the network sees mirrored, is of one grey.
fn patches(
    source: &Views<'_>,
    sets: &[ParticleSet],
    sources: &[(usize, usize)],
) -> Result<Array4<u8>, Failure> {
    let shape = ViewSource::shape(source);
    let [channels, height, width] = shape.view;
    let area = height * width;
    let mut all = Vec::with_capacity(shape.items * area);
    let items: Vec<usize> = (0..shape.items).collect();
    let mut buffer = Vec::new();
    for items in items.chunks(BATCH) {
        let views: Vec<_> = items
            .iter()
            .map(|&item| ViewIndex { item, variant: 0 })
            .collect();
        buffer.resize(views.len() * shape.view_len(), 0.0);
        source.fill(&views, &mut buffer).map_err(failure)?;
        for (view, &item) in buffer.chunks_exact(shape.view_len()).zip(items) {
            let sum = |pixel: usize| view[pixel..].iter().step_by(area).sum::<f32>();
            let mean: Vec<f32> = (0..area)
                .map(|pixel| sum(pixel) / channels as f32)
                .collect();
            let (part, particle) = sources[item];
            let set = &sets[part];
            all.extend(grey(&mean, [height, width], set, particle));
        }
    }
    Array4::from_shape_vec((shape.items, 1, height, width), all)
        .map_err(|error| Failure::Resources(format!("pictures: {error}")))
}

fn grey(
    picture: &[f32],
    [height, width]: [usize; 2],
    set: &ParticleSet,
    particle: usize,
) -> Vec<u8> {
    let position = set.items[particle].position;
    let [_, rows, columns] = set.grid.shape;
    let within = |centre: f64, pixel: usize, side: usize, length: usize| {
        let voxel = centre.round() + pixel as f64 - (side / 2) as f64;
        (0.0..length as f64).contains(&voxel)
    };
    let shown: Vec<bool> = (0..height * width)
        .map(|pixel| {
            within(position.y, pixel / width, height, rows)
                && within(position.x, pixel % width, width, columns)
        })
        .collect();
    let values = || picture.iter().zip(&shown).filter(|(_, shown)| **shown);
    let low = values().fold(f32::INFINITY, |low, (value, _)| low.min(*value));
    let high = values().fold(f32::NEG_INFINITY, |high, (value, _)| high.max(*value));
    let sum: f32 = values().map(|(value, _)| value).sum();
    let middle = sum / values().count().max(1) as f32;
    let scale = 255.0 / (high - low).max(f32::MIN_POSITIVE);
    let pixels = picture.iter().zip(&shown);
    pixels
        .map(|(value, shown)| ((if *shown { *value } else { middle } - low) * scale).round() as u8)
        .collect()
}
