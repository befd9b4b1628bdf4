#![doc = include_str!("../README.md")]
#![deny(unsafe_code)]
#![cfg_attr(not(test), warn(clippy::unwrap_used))]

mod error;
mod image;
mod slices;

pub use error::Error;
pub use image::Image;
pub use slices::{SlicesParams, central_slices, image_row, orthogonal_slices};
