//! Simulated tomograms whose molecules are known, as `FOLDER/NAME/NAME_rec.mrc` and `NAME_particles.star`.

use std::{error::Error, path::Path};

use cryo_candidates::{
    BoxSize, LazyViews, PreprocessParams, SliceViewParams, ViewScale, preprocess_volume,
    slice_views,
};
use cryo_core::{ParticleSet, Volume};
use cryo_eval::{EvaluateParams, evaluate};
use cryo_io::{CoordinateFormat, Frame, Frames, PicksOptions, mrc, read_picks};
use ndarray::{Array2, Array4, Axis};

/// Diameters in voxels of the molecules of `sim01` (`docs/benchmarks.md`).
const DIAMETERS_VOX: [(&str, f64); 4] = [
    ("ribosome", 25.0),
    ("proteasome", 15.0),
    ("rubisco", 11.0),
    ("hsp90", 10.0),
];

/// A tomogram and what is in it.
pub struct Simulated {
    /// As it was simulated.
    pub raw: Volume,
    /// Denoised and scaled, as views are cut from.
    pub volume: Volume,
    /// Every molecule.
    pub truth: ParticleSet,
}

impl Simulated {
    /// The tomogram in `folder`, whose name is the tomogram's.
    ///
    /// # Errors
    /// The folder has no name, a file is missing or damaged.
    pub fn read(folder: &Path) -> Result<Self, Box<dyn Error>> {
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
        Ok(Self { raw, volume, truth })
    }

    /// What each candidate is: 0 for background, else from 1 ribosome, proteasome, RuBisCO, Hsp90. One to one, within
    /// half the molecule's diameter.
    ///
    /// # Errors
    /// The truth has a class of another name.
    pub fn labels(&self, candidates: &ParticleSet) -> Result<Vec<usize>, Box<dyn Error>> {
        let truth = &self.truth;
        let mut candidates = candidates.clone();
        candidates.tomogram.clone_from(&truth.tomogram);
        let voxel = truth.grid.voxel_size.to_angstroms(1.0);
        let place = |name: &str| {
            let name = name.to_lowercase();
            DIAMETERS_VOX
                .iter()
                .position(|(part, _)| name.contains(part))
        };
        let mut params = EvaluateParams::new(voxel);
        for name in truth.classes.values() {
            let (_, diameter) =
                DIAMETERS_VOX[place(name).ok_or("a class without a known diameter")?];
            params
                .class_radius_angstrom
                .insert(name.clone(), 0.5 * diameter * voxel);
        }
        let candidates = std::slice::from_ref(&candidates);
        let result = evaluate(std::slice::from_ref(truth), candidates, &params)?;
        let mut labels = vec![0; candidates[0].items.len()];
        for found in &result.tomograms[0].matches {
            let class = truth.items[found.truth.item]
                .class
                .ok_or("a particle without a class")?;
            labels[found.pick.item] = 1 + place(&truth.classes[&class]).ok_or("unknown class")?;
        }
        Ok(labels)
    }

    /// Slices at candidates, not scaled.
    ///
    /// # Errors
    /// As [`slice_views`].
    pub fn views(
        &self,
        candidates: &ParticleSet,
        slices: usize,
        size: usize,
    ) -> Result<LazyViews<'_>, Box<dyn Error>> {
        let params = SliceViewParams {
            size: BoxSize::Pixels(size),
            slices,
            combine: None,
            scale: ViewScale::Raw,
            ..SliceViewParams::default()
        };
        Ok(slice_views(&self.volume, candidates, &params)?)
    }

    /// Crops `[n, slices, size, size]` at candidates.
    ///
    /// # Errors
    /// As [`views`](Self::views).
    pub fn crops(
        &self,
        candidates: &ParticleSet,
        slices: usize,
        size: usize,
    ) -> Result<Array4<f32>, Box<dyn Error>> {
        let views = self.views(candidates, slices, size)?;
        let all: Vec<usize> = (0..views.len()).collect();
        let mut values = vec![0.0; views.len() * slices * size * size];
        views.fill(&all, &mut values)?;
        Ok(Array4::from_shape_vec(
            (views.len(), slices, size, size),
            values,
        )?)
    }

    /// The mean over slices of each crop, from 0 to 1 and flattened, as the reference's raw crops.
    ///
    /// # Errors
    /// As [`views`](Self::views).
    pub fn mean_crops(
        &self,
        candidates: &ParticleSet,
        slices: usize,
        size: usize,
    ) -> Result<Array2<f32>, Box<dyn Error>> {
        let crops = self.crops(candidates, slices, size)?;
        let count = crops.dim().0;
        let mut mean = crops.mean_axis(Axis(1)).ok_or("no slices")?;
        for mut view in mean.outer_iter_mut() {
            let low = view.fold(f32::INFINITY, |a, &b| a.min(b));
            let high = view.fold(f32::NEG_INFINITY, |a, &b| a.max(b));
            view.mapv_inplace(|value| (value - low) / (high - low).max(f32::MIN_POSITIVE));
        }
        Ok(mean.into_shape_with_order((count, size * size))?)
    }
}
