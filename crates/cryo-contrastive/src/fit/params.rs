use cryo_train::{AdamParams, Decay, OptimizerParams, Precision, Schedule, SgdParams};
use serde::{Deserialize, Serialize};

use super::Pairs;
use crate::{
    AugmentParams, ModelConfig, NtXentParams, Objective,
    error::{Error, require},
};

/// How a network is trained.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FitParams {
    /// How often every item is seen.
    pub epochs: u64,
    /// Pairs in a batch, at least 2. Raising it steadies the gradient, gives NT-Xent more to tell apart and
    /// takes more memory.
    pub batch_size: usize,
    /// Seed of everything random.
    pub seed: u64,
    /// What is minimized.
    pub objective: Objective,
    /// How weights follow the gradient.
    pub optimizer: OptimizerParams,
    /// The learning rate over the epochs.
    pub schedule: Schedule,
    /// How the first and the second view of a pair are changed.
    pub augment: [AugmentParams; 2],
    /// Which variants make a pair.
    pub pairs: Pairs,
    /// Longest gradient; `None` does not clip.
    pub clip: Option<f64>,
    /// In which numbers convolutions are computed.
    pub precision: Precision,
}

impl FitParams {
    /// What the project's ablation found best: NT-Xent, AdamW with half a cosine, batches of 256; bf16 where the processor
    /// multiplies it, too.
    #[must_use]
    pub fn recommended(epochs: u64) -> Self {
        let adam = AdamParams {
            weight_decay: 1e-4,
            decoupled: true,
            ..AdamParams::default()
        };
        Self {
            epochs,
            batch_size: 256,
            seed: 42,
            objective: Objective::NtXent(NtXentParams::default()),
            optimizer: OptimizerParams::Adam(adam),
            schedule: Schedule::cosine(1e-3, epochs as f64, 0.05 * epochs as f64),
            augment: [AugmentParams::default(), AugmentParams::default()],
            pairs: Pairs::Same,
            clip: None,
            precision: Precision::Auto,
        }
    }

    /// The paper's: SimSiam, plain SGD of 1e-3 with half a cosine, 300 epochs, batches of 256, the second
    /// view at a neighbouring position.
    #[must_use]
    pub fn paper() -> Self {
        let epochs = 300;
        Self {
            epochs,
            objective: Objective::SimSiam,
            optimizer: OptimizerParams::Sgd(SgdParams::default()),
            schedule: Schedule::cosine(1e-3, epochs as f64, 0.0),
            augment: [AugmentParams::paper(), AugmentParams::paper()],
            pairs: Pairs::Neighbour,
            ..Self::recommended(epochs)
        }
    }

    /// The public code's in 2d3d mode: as the paper's, but a step schedule, rotations in the first view, no
    /// brightness and contrast, no crop, and white corners (spec E.4, E.5).
    #[must_use]
    pub fn cet_pick() -> Self {
        let erase = crate::Erase {
            value: 3.0,
            ..crate::Erase::default()
        };
        let weak = AugmentParams {
            area: [1.0, 1.0],
            brightness: 0.0,
            contrast: 0.0,
            erase: Some(erase),
            ..AugmentParams::paper()
        };
        let strong = AugmentParams {
            rotation_deg: 30.0,
            ..weak.clone()
        };
        Self {
            epochs: 140,
            schedule: Schedule {
                rate: 1e-3,
                warmup: 0.0,
                decay: Decay::Step {
                    at: vec![200.0, 400.0, 600.0],
                    factor: 0.1,
                },
            },
            augment: [strong, weak],
            ..Self::paper()
        }
    }

    /// Checks every field, and that the network has what the objective needs.
    ///
    /// # Errors
    /// [`Error::Parameter`] names the first field that is out of its range.
    pub fn validate(&self, model: &ModelConfig) -> Result<(), Error> {
        require(self.epochs > 0, "epochs", "at least 1", self.epochs)?;
        require(
            self.batch_size >= 2,
            "batch_size",
            "at least 2",
            self.batch_size,
        )?;
        self.objective.validate(&model.heads)?;
        self.optimizer.validate()?;
        self.schedule.validate()?;
        self.augment.iter().try_for_each(AugmentParams::validate)?;
        let clip = self.clip.unwrap_or(1.0);
        require(clip.is_finite() && clip > 0.0, "clip", "above 0", clip)
    }
}
