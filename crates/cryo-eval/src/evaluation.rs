use crate::{curve::CurvePoint, gather::ItemIndex, scores::Scores};

/// What came out of a comparison: pooled over all tomograms, and its parts.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Evaluation {
    /// Of all tomograms together: counts are summed before any ratio is taken. In JSON its keys stand
    /// at the top.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub pooled: Scores,
    /// Of each tomogram of the truth, by name.
    pub tomograms: Vec<TomogramScores>,
    /// Of each class over all tomograms, by name, those without a class first; empty unless
    /// [`Classes::Each`](crate::Classes::Each).
    pub classes: Vec<ClassScores>,
    /// How much of each class of the truth was found, by name, those without a class first.
    pub found: Vec<ClassRecall>,
    /// Pooled precision and recall at every distinct score, the highest first; not in JSON.
    #[cfg_attr(feature = "serde", serde(skip))]
    pub curve: Vec<CurvePoint>,
}

/// The scores of one tomogram.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct TomogramScores {
    /// Its name.
    pub tomogram: String,
    /// Its scores; its best threshold is its own.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub scores: Scores,
    /// Which pick found which truth at the threshold; not in JSON.
    #[cfg_attr(feature = "serde", serde(skip))]
    pub matches: Vec<ItemMatch>,
}

/// The scores of one class.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct ClassScores {
    /// Its name, `None` for particles without a class.
    pub class: Option<String>,
    /// Its scores; its best threshold is its own.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub scores: Scores,
}

/// How much of one class of the truth was found, whatever the class of the picks.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct ClassRecall {
    /// Its name, `None` for truths without a class.
    pub class: Option<String>,
    /// Truths of this class.
    pub n_truth: usize,
    /// Those that a pick at the threshold was matched with.
    pub n_matched: usize,
    /// `n_matched / n_truth`; `None` if there is none.
    pub recall: Option<f64>,
}

/// A pick of a set and the truth of a set that it found.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct ItemMatch {
    /// Which truth.
    pub truth: ItemIndex,
    /// Which pick.
    pub pick: ItemIndex,
    /// How far they are apart.
    pub distance_angstrom: f64,
}
