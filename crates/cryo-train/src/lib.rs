#![doc = include_str!("../README.md")]
#![deny(unsafe_code)]
#![cfg_attr(not(test), warn(clippy::unwrap_used))]

mod cuda;
mod device;
mod error;

pub use device::{DeviceChoice, LIBTORCH_VERSION};
pub use error::Error;
