use tch::{Kind, Tensor};

use super::ContrastParams;
use crate::{Error, loss::sets::complement};

/// What each row takes part in.
pub(super) struct Rows {
    pub(super) count: i64,
    pub(super) positive: Tensor,
    pub(super) negative: Tensor,
    /// Numbers of the rows of the supervised term.
    pub(super) supervised: Tensor,
    /// Numbers of the rows of the unsupervised term, and their weights of l⁺ and l⁻ over the size of their set.
    pub(super) unsupervised: Tensor,
    pub(super) weights: [Tensor; 2],
    pub(super) positives_per_view: f64,
}

impl Rows {
    pub(super) fn of(
        labels: &Tensor,
        probabilities: &Tensor,
        params: &ContrastParams,
    ) -> Result<Self, Error> {
        let labels = Tensor::f_cat(&[labels, labels], 0)?;
        let q = probabilities.detach();
        let theta = params.threshold;
        let mut positive = if theta >= 1.0 {
            labels.f_ge(1.0)?
        } else {
            labels.f_gt(theta)?
        };
        let mut negative = labels.f_lt(theta)?;
        let unlabelled = labels.f_lt(0.0)?;
        let high = q.f_gt(params.gates[1])?.f_logical_and(&unlabelled)?;
        let low = q.f_lt(params.gates[0])?.f_logical_and(&unlabelled)?;
        let between = unlabelled.f_logical_and(&high.f_logical_or(&low)?.f_logical_not()?)?;
        let positives_per_view = positive.f_sum(Kind::Double)?.f_double_value(&[])? / 2.0;
        if params.pseudo_labels {
            positive = positive.f_logical_or(&high)?;
            negative = negative
                .f_logical_and(&unlabelled.f_logical_not()?)?
                .f_logical_or(&low)?;
        }
        let float = |mask: &Tensor| mask.f_to_kind(Kind::Float);
        let share = |mask: &Tensor| -> Result<Tensor, Error> {
            let mask = float(mask)?;
            let size = mask.f_sum(Kind::Float)?.f_clamp_min(1.0)?;
            Ok(mask / size)
        };
        let mut attract = share(&high)?;
        let mut repel = share(&low)?;
        if params.neutral {
            attract += share(&between)?;
            repel += share(&between)?;
        }
        let mut attract = attract * &q;
        let mut repel = repel * complement(&q);
        if params.pseudo_labels {
            attract = attract.zeros_like();
            repel = repel.zeros_like();
        }
        let takes_part = (&attract + &repel).f_gt(0.0)?;
        let numbers =
            |mask: &Tensor| -> Result<Tensor, Error> { Ok(mask.f_nonzero()?.f_view([-1])?) };
        let unsupervised = numbers(&takes_part)?;
        Ok(Self {
            count: q.size()[0],
            supervised: numbers(&positive)?,
            positive: float(&positive)?,
            negative: float(&negative)?,
            weights: [
                attract.f_index_select(0, &unsupervised)?,
                repel.f_index_select(0, &unsupervised)?,
            ],
            unsupervised,
            positives_per_view,
        })
    }
}
