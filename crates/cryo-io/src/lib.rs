#![doc = include_str!("../README.md")]
#![deny(unsafe_code)]
#![cfg_attr(not(test), warn(clippy::unwrap_used))]

mod atomic;
mod coordinates;
pub mod copick;
pub mod dataset;
pub mod dynamo;
pub mod em;
mod error;
mod finding;
mod format;
#[cfg(feature = "hdf5")]
pub mod hdf5;
pub mod imod;
pub mod mrc;
pub mod pickers;
mod picks;
mod points;
pub mod star;
pub mod tables;
mod text;
pub mod tilt;
mod xml;

pub use atomic::{Overwrite, discard_abandoned, discard_unfinished, write_atomic};
pub use coordinates::{CoordinateFormat, read_picks, write_picks};
pub use error::{Error, ErrorKind, Location};
pub use finding::{Finding, Severity};
pub use format::Format;
pub use picks::{BinningRule, ExtraColumn, Frame, Frames, IndexBase, Picks, PicksOptions};
