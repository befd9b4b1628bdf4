//! What a run of exploration will take, found out without writing anything.

use std::{path::Path, time::Instant};

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
/// searched, and two epochs are trained on it, one to warm up; the others are taken for its like, voxel by voxel.
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
            Err(Error::TooFew { .. }) if number + 1 < entries.len() => continue,
            trainer => trainer.map_err(failure)?,
        };
        trainer.epoch().map_err(failure)?;
        let rate = trainer.epoch().map_err(failure)?.items_per_second;
        let share = bytes.iter().sum::<u64>() as f64 / bytes[number] as f64;
        let found: usize = specimens.sets.iter().map(ParticleSet::len).sum();
        let candidates = found as f64 * share;
        // Epochs end with their last whole batch.
        let batch = (params.batch_size as f64).min(candidates);
        let epoch = (candidates / batch).floor() * batch;
        return Ok(format!(
            "with about {candidates:.0} candidates, in about {memory}{how} and {}, as {} took now",
            duration(share * read + epoch / rate * params.epochs as f64),
            entry.name
        ));
    }
    Err(Failure::Input("expected a tomogram, got none".into()))
}
