use std::collections::HashMap;

use rayon::prelude::*;

use crate::{
    Vector,
    cells::{Cells, Division},
    cloud::Cloud,
    cut::LONGEST,
    fit::energy,
    params::{GATE, TubeParams},
    piece::{End, Piece},
};

/// Largest cost of one curve through two pieces beyond that of two curves. Points of one filament exceed it once in
/// a thousand (χ² of the six numbers that one curve has less than two).
const MOST_EXCESS: f64 = 22.0;

/// A piece in a chain, and whether it is walked from its end to its begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) piece: usize,
    pub(crate) reversed: bool,
}

/// Chains of pieces of which each end points at the next; every certain piece is in one chain.
///
/// All pairs of ends of certain pieces within the largest gap are judged, the best joined first, each end once.
/// Pieces of one track whose ends are left over stay together, with what was doubtful between or behind them.
pub(crate) fn join(cloud: &Cloud, pieces: &[Piece], params: &TubeParams) -> Vec<Vec<Part>> {
    let near = near_pairs(pieces, params);
    let judged = near
        .par_iter()
        .map(|&(a, b)| Some((cost(cloud, pieces, a, b, params)?, a, b)));
    let mut pairs: Vec<(f64, usize, usize)> =
        judged.collect::<Vec<_>>().into_iter().flatten().collect();
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0).then((a.1, a.2).cmp(&(b.1, b.2))));
    let same_track = |a: usize, b: usize| pieces[a].owner == pieces[b].owner;
    let doubtful = || (0..pieces.len()).filter(|&n| pieces[n].is_doubtful);
    let before = |n: usize| n.checked_sub(1).filter(|&m| same_track(m, n));
    let after = |n: usize| Some(n + 1).filter(|&m| m < pieces.len() && same_track(n, m));

    let mut partner = matched(&pairs, 2 * pieces.len());
    for n in doubtful() {
        if let (Some(a), Some(b)) = (before(n).map(|m| 2 * m + 1), after(n).map(|m| 2 * m))
            && partner[a].is_none()
            && partner[b].is_none()
        {
            partner[a] = Some(b);
            partner[b] = Some(a);
        }
    }
    for n in doubtful() {
        let (ahead, behind) = (before(n).map(|m| 2 * m + 1), after(n).map(|m| 2 * m));
        let belongs = match (ahead, behind) {
            (Some(a), Some(b)) => partner[a] == Some(b),
            (Some(a), None) => partner[a].is_none(),
            (None, Some(b)) => partner[b].is_none(),
            (None, None) => false,
        };
        if belongs {
            partner[2 * n] = ahead;
            partner[2 * n + 1] = behind;
            for (other, mine) in [(ahead, 2 * n), (behind, 2 * n + 1)] {
                if let Some(other) = other {
                    partner[other] = Some(mine);
                }
            }
        }
    }
    let mut chains = chains_of(&partner);
    chains.retain(|chain| chain.len() > 1 || !pieces[chain[0].piece].is_doubtful);
    chains
}

/// End `n` is the begin of piece `n / 2` if even, its end if odd.
fn end(pieces: &[Piece], n: usize) -> &End {
    &pieces[n / 2].ends[n % 2]
}

/// The partner of every end: pairs by ascending cost, then exchanged between two pairs as long as that makes both
/// together cheaper. A first cheap pair may leave two ends for each other that do not fit.
fn matched(pairs: &[(f64, usize, usize)], ends: usize) -> Vec<Option<usize>> {
    /// Rounds of exchanges; one or two are needed.
    const ROUNDS: usize = 8;
    let costs: HashMap<(usize, usize), f64> =
        pairs.iter().map(|&(cost, a, b)| ((a, b), cost)).collect();
    // Two ends that might be joined and are not cost as much as the worst that is.
    let cost_of = |a: usize, b: Option<usize>| {
        b.and_then(|b| costs.get(&(a.min(b), a.max(b))).copied())
            .unwrap_or(MOST_EXCESS)
    };
    let mut partner: Vec<Option<usize>> = vec![None; ends];
    for &(_, a, b) in pairs {
        if partner[a].is_none() && partner[b].is_none() {
            partner[a] = Some(b);
            partner[b] = Some(a);
        }
    }
    for _ in 0..ROUNDS {
        let mut changed = false;
        for &(cost, a, b) in pairs {
            let (of_a, of_b) = (partner[a], partner[b]);
            let (Some(c), Some(d)) = (of_a, of_b) else {
                continue;
            };
            let known = costs.contains_key(&(c.min(d), c.max(d)));
            let (before, after) = (
                cost_of(a, of_a) + cost_of(b, of_b),
                cost + cost_of(c, Some(d)),
            );
            if c == b || after >= before - 1e-9 {
                continue;
            }
            (partner[a], partner[b]) = (Some(b), Some(a));
            partner[c] = known.then_some(d);
            partner[d] = known.then_some(c);
            changed = true;
        }
        if !changed {
            break;
        }
    }
    partner
}

/// Whether a track was cut at an end.
fn is_cut(pieces: &[Piece], n: usize) -> bool {
    let piece = n / 2;
    let beside = if n.is_multiple_of(2) {
        piece.checked_sub(1)
    } else {
        Some(piece + 1)
    };
    let other = beside.and_then(|beside| pieces.get(beside));
    other.is_some_and(|other| other.owner == pieces[piece].owner)
}

/// Walks from every end without a partner to the other end of its chain; rings are opened at their first piece.
fn chains_of(partner: &[Option<usize>]) -> Vec<Vec<Part>> {
    let mut seen = vec![false; partner.len() / 2];
    let mut chains = Vec::new();
    let open = (0..partner.len()).filter(|&n| partner[n].is_none());
    for start in open.chain((0..partner.len()).step_by(2)) {
        if seen[start / 2] {
            continue;
        }
        let mut chain = Vec::new();
        let mut entered = Some(start);
        while let Some(n) = entered {
            seen[n / 2] = true;
            chain.push(Part {
                piece: n / 2,
                reversed: n % 2 == 1,
            });
            entered = partner[n ^ 1].filter(|next| !seen[next / 2]);
        }
        chains.push(chain);
    }
    chains
}

/// Whether two ends may belong together at all.
///
/// Both curves are carried on to the middle between the ends. There their places may differ by what the
/// scatter of their points explains, and the directions likewise.
fn may_meet(a: &End, b: &End, params: &TubeParams) -> bool {
    /// Largest turn between two ends, beyond which the parabolas say nothing.
    const MOST_TURN: f64 = 1.0;
    let between = b.place - a.place;
    let half = 0.25 * between.dot(&(a.outward - b.outward));
    let link = params.link_distance_vox;
    // Ends may overlap by a few points.
    if a.outward.dot(&b.outward) >= 0.0 || half < -0.5 * link {
        return false;
    }
    let (of_a, of_b) = (a.fit.predict(a.head + half), b.fit.predict(b.head + half));
    let (along_a, along_b) = (a.fit.tangent(a.head + half), -b.fit.tangent(b.head + half));
    let turn = along_a.angle(&along_b);
    let Some(along) = (along_a + along_b).try_normalize(1e-9) else {
        return false;
    };
    let apart = of_b.position - of_a.position;
    let aside = apart - along * apart.dot(&along);
    let variance = of_a.variance + of_b.variance + params.scatter_vox.powi(2);
    let of_turn = a.fit.tangent_variance(a.head + half) + b.fit.tangent_variance(b.head + half);
    let surprise = (aside.norm_squared() / variance).max(turn * turn / of_turn);
    let bends =
        a.outward.angle(&-b.outward) > 1.5 * params.max_curvature_per_vox * (between.norm() + link);
    surprise <= GATE * GATE && turn <= MOST_TURN && aside.norm() <= link && !bends
}

/// What it costs more to lay one curve through two ends than one through each, and a little for their distance;
/// `None` if it is too much.
fn cost(cloud: &Cloud, pieces: &[Piece], a: usize, b: usize, params: &TubeParams) -> Option<f64> {
    /// How much of each piece is looked at, in links.
    const ARM: f64 = 4.0;
    let link = params.link_distance_vox;
    // Backwards from both ends, at the distance between them from each other.
    let (of_a, of_b) = (
        arm(cloud, pieces, a, ARM * link),
        arm(cloud, pieces, b, ARM * link),
    );
    let (ends_a, ends_b) = (end(pieces, a), end(pieces, b));
    let between = ends_b.place - ends_a.place;
    let gap = 0.5 * between.dot(&(ends_a.outward - ends_b.outward));
    let extent = |arm: &[(Vector, f64)]| arm.iter().map(|point| point.1).fold(0.0, f64::max);
    let length = extent(&of_a) + extent(&of_b);
    let density = (of_a.len() + of_b.len()) as f64 / length.max(link);
    let joined = of_a
        .iter()
        .map(|&(place, back)| (place, -back))
        .chain(of_b.iter().map(|&(place, back)| (place, gap + back)));
    let together = energy(joined, density, params)?;
    let apart = energy(of_a.iter().copied(), density, params)?
        + energy(of_b.iter().copied(), density, params)?;
    // An arc bends in the gap, too: |r‴| is κ².
    let turn = ends_a.outward.angle(&-ends_b.outward);
    let curvature = (turn / gap.max(1.0)).min(params.max_curvature_per_vox);
    let of_arc = density * params.smoothing_vox().powi(6) * curvature.powi(4) * gap.max(0.0);
    let excess = (together - apart).max(0.0);
    let most = MOST_EXCESS + of_arc / params.scatter_vox.powi(2);
    (excess <= most).then_some(excess + between.norm() / link)
}

/// The points of a piece within `reach` of an end, with their distance from it along the piece.
fn arm(cloud: &Cloud, pieces: &[Piece], n: usize, reach: f64) -> Vec<(Vector, f64)> {
    let piece = &pieces[n / 2];
    let back = |along: f64| {
        if n.is_multiple_of(2) {
            along
        } else {
            piece.length - along
        }
    };
    let points = piece
        .members
        .iter()
        .map(|&(point, along)| (cloud.points[point], back(along)));
    points.filter(|(_, back)| *back <= reach).collect()
}

/// All pairs of ends of certain pieces that may belong together, the lower number first.
fn near_pairs(pieces: &[Piece], params: &TubeParams) -> Vec<(usize, usize)> {
    let certain: Vec<usize> = (0..2 * pieces.len())
        .filter(|n| !pieces[n / 2].is_doubtful)
        .collect();
    let place = |n: usize| end(pieces, n).place;
    let low = certain.iter().map(|&n| place(n)).reduce(|a, b| a.inf(&b));
    let after_cut = (LONGEST + 2.0) * params.link_distance_vox;
    let reach = |n: usize| {
        if is_cut(pieces, n) {
            params.max_gap_vox.max(after_cut)
        } else {
            params.max_gap_vox
        }
    };
    let side = params.max_gap_vox.max(params.link_distance_vox);
    let division = Division::new(low.unwrap_or_default(), side);
    let mut order: Vec<(u64, usize)> = certain
        .iter()
        .map(|&n| (division.key(&place(n)), n))
        .collect();
    order.par_sort_unstable();
    let keys: Vec<u64> = order.iter().map(|&(key, _)| key).collect();
    let cells = Cells::new(division, &keys);
    let places: Vec<Vector> = order.iter().map(|&(_, n)| place(n)).collect();
    let of_end = |&a: &usize| {
        let mut pairs = Vec::new();
        let (from, reach_a) = (place(a), reach(a));
        cells.near(&from, reach_a, |range| {
            for index in range {
                let (b, squared) = (order[index].1, (places[index] - from).norm_squared());
                if squared > reach_a * reach_a || a / 2 == b / 2 {
                    continue;
                }
                // The pair is the lower end's, unless that one does not reach so far.
                let mine = a < b || squared > reach(b).powi(2);
                if mine && may_meet(end(pieces, a.min(b)), end(pieces, a.max(b)), params) {
                    pairs.push((a.min(b), a.max(b)));
                }
            }
        });
        pairs
    };
    certain.par_iter().flat_map_iter(of_end).collect()
}
