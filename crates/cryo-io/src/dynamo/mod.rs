//! Dynamo tables (`.tbl`): a row a particle, columns by position, separated by blanks.
//!
//! Columns as in Dynamo's wiki ("Table convention") and `dynamotable`: 1 `tag`, 2 `aligned_value`,
//! 3 `averaged_value`, 4–6 `dx dy dz`, 7–9 `tdrot tilt narot`, 10 `cc`, 20 `tomo`, 21 `reg`, 22 `class`,
//! 24–26 `x y z`, 36 `apix` …; at least 26, usually 35, 42 as `dynamotable` writes.
//!
//! # Coordinates
//!
//! Voxels of the tomogram in the order x, y, z; the centre is `x + dx`. **The index base is not one
//! thing**: the converters copick, dynamo2m, dynamo2relion and ArtiaX take `x` as 0-based, without a
//! shift, and that is the default here. cryoCAT copies the numbers into motive lists, which count from
//! 1: [`IndexBase::One`]. Dynamo's own wiki ("Volume center") puts the origin at the corner of the
//! first pixel, with centres of voxels at half-integers: [`IndexBase::Corner`]. [`PicksOptions::index_base`] chooses, in reading and writing.
//!
//! Angles rotate the template onto the particle, clockwise about z, the new x and the new z ("Euler
//! angles convention"), so that the orientation is `Rz(−tdrot) Rx(−tilt) Rz(−narot)`; so do copick,
//! cryoCAT and `eulerangles`, on which dynamo2m and dynamo2relion stand. ArtiaX has the inverse.
//! A table without any angle but 0 tells no orientation.
//!
//! # Tomogram names
//!
//! Column 20 is a number. The names are in a second file, the table map (`.doc`):
//! lines of number and path. [`read`] takes [`PicksOptions::numbers`], else the file beside the table that
//! has its name and the extension `.doc`; [`write()`] writes that.
//!
//! [`PicksOptions::index_base`]: crate::PicksOptions::index_base
//! [`PicksOptions::numbers`]: crate::PicksOptions::numbers
//! [`IndexBase::Corner`]: crate::IndexBase::Corner
//! [`IndexBase::One`]: crate::IndexBase::One

mod columns;
mod map;
mod read;
mod validate;
mod write;

pub use columns::COLUMNS;
pub use map::{parse_map, read_map, write_map};
pub use read::{parse, read};
pub use validate::validate;
pub use write::write;
