#![doc = include_str!("../README.md")]
#![deny(unsafe_code)]
#![cfg_attr(not(test), warn(clippy::unwrap_used))]

pub mod inputs;
pub mod machine;
mod part;
pub mod rounds;
pub mod simulated;
pub mod vectors;

pub use part::Part;
