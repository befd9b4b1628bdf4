//! Tomograms and their heat maps with what was found in them.

use std::path::PathBuf;

use cryo_candidates::PlaneSource as _;
use cryo_core::{Grid, Particle, ParticleSet, Volume, VoxelPos};
use cryo_embed_viz::{CurvesParams, circle, filament_lines};
use cryo_io::Overwrite;
use cryo_pu_localize::{HeatMap, ModelConfig};
use ndarray::Array3;

use crate::{exit::Failure, options::Common, pictures, tomograms::Tomogram};

/// The highest of the classes' maps.
pub(super) fn highest(heat: &HeatMap) -> Array3<f32> {
    let mut classes = heat.classes.iter();
    let mut map = classes.next().cloned().unwrap_or_default();
    for class in classes {
        map.zip_mut_with(class, |all, &own| *all = all.max(own));
    }
    map
}

/// A smoothed tomogram that is drawn on.
pub(super) struct Backdrop {
    values: Array3<f32>,
    grid: Grid,
}

/// Bytes for each voxel: smoothed, in slabs of it, and what reading takes beside.
const BYTES_PER_VOXEL: u64 = 3 * 4;

impl Backdrop {
    /// Bytes that a tomogram of that many voxels takes.
    pub(super) fn bytes(grid: &Grid) -> u64 {
        BYTES_PER_VOXEL * grid.shape.iter().product::<usize>() as u64
    }

    /// Of the tomogram itself; where that is more than memory, of what the network sees of it.
    pub(super) fn of(
        tomogram: &Tomogram,
        name: &str,
        reduced: &Volume,
        common: &Common,
    ) -> Result<Self, Failure> {
        let grid = tomogram.grid();
        if Self::bytes(&grid) <= common.memory_bytes() {
            let values = pictures::smoothed(tomogram, name)?;
            return Ok(Self { values, grid });
        }
        common.say(&format!(
            "{name}: larger than memory, so drawn with the network's voxels"
        ));
        Ok(Self {
            values: pictures::smoothed(reduced, name)?,
            grid: *reduced.grid(),
        })
    }
}

/// Draws a tomogram into the first file and its heat map into the second, with circles as wide as the particles, or with
/// the lines of filaments.
pub(super) fn draw(
    [picture, heat_picture]: &[PathBuf; 2],
    backdrop: &Backdrop,
    (heat, heat_grid): (&Array3<f32>, &Grid),
    found: &ParticleSet,
    config: &ModelConfig,
) -> Result<(), Failure> {
    let found = &found.resampled_to(&backdrop.grid);
    let lines = if config.tubular {
        filament_lines(found)
    } else {
        Vec::new()
    };
    let (curves, params) = if lines.is_empty() {
        let round = |item: &Particle| {
            let class = item.class.map_or(0, |class| class as usize - 1);
            let across = config.classes[class].diameter_angstrom / found.grid.voxel_size.x();
            circle(item.position, across / 2.0)
        };
        let circles = found.items.iter().map(round).collect();
        (circles, pictures::with_circles())
    } else {
        let params = CurvesParams {
            colour: None,
            ..pictures::with_circles()
        };
        (lines, params)
    };
    let on_heat: Vec<Vec<VoxelPos>> = (curves.iter())
        .map(|curve| {
            let points = curve.iter();
            points
                .map(|&point| heat_grid.voxel_from(&found.grid, point))
                .collect()
        })
        .collect();
    for (file, map, curves) in [
        (picture, &backdrop.values, &curves),
        (heat_picture, heat, &on_heat),
    ] {
        pictures::write(file, map.view(), curves, &params, Overwrite::Replace)?;
    }
    Ok(())
}
