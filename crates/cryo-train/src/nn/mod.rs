//! Layers that both networks are made of, with PyTorch's names and constants.

mod init;
mod layers;
mod scope;

pub use init::Init;
pub use layers::{BatchNorm, Conv, ConvTranspose2d, Linear, Mode};
pub use scope::{Scope, Store};
