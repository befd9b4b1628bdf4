use std::path::Path;

use cryo_candidates::{
    BoxSize, CandidateParams, LazyViews, NEIGHBOURS, PreprocessParams, SliceViewParams, ViewScale,
    VoxelOffset, find_candidates, preprocess_volume, slice_views,
};
use cryo_contrastive::{Error, ViewIndex, ViewShape, ViewSource};
use cryo_core::{ParticleSet, Volume};
use cryo_eval::{EvaluateParams, evaluate};
use cryo_io::{CoordinateFormat, Frame, Frames, PicksOptions, mrc, read_picks};
use ndarray::Array2;

use crate::{Failure, variants::Variant};

/// Diameters in voxels of `sim01` (`docs/benchmarks.md`).
const DIAMETERS_VOX: [(&str, f64); 4] = [
    ("ribosome", 25.0),
    ("proteasome", 15.0),
    ("rubisco", 11.0),
    ("hsp90", 10.0),
];

/// A tomogram, its candidates, and what they are.
pub(crate) struct Data {
    pub(crate) volume: Volume,
    pub(crate) candidates: ParticleSet,
    /// 0 for background, else one more than the place in the table of diameters.
    pub(crate) labels: Vec<usize>,
}

impl Data {
    pub(crate) fn read(folder: &Path) -> Result<Self, Failure> {
        let name = folder
            .file_name()
            .ok_or("expected a folder")?
            .to_string_lossy();
        let raw = mrc::read(
            folder.join(format!("{name}_rec.mrc")),
            &mrc::ReadOptions::default(),
        )?;
        let denoised = PreprocessParams {
            denoise_sigma_vox: 0.8,
            ..PreprocessParams::default()
        };
        let volume = preprocess_volume(&raw, &denoised, &())?;
        let star = folder.join(format!("{name}_particles.star"));
        let options = PicksOptions {
            frames: Frames::all(Frame::of(volume.grid())),
            ..PicksOptions::default()
        };
        let truth = read_picks(star, Some(CoordinateFormat::Relion3), &options)?
            .sets
            .remove(0);
        let mut candidates = find_candidates(&raw, &CandidateParams::default(), None, &())?;
        candidates.tomogram.clone_from(&truth.tomogram);
        let labels = labels(&truth, &candidates)?;
        Ok(Self {
            volume,
            candidates,
            labels,
        })
    }

    pub(crate) fn describe(&self) -> String {
        let mut counts = [0; DIAMETERS_VOX.len() + 1];
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
        let params = SliceViewParams {
            size: BoxSize::Pixels(size),
            slices,
            combine: None,
            scale: ViewScale::Raw,
            ..SliceViewParams::default()
        };
        Ok(slice_views(&self.volume, &self.candidates, &params)?)
    }

    /// Flattened crops: the mean over slices of the whole box scaled to 0 … 1 as in the reference, or what the network sees.
    pub(crate) fn raw_crops(
        &self,
        slices: usize,
        size: usize,
        crop: Option<usize>,
    ) -> Result<Array2<f32>, Failure> {
        let views = self.views(slices, size)?;
        let all: Vec<usize> = (0..views.len()).collect();
        let mut values = vec![0.0; views.len() * slices * size * size];
        views.fill(&all, &mut values)?;
        let crops = ndarray::Array4::from_shape_vec((views.len(), slices, size, size), values)?;
        let Some(crop) = crop else {
            let mut mean = crops.mean_axis(ndarray::Axis(1)).ok_or("no slices")?;
            for mut view in mean.outer_iter_mut() {
                let low = view.fold(f32::INFINITY, |a, &b| a.min(b));
                let high = view.fold(f32::NEG_INFINITY, |a, &b| a.max(b));
                view.mapv_inplace(|value| (value - low) / (high - low).max(f32::MIN_POSITIVE));
            }
            return Ok(mean.into_shape_with_order((views.len(), size * size))?);
        };
        let start = (size / 2 - crop) / 2;
        let at = |n, c, y, x| {
            let window = ndarray::s![n, 2 * c..2 * c + 2, 2 * y..2 * y + 2, 2 * x..2 * x + 2];
            crops.slice(window).sum()
        };
        let area = crop * crop;
        Ok(Array2::from_shape_fn(
            (views.len(), slices / 2 * area),
            |(n, i)| at(n, i / area, start + i / crop % crop, start + i % crop),
        ))
    }
}

fn labels(truth: &ParticleSet, candidates: &ParticleSet) -> Result<Vec<usize>, Failure> {
    let voxel = truth.grid.voxel_size.to_angstroms(1.0);
    let place = |name: &str| {
        let name = name.to_lowercase();
        DIAMETERS_VOX
            .iter()
            .position(|(part, _)| name.contains(part))
    };
    let mut params = EvaluateParams::new(voxel);
    for name in truth.classes.values() {
        let (_, diameter) = DIAMETERS_VOX[place(name).ok_or("a class without a known diameter")?];
        params
            .class_radius_angstrom
            .insert(name.clone(), 0.5 * diameter * voxel);
    }
    let result = evaluate(
        std::slice::from_ref(truth),
        std::slice::from_ref(candidates),
        &params,
    )?;
    let mut labels = vec![0; candidates.items.len()];
    for found in &result.tomograms[0].matches {
        let class = truth.items[found.truth.item]
            .class
            .ok_or("a particle without a class")?;
        labels[found.pick.item] = 1 + place(&truth.classes[&class]).ok_or("unknown class")?;
    }
    Ok(labels)
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
