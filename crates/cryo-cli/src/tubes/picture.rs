use std::path::{Path, PathBuf};

use cryo_core::ParticleSet;
use cryo_embed_viz::{CurvesParams, filament_lines};
use cryo_io::mrc;

use crate::{exit::Failure, frames::FrameArguments, options::Common, pictures};

/// A picture that is to be made.
pub(super) struct Target {
    set: usize,
    tomogram: PathBuf,
    pub(super) picture: PathBuf,
}

/// One picture for each set with its tomogram; all must be known and no picture be there.
pub(super) fn targets(
    folder: &Path,
    sets: &[ParticleSet],
    frames: &FrameArguments,
    common: &Common,
) -> Result<Vec<Target>, Failure> {
    let mut targets = Vec::with_capacity(sets.len());
    for (index, set) in sets.iter().enumerate() {
        let name = &set.tomogram;
        let Some(tomogram) = frames.tomogram_file(name)? else {
            return Err(Failure::usage(format!(
                "--png: where is the tomogram {name:?}? Give --tomogram FILE or --data LIST"
            )));
        };
        let picture = folder.join(format!("{}.png", name.replace(['/', '\\'], "_")));
        if !common.overwrite && picture.exists() {
            return Err(Failure::usage(format!(
                "{}: the file exists and is not overwritten; choose another folder or ask to --overwrite",
                picture.display()
            )));
        }
        targets.push(Target {
            set: index,
            tomogram,
            picture,
        });
    }
    Ok(targets)
}

/// Draws the filaments of one set.
pub(super) fn draw(
    target: &Target,
    sets: &[ParticleSet],
    frames: &FrameArguments,
    common: &Common,
) -> Result<(), Failure> {
    let options = mrc::ReadOptions {
        permissive: true,
        max_bytes: common.memory_bytes(),
        voxel_size_angstrom: frames
            .voxel_size()?
            .and_then(cryo_core::VoxelSize::isotropic),
        ..Default::default()
    };
    let volume = mrc::read(&target.tomogram, &options)?;
    let lines = filament_lines(&sets[target.set]);
    let params = CurvesParams::default();
    let volume = volume.data().view();
    pictures::write(&target.picture, volume, &lines, &params, common.overwrite())
}
