use std::ops::Range;

use rayon::prelude::*;

use crate::{
    Vector,
    cells::{Cells, Division},
    cloud::Cloud,
    params::TubeParams,
    track::{FEWEST, Track, fit_end, towards_end},
};

/// Longest doubt in links.
pub(crate) const LONGEST: f64 = 3.0;

/// A place on the path of a track, or on its continuation.
#[derive(Clone, Copy)]
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
    pub(crate) nodes: Range<usize>,
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
    let samples = Samples::new(tracks, cloud, params);
    let doubts = tracks.par_iter().enumerate().map(|(number, track)| {
        let doubt = |n: usize| samples.doubt(number, &track.nodes[n].smooth, &tangent_at(track, n));
        let mut doubtful: Vec<bool> = (0..track.nodes.len()).map(doubt).collect();
        forgive_long_runs(track, &mut doubtful, LONGEST * params.link_distance_vox);
        doubt_short_runs(&mut doubtful);
        doubtful
    });
    let doubts: Vec<Vec<bool>> = doubts.collect();
    let mut parts = Vec::new();
    for (number, doubtful) in doubts.iter().enumerate() {
        add_parts(number, doubtful, &mut parts);
    }
    parts
}

/// Samples of all tracks, sorted by cell.
struct Samples {
    cells: Cells,
    samples: Vec<Sample>,
    /// Two tracks that have exchanged their ends turn away from each other before they meet.
    near: f64,
}

impl Samples {
    fn new(tracks: &[Track], cloud: &Cloud, params: &TubeParams) -> Self {
        let of_track = |(number, track): (usize, &Track)| {
            let mut samples = Vec::new();
            if track.nodes.len() >= params.min_points
                && track.length >= 2.0 * params.link_distance_vox
            {
                sample(number, track, cloud, params, &mut samples);
            }
            samples
        };
        let samples: Vec<Vec<Sample>> = tracks.par_iter().enumerate().map(of_track).collect();
        let samples = samples.concat();
        let places = samples.iter().map(|sample| sample.place);
        let low = places.reduce(|a, b| a.inf(&b)).unwrap_or_default();
        let division = Division::new(low, params.link_distance_vox);
        let mut order: Vec<(u64, u32)> = (0..)
            .zip(&samples)
            .map(|(n, sample)| (division.key(&sample.place), n))
            .collect();
        order.par_sort_unstable();
        let keys: Vec<u64> = order.iter().map(|&(key, _)| key).collect();
        let sorted = order.iter().map(|&(_, n)| samples[n as usize]);
        Self {
            cells: Cells::new(division, &keys),
            samples: sorted.collect(),
            near: 1.7 * params.gate_vox(),
        }
    }

    /// Whether another track runs near a place in nearly the same direction.
    fn doubt(&self, number: usize, place: &Vector, tangent: &Vector) -> bool {
        /// Cosine of 50°: above, momentum tells the tracks apart.
        const LEAST: f64 = 0.643;
        let most = self.near * self.near;
        let mut found = false;
        self.cells.near(place, self.near, |range| {
            found = found
                || self.samples[range].iter().any(|other| {
                    other.track != number
                        && (other.place - place).norm_squared() <= most
                        && other.tangent.dot(tangent).abs() >= LEAST
                });
        });
        found
    }
}

fn add_parts(owner: usize, doubtful: &[bool], parts: &mut Vec<Part>) {
    let (mut start, count) = (0, doubtful.len());
    for run in doubtful.chunk_by(|a, b| a == b) {
        let is_doubtful = run[0] && run.len() < count;
        let end = start + run.len();
        let nodes = if is_doubtful {
            start.saturating_sub(1)..(end + 1).min(count)
        } else {
            start..end
        };
        parts.push(Part {
            owner,
            nodes,
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
    let step = params.gate_vox();
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
    for at_end in [false, true] {
        if let Some((fit, head)) = fit_end(cloud, params, &towards_end(&track.nodes, at_end)) {
            let halves =
                [0.0, 0.5, 1.0].map(|part| fit.position(head + part * params.link_distance_vox));
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
