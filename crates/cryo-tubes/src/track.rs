use crate::{
    Vector,
    cloud::Cloud,
    direction::Direction,
    local_fit::LocalFit,
    params::{GATE, TubeParams},
};

/// A chain of points that follow each other along a filament.
#[derive(Debug, Clone)]
pub(crate) struct Track {
    pub(crate) nodes: Vec<Node>,
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

    pub(crate) fn is_claimed(&self, point: usize) -> bool {
        self.marks[point] == CLAIMED
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
        let mut ahead = Vec::new();
        while let Some((fit, head)) = fit_end(self.cloud, self.params, &track.nodes) {
            for node in track.nodes.iter_mut().rev().take(LAG) {
                node.smooth = fit
                    .predict(fit.along(&self.cloud.points[node.point]))
                    .position;
            }
            ahead.clear();
            self.candidates(&fit, head, &mut ahead);
            let Some(&(nearest, ..)) = ahead.iter().min_by(|a, b| a.0.total_cmp(&b.0)) else {
                return;
            };
            // Of points side by side the best.
            let beside = nearest + 2.0 * self.params.scatter_vox;
            let level = ahead.iter().filter(|(along, ..)| *along <= beside);
            let Some(&(along, _, point)) =
                level.min_by(|a, b| a.1.total_cmp(&b.1).then(a.2.cmp(&b.2)))
            else {
                return;
            };
            let smooth = fit.predict(along).position;
            self.marks[point] = self.current;
            track.nodes.push(Node { point, smooth });
        }
    }

    /// Points ahead that lie where the curve goes: place along the axis, surprise, number.
    fn candidates(&self, fit: &LocalFit, head: f64, found: &mut Vec<(f64, f64, usize)>) {
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
                if along > head + 1e-6
                    && surprise <= GATE * GATE
                    && self.runs_along(point, &fit.tangent(along))
                {
                    found.push((along, surprise, point));
                }
            });
    }

    /// Whether the neighbours of a point do not say that another filament runs there.
    fn runs_along(&self, point: usize, tangent: &Vector) -> bool {
        /// Cosine of 40°.
        const LEAST: f64 = 0.766;
        let direction = self.directions[point];
        direction.axis == Vector::zeros() || direction.axis.dot(tangent).abs() >= LEAST
    }
}

/// The fit to the last points of a track and the place of the head on its axis; `None` without direction.
pub(crate) fn fit_end(
    cloud: &Cloud,
    params: &TubeParams,
    nodes: &[Node],
) -> Option<(LocalFit, f64)> {
    let (last, rest) = nodes.split_last()?;
    // An arc of the largest curvature turns by 0.8 rad over the window.
    let reach = (0.8 / params.max_curvature_per_vox)
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
