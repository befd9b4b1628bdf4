use std::collections::BTreeMap;

use cryo_core::AngstromPos;

use super::{params::FilamentParams, pieces::Pieces};
use crate::{
    error::{Error, Side},
    matching::require_finite,
};

/// How well picked filaments follow the true ones.
///
/// A value that the input does not define is `None` (`null` in JSON), never NaN.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct FilamentScores {
    /// True filaments.
    pub n_truth: usize,
    /// Picked filaments.
    pub n_picks: usize,
    /// Length of all true filaments.
    pub truth_length_angstrom: f64,
    /// Length of all picked filaments.
    pub picks_length_angstrom: f64,
    /// Part of the true length within the radius of any pick, from 0 to 1; `None` without length.
    pub length_recall: Option<f64>,
    /// Part of the picked length within the radius of any truth, from 0 to 1; `None` without length.
    /// Two picks on one truth both count as right here, and as a split below.
    pub length_precision: Option<f64>,
    /// Harmonic mean of both; 0 if both are, `None` unless both are defined.
    pub length_f1: Option<f64>,
    /// Mean distance of the picked length within the radius from the nearest truth; `None` if there is none.
    pub mean_error_angstrom: Option<f64>,
    /// Picks beyond the first that follow the same truth, one after the other or side by side.
    pub n_splits: usize,
    /// Truths beyond the first that the same pick follows.
    pub n_merges: usize,
}

/// Scores of picked filaments against true ones, all of one tomogram, each a curve of straight segments.
///
/// Both are cut into pieces of at most `step_angstrom`. A piece of the truth is found if its middle is at
/// most `radius_angstrom` from any picked curve, a piece of a pick is right if its middle is as near to
/// any true curve; distances are exact, to segments rather than to points. A pick follows a truth if
/// its pieces to which that truth is the nearest, within the radius, add up to `min_shared_angstrom`. A
/// curve of one point has no length, but other curves can be near it. Neither the direction of a
/// curve nor the order of the curves matters. Runs on one thread.
///
/// # Errors
/// [`Error::Parameter`], [`Error::NonFinitePosition`] (the item is the number of the curve), and
/// [`Error::TooMany`] pieces.
///
/// # Examples
/// ```
/// use cryo_core::AngstromPos;
/// use cryo_eval::{FilamentParams, compare_filaments};
///
/// let line = |from, to| vec![AngstromPos::xyz(from, 0.0, 5.0), AngstromPos::xyz(to, 0.0, 5.0)];
/// let truth = [line(0.0, 1000.0)];
/// let picks = [line(0.0, 400.0), line(500.0, 1000.0)];
/// let scores = compare_filaments(&truth, &picks, &FilamentParams::new(20.0))?;
/// assert_eq!(scores.n_splits, 1);
/// assert_eq!(scores.length_precision, Some(1.0));
/// // 100 Å are missing, of which 20 Å at either end are near a pick.
/// assert!((scores.length_recall.expect("has length") - 0.94).abs() < 0.005);
/// # Ok::<(), cryo_eval::Error>(())
/// ```
pub fn compare_filaments(
    truth: &[Vec<AngstromPos>],
    picks: &[Vec<AngstromPos>],
    params: &FilamentParams,
) -> Result<FilamentScores, Error> {
    params.validate()?;
    for (curves, side) in [(truth, Side::Truth), (picks, Side::Picks)] {
        for (number, curve) in curves.iter().enumerate() {
            require_finite(curve, side).map_err(|error| error.at_item(number))?;
        }
    }
    Ok(Lengths::new(truth, picks, params)?.scores())
}

/// Sums that scores are made of.
#[derive(Default)]
pub(crate) struct Lengths {
    n_truth: usize,
    n_picks: usize,
    truth: f64,
    picks: f64,
    found: f64,
    right: f64,
    /// Distance from the truth, integrated along the right part of the picks.
    error: f64,
    n_splits: usize,
    n_merges: usize,
}

impl Lengths {
    /// Of valid input.
    pub(crate) fn new(
        truth: &[Vec<AngstromPos>],
        picks: &[Vec<AngstromPos>],
        params: &FilamentParams,
    ) -> Result<Self, Error> {
        let cut = |curves| Pieces::new(curves, params.step_angstrom, params.radius_angstrom);
        let (true_pieces, picked_pieces) = (cut(truth)?, cut(picks)?);
        let mut sums = Self {
            n_truth: truth.len(),
            n_picks: picks.len(),
            ..Self::default()
        };
        for piece in &true_pieces.all {
            sums.truth += piece.length();
            if picked_pieces.nearest(piece.middle()).is_some() {
                sums.found += piece.length();
            }
        }
        let mut shared: BTreeMap<(usize, usize), f64> = BTreeMap::new();
        for piece in &picked_pieces.all {
            sums.picks += piece.length();
            if let Some((distance, truth)) = true_pieces.nearest(piece.middle()) {
                sums.right += piece.length();
                sums.error += distance * piece.length();
                *shared.entry((truth, piece.filament)).or_default() += piece.length();
            }
        }
        // Sums of pieces are off by rounding.
        shared.retain(|_, length| *length >= params.min_shared_angstrom * (1.0 - 1e-9));
        let (mut followed, mut following) =
            (vec![0_usize; truth.len()], vec![0_usize; picks.len()]);
        for &(truth, pick) in shared.keys() {
            followed[truth] += 1;
            following[pick] += 1;
        }
        let beyond_first =
            |counts: &[usize]| counts.iter().map(|count| count.saturating_sub(1)).sum();
        sums.n_splits = beyond_first(&followed);
        sums.n_merges = beyond_first(&following);
        Ok(sums)
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.n_truth += other.n_truth;
        self.n_picks += other.n_picks;
        self.truth += other.truth;
        self.picks += other.picks;
        self.found += other.found;
        self.right += other.right;
        self.error += other.error;
        self.n_splits += other.n_splits;
        self.n_merges += other.n_merges;
    }

    pub(crate) fn scores(&self) -> FilamentScores {
        let ratio = |part: f64, whole: f64| (whole > 0.0).then(|| part / whole);
        let length_recall = ratio(self.found, self.truth);
        let length_precision = ratio(self.right, self.picks);
        let both = length_recall.zip(length_precision);
        FilamentScores {
            n_truth: self.n_truth,
            n_picks: self.n_picks,
            truth_length_angstrom: self.truth,
            picks_length_angstrom: self.picks,
            length_recall,
            length_precision,
            length_f1: both.map(|(r, p)| ratio(2.0 * r * p, r + p).unwrap_or(0.0)),
            mean_error_angstrom: ratio(self.error, self.right),
            n_splits: self.n_splits,
            n_merges: self.n_merges,
        }
    }
}
