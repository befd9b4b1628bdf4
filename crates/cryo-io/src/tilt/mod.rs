//! Tilt geometry: the files that say how each image of a tilt series was taken and aligned.
//!
//! Every format has a module with `parse` (over bytes), `read`, `write` and `validate`, and gives a
//! [`TiltTable`]; [`read`] chooses the module by the name and the content of the file.

pub mod aln;
pub mod mdoc;
mod read;
mod rows;
mod table;
pub mod tilt_com;
pub mod tlt;
pub mod warp;
pub mod xf;

pub use read::{TiltFormat, format_of, read, read_imod, validate};
pub use table::TiltTable;

/// Largest file of tilt metadata that is read, in bytes: a series of 200 images takes about 1 MiB.
pub const MAX_BYTES: u64 = 256 << 20;
