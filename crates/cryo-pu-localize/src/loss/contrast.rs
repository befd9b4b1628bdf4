use serde::{Deserialize, Serialize};
use tch::{Device, Kind, Tensor};

use super::sets::{complement, mean_over};
use crate::{Error, error::require};

/// Which voxels the contrastive terms compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContrastRows {
    /// All of a step.
    All,
    /// All near annotations, and as many others drawn at random that there are so many.
    Sampled(usize),
}

/// The debiased voxel-level contrastive terms (spec G.4b; Chuang et al. 2020, arXiv 2007.00224; Khosla et al. 2020,
/// arXiv 2004.11362).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContrastParams {
    /// λ₁, of the supervised term.
    pub supervised: f64,
    /// λ₂, of the unsupervised term.
    pub unsupervised: f64,
    /// T: lower tells similar features apart more.
    pub temperature: f64,
    /// θ: voxels of a target above it are positives, below it negatives.
    pub threshold: f64,
    /// Unlabelled voxels of a probability below the first are pseudo-negatives, above the second pseudo-positives.
    pub gates: [f64; 2],
    /// Whether those between are drawn both ways, as in the public code, or left alone, as in the paper.
    pub neutral: bool,
    /// τ of the terms: the part of the unlabelled that is positive.
    pub prior: f64,
    /// Whether pseudo-positives and pseudo-negatives enter the supervised term instead of a term of their own, which
    /// hardly has a gradient (spec G.4, activity remark).
    pub pseudo_labels: bool,
    /// Which voxels.
    pub rows: ContrastRows,
}

impl Default for ContrastParams {
    /// The paper's weights and gates on 4096 voxels of a step.
    fn default() -> Self {
        Self {
            supervised: 0.1,
            unsupervised: 0.5,
            temperature: 0.07,
            threshold: 0.85,
            gates: [0.3, 0.9],
            neutral: false,
            prior: 0.01,
            pseudo_labels: false,
            rows: ContrastRows::Sampled(4096),
        }
    }
}

impl ContrastParams {
    /// Checks every field.
    ///
    /// # Errors
    /// [`Error::Parameter`].
    pub fn validate(&self) -> Result<(), Error> {
        let weight = |w: f64| w.is_finite() && w >= 0.0;
        require(
            weight(self.supervised),
            "supervised",
            "0 or more",
            self.supervised,
        )?;
        require(
            weight(self.unsupervised),
            "unsupervised",
            "0 or more",
            self.unsupervised,
        )?;
        let valid = self.temperature.is_finite() && self.temperature > 0.0;
        require(valid, "temperature", "above 0", self.temperature)?;
        let valid = self.threshold > 0.0 && self.threshold <= 1.0;
        require(valid, "threshold", "above 0, at most 1", self.threshold)?;
        let [low, high] = self.gates;
        let valid = 0.0 <= low && low <= high && high <= 1.0;
        require(
            valid,
            "gates",
            "two rising numbers of 0 to 1",
            format!("{:?}", self.gates),
        )?;
        let valid = self.prior > 0.0 && self.prior < 1.0;
        require(valid, "prior", "above 0, below 1", self.prior)?;
        let rows = !matches!(self.rows, ContrastRows::Sampled(0..=15));
        require(rows, "rows", "at least 16", format!("{:?}", self.rows))
    }
}

/// The terms, each with its gradient.
pub struct ContrastTerms {
    /// L_sup; 0 where fewer than two voxels are positive.
    pub supervised: Tensor,
    /// L_unsup.
    pub unsupervised: Tensor,
    /// Part of the unlabelled rows whose term hangs on other voxels than their twin: the rest is on the clamp.
    pub active: f64,
}

/// Numbers of a block of similarities: on a CPU it stays in the cache, elsewhere it keeps the device busy.
const fn block(device: Device) -> i64 {
    match device {
        Device::Cpu => 1 << 21,
        _ => 1 << 24,
    }
}

/// The contrastive terms of voxels seen in two views, in memory linear in the voxels.
///
/// `features` is `[2n, d]`, of length 1: all voxels in the first view, then in the second. `labels` and `probabilities`
/// are `[n]` and `[2n]`: the target as in [`pu_focal`](crate::pu_focal), the probability in each view. Similarities are
/// computed in blocks of rows, with the exact gradient for the features; probabilities get none. Time grows with the square
/// of the voxels.
///
/// # Errors
/// [`Error::Torch`] for shapes that do not fit.
pub fn contrast(
    features: &Tensor,
    labels: &Tensor,
    probabilities: &Tensor,
    params: &ContrastParams,
) -> Result<ContrastTerms, Error> {
    let rows = Rows::of(labels, probabilities, params)?;
    let (values, gradients, active) = {
        let _guard = tch::no_grad_guard();
        blocks(&features.detach(), &rows, params)?
    };
    // The value of the term with the gradient that the blocks gave.
    let term = |number: usize| -> Result<Tensor, Error> {
        let carrier = (features * &gradients[number]).f_sum(Kind::Float)?;
        Ok(&carrier - carrier.detach() + values[number])
    };
    Ok(ContrastTerms {
        supervised: term(0)?,
        unsupervised: term(1)?,
        active,
    })
}

/// What each row takes part in.
struct Rows {
    count: i64,
    positive: Tensor,
    negative: Tensor,
    /// Numbers of the rows of the supervised term.
    supervised: Tensor,
    /// Numbers of the rows of the unsupervised term, and their weights of l⁺ and l⁻ over the size of their set.
    unsupervised: Tensor,
    weights: [Tensor; 2],
    positives_per_view: f64,
}

impl Rows {
    fn of(labels: &Tensor, probabilities: &Tensor, params: &ContrastParams) -> Result<Self, Error> {
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

type Gradients = ([f64; 2], [Tensor; 2], f64);

fn blocks(z: &Tensor, rows: &Rows, params: &ContrastParams) -> Result<Gradients, Error> {
    let step = (block(z.device()) / rows.count.max(1)).max(1);
    let mut gradients = [z.zeros_like(), z.zeros_like()];
    let mut values = [0.0; 2];
    let positives = rows.supervised.size()[0];
    if positives > 1 {
        for start in (0..positives).step_by(step as usize) {
            let part = rows
                .supervised
                .f_narrow(0, start, step.min(positives - start))?;
            values[0] += supervised(z, &part, rows, params, &mut gradients[0])?;
        }
    }
    let unlabelled = rows.unsupervised.size()[0];
    let mut active = 0.0;
    for start in (0..unlabelled).step_by(step as usize) {
        let length = step.min(unlabelled - start);
        let part = rows.unsupervised.f_narrow(0, start, length)?;
        let weights = [
            rows.weights[0].f_narrow(0, start, length)?,
            rows.weights[1].f_narrow(0, start, length)?,
        ];
        let (value, moving) = unsupervised(z, &part, &weights, rows, params, &mut gradients[1])?;
        values[1] += value;
        active += moving;
    }
    Ok((values, gradients, active / (unlabelled.max(1) as f64)))
}

/// Similarities of the rows to all voxels: exp((zᵢ·zⱼ − max)/T), 1 with themselves. Of vectors of length 1 the highest product is
/// that with themselves.
fn similarities(z: &Tensor, part: &Tensor, temperature: f64) -> Result<(Tensor, Tensor), Error> {
    let own = z.f_index_select(0, part)?;
    let scaled = &own / temperature;
    let highest = (&own * &scaled).f_sum_dim_intlist([1].as_slice(), true, Kind::Float)?;
    let mut dots = scaled.f_matmul(&z.f_transpose(0, 1)?)?;
    let _ = dots.f_sub_(&highest)?;
    let mut similar = dots.f_exp_()?;
    let _ = similar.f_scatter_value_(1, &part.f_unsqueeze(1)?, 1.0)?;
    Ok((own, similar))
}

/// −ln(a / (a + g)) and its derivatives by a and b, with g = max((b − πa)/(1 − π), e^(−1/T)).
fn debiased(a: &Tensor, b: &Tensor, prior: f64, temperature: f64) -> Result<[Tensor; 3], Error> {
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

/// Adds the gradient of the rows' dot products `by_dot` `[rows, 2n]` to that of the features.
fn spread(
    z: &Tensor,
    part: &Tensor,
    own: &Tensor,
    mut by_dot: Tensor,
    gradient: &mut Tensor,
) -> Result<(), Error> {
    // The similarity with itself is a constant.
    let _ = by_dot.f_scatter_value_(1, &part.f_unsqueeze(1)?, 0.0)?;
    let _ = gradient.f_index_add_(0, part, &by_dot.f_matmul(z)?)?;
    let _ = gradient.f_add_(&by_dot.f_transpose(0, 1)?.f_matmul(own)?)?;
    Ok(())
}

fn supervised(
    z: &Tensor,
    part: &Tensor,
    rows: &Rows,
    params: &ContrastParams,
    gradient: &mut Tensor,
) -> Result<f64, Error> {
    let temperature = params.temperature;
    let positives = rows.supervised.size()[0] as f64;
    let (own, similar) = similarities(z, part, temperature)?;
    let in_a = &rows.positive / (positives - 1.0);
    let in_b = &rows.negative / rows.negative.f_sum(Kind::Float)?.f_clamp_min(1.0)?;
    let (a, b) = (similar.f_mv(&in_a)?, similar.f_mv(&in_b)?);
    let [value, by_a, by_b] = debiased(&a, &b, params.prior, temperature)?;
    let columns = Tensor::f_stack(&[in_a, in_b], 0)?;
    let by_similar = Tensor::f_stack(&[by_a, by_b], 1)?.f_matmul(&columns)?;
    let by_dot = by_similar * similar / (temperature * positives);
    spread(z, part, &own, by_dot, gradient)?;
    Ok(value.f_sum(Kind::Double)?.f_double_value(&[])? / positives)
}

/// The value of these rows, and how many of them have a gradient beyond their twin.
fn unsupervised(
    z: &Tensor,
    part: &Tensor,
    weights: &[Tensor; 2],
    rows: &Rows,
    params: &ContrastParams,
    gradient: &mut Tensor,
) -> Result<(f64, f64), Error> {
    let temperature = params.temperature;
    let half = rows.count / 2;
    let twin = (part + half).f_remainder(rows.count)?;
    let (own, similar) = similarities(z, part, temperature)?;
    let a = similar
        .f_gather(1, &twin.f_unsqueeze(1)?, false)?
        .f_view([-1])?;
    let others = 2.0 * (half as f64 - rows.positives_per_view).max(1.0);
    let b = (similar.f_sum_dim_intlist([1].as_slice(), false, Kind::Float)? - &a) / others;
    let [up, up_a, up_b] = debiased(&a, &b, params.prior, temperature)?;
    let [down, down_a, down_b] = debiased(&a, &b, 1.0 - params.prior, temperature)?;
    let [attract, repel] = weights;
    let value = (up * attract + down * repel)
        .f_sum(Kind::Double)?
        .f_double_value(&[])?;
    let by_a = (up_a * attract + down_a * repel) * &a / temperature;
    let by_b = (up_b * attract + down_b * repel) / (temperature * others);
    // Their twins: a few numbers. All others: only for rows that are not on the clamp.
    let _ = gradient.f_index_add_(
        0,
        part,
        &(by_a.f_unsqueeze(1)? * z.f_index_select(0, &twin)?),
    )?;
    let _ = gradient.f_index_add_(0, &twin, &(by_a.f_unsqueeze(1)? * &own))?;
    let moving = by_b.f_ne(0.0)?.f_nonzero()?.f_view([-1])?;
    let count = moving.size()[0];
    if count > 0 {
        let all = count == part.size()[0];
        let pick = |tensor: &Tensor| match all {
            true => Ok(tensor.shallow_clone()),
            false => tensor.f_index_select(0, &moving),
        };
        let (part, twin) = (pick(part)?, pick(&twin)?.f_unsqueeze(1)?);
        let (own, by_b) = (pick(&own)?, pick(&by_b)?.f_unsqueeze(1)?);
        let mut similar = pick(&similar)?;
        let _ = similar.f_scatter_value_(1, &twin, 0.0)?;
        let _ = similar.f_scatter_value_(1, &part.f_unsqueeze(1)?, 0.0)?;
        // Rows are weighed on the narrow side of the products.
        let _ = gradient.f_index_add_(0, &part, &(similar.f_matmul(z)? * &by_b))?;
        let _ = gradient.f_add_(&similar.f_transpose(0, 1)?.f_matmul(&(own * by_b))?)?;
    }
    Ok((value, count as f64))
}

/// What [`contrast`] computes, by libtorch's own gradients: for checking, as its memory grows with the square of the
/// voxels. Returns L_sup and L_unsup.
///
/// # Errors
/// [`Error::Torch`] for shapes that do not fit.
pub fn contrast_dense(
    features: &Tensor,
    labels: &Tensor,
    probabilities: &Tensor,
    params: &ContrastParams,
) -> Result<[Tensor; 2], Error> {
    let rows = Rows::of(labels, probabilities, params)?;
    let device = features.device();
    let diagonal = Tensor::f_eye(rows.count, (Kind::Float, device))?;
    let dots = features.f_matmul(&features.f_transpose(0, 1)?)?;
    let highest = dots.f_amax([1], true)?.f_detach()?;
    let similar =
        ((dots - highest) / params.temperature).f_exp()? * complement(&diagonal) + &diagonal;
    let term = |a: &Tensor, b: &Tensor, prior: f64| -> Result<Tensor, Error> {
        let free = (b - a * prior) / (1.0 - prior);
        let g = free.f_clamp_min((-1.0 / params.temperature).exp())?;
        Ok((a + g).f_log()? - a.f_log()?)
    };
    let positives = rows.supervised.size()[0] as f64;
    let a = similar.f_mv(&(&rows.positive / (positives - 1.0).max(1.0)))?;
    let negatives = rows.negative.f_sum(Kind::Float)?.f_clamp_min(1.0)?;
    let b = similar.f_mv(&(&rows.negative / negatives))?;
    let supervised = mean_over(&term(&a, &b, params.prior)?, &rows.positive)?;
    let half = rows.count / 2;
    let numbers = Tensor::f_arange(rows.count, (Kind::Int64, device))?;
    let twin = (numbers + half).f_remainder(rows.count)?.f_unsqueeze(1)?;
    let a = similar.f_gather(1, &twin, false)?.f_view([-1])?;
    let others = 2.0 * (half as f64 - rows.positives_per_view).max(1.0);
    let b = (similar.f_sum_dim_intlist([1].as_slice(), false, Kind::Float)? - &a) / others;
    let pick = |values: Tensor| values.f_index_select(0, &rows.unsupervised);
    let [attract, repel] = &rows.weights;
    let up = pick(term(&a, &b, params.prior)?)? * attract;
    let down = pick(term(&a, &b, 1.0 - params.prior)?)? * repel;
    let enough = f64::from(positives > 1.0);
    Ok([supervised * enough, (up + down).f_sum(Kind::Float)?])
}
