use clap::{ArgAction, Args};
use cryo_pu_localize::{
    AugmentParams, ClassConfig, FitParams, ModelConfig, NetworkConfig, Objective, Prior,
    SplatParams,
};
use cryo_train::{Decay, Schedule};
use serde::{Deserialize, Serialize};

use crate::{
    config,
    exit::Failure,
    options::{Common, Preset},
};

/// What the user states on the command line.
#[derive(Debug, Args, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Flags {
    /// Encoder blocks of the network, 3 to 6 [default: 3; paper and cet-pick 4]. The paper takes 4 for small and 5 for
    /// large proteins.
    #[arg(long, value_name = "N")]
    #[serde(skip_serializing_if = "Option::is_none")]
    blocks: Option<usize>,

    /// Voxel size that the network works on, in ångström [default: a twelfth of the smallest diameter, or the
    /// tomogram's if that is coarser; paper and cet-pick the tomogram's].
    #[arg(long, value_name = "Å")]
    #[serde(skip_serializing_if = "Option::is_none")]
    working_voxel: Option<f64>,

    /// Epochs [default: 10].
    #[arg(long, value_name = "N")]
    #[serde(skip_serializing_if = "Option::is_none")]
    epochs: Option<u64>,

    /// Steps of an epoch for each class; 0 takes the default [default: 120, and 300 for particles below 130 Å; paper and
    /// cet-pick one for each annotation].
    #[arg(long, value_name = "N")]
    #[serde(skip_serializing_if = "Option::is_none")]
    steps: Option<u64>,

    /// Samples in a step [default: 4; paper and cet-pick 2].
    #[arg(long, value_name = "N")]
    #[serde(skip_serializing_if = "Option::is_none")]
    batch: Option<usize>,

    /// What the heat map is trained with: soft-focal, pu-focal, generalized-expectation, or positive-negative where
    /// every particle is annotated [default: soft-focal; paper and cet-pick pu-focal].
    #[arg(long, value_name = "NAME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    objective: Option<String>,

    /// Part of all particles that is annotated, to weigh what is unlabelled with [default: 0.33]. Halving or doubling
    /// it changes little.
    #[arg(long, value_name = "PART", conflicts_with = "prior")]
    #[serde(skip_serializing_if = "Option::is_none")]
    annotated: Option<f64>,

    /// Part of the unlabelled voxels that are particles, instead of --annotated; 0 uses --annotated [paper and
    /// cet-pick: 0.01].
    #[arg(long, value_name = "PART")]
    #[serde(skip_serializing_if = "Option::is_none")]
    prior: Option<f64>,

    /// Part of the annotations that is not learned from, but tells when to stop and how high to set the threshold
    /// [default: 0]; at least 10 of a class are needed.
    #[arg(long, value_name = "PART")]
    #[serde(skip_serializing_if = "Option::is_none")]
    held_out: Option<f64>,

    /// Weights of the contrastive terms (supervised, unsupervised) and of the consistency of two views
    /// [default: 0,0,0; paper 0.1,0.5,0.1; cet-pick 0.1,0.01,1]. They look at every second sample; paper and cet-pick at all.
    #[arg(long, value_name = "λ1,λ2,λ3", value_delimiter = ',', num_args = 3)]
    #[serde(skip_serializing_if = "Option::is_none")]
    lambda: Option<Vec<f64>>,

    /// Do not average scores over four mirror images, here for the threshold and in predict: a quarter of the work there,
    /// less steady scores [paper and cet-pick: never averaged].
    #[arg(long = "no-mirrors", action = ArgAction::SetFalse)]
    #[serde(skip_serializing_if = "Clone::clone")]
    mirrors: bool,

    /// Leave scores as the network has them, instead of lowering those of peaks that look unlike the annotated particles
    /// (their mean density at each distance from the centre), here for the threshold and in predict [paper and cet-pick:
    /// never lowered].
    #[arg(long = "no-likeness", action = ArgAction::SetFalse)]
    #[serde(skip_serializing_if = "Clone::clone")]
    likeness: bool,

    /// All tomograms have voxels as large as these or smaller: with particles below 130 Å, do not learn for voxels up to
    /// half as large again, which costs a little in tomograms like these [paper and cet-pick: never].
    #[arg(long = "no-coarser", action = ArgAction::SetFalse)]
    #[serde(skip_serializing_if = "Clone::clone")]
    coarser: bool,

    /// Do not filter other tomograms to the power spectrum of these before the network looks at them [paper, cet-pick and
    /// tubes: never filtered].
    #[arg(long = "no-matching", action = ArgAction::SetFalse)]
    #[serde(skip_serializing_if = "Clone::clone")]
    matching: bool,

    /// Highest learning rate [default: 0.002; paper 0.001, cet-pick 0.0005].
    #[arg(long, value_name = "RATE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    rate: Option<f64>,
}

/// Everything that a network depends on, but the tomograms and annotations.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Settings {
    blocks: usize,
    /// 0 where it follows from diameter and tomogram.
    working_voxel: f64,
    pub(super) epochs: u64,
    /// For each class; 0 as the preset says.
    steps: u64,
    batch: usize,
    objective: String,
    annotated: f64,
    prior: f64,
    held_out: f64,
    mirrors: bool,
    likeness: bool,
    coarser: bool,
    matching: bool,
    lambda: Vec<f64>,
    rate: f64,
    /// Network, augmentation, schedule.
    preset: String,
    pub(super) tubular: bool,
    /// Of each class, in the order of their numbers.
    pub(super) diameters: Vec<f64>,
}

impl Settings {
    pub(super) fn effective(common: &Common, flags: &impl Serialize) -> Result<Self, Failure> {
        config::effective("localize", &Self::preset(common.preset), common, flags)
    }

    fn preset(preset: Preset) -> Self {
        let (name, params, network) = match preset {
            Preset::Recommended => (
                "recommended",
                FitParams::recommended(),
                NetworkConfig::recommended(1),
            ),
            Preset::Paper => ("paper", FitParams::paper(), NetworkConfig::paper(1, 4)),
            Preset::CetPick => (
                "cet-pick",
                FitParams::cet_pick(),
                NetworkConfig::cet_pick(1, 4),
            ),
        };
        let (annotated, prior) = match params.prior {
            Prior::Annotated(part) => (part, 0.0),
            Prior::Given(prior) => (0.33, prior),
        };
        let contrast = params.contrast.as_ref();
        Self {
            blocks: network.blocks,
            working_voxel: 0.0,
            epochs: params.epochs,
            steps: 0,
            batch: params.batch_size,
            objective: match params.objective {
                Objective::SoftFocal => "soft-focal",
                _ => "pu-focal",
            }
            .to_owned(),
            annotated,
            prior,
            held_out: params.held_out,
            mirrors: params.mirrors,
            likeness: params.likeness,
            coarser: preset == Preset::Recommended,
            matching: params.matching,
            lambda: vec![
                contrast.map_or(0.0, |terms| terms.supervised),
                contrast.map_or(0.0, |terms| terms.unsupervised),
                params.consistency,
            ],
            rate: params.schedule.rate,
            preset: name.to_owned(),
            tubular: false,
            diameters: Vec::new(),
        }
    }

    /// The network for these classes in tomograms of that voxel size.
    pub(super) fn model(
        &self,
        names: &[String],
        voxel_angstrom: f64,
    ) -> Result<ModelConfig, Failure> {
        let classes: Vec<ClassConfig> = (names.iter().zip(&self.diameters))
            .map(|(name, &diameter_angstrom)| ClassConfig {
                name: name.clone(),
                diameter_angstrom,
            })
            .collect();
        let mut config = ModelConfig::recommended(classes, voxel_angstrom);
        let classes = config.classes.len();
        match self.preset.as_str() {
            "paper" => config.network = NetworkConfig::paper(classes, self.blocks),
            "cet-pick" => config.network = NetworkConfig::cet_pick(classes, self.blocks),
            _ => config.network.blocks = self.blocks,
        }
        if self.preset != "recommended" {
            config.voxel_angstrom = voxel_angstrom;
        }
        if self.working_voxel > 0.0 {
            config.voxel_angstrom = self.working_voxel;
        }
        let [supervised, unsupervised, _] = self.lambda()?;
        config.network.projection = if supervised > 0.0 || unsupervised > 0.0 {
            32
        } else {
            0
        };
        config.tubular = self.tubular;
        config.validate().map_err(super::failure).map(|()| config)
    }

    fn lambda(&self) -> Result<[f64; 3], Failure> {
        <[f64; 3]>::try_from(self.lambda.as_slice()).map_err(|_| {
            Failure::usage(format!(
                "--lambda: expected 3 weights, got {:?}",
                self.lambda
            ))
        })
    }

    pub(super) fn fit(&self, model: &ModelConfig, seed: u64) -> Result<FitParams, Failure> {
        let base = match self.preset.as_str() {
            "paper" => FitParams::paper(),
            "cet-pick" => FitParams::cet_pick(),
            _ => FitParams::recommended_for(model),
        };
        let [supervised, unsupervised, consistency] = self.lambda()?;
        let contrast = (supervised > 0.0 || unsupervised > 0.0).then(|| {
            let mut terms = base.contrast.clone().unwrap_or_default();
            terms.supervised = supervised;
            terms.unsupervised = unsupervised;
            terms
        });
        let schedule = match base.schedule.decay {
            Decay::Cosine { .. } => {
                let epochs = self.epochs as f64;
                Schedule::cosine(self.rate, epochs, 0.1 * epochs)
            }
            _ => Schedule {
                rate: self.rate,
                ..base.schedule.clone()
            },
        };
        Ok(FitParams {
            epochs: self.epochs,
            steps_per_epoch: if self.steps > 0 {
                Some(self.steps * model.classes.len() as u64)
            } else {
                base.steps_per_epoch
            },
            batch_size: self.batch,
            seed,
            objective: objective(&self.objective)?,
            prior: if self.prior > 0.0 {
                Prior::Given(self.prior)
            } else {
                Prior::Annotated(self.annotated)
            },
            held_out: self.held_out,
            mirrors: self.mirrors,
            likeness: self.likeness,
            matching: self.matching,
            splat: SplatParams {
                tubular: self.tubular,
                ..base.splat.clone()
            },
            augment: AugmentParams {
                // A few tubes do not show all directions.
                rotations: self.tubular && self.preset == "recommended",
                coarser: if self.coarser {
                    base.augment.coarser
                } else {
                    0.0
                },
                ..base.augment.clone()
            },
            contrast,
            consistency,
            schedule,
            ..base
        })
    }
}

fn objective(name: &str) -> Result<Objective, Failure> {
    Ok(match name {
        "soft-focal" => Objective::SoftFocal,
        "pu-focal" => Objective::PuFocal,
        "generalized-expectation" => Objective::GeneralizedExpectation { weight: 1.0 },
        "positive-negative" => Objective::PositiveNegative,
        other => {
            return Err(Failure::usage(format!(
                "--objective: expected soft-focal, pu-focal, generalized-expectation or positive-negative, got {other:?}"
            )));
        }
    })
}
