use serde::{Deserialize, Serialize};
use tch::{Kind, Reduction, Tensor};

use super::Loss;
use crate::Error;

/// Parameters of the normalized-temperature cross-entropy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NtXentParams {
    /// Above 0; 0.1 by ablation (the paper tries 0.05 to 1). Lowering it pushes apart what is alike most.
    pub temperature: f64,
}

impl Default for NtXentParams {
    /// 0.1, as in the paper's ImageNet runs.
    fn default() -> Self {
        Self { temperature: 0.1 }
    }
}

/// Mean over the 2n views of −log softmax of the partner's cosine over the temperature, itself left out.
pub(super) fn loss(params: &NtXentParams, a: &Tensor, b: &Tensor) -> Result<Loss, Error> {
    let n = a.size()[0];
    let all = Tensor::f_cat(&[a, b], 0)?;
    let lengths = all
        .f_norm_scalaropt_dim(2.0, [1_i64].as_slice(), true)?
        .f_clamp_min(1e-12)?;
    let unit = all.f_div(&lengths)?;
    let own = Tensor::f_eye(2 * n, (Kind::Bool, a.device()))?;
    let logits = unit
        .f_matmul(&unit.f_transpose(0, 1)?)?
        .f_div_scalar(params.temperature)?
        .f_masked_fill(&own, f64::NEG_INFINITY)?;
    let partners = Tensor::f_arange(2 * n, (Kind::Int64, a.device()))?
        .f_add_scalar(n)?
        .f_remainder(2 * n)?;
    let total =
        logits.f_cross_entropy_loss::<Tensor>(&partners, None, Reduction::Mean, -100, 0.0)?;
    Ok(Loss::of_one("loss", total))
}
