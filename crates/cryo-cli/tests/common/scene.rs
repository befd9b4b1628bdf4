//! Phantoms as a user has them: a tomogram, and a STAR file of positions.
#![allow(dead_code, reason = "each test program uses its own part of this")]

use std::path::Path;

use cryo_core::{ParticleSet, Volume};
use cryo_fixtures::{Body, Noise, Phantom, PhantomBuilder, PhantomParams};
use cryo_io::{CoordinateFormat, Frame, Frames, Overwrite, Picks, PicksOptions, mrc, write_picks};

/// Dark balls: name, radius in voxels, how many.
pub(crate) fn balls(
    shape: [usize; 3],
    voxel_angstrom: f64,
    signal_to_noise: f64,
    seed: u64,
    kinds: &[(&str, f64, usize)],
) -> Phantom {
    let mut params = PhantomParams::new(shape, voxel_angstrom);
    params.noise = Noise::SignalToNoise(signal_to_noise);
    params.seed = seed;
    let mut builder = PhantomBuilder::new(params).expect("valid");
    for &(name, radius_vox, count) in kinds {
        let body = Body::Sphere { radius_vox };
        builder.scatter(name, body, count).expect("room");
    }
    builder.build(&()).expect("built")
}

pub(crate) fn write_volume(folder: &Path, name: &str, volume: &Volume) {
    let path = folder.join(format!("{name}.mrc"));
    mrc::write(path, volume, &mrc::WriteOptions::default()).expect("written");
}

/// How positions of the set's grid are read and written.
pub(crate) fn picks_options(set: &ParticleSet) -> PicksOptions {
    PicksOptions {
        frames: Frames::all(Frame {
            tilt_series_pixel_size: set.grid.voxel_size.isotropic(),
            ..Frame::of(&set.grid)
        }),
        ..PicksOptions::default()
    }
}

/// Writes positions as RELION 5 does, to `FILE.star`.
pub(crate) fn write_star(folder: &Path, file: &str, set: ParticleSet) {
    let options = picks_options(&set);
    let picks = Picks {
        sets: vec![set],
        ..Picks::default()
    };
    let path = folder.join(format!("{file}.star"));
    let format = CoordinateFormat::Relion5;
    write_picks(&path, format, &picks, &options, Overwrite::Never).expect("written");
}

/// `NAME.mrc`, and `NAME.star` with all of the truth, which is also given back.
pub(crate) fn write(folder: &Path, name: &str, phantom: Phantom) -> ParticleSet {
    write_volume(folder, name, &phantom.volume);
    let mut truth = phantom.truth;
    truth.tomogram = name.to_owned();
    write_star(folder, name, truth.clone());
    truth
}
