//! Inputs of the benches, the same for every way.

use std::{
    fs::File,
    io::{BufWriter, Write},
    path::Path,
};

use cryo_core::{Grid, Particle, ParticleSet, Volume, VoxelPos, VoxelSize};
use ndarray::Array3;

/// A volume of `shape` (z, y, x) with 10 Å voxels, each value another.
///
/// # Panics
/// If the volume does not fit into memory.
#[must_use]
pub fn volume(shape: [usize; 3]) -> Volume {
    let [_, height, width] = shape;
    let grid = Grid::new(
        shape,
        VoxelSize::new(10.0).expect("10 is finite and positive"),
    );
    let value = |(z, y, x): (usize, usize, usize)| {
        let index = ((z * height + y) * width + x) as u32;
        (index.wrapping_mul(2_654_435_761) >> 8) as f32 / 16_777_216.0 - 0.5
    };
    Volume::new(Array3::from_shape_fn(shape, value), grid).expect("shape and grid agree")
}

/// About `count` points of straight filaments of 300 voxels in every direction, each a little off its line, and a
/// quarter as many anywhere; the density does not depend on the count.
///
/// # Panics
/// Never; 10 Å is a valid voxel size.
#[must_use]
pub fn filament_points(count: usize) -> ParticleSet {
    const POINTS: usize = 60;
    const SPACING: f64 = 5.0;
    let size = VoxelSize::new(10.0).expect("10 is finite and positive");
    let filaments = (count * 4 / 5 / POINTS).max(1);
    // One filament in a cube of 64 voxels edge, on average.
    let side = (filaments as f64 * 64.0_f64.powi(3)).cbrt().max(300.0);
    let extent = side.ceil() as usize;
    let mut set = ParticleSet::new("filaments", Grid::new([extent; 3], size));
    // A Weyl sequence of good spread, scrambled.
    let mut state = 0_u64;
    let mut random = move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    };
    for _ in 0..filaments {
        let start = [random() * side, random() * side, random() * side];
        let (z, angle) = (2.0 * random() - 1.0, std::f64::consts::TAU * random());
        let flat = (1.0 - z * z).sqrt();
        let direction = [flat * angle.cos(), flat * angle.sin(), z];
        for n in 0..POINTS {
            let along = n as f64 * SPACING;
            let mut place = [0.0; 3];
            for axis in 0..3 {
                place[axis] = start[axis] + along * direction[axis] + 2.0 * random() - 1.0;
            }
            set.items
                .push(Particle::at(VoxelPos::xyz(place[0], place[1], place[2])));
        }
    }
    while set.len() < count {
        let place = VoxelPos::xyz(random() * side, random() * side, random() * side);
        set.items.push(Particle::at(place));
    }
    set
}

/// The columns that [`write_star`] writes: the name of the tomogram, then numbers.
pub const STAR_COLUMNS: [&str; 12] = [
    "rlnTomoName",
    "rlnCoordinateX",
    "rlnCoordinateY",
    "rlnCoordinateZ",
    "rlnAngleRot",
    "rlnAngleTilt",
    "rlnAnglePsi",
    "rlnOriginXAngst",
    "rlnOriginYAngst",
    "rlnOriginZAngst",
    "rlnClassNumber",
    "rlnOpticsGroup",
];

/// Writes a RELION particle table of `rows` rows and 12 columns.
///
/// # Errors
/// If the file cannot be written.
pub fn write_star(path: &Path, rows: usize) -> std::io::Result<()> {
    let mut out = BufWriter::new(File::create(path)?);
    writeln!(out, "\n# version 30001\n\ndata_particles\n\nloop_")?;
    for (index, column) in STAR_COLUMNS.iter().enumerate() {
        writeln!(out, "_{column} #{}", index + 1)?;
    }
    for row in 0..rows {
        let value = |factor: usize, range: usize| ((row * factor) % range) as f64 / 1000.0;
        writeln!(
            out,
            "TS_{:03} {:12.6} {:12.6} {:12.6} {:12.6} {:12.6} {:12.6} {:12.6} {:12.6} {:12.6} {:4} {:4}",
            row % 97,
            value(7919, 4_096_000),
            value(104_729, 4_096_000),
            value(1_299_709, 2_048_000),
            value(31, 360_000) - 180.0,
            value(37, 180_000),
            value(41, 360_000) - 180.0,
            value(43, 8000) - 4.0,
            value(47, 8000) - 4.0,
            value(53, 8000) - 4.0,
            row % 5 + 1,
            1,
        )?;
    }
    writeln!(out)?;
    out.flush()
}
