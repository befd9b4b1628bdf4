use cryo_core::{AngstromPos, ParticleSet};

use crate::{
    assignment::Assignment,
    curve::{CurvePoint, Ranked, curve, descending, ratio},
    error::Error,
    gather::{Item, ItemIndex, Labels, Pair, gather},
    graph::Graph,
    params::{Classes, EvaluateParams},
    scores::Scores,
};

/// What came out of a comparison: pooled over all tomograms, and its parts.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Evaluation {
    /// Of all tomograms together: counts are summed before any ratio is taken. In JSON its keys stand
    /// at the top.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub pooled: Scores,
    /// Of each tomogram of the truth, by name.
    pub tomograms: Vec<TomogramScores>,
    /// Of each class over all tomograms, by name, those without a class first; empty unless
    /// [`Classes::Each`].
    pub classes: Vec<ClassScores>,
    /// How much of each class of the truth was found, by name, those without a class first.
    pub found: Vec<ClassRecall>,
    /// Pooled precision and recall at every distinct score, the highest first; not in JSON.
    #[cfg_attr(feature = "serde", serde(skip))]
    pub curve: Vec<CurvePoint>,
}

/// The scores of one tomogram.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct TomogramScores {
    /// Its name.
    pub tomogram: String,
    /// Its scores; its best threshold is its own.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub scores: Scores,
    /// Which pick found which truth at the threshold; not in JSON.
    #[cfg_attr(feature = "serde", serde(skip))]
    pub matches: Vec<ItemMatch>,
}

/// The scores of one class.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct ClassScores {
    /// Its name, `None` for particles without a class.
    pub class: Option<String>,
    /// Its scores; its best threshold is its own.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub scores: Scores,
}

/// How much of one class of the truth was found, whatever the class of the picks.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct ClassRecall {
    /// Its name, `None` for truths without a class.
    pub class: Option<String>,
    /// Truths of this class.
    pub n_truth: usize,
    /// Those that a pick at the threshold was matched with.
    pub n_matched: usize,
    /// `n_matched / n_truth`; `None` if there is none.
    pub recall: Option<f64>,
}

/// A pick of a set and the truth of a set that it found.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct ItemMatch {
    /// Which truth.
    pub truth: ItemIndex,
    /// Which pick.
    pub pick: ItemIndex,
    /// How far they are apart.
    pub distance_angstrom: f64,
}

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
/// depend on the order of sets or particles, [`ItemIndex`] and exact ties apart.
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

/// What scores are made of.
#[derive(Default)]
struct Tally {
    /// Label of each truth, and how far its pick is off if it has one at the threshold.
    truth: Vec<(Option<usize>, Option<f64>)>,
    /// All picks, also below the threshold.
    picks: Vec<Ranked>,
}

impl Tally {
    fn extend(&mut self, other: Self) {
        self.truth.extend(other.truth);
        self.picks.extend(other.picks);
    }

    fn scores(
        &self,
        threshold: Option<f32>,
        counts: impl Fn(Option<usize>) -> bool,
    ) -> (Scores, Vec<CurvePoint>) {
        let truth: Vec<_> = self
            .truth
            .iter()
            .filter(|(label, _)| counts(*label))
            .collect();
        let picks: Vec<_> = self
            .picks
            .iter()
            .filter(|pick| counts(pick.label))
            .copied()
            .collect();
        let n_picks = picks
            .iter()
            .filter(|pick| reaches(pick.score, threshold))
            .count();
        let distances = truth.iter().filter_map(|(_, distance)| *distance).collect();
        let curve = curve(picks, truth.len());
        (
            Scores::new(truth.len(), n_picks, threshold, distances, &curve),
            curve,
        )
    }
}

fn reaches(score: Option<f32>, threshold: Option<f32>) -> bool {
    threshold.is_none_or(|threshold| score.is_some_and(|score| score >= threshold))
}

/// Matches one tomogram.
fn tally(
    pair: &Pair,
    labels: &Labels,
    params: &EvaluateParams,
) -> Result<(Tally, Vec<ItemMatch>), Error> {
    let (truth, picks) = (&pair.truth, &pair.picks);
    let mut radius_of_label = vec![params.radius_angstrom; labels.iter().count()];
    let mut max_radius = params.radius_angstrom;
    for (name, &radius) in &params.class_radius_angstrom {
        if let Some(number) = labels.number(name) {
            radius_of_label[number] = radius;
            max_radius = max_radius.max(radius);
        }
    }
    let radius = |pick: usize, number: usize| {
        let label = truth[number].label;
        let allowed = params.classes != Classes::Each || picks[pick].label == label;
        allowed.then(|| label.map_or(params.radius_angstrom, |label| radius_of_label[label]))
    };
    let positions =
        |items: &[Item]| -> Vec<AngstromPos> { items.iter().map(|item| item.position).collect() };
    let graph = Graph::new(&positions(truth), &positions(picks), max_radius, radius)?;

    let mut order: Vec<usize> = (0..picks.len()).collect();
    order.sort_by(|&a, &b| descending(picks[a].score, picks[b].score));
    let counted = order.partition_point(|&pick| reaches(picks[pick].score, params.threshold));
    let mut assignment = Assignment::new(&graph);
    let add = |assignment: &mut Assignment<'_>, pick: usize| Ranked {
        score: picks[pick].score,
        hit: assignment.add(pick),
        label: picks[pick].label,
    };
    let mut ranked: Vec<Ranked> = order[..counted]
        .iter()
        .map(|&pick| add(&mut assignment, pick))
        .collect();
    let matches = assignment.matches();
    ranked.extend(
        order[counted..]
            .iter()
            .map(|&pick| add(&mut assignment, pick)),
    );

    let mut found: Vec<_> = truth.iter().map(|item| (item.label, None)).collect();
    for matched in &matches {
        found[matched.truth].1 = Some(matched.distance_angstrom);
    }
    let matches = matches.iter().map(|matched| ItemMatch {
        truth: truth[matched.truth].at,
        pick: picks[matched.pick].at,
        distance_angstrom: matched.distance_angstrom,
    });
    let matches = matches.collect();
    Ok((
        Tally {
            truth: found,
            picks: ranked,
        },
        matches,
    ))
}
