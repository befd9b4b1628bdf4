use clap::Args;
use cryo_candidates::{PreprocessParams, TiltViewParams};
use cryo_contrastive::{
    Embedded, Encoder, FitParams, HeadsConfig, ModelConfig, NtXentParams, Objective, Pairs,
    VicRegParams,
};
use cryo_io::dataset::DatasetEntry;
use cryo_train::Schedule;
use serde::{Deserialize, Serialize};

use crate::{
    candidates::{self, contrast, contrast_name},
    config,
    exit::Failure,
    options::{Common, Preset},
};

/// What the user states on the command line.
#[derive(Debug, Args, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Flags {
    /// How often every candidate is seen [default: 100; paper 300, cet-pick 140]. More takes proportionally longer.
    #[arg(long, value_name = "N")]
    #[serde(skip_serializing_if = "Option::is_none")]
    epochs: Option<u64>,

    /// Pairs of views in a batch [default: 256]. Fewer candidates make a smaller batch.
    #[arg(long, value_name = "N")]
    #[serde(skip_serializing_if = "Option::is_none")]
    batch: Option<usize>,

    /// Edge of the square that the network sees, in voxels [default: 24; paper and cet-pick 36]. About the diameter of
    /// the largest particle.
    #[arg(long = "box", value_name = "VOXELS")]
    #[serde(rename = "box", skip_serializing_if = "Option::is_none")]
    edge: Option<usize>,

    /// Neighbouring slices of a view [default: 4, each seen by the network; paper and cet-pick 3, averaged].
    #[arg(long, value_name = "N")]
    #[serde(skip_serializing_if = "Option::is_none")]
    slices: Option<usize>,

    /// What is minimized: nt-xent, vic-reg, or sim-siam, which can collapse [default: nt-xent; paper and cet-pick sim-siam].
    #[arg(long, value_name = "NAME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    objective: Option<String>,

    /// The network: compact, or resnet18 as in the paper [default: compact; paper and cet-pick resnet18].
    #[arg(long, value_name = "NAME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    encoder: Option<String>,

    /// Highest learning rate [default: 0.001].
    #[arg(long, value_name = "RATE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    rate: Option<f64>,

    /// What is seen of a candidate: slices of the tomogram, or tilts, the mean of the low tilt images beside one slice, where the
    /// list has a tilt series for each tomogram; auto takes tilts where it can [default: slices; paper and cet-pick auto].
    #[arg(long, value_name = "NAME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    views: Option<String>,

    /// Largest angle of the tilt images that are averaged, in degrees [default: 15; cet-pick 20].
    #[arg(long, value_name = "DEGREES")]
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tilt: Option<f64>,

    /// Width of the Gaussian that denoises before views are cut out, in voxels [default: 0.8].
    #[arg(long, value_name = "VOXELS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    denoise: Option<f64>,
}

/// Everything that a network and its views depend on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Settings {
    pub(super) epochs: u64,
    batch: usize,
    #[serde(rename = "box")]
    edge: usize,
    pub(super) slices: usize,
    objective: String,
    encoder: String,
    rate: f64,
    denoise: f64,
    contrast: String,
    /// slices, tilts or, before the list is known, auto.
    #[serde(default = "slices")]
    views: String,
    /// In degrees.
    #[serde(default = "max_tilt")]
    pub(super) max_tilt: f64,
    /// The preset's augmentation, pairs and schedule.
    preset: String,
    /// Over how many orientations an embedding is averaged.
    pub(super) orientations: usize,
}

fn slices() -> String {
    "slices".to_owned()
}

fn max_tilt() -> f64 {
    TiltViewParams::default().max_angle_deg
}

impl Settings {
    pub(super) fn effective(common: &Common, flags: &impl Serialize) -> Result<Self, Failure> {
        config::effective("explore", &Self::preset(common.preset), common, flags)
    }

    /// The same, with the views that these tomograms allow.
    pub(super) fn of_dataset(mut self, entries: &[&DatasetEntry]) -> Result<Self, Failure> {
        let has_tilts = |entry: &&DatasetEntry| entry.tilt_series.is_some();
        match self.views.as_str() {
            "slices" | "tilts" => {}
            "auto" => {
                let all = !entries.is_empty() && entries.iter().all(has_tilts);
                let tilts = all && self.averages();
                self.views = if tilts { "tilts" } else { "slices" }.to_owned();
            }
            other => {
                return Err(Failure::usage(format!(
                    "views: expected slices, tilts or auto, got {other:?}"
                )));
            }
        }
        if self.shows_tilts() && !self.averages() {
            return Err(Failure::usage(
                "views: tilts are seen by --encoder resnet18 alone; choose it, or --views slices",
            ));
        }
        Ok(self)
    }

    /// Whether a view has a channel of the tilt series.
    pub(super) fn shows_tilts(&self) -> bool {
        self.views == "tilts"
    }

    fn preset(preset: Preset) -> Self {
        let (name, paper) = match preset {
            Preset::Recommended => ("recommended", false),
            Preset::Paper => ("paper", true),
            Preset::CetPick => ("cet-pick", true),
        };
        let epochs = match preset {
            Preset::Recommended => 100,
            Preset::Paper => FitParams::paper().epochs,
            Preset::CetPick => FitParams::cet_pick().epochs,
        };
        let text = |ours: &str, papers: &str| if paper { papers } else { ours }.to_owned();
        Self {
            epochs,
            batch: 256,
            edge: if paper { 36 } else { 24 },
            slices: if paper { 3 } else { 4 },
            objective: text("nt-xent", "sim-siam"),
            encoder: text("compact", "resnet18"),
            rate: 1e-3,
            denoise: 0.8,
            contrast: contrast_name(PreprocessParams::default().contrast).to_owned(),
            views: text("slices", "auto"),
            max_tilt: match preset {
                Preset::CetPick => TiltViewParams::cet_pick().max_angle_deg,
                _ => max_tilt(),
            },
            preset: name.to_owned(),
            orientations: if paper { 1 } else { 8 },
        }
    }

    fn is_paper(&self) -> bool {
        self.preset != "recommended"
    }

    /// Denoising and contrast of the tomograms that views are cut out of.
    pub(super) fn preprocess(&self) -> Result<PreprocessParams, Failure> {
        let params = PreprocessParams {
            denoise_sigma_vox: self.denoise,
            contrast: contrast(&self.contrast)?,
        };
        let checked = params.validate();
        checked.map_err(|error| Failure::usage(error.to_string()))?;
        Ok(params)
    }

    /// Whether slices are averaged into one channel.
    pub(super) fn averages(&self) -> bool {
        self.encoder == "resnet18"
    }

    /// Edge of a view with the margin that it turns in.
    pub(super) fn view_edge(&self) -> usize {
        if self.averages() {
            return self.edge;
        }
        // Half the diagonal, and a voxel to shift, in whole pairs.
        (self.edge + self.edge.div_ceil(4) * 2).next_multiple_of(2)
    }

    /// The architecture.
    pub(super) fn model(&self) -> Result<ModelConfig, Failure> {
        let mut config = match self.encoder.as_str() {
            // Of every two voxels the network sees one.
            "compact" if self.edge < 16 => {
                return Err(Failure::usage(format!(
                    "--box: expected 16 voxels or more, got {}",
                    self.edge
                )));
            }
            "compact" => ModelConfig::recommended(self.slices, self.view_edge(), self.edge / 2),
            "resnet18" if self.shows_tilts() => ModelConfig::paper_2d3d(self.view_edge()),
            "resnet18" => ModelConfig::paper_3d(self.view_edge()),
            other => {
                let message = format!("encoder: expected compact or resnet18, got {other:?}");
                return Err(Failure::usage(message));
            }
        };
        if self.objective == "sim-siam" {
            let width = config.features();
            config.heads = HeadsConfig::SimSiam { width };
            config.embedded = Embedded::Prediction;
            config.whitened = false;
        } else if matches!(config.encoder, Encoder::ResNet18 { .. }) {
            config.heads = HeadsConfig::Projector {
                hidden: 256,
                output: 256,
            };
            config.embedded = Embedded::Features;
            config.whitened = true;
        }
        let checked = config.validate();
        checked.map_err(super::failure)?;
        Ok(config)
    }

    /// How it is trained.
    pub(super) fn fit(&self, seed: u64) -> Result<FitParams, Failure> {
        let mut params = match self.preset.as_str() {
            "paper" => FitParams::paper(),
            "cet-pick" => FitParams::cet_pick(),
            _ => FitParams::recommended(self.epochs),
        };
        params.epochs = self.epochs;
        params.batch_size = self.batch;
        params.seed = seed;
        if self.preset != "cet-pick" {
            let warmup = if self.is_paper() {
                0.0
            } else {
                0.05 * self.epochs as f64
            };
            params.schedule = Schedule::cosine(self.rate, self.epochs as f64, warmup);
        }
        params.schedule.rate = self.rate;
        params.objective = match self.objective.as_str() {
            "nt-xent" => Objective::NtXent(NtXentParams::default()),
            "vic-reg" => Objective::VicReg(VicRegParams::default()),
            "sim-siam" => Objective::SimSiam,
            other => {
                let message =
                    format!("objective: expected nt-xent, vic-reg or sim-siam, got {other:?}");
                return Err(Failure::usage(message));
            }
        };
        let checked = params.validate(&self.model()?);
        checked.map_err(super::failure)?;
        Ok(params)
    }

    /// Whether the second view of a pair is one at a neighbouring position.
    pub(super) fn neighbours(&self) -> Result<bool, Failure> {
        Ok(self.fit(0)?.pairs == Pairs::Neighbour)
    }
}

/// The settings of the candidates: those of the file and the preset.
pub(super) fn candidates(common: &Common) -> Result<candidates::Settings, Failure> {
    let none = serde_json::Map::new();
    let defaults = candidates::Settings::preset(common.preset);
    config::effective("candidates", &defaults, common, &none)
}
