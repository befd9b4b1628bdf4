use crate::{
    Vector,
    cloud::Cloud,
    direction::{Direction, support_along},
    local_fit::LocalFit,
    params::{GATE, TubeParams},
};

/// A chain of points that follow each other along a filament.
#[derive(Debug, Clone)]
pub(crate) struct Track {
    pub(crate) nodes: Vec<Node>,
}

/// Fewest nodes that have a direction and an uncertainty.
pub(crate) const FEWEST: usize = 3;

impl Track {
    pub(crate) fn length(&self) -> f64 {
        self.nodes
            .windows(2)
            .map(|pair| (pair[1].smooth - pair[0].smooth).norm())
            .sum()
    }
}

/// A point of a track and where the curve was when it was added.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Node {
    pub(crate) point: usize,
    pub(crate) smooth: Vector,
}

/// Points that a step looks back on, at most.
const WINDOW: usize = 24;

/// Nodes whose smooth place is improved when a point is added.
const LAG: usize = 6;

/// Cost of a missed point in the units of a surprise: twice the negative logarithm of its probability, here 0.3.
const MISSED: f64 = 2.4;

/// A point ahead: place along the axis, surprise, number.
type Candidate = (f64, f64, usize);

/// Mark of a point that belongs to a finished track.
const CLAIMED: u32 = u32::MAX;

/// Grows tracks one after the other; no two share a point.
pub(crate) struct Grower<'a> {
    cloud: &'a Cloud,
    directions: &'a [Direction],
    params: &'a TubeParams,
    /// The track that last took each point.
    marks: Vec<u32>,
    current: u32,
}

impl<'a> Grower<'a> {
    pub(crate) fn new(
        cloud: &'a Cloud,
        directions: &'a [Direction],
        params: &'a TubeParams,
    ) -> Self {
        Self {
            cloud,
            directions,
            params,
            marks: vec![0; cloud.len()],
            current: 0,
        }
    }

    pub(crate) fn claim(&mut self, point: usize) {
        self.marks[point] = CLAIMED;
    }

    fn is_free(&self, point: usize) -> bool {
        self.marks[point] != CLAIMED && self.marks[point] != self.current
    }

    /// The track through a seed among the points that are not claimed, grown both ways; it may be the seed alone.
    pub(crate) fn track(&mut self, seed: usize) -> Track {
        // Below the mark of claimed points as long as there are fewer tracks than points.
        self.current += 1;
        let mut track = self.start(seed);
        for node in &track.nodes {
            self.marks[node.point] = self.current;
        }
        for _ in 0..2 {
            self.extend(&mut track);
            track.nodes.reverse();
        }
        track
    }

    /// The points within one link of the seed that lie on a parabola through it.
    fn start(&self, seed: usize) -> Track {
        let centre = self.cloud.points[seed];
        let axis = self.directions[seed].axis;
        let alone = Track {
            nodes: vec![Node {
                point: seed,
                smooth: centre,
            }],
        };
        if axis == Vector::zeros() {
            return alone;
        }
        let mut near = Vec::new();
        self.cloud
            .near(&centre, self.params.link_distance_vox, |point, offset| {
                if self.is_free(point) {
                    let along = offset.dot(&axis);
                    let aside = (offset.norm_squared() - along * along).max(0.0);
                    near.push((point, along, aside));
                }
            });
        let most = 2.0 * self.params.gate_vox().powi(2);
        let mut members: Vec<(usize, f64)> = near
            .iter()
            .filter(|near| near.2 <= most)
            .map(|near| (near.0, near.1))
            .collect();
        let mut fit = None;
        for _ in 0..2 {
            let places: Vec<Vector> = members
                .iter()
                .map(|&(point, _)| self.cloud.points[point])
                .collect();
            let next = LocalFit::new(&places, centre, axis, self.params);
            members.clear();
            for &(point, along, _) in &near {
                if next.surprise(&self.cloud.points[point]) <= GATE * GATE {
                    members.push((point, along));
                }
            }
            fit = Some(next);
        }
        members.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
        let Some(fit) = fit.filter(|_| members.len() > 1) else {
            return alone;
        };
        let node = |(point, along)| Node {
            point,
            smooth: fit.predict(along).position,
        };
        Track {
            nodes: members.into_iter().map(node).collect(),
        }
    }

    /// Adds points beyond the last one as long as there is one where the curve goes.
    fn extend(&mut self, track: &mut Track) {
        let params = self.params;
        let mut ahead = Vec::new();
        while let Some((fit, head)) = fit_end(self.cloud, params, &track.nodes) {
            for node in track.nodes.iter_mut().rev().take(LAG) {
                node.smooth = fit
                    .predict(fit.along(&self.cloud.points[node.point]))
                    .position;
            }
            ahead.clear();
            self.candidates(&fit, head, &mut ahead);
            // A missed point is improbable, so that a nearer one may fit less well.
            let step = mean_step(&track.nodes).max(params.scatter_vox);
            let cost = |&(along, surprise, _): &Candidate| {
                surprise + MISSED * (along - head).max(0.0) / step
            };
            let Some(&(along, _, point)) = ahead
                .iter()
                .min_by(|a, b| cost(a).total_cmp(&cost(b)).then(a.2.cmp(&b.2)))
            else {
                return;
            };
            let smooth = fit.predict(along).position;
            self.marks[point] = self.current;
            track.nodes.push(Node { point, smooth });
        }
    }

    /// Points ahead that lie where the curve goes.
    fn candidates(&self, fit: &LocalFit, head: f64, found: &mut Vec<Candidate>) {
        let centre = fit.predict(head).position;
        let tangent = fit.tangent(head);
        self.cloud
            .near(&centre, self.params.link_distance_vox, |point, offset| {
                if offset.dot(&tangent) <= 1e-6 || !self.is_free(point) {
                    return;
                }
                let place = &self.cloud.points[point];
                let along = fit.along(place);
                let surprise = fit.surprise(place);
                // An uncertain fit must not reach for the filament beside.
                let aside = (place - fit.predict(along).position).norm();
                let admitted = surprise <= GATE * GATE && aside <= 1.75 * self.params.gate_vox();
                if along > head + 1e-6 && admitted && self.runs_along(point, &fit.tangent(along)) {
                    found.push((along, surprise, point));
                }
            });
    }

    /// Whether the neighbours of a point do not say that another filament runs there.
    fn runs_along(&self, point: usize, tangent: &Vector) -> bool {
        /// Cosine of 30°.
        const LEAST: f64 = 0.866;
        /// Part of the neighbours' support that must speak for the track's direction, too.
        const PART: f64 = 0.6;
        let direction = self.directions[point];
        if direction.axis == Vector::zeros() || direction.axis.dot(tangent).abs() >= LEAST {
            return true;
        }
        support_along(self.cloud, point, tangent, self.params) >= PART * direction.support
    }
}

/// The fit to the last points of a track and the place of the head on its axis; `None` without direction.
pub(crate) fn fit_end(
    cloud: &Cloud,
    params: &TubeParams,
    nodes: &[Node],
) -> Option<(LocalFit, f64)> {
    let (last, rest) = nodes.split_last()?;
    // An arc of the largest curvature turns by 1.3 rad over the window.
    let reach = (1.3 / params.max_curvature_per_vox)
        .clamp(params.link_distance_vox, 3.0 * params.link_distance_vox);
    let near = |node: &&Node| (node.smooth - last.smooth).norm() <= reach;
    let window: Vec<Node> = nodes
        .iter()
        .rev()
        .take(WINDOW)
        .take_while(near)
        .copied()
        .collect();
    let first = window.last().filter(|_| window.len() > 1).or(rest.last())?;
    let axis = (last.smooth - first.smooth).try_normalize(1e-9)?;
    let places: Vec<Vector> = window.iter().map(|node| cloud.points[node.point]).collect();
    // Around the middle of the window, then around the tangent at its head.
    let fit = LocalFit::new(&places, last.smooth, axis, params);
    let head = fit.along(&last.smooth);
    let tangent = fit.tangent(head);
    let place = fit.predict(head).position;
    let fit = LocalFit::new(&places, place, tangent, params);
    let head = fit
        .along(&cloud.points[last.point])
        .max(fit.along(&last.smooth));
    Some((fit, head))
}

/// Mean distance of the last nodes of a track from each other.
fn mean_step(nodes: &[Node]) -> f64 {
    let last = &nodes[nodes.len().saturating_sub(WINDOW)..];
    let walked: f64 = last
        .windows(2)
        .map(|pair| (pair[1].smooth - pair[0].smooth).norm())
        .sum();
    walked / (last.len().max(2) - 1) as f64
}
