use tch::{Kind, Tensor};

use crate::{
    Error,
    data::{IGNORED_BELOW, OTHER},
};

/// Which voxels are what, as numbers 0 and 1 of the kind of the logits.
pub(super) struct Sets {
    pub(super) hard: Tensor,
    pub(super) soft: Tensor,
    pub(super) unlabelled: Tensor,
    pub(super) other: Tensor,
    pub(super) negative: Tensor,
}

impl Sets {
    pub(super) fn of(target: &Tensor) -> Result<Self, Error> {
        let number = |mask: Tensor| mask.f_to_kind(Kind::Float);
        let hard = target.f_ge(1.0)?;
        let soft = target.f_gt(0.0)?.f_logical_and(&target.f_lt(1.0)?)?;
        let other = target.f_eq(f64::from(OTHER))?;
        let unlabelled = (target.f_lt(f64::from(OTHER))?).f_logical_and(&looked_at(target)?)?;
        Ok(Self {
            hard: number(hard)?,
            soft: number(soft)?,
            unlabelled: number(unlabelled)?,
            other: number(other)?,
            negative: number(target.f_eq(0.0)?)?,
        })
    }
}

/// Which voxels are inside the mask.
pub(super) fn looked_at(target: &Tensor) -> Result<Tensor, Error> {
    Ok(target.f_ge(f64::from(IGNORED_BELOW))?)
}

/// Mean of `values` over a set; 0 where it is empty.
pub(super) fn mean_over(values: &Tensor, set: &Tensor) -> Result<Tensor, Error> {
    let sum = (values * set).f_sum(Kind::Float)?;
    Ok(sum / set.f_sum(Kind::Float)?.f_clamp_min(1.0)?)
}

/// 1 − x.
pub(super) fn complement(values: &Tensor) -> Tensor {
    1.0 - values
}

/// Probability clamped as in the reference (spec G.3.5), its logarithm, and that of its complement.
pub(super) struct Probability {
    pub(super) p: Tensor,
    pub(super) ln_p: Tensor,
    pub(super) ln_q: Tensor,
}

const LEAST: f64 = 1e-4;

impl Probability {
    pub(super) fn of(logits: &Tensor) -> Result<Self, Error> {
        let p = logits.f_sigmoid()?.f_clamp(LEAST, 1.0 - LEAST)?;
        let q = complement(&p);
        Ok(Self {
            ln_p: p.f_log()?,
            ln_q: q.f_log()?,
            p,
        })
    }
}
