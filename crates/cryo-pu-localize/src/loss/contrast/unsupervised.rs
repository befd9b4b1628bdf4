use tch::{Kind, Tensor};

use super::{ContrastParams, debiased::debiased, pairs::Pairs, rows::Rows};
use crate::Error;

/// The unsupervised term.
pub(super) struct Unsupervised {
    pub(super) value: f64,
    /// For the features.
    pub(super) gradient: Tensor,
    /// Part of its rows that have a gradient beyond their twin.
    pub(super) active: f64,
}

pub(super) fn unsupervised(
    z: &Tensor,
    rows: &Rows,
    params: &ContrastParams,
) -> Result<Unsupervised, Error> {
    let (part, temperature) = (&rows.unsupervised, params.temperature);
    let count = part.size()[0];
    if count == 0 {
        return Ok(Unsupervised {
            value: 0.0,
            gradient: z.zeros_like(),
            active: 0.0,
        });
    }
    let half = rows.count / 2;
    let twin = (part + half).f_remainder(rows.count)?;
    let (own, of_twin) = (z.f_index_select(0, part)?, z.f_index_select(0, &twin)?);
    let dots = (&own * &of_twin).f_sum_dim_intlist([1].as_slice(), false, Kind::Float)?;
    let a = ((dots - 1.0) / temperature).f_exp()?;
    let others = 2.0 * (half as f64 - rows.positives_per_view).max(1.0);
    let b = (Pairs::new(z, part, temperature)?.sums()? - &a) / others;
    let [up, up_a, up_b] = debiased(&a, &b, params.prior, temperature)?;
    let [down, down_a, down_b] = debiased(&a, &b, 1.0 - params.prior, temperature)?;
    let [attract, repel] = &rows.weights;
    let value = (up * attract + down * repel)
        .f_sum(Kind::Double)?
        .f_double_value(&[])?;
    let by_b = (up_b * attract + down_b * repel) / (temperature * others);
    // The twin is in a, and not in b, though it is in the sums.
    let by_a = (up_a * attract + down_a * repel) / temperature - &by_b;
    let by_twin = (by_a * a).f_unsqueeze(1)?;
    // All others only have to do with rows that are not on the clamp.
    let moving = by_b.f_ne(0.0)?.f_nonzero()?.f_view([-1])?;
    let active = moving.size()[0];
    let mut gradient = if active > 0 {
        let pick = |tensor: &Tensor| tensor.f_index_select(0, &moving);
        Pairs::new(z, &pick(part)?, temperature)?.gradient(&pick(&by_b)?)?
    } else {
        z.zeros_like()
    };
    let _ = gradient.f_index_add_(0, part, &(&by_twin * of_twin))?;
    let _ = gradient.f_index_add_(0, &twin, &(by_twin * own))?;
    Ok(Unsupervised {
        value,
        gradient,
        active: active as f64 / count as f64,
    })
}
