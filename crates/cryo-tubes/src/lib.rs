#![doc = include_str!("../README.md")]
#![deny(unsafe_code)]
#![cfg_attr(not(test), warn(clippy::unwrap_used))]

mod banded;
mod between;
mod cells;
mod cloud;
mod cut;
mod direction;
mod error;
mod finish;
mod fit;
mod grow;
mod join;
mod local_fit;
mod paper;
mod params;
mod piece;
mod spline;
mod tracing;
mod track;
mod tube;

/// The types of what goes in and comes out, in the version that this crate speaks.
pub use between::add_points_between;
pub use cryo_core;
pub use error::Error;
pub use paper::{FitAxis, PaperParams, trace_tubes_as_paper};
pub use params::TubeParams;
pub use tracing::{Dropped, Tracing, trace_tubes};
pub use tube::{Tube, TubePoint, to_particles};

/// A place or direction in edges of a voxel along x.
type Vector = nalgebra::Vector3<f64>;
