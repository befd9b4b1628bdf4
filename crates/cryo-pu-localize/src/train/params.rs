use cryo_train::{AdamParams, Decay, OptimizerParams, Precision, Schedule};
use serde::{Deserialize, Serialize};

use super::AugmentParams;
use crate::{
    ClassConfig, Error, ModelConfig, NetworkConfig, Objective, SplatParams,
    error::require,
    loss::{ContrastParams, ContrastRows},
};

/// What part of the unlabelled is positive.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Prior {
    /// Of each class.
    Given(f64),
    /// As if the annotations were this part of all particles: the volume of their splats over that of the tomograms,
    /// over this part.
    Annotated(f64),
}

/// How a network is trained.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FitParams {
    /// Epochs.
    pub epochs: u64,
    /// Steps of an epoch; `None` takes as many as there are annotations.
    pub steps_per_epoch: Option<u64>,
    /// Samples in a step.
    pub batch_size: usize,
    /// Voxels of a sample, `[z, y, x]`: an odd depth.
    pub sample: [usize; 3],
    /// Part of the samples that are cut round an annotation; the others are cut anywhere.
    pub near: f64,
    /// Seed of everything random.
    pub seed: u64,
    /// How annotations are drawn.
    pub splat: SplatParams,
    /// How samples are changed.
    pub augment: AugmentParams,
    /// The loss of the heat map.
    pub objective: Objective,
    /// The class prior.
    pub prior: Prior,
    /// The contrastive terms; `None` leaves them out.
    pub contrast: Option<ContrastParams>,
    /// λ₃, of the consistency of two views; 0 leaves it out.
    pub consistency: f64,
    /// Part of a step's samples, above 0 and at most 1, that are seen in two views where terms compare them; at least one
    /// is. Those terms are of these samples alone.
    #[serde(default = "all")]
    pub seen_twice: f64,
    /// How weights follow the gradient.
    pub optimizer: OptimizerParams,
    /// The learning rate over the epochs.
    pub schedule: Schedule,
    /// Longest gradient; `None` does not clip.
    pub clip: Option<f64>,
    /// In which numbers convolutions are computed.
    pub precision: Precision,
    /// Part of the annotations that is held out, to stop by and to choose the threshold; none of fewer than 10.
    pub held_out: f64,
    /// Whether the threshold is read of means over four mirror images, which [`predict`](crate::predict) then takes, too:
    /// four times the work there; best F1 rises by 0.01 to 0.04 where it is not near 1 (docs/benchmarks.md).
    #[serde(default)]
    pub mirrors: bool,
    /// Whether peaks that look unlike the annotated particles get lower scores ([`Profile`](crate::Profile)).
    #[serde(default)]
    pub likeness: bool,
    /// Whether tomograms are filtered to the spectrum of those learned from ([`Spectrum`](crate::Spectrum)) before the network
    /// looks at them: a dose or a defocus of their own then hardly changes scores. Not where the particles are tubes.
    #[serde(default)]
    pub matching: bool,
    /// Epochs without a better loss of the held-out annotations after which training stops; `None` never does.
    pub patience: Option<u64>,
}

fn all() -> f64 {
    1.0
}

const STEPS: u64 = 120;
const STEPS_OF_SMALL: u64 = 300;
const SMALL_ANGSTROM: f64 = 130.0;
/// Part of the samples seen with larger voxels where there are small particles.
const COARSER: f64 = 0.4;

impl FitParams {
    /// The project's default for what `config` looks for: [`recommended`](Self::recommended) with 120 steps an epoch for
    /// each class, and 300 for each of particles smaller than 130 Å, which are learned more slowly. Where there are such,
    /// whose network sees a tomogram's own voxels, samples are also seen with larger ones ([`AugmentParams::coarser`]).
    ///
    /// # Examples
    /// ```
    /// use cryo_pu_localize::{ClassConfig, FitParams, ModelConfig};
    /// let class = |name: &str, diameter_angstrom| ClassConfig { name: name.into(), diameter_angstrom };
    /// let classes = vec![class("ribosome", 250.0), class("hsp90", 100.0)];
    /// let params = FitParams::recommended_for(&ModelConfig::recommended(classes, 10.0));
    /// assert_eq!(params.steps_per_epoch, Some(420));
    /// assert_eq!(params.augment.coarser, 0.4);
    /// ```
    #[must_use]
    pub fn recommended_for(config: &ModelConfig) -> Self {
        let is_small = |class: &ClassConfig| class.diameter_angstrom < SMALL_ANGSTROM;
        let steps = |class: &ClassConfig| {
            if is_small(class) {
                STEPS_OF_SMALL
            } else {
                STEPS
            }
        };
        let mut params = Self::recommended();
        params.steps_per_epoch = Some(config.classes.iter().map(steps).sum());
        if config.classes.iter().any(is_small) {
            params.augment.coarser = COARSER;
        }
        params
    }

    /// The project's default for one class of large particles; docs/benchmarks.md says what it was compared with.
    #[must_use]
    pub fn recommended() -> Self {
        let adam = AdamParams {
            weight_decay: 1e-4,
            decoupled: true,
            ..AdamParams::default()
        };
        Self {
            epochs: 10,
            steps_per_epoch: Some(STEPS),
            batch_size: 4,
            sample: [7, 64, 64],
            near: 0.5,
            seed: 42,
            splat: SplatParams::default(),
            augment: AugmentParams::default(),
            objective: Objective::SoftFocal,
            prior: Prior::Annotated(0.33),
            contrast: None,
            consistency: 0.0,
            seen_twice: 0.5,
            optimizer: OptimizerParams::Adam(adam),
            schedule: Schedule::cosine(2e-3, 10.0, 1.0),
            clip: None,
            precision: Precision::Auto,
            held_out: 0.0,
            mirrors: true,
            likeness: true,
            matching: true,
            patience: None,
        }
    }

    /// The paper's: Adam of 1e-3, a tenth every 5 epochs, 10 epochs of one sample an annotation, all terms.
    #[must_use]
    pub fn paper() -> Self {
        Self {
            steps_per_epoch: None,
            batch_size: 2,
            sample: [5, 64, 64],
            near: 0.9,
            augment: AugmentParams {
                flips: true,
                ..AugmentParams::none()
            },
            objective: Objective::PuFocal,
            prior: Prior::Given(0.01),
            mirrors: false,
            likeness: false,
            matching: false,
            contrast: Some(ContrastParams::default()),
            consistency: 0.1,
            seen_twice: 1.0,
            optimizer: OptimizerParams::Adam(AdamParams::default()),
            schedule: Schedule {
                rate: 1e-3,
                warmup: 0.0,
                decay: Decay::Step {
                    at: vec![5.0, 10.0],
                    factor: 0.1,
                },
            },
            ..Self::recommended()
        }
    }

    /// The public code's (spec G.4, G.5): Adam of 5e-4, all voxels in the contrastive terms, its gates and weights.
    #[must_use]
    pub fn cet_pick() -> Self {
        Self {
            near: 0.9,
            contrast: Some(ContrastParams {
                unsupervised: 0.01,
                gates: [0.01, 0.99],
                neutral: true,
                rows: ContrastRows::All,
                ..ContrastParams::default()
            }),
            consistency: 1.0,
            schedule: Schedule {
                rate: 5e-4,
                warmup: 0.0,
                decay: Decay::Constant,
            },
            ..Self::paper()
        }
    }

    /// With samples that fit into tomograms of at least this many voxels `[z, y, x]` on the network's grid; as they are
    /// where they do. Less than a granule of the network does not get smaller.
    #[must_use]
    pub fn fitting(mut self, least: [usize; 3], network: &NetworkConfig) -> Self {
        let granule = network.granule();
        let [z, y, x] = self.sample;
        let plane =
            |wanted: usize, there: usize| wanted.min(there / granule * granule).max(granule);
        let side = plane(y, least[1]).min(plane(x, least[2]));
        let depth = z.min(least[0].saturating_sub(1) / 2 * 2 + 1);
        // Square samples can be turned.
        self.sample = if y == x {
            [depth, side, side]
        } else {
            [depth, plane(y, least[1]), plane(x, least[2])]
        };
        self
    }

    /// Views of a sample that a step looks at.
    pub(crate) fn views(&self) -> usize {
        1 + usize::from(self.contrast.is_some() || self.consistency > 0.0)
    }

    /// Samples of a step that are seen in two views, where any are: the first of it.
    pub(crate) fn samples_seen_twice(&self) -> usize {
        let part = (self.batch_size as f64 * self.seen_twice).round() as usize;
        part.clamp(1, self.batch_size)
    }

    /// Checks every field, and that the network has what the terms need.
    ///
    /// # Errors
    /// [`Error::Parameter`].
    pub fn validate(&self, network: &NetworkConfig) -> Result<(), Error> {
        require(self.epochs > 0, "epochs", "at least 1", self.epochs)?;
        let steps = self.steps_per_epoch.unwrap_or(1);
        require(steps > 0, "steps_per_epoch", "at least 1", steps)?;
        require(
            self.batch_size > 0,
            "batch_size",
            "at least 1",
            self.batch_size,
        )?;
        super::Sampler::check(network, self.sample)?;
        let part = (0.0..=1.0).contains(&self.near);
        require(part, "near", "0 to 1", self.near)?;
        self.splat.validate()?;
        self.augment.validate()?;
        self.objective.validate()?;
        let (Prior::Given(prior) | Prior::Annotated(prior)) = self.prior;
        require(
            prior > 0.0 && prior < 1.0,
            "prior",
            "above 0, below 1",
            prior,
        )?;
        if let Some(contrast) = &self.contrast {
            contrast.validate()?;
            let expected = "above 0 where there are contrastive terms";
            require(
                network.projection > 0,
                "projection",
                expected,
                network.projection,
            )?;
        }
        let valid = self.consistency.is_finite() && self.consistency >= 0.0;
        require(valid, "consistency", "0 or more", self.consistency)?;
        let part = self.seen_twice > 0.0 && self.seen_twice <= 1.0;
        require(part, "seen_twice", "above 0, at most 1", self.seen_twice)?;
        self.optimizer.validate()?;
        self.schedule.validate()?;
        let clip = self.clip.unwrap_or(1.0);
        require(clip.is_finite() && clip > 0.0, "clip", "above 0", clip)?;
        let part = (0.0..=0.5).contains(&self.held_out);
        require(part, "held_out", "0 to 0.5", self.held_out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_shrink_to_what_fits() {
        let network = NetworkConfig::recommended(1);
        let granule = network.granule();
        let fitted = |least| FitParams::recommended().fitting(least, &network).sample;
        assert_eq!(fitted([100, 200, 300]), [7, 64, 64]);
        let side = 47 / granule * granule;
        assert_eq!(fitted([18, 104, 47]), [7, side, side]);
        assert_eq!(fitted([6, 104, 80]), [5, 64, 64]);
        assert_eq!(fitted([1, 2, 2]), [1, granule, granule]);
    }
}
