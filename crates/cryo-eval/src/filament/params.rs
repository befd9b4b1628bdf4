use crate::error::{Error, require, require_length};

/// How picked filaments are compared with true ones.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct FilamentParams {
    /// Largest distance between two curves that count as the same, finite and above 0 Å, inclusive;
    /// the radius of the filament is a good start. Raising it raises recall and precision.
    pub radius_angstrom: f64,
    /// Longest piece that the curves are cut into, finite and above 0 Å; lengths are exact to about one
    /// piece at each end of an overlap. Lowering it takes time in proportion.
    pub step_angstrom: f64,
    /// Length along which a pick must follow a truth to count in splits and merges, finite and from
    /// 0 Å. Raising it forgives short contacts and crossings.
    pub min_shared_angstrom: f64,
    /// Whether picks in tomograms of which there is no truth are left out rather than refused.
    pub skip_tomograms_without_truth: bool,
}

impl FilamentParams {
    /// Pieces of a tenth of the radius, and four radii as shared length: a crossing at 30° is no longer.
    #[must_use]
    pub fn new(radius_angstrom: f64) -> Self {
        Self {
            radius_angstrom,
            step_angstrom: radius_angstrom / 10.0,
            min_shared_angstrom: 4.0 * radius_angstrom,
            skip_tomograms_without_truth: false,
        }
    }

    /// Nothing if all fields are in their ranges.
    ///
    /// # Errors
    /// [`Error::Parameter`] with the first field that is not.
    pub fn validate(&self) -> Result<(), Error> {
        require_length("radius_angstrom", self.radius_angstrom)?;
        require_length("step_angstrom", self.step_angstrom)?;
        let shared = self.min_shared_angstrom;
        let valid = shared.is_finite() && shared >= 0.0;
        require(
            valid,
            "min_shared_angstrom",
            "a finite length from 0 Å",
            shared,
        )
    }
}
