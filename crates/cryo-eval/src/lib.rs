#![doc = include_str!("../README.md")]
#![deny(unsafe_code)]
#![cfg_attr(not(test), warn(clippy::unwrap_used))]

mod assignment;
mod cells;
mod clustering;
mod cost;
mod curve;
mod error;
mod evaluate;
mod evaluation;
mod filament;
mod gather;
mod graph;
mod matching;
mod params;
mod scores;
mod tally;

pub use clustering::{
    LabelScores, VectorDistance, compare_labels, neighbour_balanced_accuracy, silhouette,
};
pub use curve::CurvePoint;
pub use error::{Error, Place, Side};
pub use evaluate::evaluate;
pub use evaluation::{ClassRecall, ClassScores, Evaluation, ItemMatch, TomogramScores};
pub use filament::{
    FilamentEvaluation, FilamentParams, FilamentScores, TomogramFilamentScores, compare_filaments,
    evaluate_filaments,
};
pub use gather::ItemIndex;
pub use graph::MAX_PAIRS;
pub use matching::{Match, match_points};
pub use params::{Classes, EvaluateParams};
pub use scores::Scores;
