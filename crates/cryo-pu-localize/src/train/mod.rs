mod augment;
mod fields;
mod params;
mod rotate;
mod sampler;
mod trainer;
mod views;

pub use augment::AugmentParams;
pub use params::{FitParams, Prior};
pub(crate) use sampler::{Field, Sampler};
pub use trainer::{Fit, Trainer, fit};
