mod prepare;
mod resample;
mod target;
mod tomogram;

pub(crate) use prepare::{Prepared, prepare, surrogate_noise};
pub use target::{SplatParams, TargetLabel, splat_radius};
pub(crate) use target::{Splat, paint};
pub use tomogram::{Annotation, AnnotatedTomogram};
