use clap::{Args, ValueEnum};
use cryo_tubes::{FitAxis, PaperParams, TubeParams};
use serde::{Deserialize, Serialize};

use super::length::Length;
use crate::options::Preset;

/// How filaments are traced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Method {
    /// Curves in any direction, through crossings and gaps.
    Curve,
    /// The published method: connected components and two parabolas.
    Paper,
}

/// The axis that the parabolas of the published method are functions of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Axis {
    /// As the code of the reference.
    X,
    /// As the publication.
    Y,
}

/// What the user states on the command line; the rest comes from the file and the preset.
///
/// Lengths are in voxels, or with a unit: 12, 82A, 8.2nm.
#[derive(Debug, Args, Serialize)]
#[command(next_help_heading = "Tracing (lengths in voxels, or with a unit: 12, 82A, 8.2nm)")]
pub(crate) struct Flags {
    /// curve: any direction, crossings, gaps; paper: the published method [default: curve; paper under
    /// --preset paper and cet-pick].
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<Method>,

    /// Largest step from point to point along a filament [default: 15]. Three to four times the spacing of
    /// the points is good; more merges neighbours.
    #[arg(long, value_name = "LENGTH")]
    #[serde(skip_serializing_if = "Option::is_none")]
    link_distance: Option<Length>,

    /// Standard deviation of the points about the axis, across it [default: 1]. More admits points further
    /// aside and needs filaments to lie further apart. Not used by paper.
    #[arg(long, value_name = "LENGTH")]
    #[serde(skip_serializing_if = "Option::is_none")]
    scatter: Option<Length>,

    /// Largest curvature in 1/voxel [default: 0.03; 0.003 under --preset cet-pick].
    #[arg(long, value_name = "1/VOXEL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    max_curvature: Option<f64>,

    /// Largest gap that is bridged between two pieces that point at each other [default: 30]. Not used by
    /// paper.
    #[arg(long, value_name = "LENGTH")]
    #[serde(skip_serializing_if = "Option::is_none")]
    max_gap: Option<Length>,

    /// Shortest filament [default: 30]. Not used by paper.
    #[arg(long, value_name = "LENGTH")]
    #[serde(skip_serializing_if = "Option::is_none")]
    min_length: Option<Length>,

    /// Fewest points on a filament [default: 5; 7 for paper].
    #[arg(long, value_name = "N")]
    #[serde(skip_serializing_if = "Option::is_none")]
    min_points: Option<usize>,

    /// Largest root mean square distance of the points from the curve [default: 3; √30 for paper].
    #[arg(long, value_name = "LENGTH")]
    #[serde(skip_serializing_if = "Option::is_none")]
    max_residual: Option<Length>,

    /// Ends are cut where the score is below this part of the filament's median, 0 to 1
    /// [default: 0.5]. Not used by paper.
    #[arg(long, value_name = "PART")]
    #[serde(skip_serializing_if = "Option::is_none")]
    min_end_score: Option<f64>,

    /// Distance between the points of the result along the filament [default: 2]; along the axis for paper.
    #[arg(long, value_name = "LENGTH")]
    #[serde(skip_serializing_if = "Option::is_none")]
    spacing: Option<Length>,

    /// The axis that paper's parabolas are functions of [default: y; x under --preset cet-pick].
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    axis: Option<Axis>,
}

impl Flags {
    pub(crate) fn method(&self) -> Option<Method> {
        self.method
    }
}

/// Everything that a tracing depends on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    pub(crate) method: Method,
    link_distance: Length,
    scatter: Length,
    max_curvature: f64,
    max_gap: Length,
    min_length: Length,
    min_points: usize,
    max_residual: Length,
    min_end_score: f64,
    spacing: Length,
    axis: Axis,
}

impl Settings {
    /// The values of a preset, for the method that the user states or else the preset's.
    pub(crate) fn of(preset: Preset, stated: Option<Method>) -> Self {
        let method = stated.unwrap_or(match preset {
            Preset::Recommended => Method::Curve,
            Preset::Paper | Preset::CetPick => Method::Paper,
        });
        let curve = TubeParams::default();
        let paper = PaperParams::default();
        let settings = Self {
            method,
            link_distance: Length::Voxels(curve.link_distance_vox),
            scatter: Length::Voxels(curve.scatter_vox),
            max_curvature: curve.max_curvature_per_vox,
            max_gap: Length::Voxels(curve.max_gap_vox),
            min_length: Length::Voxels(curve.min_length_vox),
            min_points: curve.min_points,
            max_residual: Length::Voxels(curve.max_residual_vox),
            min_end_score: curve.min_end_score,
            spacing: Length::Voxels(curve.spacing_vox),
            axis: Axis::Y,
        };
        if method == Method::Curve {
            return settings;
        }
        let of_code = preset == Preset::CetPick;
        Self {
            link_distance: Length::Voxels(paper.link_distance_vox),
            max_curvature: if of_code {
                0.003
            } else {
                paper.max_curvature_per_vox
            },
            min_points: paper.min_points,
            max_residual: Length::Voxels(paper.max_residual_vox2.sqrt()),
            spacing: Length::Voxels(paper.spacing_vox),
            axis: if of_code { Axis::X } else { Axis::Y },
            ..settings
        }
    }

    /// With lengths that follow the diameter, for points that do so, too: in 24ths of it, as if they were voxels. Across a
    /// tube a heat map is less exact than a person, above all along z, and no two tubes are nearer than a diameter.
    pub(crate) fn for_diameter(self, diameter_angstrom: f64, voxel_angstrom: f64) -> Self {
        if self.method == Method::Paper {
            return self;
        }
        let unit = diameter_angstrom / 24.0;
        // To a tenth of an ångström, which reads well in a file.
        let times = |length: Length, factor: f64| match length {
            Length::Voxels(voxels) => {
                Length::Angstrom((voxels * factor * unit * 10.0).round() / 10.0)
            }
            stated @ Length::Angstrom(_) => stated,
        };
        let scaled = |length| times(length, 1.0);
        let wide = |length| times(length, 3.0);
        Self {
            link_distance: scaled(self.link_distance),
            scatter: wide(self.scatter),
            max_curvature: self.max_curvature * voxel_angstrom / unit,
            max_gap: scaled(self.max_gap),
            min_length: scaled(self.min_length),
            max_residual: wide(self.max_residual),
            ..self
        }
    }

    pub(crate) fn curve_params(&self, voxel_angstrom: f64) -> TubeParams {
        let voxels = |length: Length| length.voxels(voxel_angstrom);
        TubeParams {
            link_distance_vox: voxels(self.link_distance),
            scatter_vox: voxels(self.scatter),
            max_curvature_per_vox: self.max_curvature,
            max_gap_vox: voxels(self.max_gap),
            min_length_vox: voxels(self.min_length),
            min_points: self.min_points,
            max_residual_vox: voxels(self.max_residual),
            min_end_score: self.min_end_score,
            spacing_vox: voxels(self.spacing),
        }
    }

    pub(crate) fn paper_params(&self, voxel_angstrom: f64) -> PaperParams {
        let voxels = |length: Length| length.voxels(voxel_angstrom);
        PaperParams {
            link_distance_vox: voxels(self.link_distance),
            min_points: self.min_points,
            max_residual_vox2: voxels(self.max_residual).powi(2),
            max_curvature_per_vox: self.max_curvature,
            spacing_vox: voxels(self.spacing),
            axis: match self.axis {
                Axis::X => FitAxis::X,
                Axis::Y => FitAxis::Y,
            },
        }
    }
}
