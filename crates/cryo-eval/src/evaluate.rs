use cryo_core::ParticleSet;

use crate::{
    curve::ratio,
    error::Error,
    evaluation::{ClassRecall, ClassScores, Evaluation, TomogramScores},
    gather::gather,
    params::{Classes, EvaluateParams},
    tally::{Tally, tally},
};

/// How well `picks` find `truth`: one-to-one matches within a radius, counted per tomogram, per class and pooled.
///
/// Positions are compared in ångström, so the two grids may differ. Sets of one tomogram (of equal name)
/// are joined, for example one a class. A tomogram without picks counts as misses. Every pick that is
/// left without a partner is a false positive, also a second one on the same particle.
///
/// At every threshold the picks that reach it are matched anew and optimally, as by
/// [`match_points`](crate::match_points), so a curve of `n` thresholds says what `n` runs would. This
/// takes no more than one run: picks are added by descending score to a matching that stays optimal.
/// Picks of equal score enter together; those without one come after all others. The result does not
/// depend on the order of sets or particles, [`ItemIndex`](crate::ItemIndex) and exact ties apart.
///
/// # Errors
/// [`Error::Parameter`], [`Error::UnknownClass`] and [`Error::NoScores`] for parameters;
/// [`Error::NonFinitePosition`], [`Error::NonFiniteScore`], [`Error::UnknownTomogram`] and
/// [`Error::TooMany`] for data.
///
/// # Examples
/// ```
/// use cryo_core::{Grid, Particle, ParticleSet, VoxelPos, VoxelSize};
/// use cryo_eval::{EvaluateParams, evaluate};
///
/// let fine = Grid::new([60, 80, 100], VoxelSize::new(5.0).expect("valid"));
/// let mut truth = ParticleSet::new("ts_01", fine);
/// truth.items.push(Particle::at(VoxelPos::xyz(20.0, 40.0, 10.0)));
/// let coarse = Grid::new([30, 40, 50], VoxelSize::new(10.0).expect("valid"));
/// let mut picks = ParticleSet::new("ts_01", coarse);
/// picks.items.push(Particle::at(VoxelPos::xyz(10.0, 20.0, 6.0)));
///
/// let result = evaluate(&[truth], &[picks], &EvaluateParams::new(50.0))?;
/// assert_eq!(result.pooled.f1, Some(1.0));
/// assert_eq!(result.pooled.mean_error_angstrom, Some(10.0));
/// # Ok::<(), cryo_eval::Error>(())
/// ```
pub fn evaluate(
    truth: &[ParticleSet],
    picks: &[ParticleSet],
    params: &EvaluateParams,
) -> Result<Evaluation, Error> {
    params.validate()?;
    let (pairs, labels) = gather(truth, picks, params)?;
    let mut all = pairs.values().flat_map(|pair| &pair.picks).peekable();
    if let (Some(threshold), Some(_)) = (params.threshold, all.peek())
        && all.all(|pick| pick.score.is_none())
    {
        return Err(Error::NoScores { threshold });
    }
    let mut tomograms = Vec::with_capacity(pairs.len());
    let mut whole = Tally::default();
    for (tomogram, pair) in pairs {
        let (tally, matches) = tally(&pair, &labels, params)?;
        let (scores, _) = tally.scores(params.threshold, |_| true);
        whole.extend(tally);
        tomograms.push(TomogramScores {
            tomogram,
            scores,
            matches,
        });
    }
    let (pooled, curve) = whole.scores(params.threshold, |_| true);
    let named = labels
        .iter()
        .map(|(name, number)| (Some(name), Some(number)));
    let (mut classes, mut found) = (Vec::new(), Vec::new());
    for (name, label) in std::iter::once((None, None)).chain(named) {
        let class = name.map(str::to_owned);
        let (scores, _) = whole.scores(params.threshold, |other| other == label);
        let is_picked = whole.picks.iter().any(|pick| pick.label == label);
        if params.classes == Classes::Each && (scores.n_truth > 0 || is_picked) {
            classes.push(ClassScores {
                class: class.clone(),
                scores,
            });
        }
        let of_class = || whole.truth.iter().filter(|(other, _)| *other == label);
        let (n_truth, n_matched) = (
            of_class().count(),
            of_class().filter(|(_, error)| error.is_some()).count(),
        );
        if n_truth > 0 {
            found.push(ClassRecall {
                class,
                n_truth,
                n_matched,
                recall: ratio(n_matched, n_truth),
            });
        }
    }
    Ok(Evaluation {
        pooled,
        tomograms,
        classes,
        found,
        curve,
    })
}
