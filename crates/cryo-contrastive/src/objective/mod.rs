mod barlow;
mod nt_xent;
mod sim_siam;
mod vicreg;

use serde::{Deserialize, Serialize};
use tch::Tensor;

use crate::{
    config::HeadsConfig,
    error::{Error, require},
};

pub use barlow::BarlowParams;
pub use nt_xent::NtXentParams;
pub use vicreg::VicRegParams;

/// What a network makes of `n` views.
#[derive(Debug)]
pub struct Outputs {
    /// `[n, features]`: the encoder's output.
    pub features: Tensor,
    /// `[n, d]`: the projector's output z.
    pub projection: Tensor,
    /// `[n, d]`: the predictor's output p, where there is one.
    pub prediction: Option<Tensor>,
}

impl Outputs {
    /// The outputs of the first and of the second half of the views.
    pub(crate) fn halves(&self) -> Result<[Self; 2], Error> {
        let half = self.features.size()[0] / 2;
        let part = |start: i64| -> Result<Self, Error> {
            let narrow = |tensor: &Tensor| tensor.f_narrow(0, start, half);
            Ok(Self {
                features: narrow(&self.features)?,
                projection: narrow(&self.projection)?,
                prediction: self.prediction.as_ref().map(narrow).transpose()?,
            })
        };
        Ok([part(0)?, part(half)?])
    }
}

/// What is minimized over pairs of views of the same item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Objective {
    /// The paper's: the negative cosine between one view's prediction and the other's projection, which
    /// is held fixed (Chen and He 2021, arXiv 2011.10566). Can collapse. Needs [`HeadsConfig::SimSiam`].
    SimSiam,
    /// Normalized-temperature cross-entropy: each view must find its partner among all other views of the
    /// batch (Chen et al. 2020, arXiv 2002.05709). Cannot collapse: equal outputs find nothing.
    NtXent(NtXentParams),
    /// Variance, invariance, covariance (Bardes et al. 2022, arXiv 2105.04906). Cannot collapse: outputs
    /// without variance are punished.
    VicReg(VicRegParams),
    /// The cross-correlation of the two views' outputs is made the identity (Zbontar et al. 2021, arXiv
    /// 2103.03230). Cannot collapse: outputs without variance do not correlate.
    Barlow(BarlowParams),
}

/// A loss and the terms that it is made of; the first term is the loss itself.
pub(crate) struct Loss {
    pub(crate) total: Tensor,
    pub(crate) terms: Vec<(&'static str, Tensor)>,
}

impl Loss {
    fn of_one(name: &'static str, total: Tensor) -> Self {
        let terms = vec![(name, total.detach())];
        Self { total, terms }
    }
}

impl Objective {
    /// The loss of `n` pairs: a scalar that can be differentiated.
    ///
    /// View `i` of `first` and view `i` of `second` show the same item.
    ///
    /// # Errors
    /// [`Error::Parameter`] for SimSiam without predictions; [`Error::Torch`].
    ///
    /// # Examples
    /// ```
    /// use cryo_contrastive::{NtXentParams, Objective, Outputs};
    /// use tch::{Device, Kind, Tensor};
    /// let outputs = || {
    ///     let projection = Tensor::eye(4, (Kind::Float, Device::Cpu));
    ///     Outputs { features: projection.shallow_clone(), projection, prediction: None }
    /// };
    /// let loss = Objective::NtXent(NtXentParams { temperature: 0.5 }).loss(&outputs(), &outputs())?;
    /// // One partner at cosine 1 among six others at 0: ln(e² + 6) − 2.
    /// assert!((loss.double_value(&[]) - ((2.0_f64.exp() + 6.0).ln() - 2.0)).abs() < 1e-6);
    /// # Ok::<(), cryo_contrastive::Error>(())
    /// ```
    pub fn loss(&self, first: &Outputs, second: &Outputs) -> Result<Tensor, Error> {
        Ok(self.loss_with_terms(first, second)?.total)
    }

    pub(crate) fn loss_with_terms(&self, first: &Outputs, second: &Outputs) -> Result<Loss, Error> {
        let (a, b) = (&first.projection, &second.projection);
        match self {
            Self::SimSiam => sim_siam::loss(first, second),
            Self::NtXent(params) => nt_xent::loss(params, a, b),
            Self::VicReg(params) => vicreg::loss(params, a, b),
            Self::Barlow(params) => barlow::loss(params, a, b),
        }
    }

    /// Whether equal outputs for all views can minimize it.
    #[must_use]
    pub fn can_collapse(&self) -> bool {
        matches!(self, Self::SimSiam)
    }

    /// Checks every field, and that the heads have what the objective needs.
    ///
    /// # Errors
    /// [`Error::Parameter`] names the first field that is out of its range.
    pub fn validate(&self, heads: &HeadsConfig) -> Result<(), Error> {
        let positive =
            |field, value: f64| require(value.is_finite() && value > 0.0, field, "above 0", value);
        match self {
            Self::SimSiam => {
                let has = matches!(heads, HeadsConfig::SimSiam { .. });
                require(
                    has,
                    "objective",
                    "one without predictor for these heads",
                    "sim_siam",
                )
            }
            Self::NtXent(params) => positive("temperature", params.temperature),
            Self::VicReg(params) => {
                positive("invariance", params.invariance)?;
                positive("variance", params.variance)?;
                positive("covariance", params.covariance)
            }
            Self::Barlow(params) => positive("redundancy", params.redundancy),
        }
    }
}
