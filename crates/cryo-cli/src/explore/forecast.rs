//! What a run of exploration will take, found out without writing anything.

use std::{
    cell::Cell,
    path::Path,
    time::{Duration, Instant},
};

use cryo_contrastive::{Error, Model, ModelConfig, Trainer};
use cryo_core::ParticleSet;
use cryo_io::dataset::DatasetEntry;

use super::{
    failure,
    folder::read_candidates,
    settings::Settings,
    train::frames,
    views::{self, Reading, Specimens},
};
use crate::{
    exit::Failure,
    learning::{duration, gibibytes},
    options::Common,
};

/// Memory, candidates and time of finding, cutting out and training. The first tomogram with enough candidates is
/// searched, and some steps are trained on it; the others are taken for its like, voxel by voxel.
pub(super) fn forecast(
    entries: &[&DatasetEntry],
    given: Option<&Path>,
    settings: &Settings,
    (config, device): (&ModelConfig, tch::Device),
    common: &Common,
) -> Result<String, Failure> {
    let bytes = views::memory(entries, settings, common)?;
    let how = if views::spills(&bytes, common) {
        ", one tomogram at a time with its views on disk"
    } else {
        ""
    };
    // A guess of the number of candidates stands in it, where that is below a batch.
    let memory = gibibytes(views::peak(entries, settings, common)?);
    let sets = given
        .map(|path| read_candidates(path, frames(entries, common)?))
        .transpose()?;
    let params = settings.fit(common.seed())?;
    for (number, entry) in entries.iter().enumerate() {
        let begun = Instant::now();
        let reading = Reading {
            settings,
            common,
            folder: Path::new(""),
            progress: &(),
        };
        let specimens = Specimens::read(&[*entry], sets.as_deref(), &reading)?;
        let source = specimens.views(settings)?;
        let read = begun.elapsed().as_secs_f64();
        let model = Model::new(config, common.seed(), device).map_err(failure)?;
        let mut trainer = match Trainer::new(&source, model, &params) {
            Err(Error::TooFew { .. }) => continue,
            trainer => trainer.map_err(failure)?,
        };
        let step = seconds_a_step(&mut trainer)?;
        let share = bytes.iter().sum::<u64>() as f64 / bytes[number] as f64;
        let found: usize = specimens.sets.iter().map(ParticleSet::len).sum();
        let listed = sets
            .as_ref()
            .map(|sets| sets.iter().map(ParticleSet::len).sum::<usize>());
        let candidates = listed.map_or(found as f64 * share, |count| count as f64);
        // Epochs end with their last whole batch.
        let steps = (candidates / params.batch_size as f64).floor().max(1.0);
        return Ok(format!(
            "with about {candidates:.0} candidates, in about {memory}{how} and {}, as {} took now",
            duration(share * read + step * steps * params.epochs as f64),
            entry.name
        ));
    }
    Ok(format!(
        "with too few candidates in each tomogram to try it, in about {memory}{how}"
    ))
}

/// After one step to warm up, so many are timed, or as many as begin in that time.
const TIMED: (u32, Duration) = (10, Duration::from_secs(2));

fn seconds_a_step(trainer: &mut Trainer<'_>) -> Result<f64, Failure> {
    let (steps, begun) = (Cell::new(0_u32), Cell::new(Instant::now()));
    // Asked before every step.
    let stops = || {
        let done = steps.get();
        if done == 1 {
            begun.set(Instant::now());
        }
        let enough = done > TIMED.0 || done > 1 && begun.get().elapsed() > TIMED.1;
        steps.set(done + u32::from(!enough));
        enough
    };
    while trainer.epoch_unless(&stops).map_err(failure)?.is_some() {}
    Ok(begun.get().elapsed().as_secs_f64() / f64::from(steps.get() - 1))
}
