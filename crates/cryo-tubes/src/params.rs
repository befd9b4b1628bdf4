use crate::error::{Error, require, require_positive};

/// How filaments are traced by [`trace_tubes`](crate::trace_tubes).
///
/// Lengths count edges of a voxel; where the three edges of a voxel differ, the edge along x, and positions
/// along y and z are stretched accordingly.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(default, deny_unknown_fields)
)]
pub struct TubeParams {
    /// Largest step from point to point along a filament, finite and at least three times the scatter;
    /// default 15, the reference's `--distance_cutoff`. Raising it bridges more missed points and needs
    /// neighbouring filaments to lie further apart. Three to four times the spacing of the points is good.
    pub link_distance_vox: f64,
    /// Standard deviation of the points about the axis, across it, above 0; default 1. Points further than
    /// 3.5 times this from the curve are outliers. Parallel filaments nearer to each other than seven to eight
    /// times this are merged; lower it if points are better. For a mask that fills a tube, half the tube's radius.
    pub scatter_vox: f64,
    /// Largest curvature, above 0; default 0.03, MiLoPYP's tutorial: a radius of 33 voxels. Decides how far
    /// a step may turn and how much the curve is smoothed, and rejects what bends more. Lowering it makes
    /// straight filaments smoother and safer.
    pub max_curvature_per_vox: f64,
    /// Largest gap between two pieces that are joined, 0 or more; default 30. Pieces are joined only if
    /// each points at the other.
    pub max_gap_vox: f64,
    /// Length of the shortest filament, 0 or more; default 30. Raising it drops what outliers pretend.
    pub min_length_vox: f64,
    /// Fewest points on a filament, at least 4; default 5.
    pub min_points: usize,
    /// Largest root mean square distance of the points from the curve, above 0; default 3.
    pub max_residual_vox: f64,
    /// Ends are cut back to where the score along the path is at least this part of its median over the
    /// filament, 0 (never) to 1; default 0.5. Without scores nothing is cut.
    pub min_end_score: f64,
    /// Distance along the curve between the points of the result, above 0; default 2, the reference's
    /// `--distance_scale`.
    pub spacing_vox: f64,
}

impl Default for TubeParams {
    /// MiLoPYP's values where it has them.
    fn default() -> Self {
        Self {
            link_distance_vox: 15.0,
            scatter_vox: 1.0,
            max_curvature_per_vox: 0.03,
            max_gap_vox: 30.0,
            min_length_vox: 30.0,
            min_points: 5,
            max_residual_vox: 3.0,
            min_end_score: 0.5,
            spacing_vox: 2.0,
        }
    }
}

impl TubeParams {
    /// Nothing if all fields are in their ranges.
    ///
    /// # Errors
    /// [`Error::Parameter`] with the first field that is not.
    pub fn validate(&self) -> Result<(), Error> {
        require_positive("scatter_vox", self.scatter_vox)?;
        let link = self.link_distance_vox;
        let wide = link.is_finite() && link >= 3.0 * self.scatter_vox;
        require(
            wide,
            "link_distance_vox",
            "finite and at least 3 times `scatter_vox`",
            link,
        )?;
        require_positive("max_curvature_per_vox", self.max_curvature_per_vox)?;
        for (field, value) in [
            ("max_gap_vox", self.max_gap_vox),
            ("min_length_vox", self.min_length_vox),
        ] {
            let valid = value.is_finite() && value >= 0.0;
            require(valid, field, "a finite number from 0", value)?;
        }
        require(
            self.min_points >= 4,
            "min_points",
            "at least 4",
            self.min_points,
        )?;
        require_positive("max_residual_vox", self.max_residual_vox)?;
        let part = self.min_end_score;
        require(
            (0.0..=1.0).contains(&part),
            "min_end_score",
            "from 0 to 1",
            part,
        )?;
        require_positive("spacing_vox", self.spacing_vox)
    }

    /// How far from the curve a point may lie and still belong to it.
    pub(crate) fn gate_vox(&self) -> f64 {
        GATE * self.scatter_vox
    }

    /// The length on which the curve is smoothed: an arc of the largest curvature keeps it within 0.2 %.
    pub(crate) fn smoothing_vox(&self) -> f64 {
        0.355 / self.max_curvature_per_vox
    }
}

/// Standard deviations that a point may lie aside: one in 450 of a normal scatter in the plane does further.
pub(crate) const GATE: f64 = 3.5;
