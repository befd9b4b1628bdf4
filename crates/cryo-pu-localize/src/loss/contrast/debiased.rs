use tch::{Kind, Tensor};

use crate::Error;

/// −ln(a / (a + g)) and its derivatives by a and b, with g = max((b − πa)/(1 − π), e^(−1/T)).
pub(super) fn debiased(
    a: &Tensor,
    b: &Tensor,
    prior: f64,
    temperature: f64,
) -> Result<[Tensor; 3], Error> {
    let least = (-1.0 / temperature).exp();
    let free = (b - a * prior) / (1.0 - prior);
    let open = free.f_gt(least)?.f_to_kind(Kind::Float)?;
    let g = free.f_clamp_min(least)?;
    let total = a + &g;
    let value = total.f_log()? - a.f_log()?;
    let by_g = total.f_reciprocal()?;
    let by_b = &by_g * &open / (1.0 - prior);
    let by_a = &by_g - a.f_reciprocal()? - &by_b * prior;
    Ok([value, by_a, by_b])
}
