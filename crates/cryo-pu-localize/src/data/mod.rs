mod density;
mod prepare;
mod resample;
mod target;
mod tomogram;

pub(crate) use density::density_warning;
pub(crate) use prepare::{Prepared, prepare, surrogate_noise};
pub(crate) use target::{Splat, paint};
pub use target::{SplatParams, TargetLabel, splat_radius};
pub use tomogram::{AnnotatedTomogram, Annotation};
