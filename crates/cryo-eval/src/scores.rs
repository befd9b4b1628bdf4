use crate::curve::{CurvePoint, average_precision, best, ratio};

/// How well picks find the truth.
///
/// A value that the input does not define is `None` (`null` in JSON), never NaN.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Scores {
    /// Truths.
    pub n_truth: usize,
    /// Picks that reach the threshold.
    pub n_picks: usize,
    /// Matches of these picks.
    pub n_matched: usize,
    /// The threshold that was given.
    pub threshold: Option<f32>,
    /// `n_matched / n_picks`, from 0 to 1; `None` without picks.
    pub precision: Option<f64>,
    /// `n_matched / n_truth`, from 0 to 1; `None` without truth.
    pub recall: Option<f64>,
    /// `2 n_matched / (n_picks + n_truth)`, from 0 to 1; `None` without either.
    pub f1: Option<f64>,
    /// Highest F1 over all thresholds: optimistic, as the truth was used to choose; `None` without
    /// truth and picks.
    pub best_f1: Option<f64>,
    /// The highest threshold with that F1; `None` without picks, or if it takes picks without a score.
    pub best_threshold: Option<f32>,
    /// Σ (Rₖ − Rₖ₋₁) Pₖ over the distinct scores in descending order, recall over all truths; from 0
    /// to 1, 0 without picks, `None` without truth.
    pub average_precision: Option<f64>,
    /// Mean distance of the matched picks from their truths; `None` without matches, as the next two.
    pub mean_error_angstrom: Option<f64>,
    /// Median of the same, of an even number the mean of the middle two.
    pub median_error_angstrom: Option<f64>,
    /// Root of the mean square of the same.
    pub rms_error_angstrom: Option<f64>,
}

impl Scores {
    /// (1 + β²) P R / (β² P + R): recall counts β times as much as precision; `None` without truth and picks.
    ///
    /// Some benchmarks use β = 4 (CZII) or 2 (BYU) instead of 1.
    #[must_use]
    pub fn f_beta(&self, beta: f64) -> Option<f64> {
        let weight = beta * beta;
        let whole = weight * self.n_truth as f64 + self.n_picks as f64;
        (whole > 0.0).then(|| (1.0 + weight) * self.n_matched as f64 / whole)
    }

    pub(crate) fn new(
        n_truth: usize,
        n_picks: usize,
        threshold: Option<f32>,
        distances: Vec<f64>,
        curve: &[CurvePoint],
    ) -> Self {
        let best = best(curve);
        let n_matched = distances.len();
        let [mean, median, rms] = errors(distances);
        Self {
            n_truth,
            n_picks,
            n_matched,
            threshold,
            precision: ratio(n_matched, n_picks),
            recall: ratio(n_matched, n_truth),
            f1: ratio(2 * n_matched, n_picks + n_truth),
            best_f1: best.map_or((n_truth > 0).then_some(0.0), |point| Some(point.f1)),
            best_threshold: best.and_then(|point| point.threshold),
            average_precision: (n_truth > 0).then(|| average_precision(curve)),
            mean_error_angstrom: mean,
            median_error_angstrom: median,
            rms_error_angstrom: rms,
        }
    }
}

/// Mean, median and root mean square.
fn errors(mut distances: Vec<f64>) -> [Option<f64>; 3] {
    if distances.is_empty() {
        return [None; 3];
    }
    // Sorted, so that the sums do not depend on the order of the input.
    distances.sort_by(f64::total_cmp);
    let n = distances.len();
    let mean = distances.iter().sum::<f64>() / n as f64;
    let median = f64::midpoint(distances[(n - 1) / 2], distances[n / 2]);
    let square = distances
        .iter()
        .map(|distance| distance * distance)
        .sum::<f64>()
        / n as f64;
    [Some(mean), Some(median), Some(square.sqrt())]
}
