//! Histogram equalization.

mod adaptive;
mod clip;
mod global;

pub use adaptive::{AdaptiveParams, equalize_adaptive, equalize_adaptive_slices};
pub use global::equalize_histogram;
