use std::f64::consts::PI;

use serde::{Deserialize, Serialize};

use crate::error::{Error, require};

/// How the learning rate falls after the warm-up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Decay {
    /// Not at all.
    Constant,
    /// By `factor` at each of the epochs `at`, as PyTorch's `MultiStepLR`.
    Step {
        /// Epochs, ascending.
        at: Vec<f64>,
        /// Factor of each step, above 0 and at most 1.
        factor: f64,
    },
    /// Along half a cosine to `final_factor` of the rate at epoch `over`, as PyTorch's
    /// `CosineAnnealingLR`; the rate stays there afterwards.
    Cosine {
        /// Length in epochs.
        over: f64,
        /// Part of the rate that is left at the end, from 0 to 1.
        final_factor: f64,
    },
}

/// The learning rate as a pure function of the epoch: no state, hence nothing to save.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Schedule {
    /// The highest learning rate. Raising it learns faster until training diverges.
    pub rate: f64,
    /// Epochs over which the rate rises linearly from 0 (Goyal et al. 2017, arXiv 1706.02677); 0 for none.
    /// The decay runs meanwhile.
    pub warmup: f64,
    /// How the rate falls.
    pub decay: Decay,
}

impl Schedule {
    /// Always `rate`.
    #[must_use]
    pub fn constant(rate: f64) -> Self {
        Self {
            rate,
            warmup: 0.0,
            decay: Decay::Constant,
        }
    }

    /// From `rate` to 0 along half a cosine over `epochs`, after a linear rise over `warmup` epochs
    /// (Loshchilov and Hutter 2017, arXiv 1608.03983, without restarts).
    #[must_use]
    pub fn cosine(rate: f64, epochs: f64, warmup: f64) -> Self {
        Self {
            rate,
            warmup,
            decay: Decay::Cosine {
                over: epochs,
                final_factor: 0.0,
            },
        }
    }

    /// The learning rate at `epoch`, counted from 0; a step within an epoch is a fraction.
    ///
    /// # Examples
    /// ```
    /// use cryo_train::Schedule;
    /// let schedule = Schedule::cosine(0.1, 100.0, 10.0);
    /// assert_eq!(schedule.at(0.0), 0.0);
    /// assert!((schedule.at(50.0) - 0.05).abs() < 1e-12);
    /// assert!(schedule.at(100.0).abs() < 1e-12);
    /// ```
    #[must_use]
    pub fn at(&self, epoch: f64) -> f64 {
        let rise = if epoch < self.warmup {
            epoch / self.warmup
        } else {
            1.0
        };
        let fall = match &self.decay {
            Decay::Constant => 1.0,
            Decay::Step { at, factor } => {
                factor.powf(at.iter().filter(|&&step| step <= epoch).count() as f64)
            }
            Decay::Cosine { over, final_factor } => {
                let part = (epoch / over).clamp(0.0, 1.0);
                final_factor + (1.0 - final_factor) * 0.5 * (1.0 + (PI * part).cos())
            }
        };
        self.rate * rise * fall
    }

    /// Checks every field.
    ///
    /// # Errors
    /// [`Error::Parameter`] names the first field that is out of its range.
    pub fn validate(&self) -> Result<(), Error> {
        let positive = |value: f64| value.is_finite() && value > 0.0;
        let part = |value: f64| (0.0..=1.0).contains(&value);
        require(positive(self.rate), "rate", "above 0", self.rate)?;
        let warmup = self.warmup;
        require(
            warmup.is_finite() && warmup >= 0.0,
            "warmup",
            "0 or above",
            warmup,
        )?;
        match &self.decay {
            Decay::Constant => Ok(()),
            Decay::Step { at, factor } => {
                require(
                    at.is_sorted() && at.iter().all(|step| step.is_finite()),
                    "at",
                    "ascending and finite",
                    format!("{at:?}"),
                )?;
                require(
                    part(*factor) && *factor > 0.0,
                    "factor",
                    "above 0, at most 1",
                    factor,
                )
            }
            Decay::Cosine { over, final_factor } => {
                require(positive(*over), "over", "above 0", over)?;
                require(
                    part(*final_factor),
                    "final_factor",
                    "from 0 to 1",
                    final_factor,
                )
            }
        }
    }
}
