use serde::{Deserialize, Serialize};

use crate::{Error, error::require};

/// Which voxels the contrastive terms compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContrastRows {
    /// All of a step.
    All,
    /// All near annotations, and as many others drawn at random that there are so many.
    Sampled(usize),
}

/// The debiased voxel-level contrastive terms (spec G.4b; Chuang et al. 2020, arXiv 2007.00224; Khosla et al. 2020,
/// arXiv 2004.11362).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContrastParams {
    /// λ₁, of the supervised term.
    pub supervised: f64,
    /// λ₂, of the unsupervised term.
    pub unsupervised: f64,
    /// T: lower tells similar features apart more.
    pub temperature: f64,
    /// θ: voxels of a target above it are positives, below it negatives.
    pub threshold: f64,
    /// Unlabelled voxels of a probability below the first are pseudo-negatives, above the second pseudo-positives.
    pub gates: [f64; 2],
    /// Whether those between are drawn both ways, as in the public code, or left alone, as in the paper.
    pub neutral: bool,
    /// τ of the terms: the part of the unlabelled that is positive.
    pub prior: f64,
    /// Whether pseudo-positives and pseudo-negatives enter the supervised term instead of a term of their own, which
    /// hardly has a gradient (spec G.4, activity remark).
    pub pseudo_labels: bool,
    /// Which voxels.
    pub rows: ContrastRows,
}

impl Default for ContrastParams {
    /// The paper's weights and gates on 1024 voxels of a step.
    fn default() -> Self {
        Self {
            supervised: 0.1,
            unsupervised: 0.5,
            temperature: 0.07,
            threshold: 0.85,
            gates: [0.3, 0.9],
            neutral: false,
            prior: 0.01,
            pseudo_labels: false,
            rows: ContrastRows::Sampled(1024),
        }
    }
}

impl ContrastParams {
    /// Checks every field.
    ///
    /// # Errors
    /// [`Error::Parameter`].
    pub fn validate(&self) -> Result<(), Error> {
        let weight = |w: f64| w.is_finite() && w >= 0.0;
        require(
            weight(self.supervised),
            "supervised",
            "0 or more",
            self.supervised,
        )?;
        require(
            weight(self.unsupervised),
            "unsupervised",
            "0 or more",
            self.unsupervised,
        )?;
        let valid = self.temperature.is_finite() && self.temperature > 0.0;
        require(valid, "temperature", "above 0", self.temperature)?;
        let valid = self.threshold > 0.0 && self.threshold <= 1.0;
        require(valid, "threshold", "above 0, at most 1", self.threshold)?;
        let [low, high] = self.gates;
        let valid = 0.0 <= low && low <= high && high <= 1.0;
        require(
            valid,
            "gates",
            "two rising numbers of 0 to 1",
            format!("{:?}", self.gates),
        )?;
        let valid = self.prior > 0.0 && self.prior < 1.0;
        require(valid, "prior", "above 0, below 1", self.prior)?;
        let rows = !matches!(self.rows, ContrastRows::Sampled(0..=15));
        require(rows, "rows", "at least 16", format!("{:?}", self.rows))
    }
}
