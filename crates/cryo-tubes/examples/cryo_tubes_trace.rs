//! Traces two crossing filaments among wrong picks and writes them for RELION and IMOD.
//!
//! Run with `cargo run -p cryo-tubes --example cryo_tubes_trace -- FOLDER`.

use std::path::PathBuf;

use cryo_core::{Grid, Particle, ParticleSet, VoxelPos, VoxelSize};
use cryo_io::{CoordinateFormat, Frame, Frames, Overwrite, Picks, PicksOptions, write_picks};
use cryo_tubes::{TubeParams, to_particles, trace_tubes};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = PathBuf::from(
        std::env::args()
            .nth(1)
            .ok_or("give a folder for the results")?,
    );
    let size = VoxelSize::new(10.0).ok_or("a voxel needs a length")?;
    let grid = Grid::new([80, 160, 200], size);
    let mut picks = ParticleSet::new("ts_01", grid);
    for number in 0..40_u8 {
        let n = f64::from(number);
        let wave = (0.7 * n).sin();
        picks.items.push(Particle::at(VoxelPos::xyz(
            20.0 + 4.0 * n,
            60.0 + n + wave,
            40.0,
        )));
        picks.items.push(Particle::at(VoxelPos::xyz(
            100.0,
            10.0 + 3.5 * n,
            40.0 + wave,
        )));
        if number % 5 == 0 {
            picks
                .items
                .push(Particle::at(VoxelPos::xyz(5.0 * n, 37.0 + n, 2.0 * n)));
        }
    }
    // A tubulin dimer every 82 Å.
    let params = TubeParams {
        spacing_vox: size.to_voxels(82.0),
        ..TubeParams::default()
    };
    let tracing = trace_tubes(&picks, &params, &())?;
    for (id, tube) in (1..).zip(&tracing.tubes) {
        println!(
            "filament {id}: {:.0} Å through {} picks, radius of curvature at least {:.0} voxels, residual {:.2} voxels",
            tube.length_angstrom,
            tube.sources.len(),
            1.0 / tube.max_curvature_per_vox,
            tube.residual_vox
        );
    }
    println!(
        "{} of {} picks are on no filament",
        tracing.unused,
        picks.len()
    );

    let filaments = Picks {
        sets: vec![to_particles(&picks, &tracing.tubes)],
        extra: Vec::new(),
    };
    let frame = Frame {
        tilt_series_pixel_size: Some(2.5),
        ..Frame::of(&grid)
    };
    let options = PicksOptions {
        frames: Frames::all(frame),
        ..PicksOptions::default()
    };
    for (name, format) in [
        ("filaments.star", CoordinateFormat::Relion5),
        ("filaments.mod", CoordinateFormat::Imod),
    ] {
        write_picks(
            folder.join(name),
            format,
            &filaments,
            &options,
            Overwrite::Replace,
        )?;
    }
    Ok(())
}
