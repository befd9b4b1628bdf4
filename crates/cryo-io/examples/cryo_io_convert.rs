//! Writes a tomogram and a table of coordinates, reads both and writes the coordinates for RELION 5.
//!
//! Run with `cargo run -p cryo-io --example cryo_io_convert`.

use cryo_core::{Grid, Volume, VoxelPos, VoxelSize};
use cryo_io::{
    CoordinateFormat, Frame, Frames, Overwrite, PicksOptions, mrc, read_picks, write_picks,
};
use ndarray::Array3;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let (tomogram, table) = (
        folder.path().join("ts_01.mrc"),
        folder.path().join("picks.csv"),
    );
    let size = VoxelSize::new(10.0).ok_or("a voxel needs a length")?;
    let grid = Grid::new([20, 40, 60], size);
    let data = Array3::from_shape_fn((20, 40, 60), |(z, y, x)| (z + y + x) as f32);
    let volume = Volume::new(data, grid)?;
    mrc::write(&tomogram, &volume, &mrc::WriteOptions::default())?;
    std::fs::write(
        &table,
        "tomogram,x,y,z,score\nts_01,10,20,5.5,0.8\nts_01,59,0,19,0.4\n",
    )?;

    // Only the header and a part of the data are read from the disk.
    let reader = mrc::Reader::open(&tomogram, &mrc::ReadOptions::default())?;
    let crop = reader.crop([5, 20, 10], [2, 2, 2])?;
    assert_eq!(crop.data()[[0, 0, 0]], 35.0);

    // What the table does not say comes from the tomogram; the tilt series had pixels of 2.5 Å.
    let frame = Frame {
        tilt_series_pixel_size: Some(2.5),
        ..Frame::of(&reader.grid()?)
    };
    let options = PicksOptions {
        frames: Frames::all(frame),
        ..PicksOptions::default()
    };
    let picks = read_picks(&table, None, &options)?;
    let star = folder.path().join("picks.star");
    write_picks(
        &star,
        CoordinateFormat::Relion5,
        &picks,
        &options,
        Overwrite::Never,
    )?;
    print!("{}", std::fs::read_to_string(&star)?);

    let back = read_picks(&star, None, &options)?;
    let first = &back.sets[0].items[0];
    assert!(first.position.distance_to(VoxelPos::xyz(10.0, 20.0, 5.5)) < 1e-6);
    assert_eq!(first.score, Some(0.8));
    Ok(())
}
