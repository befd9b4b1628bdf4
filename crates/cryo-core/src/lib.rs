#![doc = include_str!("../README.md")]
#![deny(unsafe_code)]
#![cfg_attr(not(test), warn(clippy::unwrap_used))]

mod centre;
mod error;
mod grid;
mod orientation;
mod particle;
mod particle_set;
mod position;
mod progress;
mod projection;
mod tilt;
mod units;
mod volume;

pub use centre::CentreRule;
pub use error::{GridMismatch, ShapeMismatch};
pub use grid::Grid;
/// The arrays that volumes and images are made of, in the version that this crate speaks.
pub use ndarray;
pub use orientation::Orientation;
pub use particle::{FilamentPoint, Particle};
pub use particle_set::ParticleSet;
pub use position::{AngstromPos, ImagePos, VoxelPos};
pub use progress::Progress;
pub use projection::ImageTransform;
pub use tilt::{Tilt, TiltGeometry, TiltSeries, TiltSign};
pub use units::VoxelSize;
pub use volume::{Volume, VolumeView};
