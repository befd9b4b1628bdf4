use std::path::Path;

use cryo_candidates::{
    BoxSize, LazyViews, NEIGHBOURS, SliceViewParams, ViewScale, VoxelOffset, slice_views,
};
use cryo_contrastive::{Error, ViewIndex, ViewShape, ViewSource};
use cryo_core::{Particle, ParticleSet, Volume, VoxelPos};
use cryo_eval::{EvaluateParams, evaluate};
use cryo_filters::{
    GaussianParams, clip, difference_of_gaussians, gaussian, local_maxima, z_score,
};
use cryo_io::{CoordinateFormat, Frame, Frames, PicksOptions, mrc, read_picks};
use ndarray::{Array2, Array3, ArrayView3};

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
        let volume = Volume::new(preprocessed(raw.data().view())?, *raw.grid())?;
        let star = folder.join(format!("{name}_particles.star"));
        let options = PicksOptions {
            frames: Frames::all(Frame::of(volume.grid())),
            ..PicksOptions::default()
        };
        let truth = read_picks(star, Some(CoordinateFormat::Relion3), &options)?
            .sets
            .remove(0);
        let candidates = candidates(&volume, &name)?;
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

/// The reference's denoising: a Gaussian of 0.8 voxels between two z-scores, clipped to ± 3 (`milopyp-spec` B).
fn preprocessed(data: ArrayView3<'_, f32>) -> Result<Array3<f32>, Failure> {
    let smooth = gaussian(z_score(data)?.view(), &GaussianParams::isotropic(0.8))?;
    Ok(clip(z_score(smooth.view())?.view(), -3.0, 3.0)?)
}

/// Peaks of the difference of two Gaussians (3 and 6 voxels) of dark blobs, above the mean of the peaks and half
/// their standard deviation, at least 11 voxels apart.
fn candidates(volume: &Volume, name: &str) -> Result<ParticleSet, Failure> {
    let [narrow, wide] = [3.0, 6.0].map(GaussianParams::isotropic);
    let blobs = difference_of_gaussians(volume.data().view(), &wide, &narrow)?;
    let mut peaks = local_maxima(blobs.view(), [0, 1, 1], 0.0)?;
    let values: Vec<f64> = peaks.iter().map(|peak| f64::from(peak.value)).collect();
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let variance = values
        .iter()
        .map(|value| (value - mean).powi(2))
        .sum::<f64>()
        / (values.len() - 1) as f64;
    peaks.retain(|peak| f64::from(peak.value) > mean + 0.5 * variance.sqrt());
    peaks.sort_by(|a, b| b.value.total_cmp(&a.value));
    let mut set = ParticleSet::new(name, *volume.grid());
    for peak in peaks {
        let [z, y, x] = peak.voxel_zyx.map(|index| index as f64);
        let position = VoxelPos::zyx(z, y, x);
        let near = |other: &Particle| {
            let [dz, dy, dx] = [
                other.position.z - z,
                other.position.y - y,
                other.position.x - x,
            ];
            dz * dz + dy * dy + dx * dx <= 121.0
        };
        if !set.items.iter().any(near) {
            set.items.push(Particle::at(position));
        }
    }
    Ok(set)
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
