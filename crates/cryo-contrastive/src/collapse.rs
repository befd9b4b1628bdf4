use tch::{Kind, Tensor};

use crate::Error;

/// How far the outputs of a network are from being all the same: the mean over dimensions of the standard
/// deviation over the batch of outputs scaled to length 1 (Chen and He 2021, section 4.1).
///
/// `outputs` is `[n, d]`. 0 is collapse; outputs that fill all directions evenly have 1/√d.
///
/// # Errors
/// [`Error::Torch`].
///
/// # Examples
/// ```
/// use cryo_contrastive::output_std;
/// use tch::{Device, Kind, Tensor};
/// let same = Tensor::ones([64, 8], (Kind::Float, Device::Cpu));
/// assert!(output_std(&same)? < 1e-6);
/// # Ok::<(), cryo_contrastive::Error>(())
/// ```
pub fn output_std(outputs: &Tensor) -> Result<f64, Error> {
    let _guard = tch::no_grad_guard();
    let outputs = outputs.f_to_kind(Kind::Float)?;
    let lengths = outputs
        .f_norm_scalaropt_dim(2.0, [1_i64].as_slice(), true)?
        .f_clamp_min(1e-12)?;
    let deviations = outputs
        .f_div(&lengths)?
        .f_std_dim([0_i64].as_slice(), false, false)?;
    Ok(deviations.f_mean(Kind::Float)?.f_double_value(&[])?)
}

/// Watches [`output_std`] from epoch to epoch.
#[derive(Debug, Clone, PartialEq)]
pub struct CollapseMonitor {
    healthy: f64,
    can_collapse: bool,
}

/// Below that part of the healthy value something is wrong.
const ALARM: f64 = 0.3;
/// The same where the objective itself keeps outputs apart, so that few directions may be enough.
const LATE_ALARM: f64 = 0.1;

impl CollapseMonitor {
    /// For outputs of `dimensions` numbers of an objective that can or cannot collapse by itself.
    #[must_use]
    pub fn new(dimensions: usize, can_collapse: bool) -> Self {
        Self {
            healthy: 1.0 / (dimensions.max(1) as f64).sqrt(),
            can_collapse,
        }
    }

    /// The value of outputs that fill all directions evenly.
    #[must_use]
    pub fn healthy(&self) -> f64 {
        self.healthy
    }

    /// What to tell the user of an epoch's value, if anything.
    #[must_use]
    pub fn warning(&self, value: f64) -> Option<String> {
        let alarm = if self.can_collapse { ALARM } else { LATE_ALARM };
        if value >= alarm * self.healthy {
            return None;
        }
        let advice = if self.can_collapse {
            "choose an objective that cannot collapse (nt_xent or vic_reg), start from ImageNet weights, or lower \
             the learning rate"
        } else {
            "look at the views: they may be all alike; more contrast, a larger box or another threshold for \
             candidates may help"
        };
        Some(format!(
            "the outputs collapse: their spread is {value:.4}, healthy is {:.3}; {advice}",
            self.healthy
        ))
    }
}
