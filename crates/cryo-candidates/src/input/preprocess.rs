use std::ops::Range;

use cryo_core::{Progress, Volume};
use cryo_filters::{GaussianParams, gaussian_in_place};
use ndarray::{Array3, ArrayViewMut3, s};

use super::{Chunks, Tone, Windows, padding::padded_runs, read, scan};
use crate::{Error, PlaneSource};

/// What a particle is against its surroundings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum Polarity {
    /// Low values, as reconstructed from micrographs as they are.
    #[default]
    DarkParticles,
    /// High values, as in density maps.
    BrightParticles,
}

/// How voxel values are brought to one scale.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum Contrast {
    /// Distance from the mean in standard deviations, ended at `sigmas` to either side, so that gold and the rims of a
    /// reconstruction do not outshine molecules.
    Clip {
        /// Above 0.
        sigmas: f64,
    },
    /// Histogram equalization (the paper): the share of the voxels that are darker, less a half. Counted in 4096 bins over eight standard
    /// deviations to either side of the mean; what lies beyond goes into the last bin.
    Equalize,
    /// z-scores from `low` to `high` in 256 levels, scaled to 0..1 (the reference code, `milopyp-spec` B).
    Quantize {
        /// z-score of level 0.
        low: f64,
        /// z-score of level 255.
        high: f64,
    },
}

/// Denoising and contrast.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PreprocessParams {
    /// Width of the Gaussian that goes before everything else, in voxels; 0 is none. Raising it removes noise and small particles.
    pub denoise_sigma_vox: f64,
    /// Scale of the values.
    pub contrast: Contrast,
}

impl PreprocessParams {
    /// Gaussian denoising and histogram equalization (paper; the width is that of the reference's tutorials, 0.8 voxels).
    #[must_use]
    pub fn paper() -> Self {
        Self {
            denoise_sigma_vox: 0.8,
            contrast: Contrast::Equalize,
        }
    }

    /// The reference code with `--gauss 0.8`: z-scores from −3 to 3 in 256 levels.
    #[must_use]
    pub fn cet_pick() -> Self {
        Self {
            denoise_sigma_vox: 0.8,
            contrast: Contrast::Quantize {
                low: -3.0,
                high: 3.0,
            },
        }
    }

    /// # Errors
    ///
    /// [`Error::Parameter`] for a width that is negative or not finite and for an empty window of contrast.
    pub fn validate(&self) -> Result<(), Error> {
        let parameter = |name, got, rule| Err(Error::Parameter { name, got, rule });
        let sigma = self.denoise_sigma_vox;
        if !(0.0..=30.0).contains(&sigma) {
            return parameter("denoise_sigma_vox", sigma, "expected 0 to 30 voxels");
        }
        match self.contrast {
            Contrast::Clip { sigmas } if !(sigmas > 0.0 && sigmas.is_finite()) => {
                parameter("contrast: sigmas", sigmas, "expected above 0 and finite")
            }
            Contrast::Quantize { low, high } if !(low < high && (high - low).is_finite()) => {
                parameter("contrast: high", high, "expected finite and above low")
            }
            _ => Ok(()),
        }
    }

    pub(crate) fn gaussian(&self) -> GaussianParams {
        GaussianParams::isotropic(self.denoise_sigma_vox)
    }

    /// Planes to either side that denoising looks at.
    pub(crate) fn reach(&self) -> usize {
        (4.0 * self.denoise_sigma_vox + 0.5) as usize
    }
}

impl Default for PreprocessParams {
    /// No denoising, because the pyramid's own Gaussians denoise; contrast ended at five standard deviations.
    fn default() -> Self {
        Self {
            denoise_sigma_vox: 0.0,
            contrast: Contrast::Clip { sigmas: 5.0 },
        }
    }
}

/// Fills padding with `fill`, if there is any, then smooths.
pub(crate) fn denoise(
    mut planes: ArrayViewMut3<'_, f32>,
    fill: Option<f32>,
    params: &PreprocessParams,
) -> Result<(), Error> {
    if let Some(fill) = fill {
        fill_padding(planes.view_mut(), fill);
    }
    if params.denoise_sigma_vox > 0.0 {
        gaussian_in_place(planes, &params.gaussian())?;
    }
    Ok(())
}

fn fill_padding(mut planes: ArrayViewMut3<'_, f32>, fill: f32) {
    use ndarray::{Axis, parallel::prelude::*};
    planes.axis_iter_mut(Axis(0)).into_par_iter().for_each_init(
        Vec::new,
        |runs: &mut Vec<Range<usize>>, mut plane| {
            for mut row in plane.outer_iter_mut() {
                let row = row.as_slice_mut().expect("windows have standard layout");
                runs.clear();
                padded_runs(row, |run| runs.push(run));
                for run in runs.drain(..) {
                    row[run].fill(fill);
                }
            }
        },
    );
}

/// The preprocessed volume, slab by slab in order of z, `[n, y, x]`.
///
/// Denoised, then brought to one contrast; padding (runs of eight or more equal voxels at the ends of rows) is set to the mean first. Polarity
/// stays as it is. Reads the source two or three times, holds some twenty planes at a time; parallel over planes; the result depends on neither.
///
/// # Errors
///
/// [`Error::Parameter`], [`Error::NotFinite`], [`Error::Constant`], [`Error::Source`], [`Error::Cancelled`]; the last two also as an item, after which there is no other.
pub fn preprocess_slabs<'a>(
    source: &'a dyn PlaneSource,
    params: &'a PreprocessParams,
    progress: &'a dyn Progress,
) -> Result<PreprocessedSlabs<'a>, Error> {
    params.validate()?;
    let shape = source.grid().shape;
    let scan = scan(source, params, progress)?;
    let tone = Tone::new(params.contrast, Polarity::BrightParticles, &scan);
    let windows = Windows::new(shape, 16, params.reach());
    progress.begin("preprocessing", shape[0] as u64);
    Ok(PreprocessedSlabs {
        source,
        params,
        progress,
        fill: scan.fill,
        tone,
        chunks: windows.chunks(),
        windows,
    })
}

/// What [`preprocess_slabs`] returns.
pub struct PreprocessedSlabs<'a> {
    source: &'a dyn PlaneSource,
    params: &'a PreprocessParams,
    progress: &'a dyn Progress,
    fill: Option<f32>,
    tone: Tone,
    chunks: Chunks,
    windows: Windows,
}

impl PreprocessedSlabs<'_> {
    fn slab(&mut self, chunk: &Range<usize>) -> Result<Array3<f32>, Error> {
        if self.progress.is_cancelled() {
            return Err(Error::Cancelled);
        }
        let (planes, mut memory) = self.windows.window(chunk);
        read(self.source, planes.clone(), memory.view_mut())?;
        denoise(memory.view_mut(), self.fill, self.params)?;
        let first = chunk.start - planes.start;
        let mut slab = memory
            .slice(s![first..first + chunk.len(), .., ..])
            .to_owned();
        self.tone.apply(slab.view_mut());
        self.progress.advance(chunk.len() as u64);
        Ok(slab)
    }
}

impl Iterator for PreprocessedSlabs<'_> {
    type Item = Result<Array3<f32>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let chunk = self.chunks.next()?;
        let slab = self.slab(&chunk);
        if slab.is_err() {
            self.chunks.stop();
        }
        Some(slab)
    }
}

/// The preprocessed volume, on the same grid.
///
/// As [`preprocess_slabs`].
///
/// # Errors
///
/// As [`preprocess_slabs`].
///
/// # Examples
///
/// ```
/// use cryo_candidates::{PreprocessParams, preprocess_volume};
/// use cryo_core::{Grid, Volume, VoxelSize};
/// use ndarray::Array3;
///
/// let grid = Grid::new([8, 20, 30], VoxelSize::new(10.0).expect("valid"));
/// let data = Array3::from_shape_fn((8, 20, 30), |(z, y, x)| ((7 * z + 5 * y + 3 * x) % 11) as f32);
/// let volume = Volume::new(data, grid)?;
/// let even = preprocess_volume(&volume, &PreprocessParams::paper(), &())?;
/// assert!(even.data().iter().all(|value| value.abs() <= 0.5));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[allow(clippy::missing_panics_doc, reason = "the shape is the volume's own")]
pub fn preprocess_volume(
    volume: &Volume,
    params: &PreprocessParams,
    progress: &dyn Progress,
) -> Result<Volume, Error> {
    let mut data = Array3::zeros(volume.data().raw_dim());
    let mut first = 0;
    for slab in preprocess_slabs(volume, params, progress)? {
        let slab = slab?;
        let next = first + slab.len_of(ndarray::Axis(0));
        data.slice_mut(s![first..next, .., ..]).assign(&slab);
        first = next;
    }
    Ok(Volume::new(data, *volume.grid()).expect("the shape is the volume's own"))
}
