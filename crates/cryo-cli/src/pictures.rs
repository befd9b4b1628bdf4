//! Tomograms as a person would look at them, with what was found.

use std::path::Path;

use cryo_candidates::{PlaneSource, PreprocessParams, preprocess_slabs};
use cryo_core::VoxelPos;
use cryo_embed_viz::{CurvesParams, Scene, SlicesParams, slabs_with_curves};
use cryo_io::{Overwrite, write_atomic};
use ndarray::{Array3, ArrayView3};

use crate::exit::Failure;

/// Smoothed, and with even contrast.
pub(crate) fn smoothed(tomogram: &impl PlaneSource, name: &str) -> Result<Array3<f32>, Failure> {
    let smooth = PreprocessParams {
        denoise_sigma_vox: 1.5,
        ..PreprocessParams::default()
    };
    let slabs = preprocess_slabs(tomogram, &smooth, &());
    let slabs = slabs.and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let slabs = slabs.map_err(|error| Failure::Input(format!("{name}: {error}")))?;
    let views: Vec<_> = slabs.iter().map(|slab| slab.view()).collect();
    Ok(ndarray::concatenate(ndarray::Axis(0), &views).expect("slabs of one volume"))
}

/// Circles, all in one colour, on six thick slabs.
pub(crate) fn with_circles() -> CurvesParams {
    CurvesParams {
        slabs: 6,
        colour: Some([255, 210, 0]),
        slices: SlicesParams {
            least_width_px: 1500,
            ..SlicesParams::default()
        },
    }
}

/// Draws slabs of a volume with curves; the folder is made.
pub(crate) fn write(
    path: &Path,
    volume: ArrayView3<'_, f32>,
    curves: &[Vec<VoxelPos>],
    params: &CurvesParams,
    overwrite: Overwrite,
) -> Result<(), Failure> {
    let picture = slabs_with_curves(volume, curves, params)
        .map_err(|error| Failure::Input(format!("{}: {error}", path.display())))?;
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(cryo_io::Error::from)?;
    }
    write_atomic(path, overwrite, |out| {
        picture
            .write_png(out)
            .map_err(|error| std::io::Error::other(error).into())
    })?;
    Ok(())
}

/// Writes a drawing as PNG, in place of what is there.
pub(crate) fn save(path: &Path, scene: &Scene) -> Result<(), Failure> {
    write_atomic(path, Overwrite::Replace, |out| {
        let written = scene.render().write_png(out);
        written.map_err(|error| std::io::Error::other(error).into())
    })?;
    Ok(())
}
