use crate::{
    Vector,
    cells::{Cells, Division},
    params::{GATE, TubeParams},
    piece::{End, Piece},
};

/// A piece in a chain, and whether it is walked from its end to its begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) piece: usize,
    pub(crate) reversed: bool,
}

/// Chains of pieces of which each end points at the next; every piece is in one chain.
///
/// All pairs of ends within the largest gap are judged, the best joined first, each end once.
pub(crate) fn join(pieces: &[Piece], params: &TubeParams) -> Vec<Vec<Part>> {
    let mut pairs = Vec::new();
    for_each_near_pair(pieces, params, |a, b| {
        if let Some(cost) = cost(end(pieces, a), end(pieces, b), params) {
            pairs.push((cost, a, b));
        }
    });
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0).then((a.1, a.2).cmp(&(b.1, b.2))));
    let mut partner: Vec<Option<usize>> = vec![None; 2 * pieces.len()];
    let mut chains = petgraph::unionfind::UnionFind::new(pieces.len());
    for (_, a, b) in pairs {
        // A ring stays open.
        if partner[a].is_none() && partner[b].is_none() && chains.union(a / 2, b / 2) {
            partner[a] = Some(b);
            partner[b] = Some(a);
        }
    }
    chains_of(&partner)
}

/// End `n` is the begin of piece `n / 2` if even, its end if odd.
fn end(pieces: &[Piece], n: usize) -> &End {
    &pieces[n / 2].ends[n % 2]
}

/// Walks from every end without a partner to the other end of its chain.
fn chains_of(partner: &[Option<usize>]) -> Vec<Vec<Part>> {
    let mut seen = vec![false; partner.len() / 2];
    let mut chains = Vec::new();
    for start in (0..partner.len()).filter(|&n| partner[n].is_none()) {
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
            entered = partner[n ^ 1];
        }
        chains.push(chain);
    }
    chains
}

/// How badly two ends fit together, `None` if they do not.
///
/// Both curves are carried on to the middle between the ends. There their places may differ by what the
/// scatter of their points explains, and the directions likewise.
fn cost(a: &End, b: &End, params: &TubeParams) -> Option<f64> {
    /// Largest turn between two ends, beyond which the parabolas say nothing.
    const MOST_TURN: f64 = 1.0;
    let between = b.place - a.place;
    let distance = between.norm();
    let half = 0.5 * between.dot(&(a.outward - b.outward)) * 0.5;
    // Ends may overlap by a few points.
    if a.outward.dot(&b.outward) >= 0.0 || half < -0.5 * params.link_distance_vox {
        return None;
    }
    let (of_a, of_b) = (a.fit.predict(a.head + half), b.fit.predict(b.head + half));
    let (along_a, along_b) = (a.fit.tangent(a.head + half), -b.fit.tangent(b.head + half));
    let turn = along_a.angle(&along_b);
    let along = (along_a + along_b).try_normalize(1e-9)?;
    let apart = of_b.position - of_a.position;
    let aside = apart - along * apart.dot(&along);
    let variance = of_a.variance + of_b.variance + params.scatter_vox.powi(2);
    let of_turn = a.fit.tangent_variance(a.head + half) + b.fit.tangent_variance(b.head + half);
    let surprise = aside.norm_squared() / variance;
    let surprise_of_turn = turn * turn / of_turn;
    let whole_turn = a.outward.angle(&-b.outward);
    let link = params.link_distance_vox;
    let bends = whole_turn > 1.5 * params.max_curvature_per_vox * (distance + link);
    let gate = GATE * GATE;
    let apart_too_far = aside.norm() > 0.5 * link;
    let refused =
        surprise > gate || surprise_of_turn > gate || turn > MOST_TURN || bends || apart_too_far;
    (!refused).then(|| surprise + surprise_of_turn + distance / link)
}

/// Calls `visit` with every pair of ends of different pieces within the largest gap.
fn for_each_near_pair(pieces: &[Piece], params: &TubeParams, mut visit: impl FnMut(usize, usize)) {
    let radius = params.max_gap_vox;
    let place = |n: usize| end(pieces, n).place;
    let count = 2 * pieces.len();
    let Some(low) = (0..count).map(place).reduce(|a: Vector, b| a.inf(&b)) else {
        return;
    };
    if radius <= 0.0 {
        return;
    }
    let division = Division {
        low,
        side: radius.max(params.link_distance_vox),
    };
    let mut order: Vec<(u64, usize)> = (0..count).map(|n| (division.key(&place(n)), n)).collect();
    order.sort_unstable();
    let keys: Vec<u64> = order.iter().map(|&(key, _)| key).collect();
    let cells = Cells::new(division, &keys);
    for a in 0..count {
        cells.near(&place(a), radius, |range| {
            for &(_, b) in &order[range] {
                if a / 2 < b / 2 && (place(a) - place(b)).norm() <= radius {
                    visit(a, b);
                }
            }
        });
    }
}
