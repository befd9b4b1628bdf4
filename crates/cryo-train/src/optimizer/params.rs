use serde::{Deserialize, Serialize};

use crate::error::{Error, require};

/// How parameters are changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum OptimizerParams {
    /// Stochastic gradient descent.
    Sgd(SgdParams),
    /// Adam or AdamW.
    Adam(AdamParams),
}

/// Stochastic gradient descent: buffer ← momentum · buffer + gradient, parameter ← parameter − rate · buffer.
///
/// The default is that of the reference's exploration module: no momentum, no weight decay.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SgdParams {
    /// Part of the last change that goes on, from 0 to below 1. Raising it smooths the path.
    pub momentum: f64,
    /// Added to the gradient, times the parameter; 0 or above.
    pub weight_decay: f64,
    /// Looks ahead along the momentum (Nesterov); needs momentum.
    pub nesterov: bool,
    /// A rate for each tensor of its own; none by default.
    pub lars: Option<LarsParams>,
    /// Leaves out weight decay and layer-wise rates for vectors (biases, batch normalization).
    pub exempt_vectors: bool,
}

/// Layer-wise adaptive rates (You et al. 2017, arXiv 1708.03888), which large batches need.
///
/// The decayed gradient is multiplied by trust · |w| / (|g| + decay · |w| + epsilon); by 1 where |w| or |g| is 0.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LarsParams {
    /// The paper's η. Raising it makes every step larger.
    pub trust: f64,
    /// Keeps the quotient finite.
    pub epsilon: f64,
}

impl Default for LarsParams {
    /// The paper's trust coefficient.
    fn default() -> Self {
        Self {
            trust: 0.001,
            epsilon: 1e-8,
        }
    }
}

/// Adam (Kingma and Ba 2015, arXiv 1412.6980) and AdamW (Loshchilov and Hutter 2019, arXiv 1711.05101).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AdamParams {
    /// Memory of the mean of the gradient, from 0 to below 1.
    pub beta1: f64,
    /// Memory of its mean square, from 0 to below 1.
    pub beta2: f64,
    /// Keeps the quotient finite; above 0.
    pub epsilon: f64,
    /// 0 or above.
    pub weight_decay: f64,
    /// AdamW: the decay shrinks the parameter and does not pass through the moments.
    pub decoupled: bool,
    /// Leaves out weight decay for vectors (biases, batch normalization).
    pub exempt_vectors: bool,
}

impl Default for AdamParams {
    /// The paper's and PyTorch's.
    fn default() -> Self {
        Self {
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
            weight_decay: 0.0,
            decoupled: false,
            exempt_vectors: false,
        }
    }
}

impl OptimizerParams {
    /// PyTorch's names of what is remembered of each parameter.
    pub(crate) fn slots(&self) -> &'static [&'static str] {
        match self {
            Self::Sgd(params) if params.momentum > 0.0 => &["momentum_buffer"],
            Self::Sgd(_) => &[],
            Self::Adam(_) => &["exp_avg", "exp_avg_sq"],
        }
    }

    /// Checks every field.
    ///
    /// # Errors
    /// [`Error::Parameter`] names the first field that is out of its range.
    pub fn validate(&self) -> Result<(), Error> {
        let memory = |field, value: f64| {
            require(
                (0.0..1.0).contains(&value),
                field,
                "from 0 to below 1",
                value,
            )
        };
        let positive =
            |field, value: f64| require(value.is_finite() && value > 0.0, field, "above 0", value);
        let decay = |value: f64| {
            require(
                value.is_finite() && value >= 0.0,
                "weight_decay",
                "0 or above",
                value,
            )
        };
        match self {
            Self::Sgd(params) => {
                memory("momentum", params.momentum)?;
                decay(params.weight_decay)?;
                require(
                    !params.nesterov || params.momentum > 0.0,
                    "nesterov",
                    "false without momentum",
                    params.nesterov,
                )?;
                params.lars.as_ref().map_or(Ok(()), |lars| {
                    positive("trust", lars.trust).and_then(|()| positive("epsilon", lars.epsilon))
                })
            }
            Self::Adam(params) => {
                memory("beta1", params.beta1)?;
                memory("beta2", params.beta2)?;
                positive("epsilon", params.epsilon)?;
                decay(params.weight_decay)
            }
        }
    }
}
