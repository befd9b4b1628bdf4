//! Filaments as the publication describes them.

mod parabola;
mod params;
mod tracing;

pub use params::{FitAxis, PaperParams};
pub use tracing::trace_tubes_as_paper;
