#![doc = include_str!("../README.md")]
#![deny(unsafe_code)]
#![cfg_attr(not(test), warn(clippy::unwrap_used))]

mod error;
mod input;
mod search;
mod views;

/// The types of what goes in and comes out, in the version that this crate speaks.
pub use cryo_core;
pub use error::{Error, SourceError};
pub use input::{
    Contrast, PlaneSource, Polarity, PreprocessParams, PreprocessedSlabs, preprocess_slabs,
    preprocess_volume,
};
pub use search::{
    CandidateParams, Neighbourhood, Peak, PeakParams, Scales, SearchReport, Threshold,
    find_candidates, find_candidates_with_report, find_peaks, suppress_within,
};
pub use views::*;
