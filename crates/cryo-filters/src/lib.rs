#![doc = include_str!("../README.md")]
#![deny(unsafe_code)]
#![cfg_attr(not(test), warn(clippy::unwrap_used))]

mod boundary;
mod check;
mod error;
mod gaussian;
mod lanes;

pub use boundary::Boundary;
pub use error::Error;
pub use gaussian::{
    GaussianParams, difference_of_gaussians, gaussian, gaussian_into, laplacian_of_gaussian,
};
