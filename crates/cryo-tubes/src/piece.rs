use crate::{
    Vector,
    cloud::Cloud,
    cut::Part,
    local_fit::LocalFit,
    params::TubeParams,
    track::{Node, Track, fit_end, towards_end},
};

/// A track, or a part of one, with all points that lie along it.
pub(crate) struct Piece {
    /// Number of the track.
    pub(crate) owner: usize,
    pub(crate) is_doubtful: bool,
    /// Points and their places along the track, from 0.
    pub(crate) members: Vec<(usize, f64)>,
    pub(crate) length: f64,
    /// Begin and end.
    pub(crate) ends: [End; 2],
}

/// One end of a piece, seen from within.
pub(crate) struct End {
    pub(crate) place: Vector,
    /// Of length 1, away from the piece.
    pub(crate) outward: Vector,
    pub(crate) fit: LocalFit,
    /// Place of the end on the fit's axis.
    pub(crate) head: f64,
}

impl Piece {
    /// Of a part of at least two nodes; `mine` admits the points of its track.
    pub(crate) fn new(
        part: &Part,
        track: &Track,
        cloud: &Cloud,
        params: &TubeParams,
        mine: impl Fn(usize) -> bool,
    ) -> Option<Self> {
        let nodes = &track.nodes[part.nodes.clone()];
        let ends = [
            End::new(cloud, params, &towards_end(nodes, false))?,
            End::new(cloud, params, &towards_end(nodes, true))?,
        ];
        let (members, length) = if nodes.len() == track.nodes.len() {
            (track.members.clone(), track.length)
        } else {
            let path: Vec<Vector> = nodes.iter().map(|node| node.smooth).collect();
            members_along(&path, cloud, params.gate_vox(), mine)
        };
        Some(Self {
            owner: part.owner,
            is_doubtful: part.is_doubtful,
            members,
            length,
            ends,
        })
    }
}

impl End {
    fn new(cloud: &Cloud, params: &TubeParams, nodes: &[Node]) -> Option<Self> {
        let (fit, head) = fit_end(cloud, params, nodes)?;
        Some(Self {
            place: fit.position(head),
            outward: fit.tangent(head),
            fit,
            head,
        })
    }
}

/// The points within `gate` of a broken line with their places along it, by number, and its length.
pub(crate) fn members_along(
    path: &[Vector],
    cloud: &Cloud,
    gate: f64,
    free: impl Fn(usize) -> bool,
) -> (Vec<(usize, f64)>, f64) {
    let mut found: Vec<(usize, f64, f64)> = Vec::new();
    let mut walked = 0.0;
    for pair in path.windows(2) {
        let step = pair[1] - pair[0];
        let length = step.norm();
        let middle = pair[0] + step * 0.5;
        cloud.near(&middle, 0.5 * length + gate, |point, _| {
            if !free(point) {
                return;
            }
            let offset = cloud.points[point] - pair[0];
            let part = if length > 0.0 {
                (offset.dot(&step) / (length * length)).clamp(0.0, 1.0)
            } else {
                0.0
            };
            let aside = (offset - step * part).norm();
            if aside <= gate {
                found.push((point, aside, walked + part * length));
            }
        });
        walked += length;
    }
    found.sort_by(|a, b| {
        a.0.cmp(&b.0)
            .then(a.1.total_cmp(&b.1))
            .then(a.2.total_cmp(&b.2))
    });
    found.dedup_by_key(|found| found.0);
    (
        found
            .into_iter()
            .map(|(point, _, along)| (point, along))
            .collect(),
        walked,
    )
}
