//! Tomograms and their heat maps with what was found in them.

use std::path::PathBuf;

use cryo_core::{Grid, Particle, ParticleSet, VoxelPos};
use cryo_embed_viz::{CurvesParams, circle, filament_lines};
use cryo_io::Overwrite;
use cryo_pu_localize::{HeatMap, ModelConfig};
use ndarray::Array3;

use crate::{exit::Failure, pictures};

/// The highest of the classes' maps.
pub(super) fn highest(heat: &HeatMap) -> Array3<f32> {
    let mut classes = heat.classes.iter();
    let mut map = classes.next().cloned().unwrap_or_default();
    for class in classes {
        map.zip_mut_with(class, |all, &own| *all = all.max(own));
    }
    map
}

/// Draws a smoothed tomogram into the first file and its heat map into the second, with circles as wide as the particles,
/// or with the lines of filaments.
pub(super) fn draw(
    [picture, heat_picture]: &[PathBuf; 2],
    smoothed: &Array3<f32>,
    (heat, heat_grid): (&Array3<f32>, &Grid),
    found: &ParticleSet,
    config: &ModelConfig,
) -> Result<(), Failure> {
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
    for (file, map, curves) in [(picture, smoothed, &curves), (heat_picture, heat, &on_heat)] {
        pictures::write(file, map.view(), curves, &params, Overwrite::Replace)?;
    }
    Ok(())
}
