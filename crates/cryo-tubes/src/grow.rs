use std::collections::HashSet;

use cryo_core::Progress;
use rayon::prelude::*;

use crate::{
    Vector,
    cloud::Cloud,
    direction::{Direction, support_along},
    error::Error,
    local_fit::LocalFit,
    params::{GATE, TubeParams},
    piece::members_along,
    track::{FEWEST, Node, Track, fit_around, fit_end, mean_step},
};

/// Nodes whose smooth place is improved when a point is added.
const LAG: usize = 6;

/// Cost of a missed point in the units of a surprise: twice the negative logarithm of its probability, here 0.3.
const MISSED: f64 = 2.4;

/// Owner of a point on no track.
const NOBODY: u32 = u32::MAX;

/// A point ahead: place along the axis, surprise, number.
type Candidate = (f64, f64, usize);

/// Tracks grown one after the other from the best supported points; no two share a point. Also the number of the
/// track that each point belongs to.
///
/// A few tracks are grown at the same time, each as if it was the next, and then taken in order. One that relied
/// on a point that an earlier one has taken meanwhile is grown again, so that the tracks are those of growing
/// one after the other.
pub(crate) fn tracks(
    cloud: &Cloud,
    directions: &[Direction],
    params: &TubeParams,
    progress: &dyn Progress,
) -> Result<(Vec<Track>, Vec<u32>), Error> {
    grown_together(cloud, directions, params, progress, MOST)
}

/// Most tracks grown at the same time.
const MOST: usize = 256;

fn grown_together(
    cloud: &Cloud,
    directions: &[Direction],
    params: &TubeParams,
    progress: &dyn Progress,
    most: usize,
) -> Result<(Vec<Track>, Vec<u32>), Error> {
    let seeds = seeds(directions);
    let grower = Grower {
        cloud,
        directions,
        params,
    };
    let mut tracks: Vec<Track> = Vec::new();
    let mut owners = vec![NOBODY; cloud.len()];
    progress.begin("following filaments", seeds.len() as u64);
    let (mut next, mut wanted) = (0, 1);
    while next < seeds.len() {
        if progress.is_cancelled() {
            return Err(Error::Cancelled);
        }
        let start = next;
        let mut batch = Vec::with_capacity(wanted);
        while batch.len() < wanted && next < seeds.len() {
            batch.extend((owners[seeds[next]] == NOBODY).then_some(seeds[next]));
            next += 1;
        }
        let grown: Vec<Growth> = match batch[..] {
            [seed] => vec![grower.grown(seed, &owners)],
            _ => batch
                .par_iter()
                .map(|&seed| grower.grown(seed, &owners))
                .collect(),
        };
        let mut wasted = 0;
        for (mut growth, &seed) in grown.into_iter().zip(&batch) {
            let is_taken = |&point: &usize| owners[point] != NOBODY;
            if growth.relied_on.iter().any(is_taken) {
                wasted += 1;
                if is_taken(&seed) {
                    continue;
                }
                growth = grower.grown(seed, &owners);
            }
            let Some(mut track) = growth.track else {
                continue;
            };
            track.members.retain(|(point, _)| !is_taken(point));
            for &(point, _) in &track.members {
                owners[point] = tracks.len() as u32;
            }
            tracks.push(track);
        }
        // Few filaments are better grown one by one.
        wanted = if 4 * wasted <= batch.len() {
            (2 * wanted).min(most)
        } else {
            (wanted / 2).max(1)
        };
        progress.advance((next - start) as u64);
    }
    Ok((tracks, owners))
}

/// Points with neighbours on a line, the best supported first.
fn seeds(directions: &[Direction]) -> Vec<usize> {
    let mut seeds: Vec<usize> = (0..directions.len())
        .filter(|&point| directions[point].support > 0.5)
        .collect();
    // Two points that see but each other have equal support, up to rounding.
    let rank = |point: usize| (directions[point].support * 1e6).round();
    seeds.par_sort_unstable_by(|&a, &b| rank(b).total_cmp(&rank(a)).then(a.cmp(&b)));
    seeds
}

/// A track and the points that it would be another one without.
struct Growth {
    /// `None` if it has too few nodes.
    track: Option<Track>,
    relied_on: Vec<usize>,
}

/// Grows single tracks.
struct Grower<'a> {
    cloud: &'a Cloud,
    directions: &'a [Direction],
    params: &'a TubeParams,
}

impl Grower<'_> {
    /// The track through a seed among the points without an owner, grown both ways.
    fn grown(&self, seed: usize, owners: &[u32]) -> Growth {
        let mut growing = Growing {
            grower: self,
            owners,
            taken: HashSet::new(),
            nodes: Vec::new(),
            relied_on: vec![seed],
        };
        growing.start(seed);
        for _ in 0..2 {
            growing.extend();
            growing.nodes.reverse();
        }
        let Growing {
            nodes, relied_on, ..
        } = growing;
        let track = (nodes.len() >= FEWEST).then(|| {
            let path: Vec<_> = nodes.iter().map(|node| node.smooth).collect();
            let free = |point: usize| owners[point] == NOBODY;
            let gate = self.params.gate_vox();
            let (members, length) = members_along(&path, self.cloud, gate, free);
            Track {
                nodes,
                members,
                length,
            }
        });
        Growth { track, relied_on }
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

/// A track that grows.
struct Growing<'a> {
    grower: &'a Grower<'a>,
    owners: &'a [u32],
    /// Points of the nodes.
    taken: HashSet<usize>,
    nodes: Vec<Node>,
    relied_on: Vec<usize>,
}

impl Growing<'_> {
    /// The points within one link of the seed that lie on a parabola through it, else the seed alone.
    fn start(&mut self, seed: usize) {
        let Grower { cloud, params, .. } = *self.grower;
        let centre = cloud.points[seed];
        let axis = self.grower.directions[seed].axis;
        let mut members: Vec<(usize, f64)> = Vec::new();
        let mut fit = None;
        if axis != Vector::zeros() {
            let mut near = Vec::new();
            let most = 2.0 * params.gate_vox().powi(2);
            cloud.near(&centre, params.link_distance_vox, |point, offset| {
                if self.owners[point] == NOBODY {
                    let along = offset.dot(&axis);
                    near.push((point, along));
                    if offset.norm_squared() - along * along <= most {
                        members.push((point, along));
                    }
                }
            });
            for _ in 0..2 {
                let places = members.iter().map(|&(point, _)| cloud.points[point]);
                let next = LocalFit::new(places, centre, axis, params);
                self.relied_on.extend(members.iter().map(|member| member.0));
                let fits = |&&(point, _): &&(usize, f64)| {
                    next.judge(&cloud.points[point]).surprise <= GATE * GATE
                };
                members = near.iter().filter(fits).copied().collect();
                fit = Some(next);
            }
            self.relied_on.extend(members.iter().map(|member| member.0));
        }
        members.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
        self.nodes = match fit.filter(|_| members.len() > 1) {
            Some(fit) => {
                let node = |(point, along)| Node {
                    point,
                    smooth: fit.position(along),
                };
                members.into_iter().map(node).collect()
            }
            None => vec![Node {
                point: seed,
                smooth: centre,
            }],
        };
        self.taken = self.nodes.iter().map(|node| node.point).collect();
    }

    /// Adds points beyond the last one as long as there is one where the curve goes.
    fn extend(&mut self) {
        let Grower { cloud, params, .. } = *self.grower;
        let mut ahead = Vec::new();
        let mut latest = fit_end(cloud, params, &self.nodes);
        while let Some((fit, head)) = latest {
            for node in self.nodes.iter_mut().rev().take(LAG) {
                node.smooth = fit.position(fit.along(&cloud.points[node.point]));
            }
            ahead.clear();
            self.candidates(&fit, head, &mut ahead);
            self.relied_on
                .extend(ahead.iter().map(|candidate| candidate.2));
            // A missed point is improbable, so that a nearer one may fit less well.
            let step = mean_step(&self.nodes).max(params.scatter_vox);
            let cost = |&(along, surprise, _): &Candidate| {
                surprise + MISSED * (along - head).max(0.0) / step
            };
            let Some(&(along, _, point)) = ahead
                .iter()
                .min_by(|a, b| cost(a).total_cmp(&cost(b)).then(a.2.cmp(&b.2)))
            else {
                return;
            };
            let smooth = fit.position(along);
            self.taken.insert(point);
            self.nodes.push(Node { point, smooth });
            let guess = (smooth, fit.tangent(along));
            latest = Some(fit_around(cloud, params, &self.nodes, guess));
        }
    }

    /// Points ahead that lie where the curve goes.
    fn candidates(&self, fit: &LocalFit, head: f64, found: &mut Vec<Candidate>) {
        let Grower { cloud, params, .. } = *self.grower;
        let (centre, tangent) = (fit.position(head), fit.tangent(head));
        // An uncertain fit must not reach for the filament beside.
        let most = (1.75 * params.gate_vox()).powi(2);
        cloud.near(&centre, params.link_distance_vox, |point, offset| {
            if offset.dot(&tangent) <= 1e-6 || self.owners[point] != NOBODY {
                return;
            }
            let judged = fit.judge(&cloud.points[point]);
            let admitted = judged.surprise <= GATE * GATE && judged.aside <= most;
            if judged.along > head + 1e-6
                && admitted
                && !self.taken.contains(&point)
                && self.grower.runs_along(point, &fit.tangent(judged.along))
            {
                found.push((judged.along, judged.surprise, point));
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use cryo_core::{Grid, Particle, ParticleSet, VoxelPos, VoxelSize};

    use super::*;
    use crate::direction::direction_at;

    /// Filaments along x and y in one slab that cross and touch.
    fn crowd() -> ParticleSet {
        let grid = Grid::new([40, 200, 200], VoxelSize::new(10.0).expect("valid"));
        let mut set = ParticleSet::new("crowd", grid);
        for line in 0..40_u32 {
            for n in 0..50_u32 {
                let along = 4.0 * f64::from(n);
                let aside = 5.0 * f64::from(line);
                let wave = 2.0 * f64::from(17 * line + 29 * n).sin();
                let (x, y) = if line % 2 == 0 {
                    (along, aside + wave)
                } else {
                    (aside + wave, along)
                };
                set.items
                    .push(Particle::at(VoxelPos::xyz(x, y, 20.0 + wave)));
            }
        }
        set
    }

    #[test]
    fn growing_at_the_same_time_matches_growing_one_by_one() {
        let (set, params) = (crowd(), TubeParams::default());
        let members: Vec<usize> = (0..set.len()).collect();
        let cloud = Cloud::new(&set, &members, params.link_distance_vox).expect("finite");
        let mut scratch = Vec::new();
        let directions: Vec<Direction> = (0..cloud.len())
            .map(|point| direction_at(&cloud, point, &params, &mut scratch))
            .collect();
        let grown = |most| {
            let (tracks, owners) =
                grown_together(&cloud, &directions, &params, &(), most).expect("not cancelled");
            let nodes = tracks.iter().map(|track| {
                let nodes = track.nodes.iter().map(|node| (node.point, node.smooth));
                (nodes.collect::<Vec<_>>(), track.members.clone())
            });
            (nodes.collect::<Vec<_>>(), owners)
        };
        let alone = grown(1);
        assert!(alone.0.len() >= 20, "{} tracks", alone.0.len());
        assert!(alone == grown(32) && alone == grown(256));
    }
}
