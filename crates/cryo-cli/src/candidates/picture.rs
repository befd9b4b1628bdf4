use std::path::Path;

use cryo_core::ParticleSet;
use cryo_embed_viz::circle;

use crate::{exit::Failure, options::Common, pictures, tomograms::Tomogram};

const RADIUS_VOX: f64 = 6.0;

/// Draws slabs of a tomogram with a circle around every candidate.
pub(super) fn draw(
    folder: &Path,
    tomogram: &Tomogram,
    set: &ParticleSet,
    common: &Common,
) -> Result<(), Failure> {
    let path = folder.join(format!("{}.png", set.tomogram.replace(['/', '\\'], "_")));
    let volume = pictures::smoothed(tomogram, &set.tomogram)?;
    let circles: Vec<_> = (set.items.iter())
        .map(|item| circle(item.position, RADIUS_VOX))
        .collect();
    let params = pictures::with_circles();
    pictures::write(&path, volume.view(), &circles, &params, common.overwrite())?;
    common.say(&format!("picture in {}", path.display()));
    Ok(())
}
