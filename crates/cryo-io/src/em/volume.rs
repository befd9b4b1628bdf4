use std::path::Path;

use cryo_core::{Grid, Volume, VoxelSize};
use ndarray::Array3;

use super::Header;
use crate::{Error, text::read_bytes};

/// The volume in an EM file of at most `max_bytes`, as f32; the format has no voxel size.
///
/// # Errors
/// As [`parse_volume`], and if the file cannot be opened.
pub fn read_volume(
    path: impl AsRef<Path>,
    voxel_size: VoxelSize,
    max_bytes: u64,
) -> Result<Volume, Error> {
    let path = path.as_ref();
    let bytes = read_bytes(path, max_bytes)?;
    parse_volume(&bytes, voxel_size).map_err(|error| error.in_file(path))
}

/// The volume in the bytes of an EM file, its first voxel at 0 Å.
///
/// # Errors
/// As [`Header::parse`], and for a volume without voxels or with a value that is not finite as f32.
pub fn parse_volume(bytes: &[u8], voxel_size: VoxelSize) -> Result<Volume, Error> {
    let (header, data) = Header::parse(bytes)?;
    let [x, y, z] = header.size_xyz;
    if data.is_empty() {
        let got = format!("{x} × {y} × {z}");
        return Err(Error::unexpected("size", "one voxel or more", got).at_byte(4));
    }
    let values: Vec<f32> = header.numbers(data).map(|value| value as f32).collect();
    if let Some(place) = values.iter().position(|value| !value.is_finite()) {
        let byte = super::header::LENGTH + place * header.data_type.size();
        let got = values[place].to_string();
        return Err(Error::unexpected("voxel", "a finite number", got).at_byte(byte as u64));
    }
    let shape = [z, y, x];
    let data = Array3::from_shape_vec(shape, values)
        .map_err(|error| Error::unexpected("size", "that of the data", error.to_string()))?;
    Volume::new(data, Grid::new(shape, voxel_size))
        .map_err(|error| Error::unexpected("size", "that of the data", error.to_string()))
}
