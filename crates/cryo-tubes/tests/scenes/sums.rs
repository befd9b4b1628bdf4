use std::fmt;

use cryo_eval::FilamentScores;

/// Scores of several scenes together.
#[derive(Default)]
pub(crate) struct Sums {
    pub(crate) truths: usize,
    pub(crate) splits: usize,
    pub(crate) merges: usize,
    found: f64,
    truth: f64,
    right: f64,
    picked: f64,
}

impl Sums {
    pub(crate) fn add(&mut self, scores: &FilamentScores) {
        self.truths += scores.n_truth;
        self.splits += scores.n_splits;
        self.merges += scores.n_merges;
        self.truth += scores.truth_length_angstrom;
        self.picked += scores.picks_length_angstrom;
        self.found += scores.length_recall.unwrap_or(0.0) * scores.truth_length_angstrom;
        self.right += scores.length_precision.unwrap_or(0.0) * scores.picks_length_angstrom;
    }

    pub(crate) fn recall(&self) -> f64 {
        self.found / self.truth
    }

    pub(crate) fn precision(&self) -> f64 {
        self.right / self.picked
    }
}

impl fmt::Display for Sums {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (recall, precision) = (self.recall(), self.precision());
        write!(
            f,
            "recall {recall:.4} precision {precision:.4} splits {} merges {} of {}",
            self.splits, self.merges, self.truths
        )
    }
}
