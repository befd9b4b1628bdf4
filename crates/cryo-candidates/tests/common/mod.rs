//! Tomograms of which the truth is known, and what was found of it.
#![allow(dead_code)]

use std::path::{Path, PathBuf};

use cryo_core::{Grid, ParticleSet, Volume};
use cryo_eval::{EvaluateParams, Evaluation, evaluate};
use cryo_fixtures::{
    Amount, ImagingParams, ReconstructionParams, SceneParams, ShotNoise, Simulation, Species,
    simulate,
};
use cryo_io::{Frame, Frames, PicksOptions, mrc};
use ndarray::Array3;

/// The folder `sim01` of the shared data, if it is there.
pub(crate) fn sim01() -> Option<PathBuf> {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data"));
    let folder = root.join("simulated/sim01");
    if folder.is_dir() {
        return Some(folder);
    }
    cryo_fixtures::say_skipped(&format!("no {}", folder.display()));
    None
}

/// The tomogram of `sim01` and its truth.
pub(crate) fn read_sim01(folder: &Path) -> (Volume, ParticleSet) {
    let volume = mrc::read(folder.join("sim01_rec.mrc"), &mrc::ReadOptions::default()).unwrap();
    let options = PicksOptions {
        frames: Frames::all(Frame::of(volume.grid())),
        tomogram: Some("sim01".to_owned()),
        ..PicksOptions::default()
    };
    let picks = cryo_io::read_picks(folder.join("sim01_particles.csv"), None, &options).unwrap();
    let [truth] = <[ParticleSet; 1]>::try_from(picks.sets).unwrap();
    (volume, truth)
}

/// Scores of candidates within half a particle's diameter (`baseline.md`): 250, 150, 110 and 100 Å.
pub(crate) fn score_sim01(truth: &ParticleSet, found: &ParticleSet) -> Evaluation {
    let mut params = EvaluateParams::new(50.0);
    for name in truth.classes.values() {
        let diameter = match name.as_str() {
            name if name.contains("80S") => 250.0,
            name if name.contains("20S") => 150.0,
            name if name.contains("rubisco") => 110.0,
            _ => 100.0,
        };
        params
            .class_radius_angstrom
            .insert(name.clone(), diameter / 2.0);
    }
    score(truth, found, &params)
}

pub(crate) fn score(
    truth: &ParticleSet,
    found: &ParticleSet,
    params: &EvaluateParams,
) -> Evaluation {
    let mut found = found.clone();
    found.tomogram.clone_from(&truth.tomogram);
    evaluate(std::slice::from_ref(truth), &[found], params).unwrap()
}

/// A spherical wall, bright, `diameter_vox` across, three voxels thick, in voxels of 10 Å.
pub(crate) fn shell_map(diameter_vox: f64) -> Volume {
    let side = diameter_vox.ceil() as usize + 8;
    let centre = (side as f64 - 1.0) / 2.0;
    let wall = diameter_vox / 2.0 - 1.5;
    let data = Array3::from_shape_fn([side; 3], |(z, y, x)| {
        let [z, y, x] = [z, y, x].map(|place| place as f64 - centre);
        let off = (z * z + y * y + x * x).sqrt() - wall;
        (-(off * off) / 4.5).exp() as f32
    });
    let voxel_size = cryo_core::VoxelSize::new(10.0).unwrap();
    Volume::new(data, Grid::new([side; 3], voxel_size)).unwrap()
}

/// Tilted images with noise as in `sim01`, and their reconstruction.
pub(crate) fn scene(species: &[Species], params: &SceneParams) -> Simulation {
    let imaging = ImagingParams {
        shot_noise: ShotNoise::PerPixel(0.21),
        ..ImagingParams::default()
    };
    simulate(
        species,
        params,
        &imaging,
        &ReconstructionParams::default(),
        &(),
    )
    .unwrap()
}

pub(crate) fn species(name: &str, map: Volume, count: usize) -> Species {
    Species::new(name, map, Amount::Count(count))
}
