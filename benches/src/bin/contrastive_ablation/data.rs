use std::path::Path;

use cryo_bench::simulated::Simulated;
use cryo_candidates::{CandidateParams, LazyViews, NEIGHBOURS, VoxelOffset, find_candidates};
use cryo_contrastive::{Error, ViewIndex, ViewShape, ViewSource};
use cryo_core::ParticleSet;
use ndarray::Array2;

use crate::{Failure, variants::Variant};

/// A tomogram, its candidates, and what they are.
pub(crate) struct Data {
    simulated: Simulated,
    pub(crate) candidates: ParticleSet,
    /// 0 for background, else one more than the place in the table of diameters.
    pub(crate) labels: Vec<usize>,
}

impl Data {
    pub(crate) fn read(folder: &Path) -> Result<Self, Failure> {
        let simulated = Simulated::read(folder)?;
        let params = CandidateParams::default();
        let candidates = find_candidates(&simulated.raw, &params, None, &())?;
        let labels = simulated.labels(&candidates)?;
        Ok(Self {
            simulated,
            candidates,
            labels,
        })
    }

    pub(crate) fn describe(&self) -> String {
        let mut counts = [0; 5];
        for &label in &self.labels {
            counts[label] += 1;
        }
        format!(
            "{} candidates: background {}, then {:?}.",
            self.labels.len(),
            counts[0],
            &counts[1..]
        )
    }

    pub(crate) fn views(&self, slices: usize, size: usize) -> Result<LazyViews<'_>, Failure> {
        self.simulated.views(&self.candidates, slices, size)
    }

    /// Flattened crops: the mean over slices of the whole box scaled to 0 … 1 as in the reference, or what the network sees.
    pub(crate) fn raw_crops(
        &self,
        slices: usize,
        size: usize,
        crop: Option<usize>,
    ) -> Result<Array2<f32>, Failure> {
        let Some(crop) = crop else {
            return self.simulated.mean_crops(&self.candidates, slices, size);
        };
        let crops = self.simulated.crops(&self.candidates, slices, size)?;
        let start = (size / 2 - crop) / 2;
        let at = |n, c, y, x| {
            let window = ndarray::s![n, 2 * c..2 * c + 2, 2 * y..2 * y + 2, 2 * x..2 * x + 2];
            crops.slice(window).sum()
        };
        let area = crop * crop;
        Ok(Array2::from_shape_fn(
            (self.candidates.len(), slices / 2 * area),
            |(n, i)| at(n, i / area, start + i / crop % crop, start + i % crop),
        ))
    }
}

/// Slices at each candidate, and at neighbouring positions where the variant asks for them.
pub(crate) struct SliceSource<'a> {
    views: LazyViews<'a>,
    offsets: Vec<VoxelOffset>,
    mean: bool,
    slices: usize,
}

impl<'a> SliceSource<'a> {
    pub(crate) fn new(data: &'a Data, variant: &Variant) -> Result<Self, Failure> {
        let mut offsets = vec![VoxelOffset::NONE];
        if variant.neighbours {
            offsets.extend(NEIGHBOURS);
        }
        let [channels, size, _] = variant.config.input.view;
        let slices = if variant.mean_of_three { 3 } else { channels };
        Ok(Self {
            views: data.views(slices, size)?,
            offsets,
            mean: variant.mean_of_three,
            slices,
        })
    }
}

impl ViewSource for SliceSource<'_> {
    fn shape(&self) -> ViewShape {
        let [channels, height, width] = self.views.shape();
        ViewShape {
            items: self.views.len(),
            variants: self.offsets.len(),
            view: [if self.mean { 1 } else { channels }, height, width],
        }
    }

    fn fill(&self, views: &[ViewIndex], out: &mut [f32]) -> Result<(), Error> {
        let items: Vec<usize> = views.iter().map(|view| view.item).collect();
        let offsets: Vec<VoxelOffset> = views
            .iter()
            .map(|view| self.offsets[view.variant])
            .collect();
        let failed = |error: cryo_candidates::Error| Error::Source(error.into());
        if !self.mean {
            return self
                .views
                .fill_shifted(&items, &offsets, out)
                .map_err(failed);
        }
        let mut slices = vec![0.0; out.len() * self.slices];
        self.views
            .fill_shifted(&items, &offsets, &mut slices)
            .map_err(failed)?;
        let area = out.len() / views.len();
        for (out, slices) in out
            .chunks_exact_mut(area)
            .zip(slices.chunks_exact(area * self.slices))
        {
            for (pixel, out) in out.iter_mut().enumerate() {
                *out = slices[pixel..].iter().step_by(area).sum::<f32>() / self.slices as f32;
            }
        }
        Ok(())
    }
}
