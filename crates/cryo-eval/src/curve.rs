/// Precision and recall of the picks from one score on.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct CurvePoint {
    /// Smallest score of the picks that count, inclusive; `None` where picks without a score count too.
    pub threshold: Option<f32>,
    /// Picks that count.
    pub n_picks: usize,
    /// Matches in an optimal matching of these picks.
    pub n_matched: usize,
    /// Matches over picks, from 0 to 1.
    pub precision: f64,
    /// Matches over truths, from 0 to 1; 0 if there is no truth.
    pub recall: f64,
    /// Harmonic mean of precision and recall, from 0 to 1.
    pub f1: f64,
}

/// A pick with whether there is one match more than without it and with all better ones.
#[derive(Clone, Copy)]
pub(crate) struct Ranked {
    pub(crate) score: Option<f32>,
    pub(crate) hit: bool,
    pub(crate) label: Option<usize>,
}

/// Scores in descending order, none after all others.
pub(crate) fn descending(a: Option<f32>, b: Option<f32>) -> std::cmp::Ordering {
    // Adding zero makes −0 the same score as 0.
    let key = |score: Option<f32>| score.map_or(f32::NEG_INFINITY, |score| score + 0.0);
    key(b).total_cmp(&key(a))
}

/// A point for every distinct score, from the highest on.
pub(crate) fn curve(mut picks: Vec<Ranked>, n_truth: usize) -> Vec<CurvePoint> {
    picks.sort_by(|a, b| descending(a.score, b.score));
    let (mut n_picks, mut n_matched) = (0, 0);
    let ties = picks.chunk_by(|a, b| a.score == b.score);
    ties.map(|group| {
        n_picks += group.len();
        n_matched += group.iter().filter(|pick| pick.hit).count();
        CurvePoint {
            threshold: group[0].score,
            n_picks,
            n_matched,
            precision: ratio(n_matched, n_picks).unwrap_or(0.0),
            recall: ratio(n_matched, n_truth).unwrap_or(0.0),
            f1: ratio(2 * n_matched, n_picks + n_truth).unwrap_or(0.0),
        }
    })
    .collect()
}

/// Σ (Rₖ − Rₖ₋₁) Pₖ over the points of a curve.
pub(crate) fn average_precision(curve: &[CurvePoint]) -> f64 {
    let mut before = 0.0;
    let steps = curve.iter().map(|point| {
        let step = point.recall - before;
        before = point.recall;
        step * point.precision
    });
    steps.sum()
}

/// The point of the highest F1, of equal ones that with the highest threshold.
pub(crate) fn best(curve: &[CurvePoint]) -> Option<&CurvePoint> {
    curve
        .iter()
        .reduce(|best, point| if point.f1 > best.f1 { point } else { best })
}

pub(crate) fn ratio(part: usize, whole: usize) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}
