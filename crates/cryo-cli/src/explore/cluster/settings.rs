use clap::Args;
use cryo_embed_viz::{ClassifyParams, Grouping, KMeansParams, Metric, UmapParams};
use serde::{Deserialize, Serialize};

use super::super::folder::RunFolder;
use crate::{
    config,
    exit::Failure,
    options::{Common, Preset},
};

/// What the user states on the command line.
#[derive(Debug, Default, Args, Serialize)]
// Beside the flags of training under one command.
#[group(id = "cluster-flags")]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Flags {
    /// Classes (h) [default: 48, at most one for every 8 candidates]. More keeps rare kinds apart and shows common ones
    /// several times.
    #[arg(long, value_name = "H")]
    #[serde(skip_serializing_if = "Option::is_none")]
    classes: Option<usize>,

    /// Clusters (k) that are joined to classes [default: 256]. Fewer candidates make fewer.
    #[arg(long, value_name = "K")]
    #[serde(skip_serializing_if = "Option::is_none")]
    clusters: Option<usize>,

    /// Neighbours that the map keeps together [default: 40]. Fewer show finer grain, more the whole.
    #[arg(long, value_name = "N")]
    #[serde(skip_serializing_if = "Option::is_none")]
    neighbours: Option<usize>,

    /// How close points of the map come, 0 to 1 [default: 0.5]. Less packs groups tighter.
    #[arg(long, value_name = "DISTANCE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    min_dist: Option<f64>,

    /// Also a map in space, /umap3.
    #[arg(long)]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    umap3: bool,

    /// How clusters are joined: ward, self-tuning or spectral [default: ward; paper self-tuning, cet-pick spectral].
    #[arg(long, value_name = "NAME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    grouping: Option<String>,

    /// Distance between vectors: cosine or euclidean [default: euclidean].
    #[arg(long, value_name = "NAME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    metric: Option<String>,

    /// Candidates farther from their class than so many of its spreads belong to none; inf keeps all [default: 2; paper
    /// and cet-pick inf].
    #[arg(long, value_name = "SPREADS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    unassigned_above: Option<f64>,

    /// Candidates that map and classes are made from; of more, a sample is drawn and the others are placed
    /// [default: 50000].
    #[arg(long, value_name = "N")]
    #[serde(skip_serializing_if = "Option::is_none")]
    sample: Option<usize>,
}

/// Everything that a clustering depends on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Settings {
    /// 0: by the number of candidates.
    pub(super) classes: usize,
    clusters: usize,
    neighbours: usize,
    min_dist: f64,
    pub(super) umap3: bool,
    grouping: String,
    /// Of the spectral grouping, per squared unit of distance.
    gamma: f64,
    pub(super) metric: String,
    unassigned_above: f64,
    pub(super) sample: usize,
}

impl Settings {
    fn preset(preset: Preset) -> Self {
        let ours = preset == Preset::Recommended;
        let grouping = match preset {
            Preset::Recommended => "ward",
            Preset::Paper => "self-tuning",
            Preset::CetPick => "spectral",
        };
        Self {
            classes: 0,
            clusters: ClassifyParams::default().clusters,
            neighbours: UmapParams::default().neighbours,
            min_dist: UmapParams::default().min_dist,
            umap3: false,
            grouping: grouping.to_owned(),
            gamma: 1.0,
            metric: "euclidean".to_owned(),
            unassigned_above: if ours { 2.0 } else { f64::INFINITY },
            sample: 50_000,
        }
    }

    /// Flags over the settings file over what the run was made with over the preset.
    pub(crate) fn effective(
        run: &RunFolder,
        common: &Common,
        flags: &impl Serialize,
    ) -> Result<Self, Failure> {
        let mut settings = Self::preset(common.preset);
        if run.config().exists() {
            let mut of_run = common.clone();
            of_run.config = Some(run.config());
            let none = serde_json::Map::new();
            settings = config::effective("cluster", &settings, &of_run, &none)?;
        }
        let settings = config::effective("cluster", &settings, common, flags)?;
        settings.validate()?;
        Ok(settings)
    }

    fn validate(&self) -> Result<(), Failure> {
        let usage = |error: cryo_embed_viz::Error| Failure::usage(error.to_string());
        self.classify(0)?.validate().map_err(usage)?;
        self.umap(2, 0).validate().map_err(usage)?;
        if !["cosine", "euclidean"].contains(&self.metric.as_str()) {
            return Err(Failure::usage(format!(
                "metric: expected cosine or euclidean, got {:?}",
                self.metric
            )));
        }
        if self.sample < 100 {
            return Err(Failure::usage(format!(
                "sample: expected 100 or more, got {}",
                self.sample
            )));
        }
        if self.classes > self.clusters {
            return Err(Failure::usage(format!(
                "classes: expected at most the {} clusters that are joined to them, got {}; raise --clusters",
                self.clusters, self.classes
            )));
        }
        Ok(())
    }

    /// The number of classes as far as it is known before.
    pub(crate) fn described(&self) -> String {
        match self.classes {
            0 => "at most 48".to_owned(),
            classes => classes.to_string(),
        }
    }

    /// The number of classes of so many candidates.
    pub(super) fn complete(&mut self, candidates: usize) {
        if self.classes == 0 {
            self.classes = 48.min(candidates / 8).min(self.clusters).max(1);
        }
    }

    pub(super) fn classify(&self, seed: u64) -> Result<ClassifyParams, Failure> {
        let grouping = match self.grouping.as_str() {
            "ward" => Grouping::Ward,
            "self-tuning" => Grouping::SelfTuning,
            "spectral" => Grouping::Spectral { gamma: self.gamma },
            other => {
                let message =
                    format!("grouping: expected ward, self-tuning or spectral, got {other:?}");
                return Err(Failure::usage(message));
            }
        };
        Ok(ClassifyParams {
            clusters: self.clusters,
            grouping,
            most_outlying: Some(self.unassigned_above),
            kmeans: KMeansParams {
                seed,
                ..KMeansParams::default()
            },
        })
    }

    /// Vectors are scaled to length 1 before, so that distances are Euclidean.
    pub(super) fn umap(&self, components: usize, seed: u64) -> UmapParams {
        UmapParams {
            neighbours: self.neighbours,
            min_dist: self.min_dist,
            components,
            metric: Metric::Euclidean,
            seed,
            ..UmapParams::default()
        }
    }

    /// Whether a map made with `other` is the one that these settings give.
    pub(super) fn has_map_of(&self, other: &Self) -> bool {
        (self.neighbours, self.min_dist, &self.metric, self.sample)
            == (
                other.neighbours,
                other.min_dist,
                &other.metric,
                other.sample,
            )
    }

    /// The same of the over-clustering.
    pub(super) fn has_centres_of(&self, other: &Self) -> bool {
        (self.clusters, &self.metric, self.sample) == (other.clusters, &other.metric, other.sample)
    }
}
