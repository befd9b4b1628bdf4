use std::path::Path;

use cryo_core::{ParticleSet, VoxelPos};
use cryo_embed_viz::{CurvesParams, slabs_with_curves};
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
    let volume = tomogram.reader().volume()?;
    let circles: Vec<Vec<VoxelPos>> = set.items.iter().map(|item| circle(item.position)).collect();
    let params = CurvesParams {
        slabs: 9,
        ..CurvesParams::default()
    };
    let picture = slabs_with_curves(volume.data().view(), &circles, &params)
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
