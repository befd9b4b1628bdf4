use cryo_core::AngstromPos;

use crate::{
    assignment::Assignment,
    curve::{CurvePoint, Ranked, curve, descending},
    error::Error,
    evaluation::ItemMatch,
    gather::{Item, Labels, Pair},
    graph::Graph,
    params::{Classes, EvaluateParams},
    scores::Scores,
};

/// What scores are made of.
#[derive(Default)]
pub(crate) struct Tally {
    /// Label of each truth, and how far its pick is off if it has one at the threshold.
    pub(crate) truth: Vec<(Option<usize>, Option<f64>)>,
    /// All picks, also below the threshold.
    pub(crate) picks: Vec<Ranked>,
}

impl Tally {
    pub(crate) fn extend(&mut self, other: Self) {
        self.truth.extend(other.truth);
        self.picks.extend(other.picks);
    }

    pub(crate) fn scores(
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
pub(crate) fn tally(
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
