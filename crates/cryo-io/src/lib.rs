#![doc = include_str!("../README.md")]
#![deny(unsafe_code)]
#![cfg_attr(not(test), warn(clippy::unwrap_used))]

mod atomic;
pub mod copick;
pub mod dynamo;
pub mod em;
mod error;
mod finding;
pub mod imod;
mod picks;
mod points;
pub mod tables;
mod text;

pub use atomic::{Overwrite, write_atomic};
pub use error::{Error, ErrorKind, Location};
pub use finding::{Finding, Severity};
pub use picks::{BinningRule, ExtraColumn, Frame, Frames, IndexBase, Picks, PicksOptions};
