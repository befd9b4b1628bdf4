#![doc = include_str!("../README.md")]
#![deny(unsafe_code)]
#![cfg_attr(not(test), warn(clippy::unwrap_used))]

mod assignment;
mod cells;
mod cost;
mod error;
mod graph;
mod matching;

pub use error::{Error, Place, Side};
pub use graph::MAX_PAIRS;
pub use matching::{Match, match_points};
