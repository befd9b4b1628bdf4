use clap::Args;
use cryo_candidates::{
    CandidateParams, Contrast, Neighbourhood, Polarity, PreprocessParams, Scales, Threshold,
};
use cryo_core::Grid;
use serde::{Deserialize, Serialize};

use crate::{exit::Failure, options::Preset};

/// What the user states on the command line.
#[derive(Debug, Args, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Flags {
    /// Diameters of the particles looked for in ångström [default: 110,176,280].
    #[arg(long, value_name = "Å,…", value_delimiter = ',')]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) diameter: Vec<f64>,

    /// Diameters of hollow particles (capsids, vesicles) in ångström; without --diameter nothing else is
    /// looked for.
    #[arg(long, value_name = "Å,…", value_delimiter = ',')]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) hollow: Vec<f64>,

    /// Widths of the pyramid's Gaussians in voxels, rising, instead of diameters.
    #[arg(
        long,
        value_name = "VOXELS,…",
        value_delimiter = ',',
        conflicts_with = "diameter"
    )]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    sigma: Vec<f64>,

    /// Particles are bright; by default they are dark.
    #[arg(long)]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    bright: bool,

    /// Score above the mean of the maxima, in standard deviations [default: 0.5]. Less gives more candidates.
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    #[serde(skip_serializing_if = "Option::is_none")]
    std: Option<f64>,

    /// Least score, instead of --std.
    #[arg(long, value_name = "SCORE", conflicts_with = "std")]
    #[serde(skip_serializing_if = "Option::is_none")]
    min_score: Option<f64>,

    /// Least distance of two candidates in ångström [default: 0.6 of the smallest diameter].
    #[arg(long, value_name = "Å")]
    #[serde(skip_serializing_if = "Option::is_none")]
    min_distance: Option<f64>,

    /// Voxels at either end of x, y and z that hold no candidates [default: 0,0,0].
    #[arg(long, value_name = "X,Y,Z", value_delimiter = ',', num_args = 1)]
    #[serde(skip_serializing_if = "Option::is_none")]
    margin: Option<Vec<usize>>,

    /// The best so many of each tomogram [default: all].
    #[arg(long, value_name = "N")]
    #[serde(skip_serializing_if = "Option::is_none")]
    max_count: Option<usize>,

    /// Leave out what scores this many times the median, as gold beads do; 5 is a good value [default: keep all].
    #[arg(long, value_name = "TIMES")]
    #[serde(skip_serializing_if = "Option::is_none")]
    gold: Option<f64>,

    /// Leave out what is this many times as long as wide in curvature, as edges and flat membranes are [default: keep all].
    #[arg(long, value_name = "RATIO")]
    #[serde(skip_serializing_if = "Option::is_none")]
    max_elongation: Option<f64>,

    /// Search the empty top and bottom of the tomogram too.
    #[arg(long)]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    keep_empty: bool,

    /// Width of a Gaussian that goes before everything else, in voxels [default: 0].
    #[arg(long, value_name = "VOXELS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    denoise: Option<f64>,

    /// Scale of the values: clip (z-scores), equalize (histogram), quantize (8 bits, as the reference) [default: clip].
    #[arg(long, value_name = "NAME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    contrast: Option<String>,
}

/// Everything that the candidates depend on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Settings {
    pub(super) diameter: Vec<f64>,
    pub(super) hollow: Vec<f64>,
    pub(super) sigma: Vec<f64>,
    bright: bool,
    std: f64,
    /// Below every number: by `std`.
    min_score: f64,
    /// Over all maxima instead of those that are kept.
    std_of_all_maxima: bool,
    /// Below 0: by the smallest diameter.
    min_distance: f64,
    /// In voxels.
    min_distance_in_voxels: bool,
    margin: Vec<usize>,
    /// 0: all.
    max_count: usize,
    gold: f64,
    max_elongation: f64,
    keep_empty: bool,
    denoise: f64,
    contrast: String,
    normalize_levels: bool,
    in_plane: bool,
}

impl Settings {
    pub(crate) fn preset(preset: Preset) -> Self {
        let params = match preset {
            Preset::Recommended => CandidateParams::default(),
            Preset::Paper => CandidateParams::paper(),
            Preset::CetPick => CandidateParams::cet_pick(),
        };
        let (diameter, sigma) = match params.scales {
            Scales::Diameters(list) => (list, Vec::new()),
            Scales::Sigmas(list) => (Vec::new(), list),
        };
        let (std, std_of_all_maxima) = match params.threshold {
            Threshold::AboveMaxima(factor) => (factor, true),
            Threshold::AboveKept(factor) => (factor, false),
            Threshold::Score(_) => (0.5, false),
        };
        let [z, y, x] = params.margin_vox;
        Self {
            diameter,
            hollow: params.hollow_diameters_angstrom,
            sigma,
            bright: params.polarity == Polarity::BrightParticles,
            std,
            min_score: f64::NEG_INFINITY,
            std_of_all_maxima,
            min_distance: params.min_distance_vox.unwrap_or(-1.0),
            min_distance_in_voxels: params.min_distance_vox.is_some(),
            margin: vec![x, y, z],
            max_count: 0,
            gold: params.gold_ratio,
            max_elongation: params.max_elongation,
            keep_empty: params.empty_below == 0.0,
            denoise: params.preprocess.denoise_sigma_vox,
            contrast: contrast_name(params.preprocess.contrast).to_owned(),
            normalize_levels: params.normalize_levels,
            in_plane: params.neighbourhood == Neighbourhood::Plane,
        }
    }

    /// What a flag puts aside.
    pub(super) fn give_way(&mut self, flags: &Flags) {
        if !flags.diameter.is_empty() {
            self.sigma.clear();
        }
        if !flags.sigma.is_empty() {
            self.diameter.clear();
        }
        if !flags.hollow.is_empty() && flags.diameter.is_empty() && flags.sigma.is_empty() {
            self.diameter.clear();
            self.sigma.clear();
        }
        if flags.min_distance.is_some() {
            self.min_distance_in_voxels = false;
        }
    }

    pub(crate) fn params(&self, grid: &Grid) -> Result<CandidateParams, Failure> {
        let &[x, y, z] = self.margin.as_slice() else {
            return Err(Failure::usage("margin: expected three whole numbers X,Y,Z"));
        };
        let edge = grid.voxel_size.isotropic().unwrap_or(1.0);
        let min_distance_vox = (self.min_distance >= 0.0).then(|| {
            if self.min_distance_in_voxels {
                self.min_distance
            } else {
                self.min_distance / edge
            }
        });
        let threshold = if self.min_score > f64::NEG_INFINITY {
            Threshold::Score(self.min_score as f32)
        } else if self.std_of_all_maxima {
            Threshold::AboveMaxima(self.std)
        } else {
            Threshold::AboveKept(self.std)
        };
        let params = CandidateParams {
            preprocess: PreprocessParams {
                denoise_sigma_vox: self.denoise,
                contrast: contrast(&self.contrast)?,
            },
            polarity: if self.bright {
                Polarity::BrightParticles
            } else {
                Polarity::DarkParticles
            },
            scales: if self.sigma.is_empty() {
                Scales::Diameters(self.diameter.clone())
            } else {
                Scales::Sigmas(self.sigma.clone())
            },
            hollow_diameters_angstrom: self.hollow.clone(),
            normalize_levels: self.normalize_levels,
            neighbourhood: if self.in_plane {
                Neighbourhood::Plane
            } else {
                Neighbourhood::Volume
            },
            min_distance_vox,
            threshold,
            margin_vox: [z, y, x],
            empty_below: if self.keep_empty {
                0.0
            } else {
                CandidateParams::default().empty_below
            },
            gold_ratio: self.gold,
            max_elongation: self.max_elongation,
            max_count: (self.max_count > 0).then_some(self.max_count),
        };
        params
            .validate()
            .map_err(|error| Failure::usage(error.to_string()))?;
        Ok(params)
    }
}

pub(crate) fn contrast_name(contrast: Contrast) -> &'static str {
    match contrast {
        Contrast::Clip { .. } => "clip",
        Contrast::Equalize => "equalize",
        Contrast::Quantize { .. } => "quantize",
    }
}

/// The contrast of a name, with the limits of the preset that has it.
pub(crate) fn contrast(name: &str) -> Result<Contrast, Failure> {
    let known = [
        PreprocessParams::default(),
        PreprocessParams::paper(),
        PreprocessParams::cet_pick(),
    ];
    let mut known = known.into_iter().map(|params| params.contrast);
    known
        .find(|contrast| contrast_name(*contrast) == name)
        .ok_or_else(|| {
            Failure::usage(format!(
                "contrast: expected clip, equalize or quantize, got {name:?}"
            ))
        })
}
