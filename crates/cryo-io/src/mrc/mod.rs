//! Volumes, image stacks and volume stacks of the MRC family: `.mrc`, `.rec`, `.ali`, `.st`, `.mrcs`,
//! `.map`, each also packed as `.gz` or `.bz2`.
//!
//! The format is MRC2014 (<https://www.ccpem.ac.uk/mrc_format/mrc2014.php>, doi
//! 10.1016/j.jsb.2015.04.002) with what CCP4, IMOD, SerialEM and FEI do of their own.
//!
//! * **Axes.** Arrays are `[z, y, x]`: the header's MAPC, MAPR, MAPS are applied. A reconstruction
//!   with its thickness along y needs [`AxisOrder::Yzx`].
//! * **Unit and origin.** The grid's origin is the header's ORIGIN in ångström, the position of the
//!   centre of the first voxel; where that is 0, NXSTART times the voxel size.
//! * **Voxel size.** The cell divided by MX, MY, MZ. A file without one is not read as a volume unless
//!   [`ReadOptions::voxel_size_angstrom`] says it.
//! * **Refused.** What contradicts itself, with what to do about it; `permissive` reads old and damaged
//!   headers with warnings, as `mrcfile` does.
//!
//! ```
//! use cryo_core::{Grid, Volume, VoxelSize};
//! use cryo_io::mrc::{self, ReadOptions, WriteOptions};
//! use ndarray::Array3;
//! # let dir = tempfile::tempdir().unwrap();
//! # let path = dir.path().join("tomogram.mrc");
//! let grid = Grid::new([2, 3, 4], VoxelSize::new(10.0).expect("valid"));
//! let volume = Volume::new(Array3::zeros((2, 3, 4)), grid).expect("fits");
//! mrc::write(&path, &volume, &WriteOptions::default())?;
//! assert_eq!(mrc::read(&path, &ReadOptions::default())?, volume);
//! # Ok::<(), cryo_io::Error>(())
//! ```

mod axes;
mod byte_order;
mod checks;
mod decode;
mod encode;
mod extended;
mod fei;
mod fetch;
mod geometry;
mod header;

mod image_stack;
mod kernel_hints;
mod kind;
mod mapped;
mod mode;
mod new_header;
mod options;
mod output;
mod reader;
mod serialem;
mod source;
mod statistics;
mod validate;
mod voxel;
mod writer;

use std::path::Path;

use cryo_core::Volume;
use ndarray::Array3;
use num_complex::Complex;

pub use axes::AxisMap;
pub use byte_order::ByteOrder;
pub use extended::{ExtendedHeader, ExtendedKind, SectionMetadata};
pub use header::{HEADER_BYTES, Header};
pub use image_stack::{ImageStack, read_image_stack};
pub use kind::Kind;
pub use mapped::Mapped;
pub use mode::Mode;
pub use options::{AxisOrder, ByteSign, OriginRule, ReadOptions, WriteOptions};
pub use reader::Reader;
pub use statistics::Statistics;
pub use validate::{Examination, Measured, examine, validate, validate_bytes};
pub use voxel::Voxel;
pub use writer::{write, write_array, write_image_stack, write_slabs, write_volume_stack};

use crate::Error;

/// Reads a volume of real voxels of any mode as f32, with the grid that it lies on.
///
/// Warnings of permissive reading go to `tracing`; [`Reader`] hands them out.
///
/// # Errors
/// As [`Reader::open`] and [`Reader::volume`].
pub fn read(path: impl AsRef<Path>, options: &ReadOptions) -> Result<Volume, Error> {
    let path = path.as_ref();
    let reader = Reader::open(path, options)?;
    let volume = reader.volume()?;
    for finding in reader.warnings() {
        tracing::warn!(path = %path.display(), "{finding}");
    }
    Ok(volume)
}

/// Reads complex voxels (modes 3 and 4), `[z, y, x]`.
///
/// # Errors
/// As [`Reader::open`] and [`Reader::read_complex`].
pub fn read_complex(
    path: impl AsRef<Path>,
    options: &ReadOptions,
) -> Result<Array3<Complex<f32>>, Error> {
    Reader::open(path, options)?.read_complex()
}

/// The volume in the bytes of a file, compressed or not.
///
/// # Errors
/// As [`read`].
pub fn parse(bytes: &[u8], options: &ReadOptions) -> Result<Volume, Error> {
    Reader::from_bytes(bytes, options)?.volume()
}
