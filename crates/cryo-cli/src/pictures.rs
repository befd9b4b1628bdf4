//! Tomograms as a person would look at them, with what was found.

use std::{collections::BTreeMap, path::Path};

use cryo_candidates::{PlaneSource, PreprocessParams, preprocess_slabs};
use cryo_core::{ParticleSet, VoxelPos};
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

/// A circle round a particle, in the plane of its centre.
pub(crate) fn circle(centre: VoxelPos, radius_vox: f64) -> Vec<VoxelPos> {
    let point = |step: i32| {
        let (sine, cosine) = (f64::from(step) * std::f64::consts::TAU / 32.0).sin_cos();
        VoxelPos {
            z: centre.z,
            y: centre.y + radius_vox * sine,
            x: centre.x + radius_vox * cosine,
        }
    };
    (0..=32).map(point).collect()
}

/// The line of each filament.
pub(crate) fn lines(set: &ParticleSet) -> Vec<Vec<VoxelPos>> {
    let mut lines: BTreeMap<u32, Vec<VoxelPos>> = BTreeMap::new();
    for item in &set.items {
        if let Some(point) = item.filament {
            lines.entry(point.id).or_default().push(item.position);
        }
    }
    lines.into_values().collect()
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

#[cfg(test)]
mod tests {
    use cryo_core::{FilamentPoint, Grid, Particle, VoxelSize};

    use super::*;

    #[test]
    fn circles_lie_round_their_particle_in_its_plane() {
        let centre = VoxelPos::xyz(30.0, 20.0, 4.5);
        let circle = circle(centre, 6.0);
        assert!(
            circle
                .iter()
                .all(|point| (point.distance_to(centre) - 6.0).abs() < 1e-9 && point.z == 4.5)
        );
        assert!(circle[0].distance_to(circle[32]) < 1e-9);
    }

    #[test]
    fn each_filament_is_a_line_of_its_own() {
        let grid = Grid::new([9; 3], VoxelSize::new(10.0).expect("above 0"));
        let mut set = ParticleSet::new("t", grid);
        for (id, x) in [(2, 1.0), (1, 5.0), (2, 2.0)] {
            set.items.push(Particle {
                filament: Some(FilamentPoint {
                    id,
                    arc_length_angstrom: None,
                }),
                ..Particle::at(VoxelPos::xyz(x, 0.0, 0.0))
            });
        }
        set.items.push(Particle::at(VoxelPos::xyz(8.0, 8.0, 8.0)));
        let xs: Vec<Vec<f64>> = (lines(&set).iter())
            .map(|line| line.iter().map(|point| point.x).collect())
            .collect();
        assert_eq!(xs, [vec![5.0], vec![1.0, 2.0]]);
    }
}
