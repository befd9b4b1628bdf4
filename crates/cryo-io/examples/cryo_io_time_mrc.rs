//! Times reading and writing of a 256 × 512 × 512 f32 volume beside the same bytes as a plain file.
//!
//! `cargo run --release -p cryo-io --example cryo_io_time_mrc [FOLDER]`

use std::{error::Error, fs::File, io::Write, path::PathBuf, time::Instant};

use cryo_core::{Grid, Volume, VoxelSize};
use cryo_io::{
    Overwrite,
    mrc::{self, ReadOptions, Reader, WriteOptions},
};
use ndarray::Array3;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args_os()
        .nth(1)
        .map_or_else(std::env::temp_dir, PathBuf::from);
    let (path, plain) = (folder.join("time.mrc"), folder.join("time.raw"));
    let grid = Grid::new([256, 512, 512], VoxelSize::new(10.0).ok_or("voxel size")?);
    let data = Array3::from_shape_fn((256, 512, 512), |(z, y, x)| {
        ((z * 31 + y * 17 + x) % 251) as f32
    });
    let volume = Volume::new(data, grid)?;
    let options = WriteOptions {
        overwrite: Overwrite::Replace,
        ..WriteOptions::default()
    };
    mrc::write(&path, &volume, &options)?;
    let bytes = std::fs::read(&path)?;
    let write_raw = || {
        let mut file = File::create(&plain)?;
        file.write_all(&bytes)?;
        file.sync_all()
    };
    let none = ReadOptions::default();
    time("std::fs::read", || Ok(std::fs::read(&path).map(drop)?))?;
    time("mrc::read", || Ok(mrc::read(&path, &none).map(drop)?))?;
    time("std::fs::write", || Ok(std::fs::write(&plain, &bytes)?))?;
    time("write_all, sync_all", || Ok(write_raw()?))?;
    time("mrc::write (synced)", || {
        Ok(mrc::write(&path, &volume, &options)?)
    })?;
    let start = Instant::now();
    let crop = Reader::open(&path, &none)?.crop([100, 200, 300], [64; 3])?;
    println!(
        "open and crop {:?}: {:.2} ms",
        crop.data().dim(),
        1e3 * start.elapsed().as_secs_f64()
    );
    std::fs::remove_file(plain)?;
    Ok(std::fs::remove_file(path)?)
}

fn time(name: &str, job: impl Fn() -> Result<(), Box<dyn Error>>) -> Result<(), Box<dyn Error>> {
    let mut seconds = f64::INFINITY;
    for _ in 0..7 {
        let start = Instant::now();
        job()?;
        seconds = seconds.min(start.elapsed().as_secs_f64());
    }
    println!(
        "{name:20} {:6.0} MB/s, best of 7",
        256.0 * 512.0 * 512.0 * 4e-6 / seconds
    );
    Ok(())
}
