/// How the values of one view are scaled, all its channels together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
pub enum ViewScale {
    /// Not at all.
    Raw,
    /// To 0 … 1, its smallest and largest value; a constant view becomes 0 (MiLoPYP drops it or divides by 0).
    #[default]
    MinMax,
    /// To mean 0 and standard deviation 1; a constant view becomes 0.
    ZScore,
}

impl ViewScale {
    pub(crate) fn apply(self, view: &mut [f32]) {
        match self {
            Self::Raw => {}
            Self::MinMax => {
                let (minimum, maximum) = range(view);
                // In double precision a difference of finite floats cannot overflow.
                let scale = reciprocal(f64::from(maximum) - f64::from(minimum));
                shift_and_scale(view, f64::from(minimum), scale);
            }
            Self::ZScore => {
                let (minimum, maximum) = range(view);
                let n = view.len() as f64;
                let mean = view.iter().copied().map(f64::from).sum::<f64>() / n;
                let squares = view.iter().map(|&value| (f64::from(value) - mean).powi(2));
                let std = (squares.sum::<f64>() / n).sqrt();
                // The mean of equal values may be off by rounding.
                let std = if minimum == maximum { 0.0 } else { std };
                shift_and_scale(view, mean, reciprocal(std));
            }
        }
    }
}

/// A view in 256 steps between its smallest and largest value; 0 if it is constant.
pub(crate) fn quantize(view: &[f32], out: &mut [u8]) {
    let (minimum, maximum) = range(view);
    let minimum = f64::from(minimum);
    let scale = 255.0 * reciprocal(f64::from(maximum) - minimum);
    for (out, &value) in out.iter_mut().zip(view) {
        *out = ((f64::from(value) - minimum) * scale).round_ties_even() as u8;
    }
}

fn range(view: &[f32]) -> (f32, f32) {
    view.iter()
        .fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), &value| {
            (low.min(value), high.max(value))
        })
}

/// 0 for 0, so that nothing is divided by it.
fn reciprocal(value: f64) -> f64 {
    if value > 0.0 { 1.0 / value } else { 0.0 }
}

fn shift_and_scale(view: &mut [f32], shift: f64, scale: f64) {
    for value in view {
        *value = ((f64::from(*value) - shift) * scale) as f32;
    }
}
