mod evaluate;
mod params;
mod pieces;
mod scores;

pub use evaluate::{FilamentEvaluation, TomogramFilamentScores, evaluate_filaments};
pub use params::FilamentParams;
pub use scores::{FilamentScores, compare_filaments};
