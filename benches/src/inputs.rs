//! Inputs of the benches, the same for every way.

use std::{
    fs::File,
    io::{BufWriter, Write},
    path::Path,
};

use cryo_core::{Grid, Volume, VoxelSize};
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
