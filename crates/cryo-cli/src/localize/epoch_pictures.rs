//! What a network in training sees, epoch by epoch.

use std::path::{Path, PathBuf};

use cryo_pu_localize::{
    AnnotatedTomogram, HeatMap, LocalizeParams, Model, PredictParams, Threshold, particles,
    predict_within,
};

use super::{
    drawing::{self, Backdrop},
    failure,
};
use crate::exit::Failure;

/// Picks of these pictures score at least that part of what the annotations do in the middle: before the end of training
/// there is no threshold.
const PART: f32 = 0.5;

/// Pictures of an annotated tomogram.
pub(super) struct EpochPictures<'a> {
    tomogram: &'a AnnotatedTomogram<'a>,
    backdrop: &'a Backdrop,
    folder: PathBuf,
}

impl<'a> EpochPictures<'a> {
    /// Into `RUN/epochs`.
    pub(super) fn new(
        tomogram: &'a AnnotatedTomogram<'a>,
        backdrop: &'a Backdrop,
        run: &Path,
    ) -> Self {
        Self {
            tomogram,
            backdrop,
            folder: run.join("epochs"),
        }
    }

    /// Draws `NN.png` and `NN_heat.png`.
    pub(super) fn draw(&self, epoch: u64, model: &Model, memory: u64) -> Result<(), Failure> {
        let (name, volume) = (&self.tomogram.name, &self.tomogram.volume);
        let params = PredictParams {
            memory_bytes: Some(memory),
            mirrors: Some(false),
            ..PredictParams::default()
        };
        let mask = self.tomogram.mask;
        let heat = predict_within(model, name, volume, mask, &params, &()).map_err(failure)?;
        let params = LocalizeParams {
            predict: params,
            threshold: Threshold::Score(PART * self.middle_score(&heat)),
            ..LocalizeParams::default()
        };
        let found = particles(model, name, &heat, volume, &params)
            .map_err(failure)?
            .set;
        let files = ["", "_heat"].map(|end| self.folder.join(format!("{epoch:02}{end}.png")));
        let map = drawing::highest(&heat);
        drawing::draw(
            &files,
            self.backdrop,
            (&map, &heat.grid),
            &found,
            model.config(),
        )
    }

    /// Median of the heat map at the annotations.
    fn middle_score(&self, heat: &HeatMap) -> f32 {
        let grid = self.tomogram.volume.grid();
        let score = |annotation: &cryo_pu_localize::Annotation| {
            let map = heat.classes.get(annotation.class?)?;
            let at = heat.grid.voxel_from(grid, annotation.position);
            let index = [at.z, at.y, at.x].map(|value| value.round().max(0.0) as usize);
            map.get(index).copied()
        };
        let mut scores: Vec<f32> = self.tomogram.annotations.iter().filter_map(score).collect();
        scores.sort_by(f32::total_cmp);
        scores.get(scores.len() / 2).copied().unwrap_or(0.0)
    }
}
