use crate::error::{Error, require, require_positive};

/// The axis whose coordinate the two parabolas are functions of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "lowercase")
)]
pub enum FitAxis {
    /// x(y) and z(y): the publication.
    #[default]
    Y,
    /// y(x) and z(x): the reference's code.
    X,
}

/// How filaments are traced by [`trace_tubes_as_paper`](crate::trace_tubes_as_paper).
///
/// Lengths count edges of a voxel, as for [`TubeParams`](crate::TubeParams).
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(default, deny_unknown_fields)
)]
pub struct PaperParams {
    /// Largest distance of neighbours on one filament, above 0; default 15 (`--distance_cutoff`). Raising it
    /// bridges more missed points and merges filaments that lie near each other.
    pub link_distance_vox: f64,
    /// Fewest points on a filament, at least 3; default 7, as the code wants more than 6.
    pub min_points: usize,
    /// Largest mean squared distance of the points from the two parabolas, summed over both planes, above 0;
    /// default 30 (`--r2_cutoff`).
    pub max_residual_vox2: f64,
    /// Largest curvature of either parabola in its plane, above 0; default 0.03 (`--curvature_cutoff` of the
    /// tutorial; the code's own default is 0.003).
    pub max_curvature_per_vox: f64,
    /// Distance between the points of the result along the fit's axis, above 0; default 2
    /// (`--distance_scale`).
    pub spacing_vox: f64,
    /// The axis that the curve is a function of; default y.
    pub axis: FitAxis,
}

impl Default for PaperParams {
    /// The values of MiLoPYP's tutorial.
    fn default() -> Self {
        Self {
            link_distance_vox: 15.0,
            min_points: 7,
            max_residual_vox2: 30.0,
            max_curvature_per_vox: 0.03,
            spacing_vox: 2.0,
            axis: FitAxis::Y,
        }
    }
}

impl PaperParams {
    /// Nothing if all fields are in their ranges.
    ///
    /// # Errors
    /// [`Error::Parameter`] with the first field that is not.
    pub fn validate(&self) -> Result<(), Error> {
        require_positive("link_distance_vox", self.link_distance_vox)?;
        require(
            self.min_points >= 3,
            "min_points",
            "at least 3",
            self.min_points,
        )?;
        require_positive("max_residual_vox2", self.max_residual_vox2)?;
        require_positive("max_curvature_per_vox", self.max_curvature_per_vox)?;
        require_positive("spacing_vox", self.spacing_vox)
    }
}
