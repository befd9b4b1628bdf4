//! Volumes as they come: read by planes, padding told apart, contrast brought to one scale.

mod padding;
mod planes;
mod preprocess;
mod scan;
mod tone;
mod window;

pub use planes::PlaneSource;
pub use preprocess::{
    Contrast, Polarity, PreprocessParams, PreprocessedSlabs, preprocess_slabs, preprocess_volume,
};

pub(crate) use preprocess::denoise;
pub(crate) use scan::{Scan, scan};
pub(crate) use tone::Tone;
pub(crate) use window::{Chunks, Windows, read};
