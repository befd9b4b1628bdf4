use std::collections::BTreeMap;

use crate::error::{Error, require, require_length};

/// What classes mean for a comparison.
///
/// A class is compared by its name in the `classes` of its set, or by its number where it has none:
/// the numbers of two files need not agree.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(rename_all = "snake_case")
)]
pub enum Classes {
    /// Nothing: any pick may find any truth.
    #[default]
    Ignored,
    /// A pick only finds truths of its own class; picks without one, only truths without one.
    Each,
    /// One class alone: its truths, its picks and the picks without a class. All others are left out.
    Only(String),
}

/// How picks are compared with the truth.
///
/// There is no default radius: half the diameter of the particle is a good start, and a published score
/// means nothing without it.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct EvaluateParams {
    /// Largest distance of a pick from the truth that it finds, finite and above 0 Å, inclusive.
    /// Raising it raises all scores.
    pub radius_angstrom: f64,
    /// Other radii for truths of some classes, by the name of the class.
    pub class_radius_angstrom: BTreeMap<String, f64>,
    /// Smallest score of the picks that count, inclusive; `None` counts all. Raising it trades recall
    /// for precision. Best threshold and average precision always consider all picks.
    pub threshold: Option<f32>,
    /// What classes mean.
    pub classes: Classes,
    /// Whether picks in tomograms of which there is no truth are left out rather than refused.
    pub skip_tomograms_without_truth: bool,
}

impl EvaluateParams {
    /// All picks at one radius, classes ignored, tomograms without truth refused.
    #[must_use]
    pub fn new(radius_angstrom: f64) -> Self {
        Self {
            radius_angstrom,
            class_radius_angstrom: BTreeMap::new(),
            threshold: None,
            classes: Classes::Ignored,
            skip_tomograms_without_truth: false,
        }
    }

    /// Nothing if all fields are in their ranges.
    ///
    /// # Errors
    /// [`Error::Parameter`] with the first field that is not.
    pub fn validate(&self) -> Result<(), Error> {
        require_length("radius_angstrom", self.radius_angstrom)?;
        for &radius in self.class_radius_angstrom.values() {
            require_length("class_radius_angstrom", radius)?;
        }
        let threshold = self.threshold.unwrap_or_default();
        require(threshold.is_finite(), "threshold", "finite", threshold)
    }
}
