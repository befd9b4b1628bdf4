//! From voxels to positions: a pyramid of differences of Gaussians, its maxima, suppression, thresholds.

mod find;
mod levels;
mod maxima;
mod octave;
mod params;
mod peaks;
mod refine;
mod specimen;
mod suppress;

pub use find::{SearchReport, find_candidates, find_candidates_with_report};
pub use params::{CandidateParams, Neighbourhood, Scales, Threshold};
pub use peaks::{Peak, PeakParams, find_peaks};
pub use suppress::suppress_within;
