mod apply;
mod draw;
mod params;

pub use apply::augment;
pub use params::{AugmentParams, Erase};
