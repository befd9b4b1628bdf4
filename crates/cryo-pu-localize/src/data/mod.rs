mod density;
mod mask;
mod prepare;
mod reduce;
mod resample;
mod spectrum;
mod target;
mod tomogram;

pub(crate) use density::density_warning;
pub use prepare::working_grid;
pub(crate) use prepare::{NORMAL_QUARTILES, Prepared, prepare, resampled, surrogate_noise};
pub use reduce::{Reduced, reduce, reduce_bytes};
pub use spectrum::Spectrum;
pub(crate) use target::{IGNORED, IGNORED_BELOW, OTHER, Splat, paint};
pub use target::{SplatParams, TargetLabel, splat_radius};
pub use tomogram::{AnnotatedTomogram, Annotation, check_inside};
