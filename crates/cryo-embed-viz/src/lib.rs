#![doc = include_str!("../README.md")]
#![deny(unsafe_code)]
#![cfg_attr(not(test), warn(clippy::unwrap_used))]

mod curves;
mod error;
mod image;
mod slices;

pub use curves::{CurvesParams, slabs_with_curves};
pub use error::Error;
pub use image::Image;
pub use slices::{SlicesParams, central_slices, image_row, orthogonal_slices};
