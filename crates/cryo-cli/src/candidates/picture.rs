use std::path::Path;

use cryo_candidates::{PreprocessParams, preprocess_slabs};
use cryo_core::{ParticleSet, VoxelPos};
use cryo_embed_viz::{CurvesParams, SlicesParams, slabs_with_curves};
use cryo_io::write_atomic;

use crate::{exit::Failure, options::Common, tomograms::Tomogram};

/// Draws slabs of a tomogram with a circle around every candidate.
pub(super) fn draw(
    folder: &Path,
    tomogram: &Tomogram,
    set: &ParticleSet,
    common: &Common,
) -> Result<(), Failure> {
    let path = folder.join(format!("{}.png", set.tomogram.replace(['/', '\\'], "_")));
    // As a person would look at it: smoothed, in slabs about as thick as a particle.
    let smooth = PreprocessParams {
        denoise_sigma_vox: 1.5,
        ..PreprocessParams::default()
    };
    let slabs = preprocess_slabs(tomogram, &smooth, &());
    let slabs = slabs.and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let slabs = slabs.map_err(|error| Failure::Input(format!("{}: {error}", set.tomogram)))?;
    let views: Vec<_> = slabs.iter().map(|slab| slab.view()).collect();
    let volume = ndarray::concatenate(ndarray::Axis(0), &views).expect("slabs of one volume");
    let circles: Vec<Vec<VoxelPos>> = set.items.iter().map(|item| circle(item.position)).collect();
    let params = CurvesParams {
        slabs: 6,
        colour: Some([255, 210, 0]),
        slices: SlicesParams {
            least_width_px: 1500,
            ..SlicesParams::default()
        },
    };
    let picture = slabs_with_curves(volume.view(), &circles, &params)
        .map_err(|error| Failure::Input(format!("{}: {error}", set.tomogram)))?;
    std::fs::create_dir_all(folder).map_err(cryo_io::Error::from)?;
    write_atomic(&path, common.overwrite(), |out| {
        picture
            .write_png(out)
            .map_err(|error| std::io::Error::other(error).into())
    })?;
    common.say(&format!("picture in {}", path.display()));
    Ok(())
}

fn circle(centre: VoxelPos) -> Vec<VoxelPos> {
    const RADIUS_VOX: f64 = 6.0;
    (0..=32)
        .map(|step| {
            let (sine, cosine) = (f64::from(step) * std::f64::consts::TAU / 32.0).sin_cos();
            VoxelPos {
                z: centre.z,
                y: centre.y + RADIUS_VOX * sine,
                x: centre.x + RADIUS_VOX * cosine,
            }
        })
        .collect()
}
