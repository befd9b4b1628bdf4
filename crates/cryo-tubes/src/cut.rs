use crate::{
    Vector,
    cells::{Cells, Division},
    cloud::Cloud,
    params::TubeParams,
    track::{FEWEST, Node, Track, fit_end},
};

/// Longest doubt in links.
pub(crate) const LONGEST: f64 = 3.0;

/// A place on the path of a track, or on its continuation.
struct Sample {
    place: Vector,
    tangent: Vector,
    track: usize,
}

/// A part of a track.
pub(crate) struct Part {
    /// Number of the track.
    pub(crate) owner: usize,
    /// Its nodes; a doubtful part shares its first and last node with its neighbours.
    pub(crate) track: Track,
    /// Whether its points may belong to another track.
    pub(crate) is_doubtful: bool,
}

/// Tracks cut where they run through another at a small angle; the parts of a track follow each other.
///
/// There the points do not say which track they belong to, so that two tracks may have exchanged their ends; the
/// parts are joined again by where they point ([`join`](crate::join::join)). Tracks are continued by a link,
/// since a track that another one has crossed may end there. A long run beside another track is no crossing, and
/// what a few points pretend is no track.
pub(crate) fn cut(tracks: &[Track], cloud: &Cloud, params: &TubeParams) -> Vec<Part> {
    let mut samples: Vec<Sample> = Vec::new();
    for (number, track) in tracks.iter().enumerate() {
        if track.nodes.len() >= params.min_points
            && track.length() >= 2.0 * params.link_distance_vox
        {
            sample(number, track, cloud, params, &mut samples);
        }
    }
    let low = samples
        .iter()
        .map(|sample| sample.place)
        .reduce(|a, b| a.inf(&b))
        .unwrap_or_default();
    let division = Division {
        low,
        side: params.link_distance_vox,
    };
    let mut order: Vec<(u64, u32)> = (0..)
        .zip(&samples)
        .map(|(n, sample)| (division.key(&sample.place), n))
        .collect();
    order.sort_unstable();
    let cells = Cells::new(
        division,
        &order.iter().map(|&(key, _)| key).collect::<Vec<_>>(),
    );
    // Two tracks that have exchanged their ends turn away from each other before they meet.
    let near = 1.7 * params.gate_vox();
    let is_doubtful = |number: usize, place: &Vector, tangent: &Vector| {
        /// Cosine of 50°: above, momentum tells the tracks apart.
        const LEAST: f64 = 0.643;
        let mut found = false;
        cells.near(place, near, |range| {
            found |= order[range]
                .iter()
                .map(|&(_, n)| &samples[n as usize])
                .any(|other| {
                    other.track != number
                        && (other.place - place).norm() <= near
                        && other.tangent.dot(tangent).abs() >= LEAST
                });
        });
        found
    };
    let mut parts = Vec::new();
    for (number, track) in tracks.iter().enumerate() {
        let nodes = &track.nodes;
        let mut doubtful: Vec<bool> = (0..nodes.len())
            .map(|n| is_doubtful(number, &nodes[n].smooth, &tangent_at(track, n)))
            .collect();
        forgive_long_runs(track, &mut doubtful, LONGEST * params.link_distance_vox);
        doubt_short_runs(&mut doubtful);
        add_parts(number, nodes, &doubtful, &mut parts);
    }
    parts
}

fn add_parts(owner: usize, nodes: &[Node], doubtful: &[bool], parts: &mut Vec<Part>) {
    let mut start = 0;
    for run in doubtful.chunk_by(|a, b| a == b) {
        let is_doubtful = run[0] && run.len() < nodes.len();
        let end = start + run.len();
        let (from, to) = if is_doubtful {
            (start.saturating_sub(1), (end + 1).min(nodes.len()))
        } else {
            (start, end)
        };
        let track = Track {
            nodes: nodes[from..to].to_vec(),
        };
        parts.push(Part {
            owner,
            track,
            is_doubtful,
        });
        start = end;
    }
}

/// A certain run of few nodes points nowhere, so that it is as doubtful as what is beside it.
fn doubt_short_runs(doubtful: &mut [bool]) {
    let mut start = 0;
    let runs: Vec<(bool, usize)> = doubtful
        .chunk_by(|a, b| a == b)
        .map(|run| (run[0], run.len()))
        .collect();
    for (doubt, length) in runs {
        if !doubt && length < FEWEST {
            doubtful[start..start + length].fill(true);
        }
        start += length;
    }
}

/// Direction of a track's path at a node, or 0.
fn tangent_at(track: &Track, n: usize) -> Vector {
    let nodes = &track.nodes;
    let (before, after) = (n.saturating_sub(1), (n + 1).min(nodes.len() - 1));
    (nodes[after].smooth - nodes[before].smooth)
        .try_normalize(1e-9)
        .unwrap_or_default()
}

fn sample(
    number: usize,
    track: &Track,
    cloud: &Cloud,
    params: &TubeParams,
    samples: &mut Vec<Sample>,
) {
    let step = 0.5 * params.gate_vox();
    let mut add = |from: Vector, to: Vector| {
        let way = to - from;
        let length = way.norm();
        let Some(tangent) = way.try_normalize(1e-9) else {
            return;
        };
        let count = (length / step).ceil().max(1.0);
        samples.extend((0..count as usize).map(|n| Sample {
            place: from + way * (n as f64 / count),
            tangent,
            track: number,
        }));
    };
    for pair in track.nodes.windows(2) {
        add(pair[0].smooth, pair[1].smooth);
    }
    let reversed: Vec<_> = track.nodes.iter().rev().copied().collect();
    for nodes in [&reversed, &track.nodes] {
        if let Some((fit, head)) = fit_end(cloud, params, nodes) {
            let halves = [0.0, 0.5, 1.0]
                .map(|part| fit.predict(head + part * params.link_distance_vox).position);
            add(halves[0], halves[1]);
            add(halves[1], halves[2]);
        }
    }
}

/// Takes back the doubt where it lasts longer than `most`.
fn forgive_long_runs(track: &Track, doubtful: &mut [bool], most: f64) {
    let nodes = &track.nodes;
    let mut start = 0;
    while start < nodes.len() {
        let same = doubtful[start..]
            .iter()
            .take_while(|&&doubt| doubt == doubtful[start])
            .count();
        let end = start + same;
        if doubtful[start] && (nodes[end - 1].smooth - nodes[start].smooth).norm() > most {
            doubtful[start..end].fill(false);
        }
        start = end;
    }
}
