//! EM files of the TOM toolbox: motive lists of av3, TOM, Artiatomi and ArtiaX, and volumes.
//!
//! A header of 512 bytes (`tom_emread.m`): byte 0 the machine (6 for a PC: little-endian; 0, 3, 4 and
//! 5: big-endian), byte 3 the type of the data, then three 32-bit sizes x, y, z, x fastest.
//!
//! # Motive lists
//!
//! A list is 20 × N, 20 numbers a particle (`xdim` 20, `ydim` N). Rows, counted from 1, as av3, ArtiaX
//! (`ArtiatomiParticleData.py`), copick and cryoCAT agree: 1 score, 4 particle number, 5 tomogram,
//! 6 object, 8–10 x, y, z, 11–13 shifts, 17 phi, 18 psi, 19 theta, 20 class. copick reads the score from row
//! 4, which ArtiaX calls `legacy_num`; av3, ArtiaX and cryoCAT have it in row 1.
//!
//! Coordinates are voxels of the tomogram, **the first is 1**: ArtiaX and copick subtract 1, cryoCAT
//! keeps positions from 1 to n. [`PicksOptions::index_base`] overrides it in reading and writing. The
//! centre is position plus shift.
//!
//! The orientation is `Rz(psi) Rx(theta) Rz(phi)`: phi first about z, then theta about x, then psi
//! about z, all about the axes of the tomogram (ArtiaX `EulerRotation.as_place`; the "zxz" of scipy in
//! copick and cryoCAT). A list without any angle but 0 tells no orientation.

mod header;
mod motive_list;
mod validate;
mod volume;
mod write;

use std::path::Path;

pub use header::{DataType, Header};
pub use motive_list::{MotiveList, ROWS};
pub use validate::validate;
pub use volume::{parse_volume, read_volume};
pub use write::write;

use crate::{Error, Picks, PicksOptions, text::read_bytes};

/// The particles of a motive list.
///
/// Tomograms are called by their number in row 5, or what [`PicksOptions::numbers`] calls it. Row 1
/// becomes the score, row 20 the class where it is a whole number above 0. The other rows, and shifts, are
/// kept in columns `row_2` to `row_20` as ArtiaX calls them, unless they are 0 throughout.
///
/// # Errors
/// If it is not a list of 20 rows, a needed number is not finite, or a voxel size is not known: the
/// format has none.
pub fn read(path: impl AsRef<Path>, options: &PicksOptions) -> Result<Picks, Error> {
    let path = path.as_ref();
    let bytes = read_bytes(path, options.max_bytes)?;
    parse(&bytes, options).map_err(|error| error.in_file(path))
}

/// [`read`] from bytes.
///
/// # Errors
/// As [`read`].
pub fn parse(bytes: &[u8], options: &PicksOptions) -> Result<Picks, Error> {
    MotiveList::parse(bytes)?.to_picks(options)
}
