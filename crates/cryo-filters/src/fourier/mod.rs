//! Filters in Fourier space. The edge is periodic.

mod crop;
mod pass;
mod radial;
mod spectrum;
mod wedge;
mod whiten;

pub use crop::fourier_crop;
pub use pass::{PassParams, band_pass, high_pass, low_pass};
pub use radial::{RadialShell, radial_power};
pub use wedge::{apply_missing_wedge, missing_wedge_mask};
pub use whiten::whiten;
