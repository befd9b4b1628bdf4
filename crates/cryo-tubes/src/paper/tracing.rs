use std::collections::BTreeMap;

use cryo_core::{AngstromPos, ParticleSet, Progress};
use petgraph::unionfind::UnionFind;
use rayon::prelude::*;

use super::{FitAxis, PaperParams, parabola::Parabola};
use crate::{
    Vector,
    cloud::{Cloud, Stretch},
    error::Error,
    tracing::{Reason, Tracing},
    tube::{Tube, TubePoint},
};

/// The filaments of a set as the publication finds them.
///
/// Points up to a distance from each other are joined; of every connected component two parabolas, x(y) and
/// z(y), are fitted; components of enough points, small residual and small curvature become filaments, resampled
/// from the smallest to the largest y in equal steps of y (`docs/methods/tubes.md`). Filaments that run across y are
/// lost and filaments that touch are merged: this is the published method, kept for comparison; use
/// [`trace_tubes`](crate::trace_tubes). The curvature is the true one; the reference's code raises
/// to 2/3 where the formula has 3/2 and takes the signed maximum.
///
/// Classes, empty sets and duplicates are treated as in [`trace_tubes`](crate::trace_tubes). A point of the
/// result has the mean score of the particles within half a link along the axis, the reference gives none.
///
/// # Errors
/// As [`trace_tubes`](crate::trace_tubes).
///
/// # Examples
/// ```
/// use cryo_core::{Grid, Particle, ParticleSet, VoxelPos, VoxelSize};
/// use cryo_tubes::{PaperParams, trace_tubes_as_paper};
///
/// let mut picks = ParticleSet::new("ts_01", Grid::new([60, 100, 80], VoxelSize::new(10.0).expect("valid")));
/// for n in 0..20 {
///     let y = 4.0 * f64::from(n);
///     picks.items.push(Particle::at(VoxelPos::xyz(20.0 + 0.005 * y * y, y, 30.0)));
/// }
/// let tracing = trace_tubes_as_paper(&picks, &PaperParams::default(), &())?;
/// assert_eq!(tracing.tubes.len(), 1);
/// assert_eq!(tracing.tubes[0].points.len(), 39);
/// assert!((tracing.tubes[0].max_curvature_per_vox - 0.01).abs() < 1e-9);
/// # Ok::<(), cryo_tubes::Error>(())
/// ```
pub fn trace_tubes_as_paper(
    set: &ParticleSet,
    params: &PaperParams,
    progress: &dyn Progress,
) -> Result<Tracing, Error> {
    params.validate()?;
    let mut classes: BTreeMap<Option<u32>, Vec<usize>> = BTreeMap::new();
    for (index, item) in set.items.iter().enumerate() {
        classes.entry(item.class).or_default().push(index);
    }
    let mut tracing = Tracing::default();
    for (class, members) in classes {
        let cloud = Cloud::new(set, &members, params.link_distance_vox)?;
        if progress.is_cancelled() {
            return Err(Error::Cancelled);
        }
        let components = components(&cloud, params.link_distance_vox);
        progress.begin("fitting filaments", components.len() as u64);
        let fit = |members: &Vec<usize>| {
            progress.advance(1);
            Component {
                set,
                cloud: &cloud,
                params,
                members,
            }
            .tube(class)
        };
        let mut tubes = Vec::new();
        for result in components.par_iter().map(fit).collect::<Vec<_>>() {
            match result {
                Ok(tube) => tubes.push(tube),
                Err(reason) => tracing.dropped.count(reason),
            }
        }
        tubes.sort_by(|a, b| b.length_angstrom.total_cmp(&a.length_angstrom));
        tracing.tubes.append(&mut tubes);
    }
    tracing.unused = set.len()
        - tracing
            .tubes
            .iter()
            .map(|tube| tube.sources.len())
            .sum::<usize>();
    Ok(tracing)
}

/// Points joined by steps of at most `distance`, by the first point of each group.
fn components(cloud: &Cloud, distance: f64) -> Vec<Vec<usize>> {
    let mut groups = UnionFind::<u32>::new(cloud.len());
    for (index, point) in (0_u32..).zip(&cloud.points) {
        cloud.near(point, distance, |other, _| {
            if other < index as usize {
                groups.union(index, other as u32);
            }
        });
    }
    let labels = groups.into_labeling();
    let mut place: BTreeMap<u32, usize> = BTreeMap::new();
    let mut components: Vec<Vec<usize>> = Vec::new();
    for (index, label) in labels.into_iter().enumerate() {
        let place = *place.entry(label).or_insert_with(|| {
            components.push(Vec::new());
            components.len() - 1
        });
        components[place].push(index);
    }
    components
}

struct Component<'a> {
    set: &'a ParticleSet,
    cloud: &'a Cloud,
    params: &'a PaperParams,
    members: &'a [usize],
}

impl Component<'_> {
    fn tube(&self, class: Option<u32>) -> Result<Tube, Reason> {
        if self.members.len() < self.params.min_points {
            return Err(Reason::FewPoints);
        }
        let (along, aside) = match self.params.axis {
            FitAxis::Y => (1, 0),
            FitAxis::X => (0, 1),
        };
        let mut members: Vec<(f64, usize)> = self
            .members
            .iter()
            .map(|&point| (self.cloud.points[point][along], point))
            .collect();
        members.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let parameters: Vec<f64> = members.iter().map(|member| member.0).collect();
        let (low, high) = (parameters[0], parameters[parameters.len() - 1]);
        // As the reference: without an extent along the axis there is no filament.
        if high - low < 2.0 {
            return Err(Reason::Short);
        }
        let values = |axis: usize| -> Vec<f64> {
            members
                .iter()
                .map(|&(_, point)| self.cloud.points[point][axis])
                .collect()
        };
        let fitted = [aside, 2].map(|axis| Parabola::fit(&parameters, &values(axis)));
        let [Some((first, of_first)), Some((second, of_second))] = fitted else {
            return Err(Reason::Rough);
        };
        let residual = of_first + of_second;
        if residual >= self.params.max_residual_vox2 {
            return Err(Reason::Rough);
        }
        let curvature = first
            .largest_curvature(low, high)
            .max(second.largest_curvature(low, high));
        if curvature >= self.params.max_curvature_per_vox {
            return Err(Reason::Bent);
        }
        let curve = Curve {
            along,
            aside,
            parabolas: [first, second],
        };
        let (points, length) = self.resampled(&curve, &members);
        let sources = members
            .iter()
            .flat_map(|&(_, point)| self.cloud.sources(point).iter().copied());
        Ok(Tube {
            class,
            points,
            sources: sources.collect(),
            length_angstrom: length * self.set.grid.voxel_size.x(),
            max_curvature_per_vox: curvature,
            residual_vox: residual.sqrt(),
        })
    }

    fn resampled(&self, curve: &Curve, members: &[(f64, usize)]) -> (Vec<TubePoint>, f64) {
        let (low, high) = (members[0].0, members[members.len() - 1].0);
        let to_angstrom = self.set.grid.voxel_size.x();
        let stretch = Stretch::of(self.set);
        let spacing = self.params.spacing_vox;
        let count = ((high - low) / spacing + 1e-9).floor() as usize + 1;
        let mut walked = 0.0;
        let mut points = Vec::with_capacity(count);
        for n in 0..count {
            let s = low + n as f64 * spacing;
            if n > 0 {
                walked += curve.length(s - spacing, s);
            }
            let tangent = curve.derivative(s).normalize();
            points.push(TubePoint {
                position: stretch.undo(&curve.at(s)),
                arc_length_angstrom: walked * to_angstrom,
                tangent: AngstromPos::xyz(tangent.x, tangent.y, tangent.z),
                score: self.cloud.has_scores.then(|| self.score_at(members, s)),
            });
        }
        let rest = curve.length(low + (count - 1) as f64 * spacing, high);
        (points, walked + rest)
    }

    /// Mean score of the points within half a link along the axis, else of the nearest one.
    fn score_at(&self, members: &[(f64, usize)], s: f64) -> f32 {
        let half = 0.5 * self.params.link_distance_vox;
        let first = members.partition_point(|&(place, _)| place < s - half);
        let near: Vec<f64> = members[first..]
            .iter()
            .take_while(|(place, _)| *place <= s + half)
            .map(|&(_, point)| self.cloud.scores[point])
            .collect();
        if near.is_empty() {
            let nearest = members
                .iter()
                .min_by(|a, b| (a.0 - s).abs().total_cmp(&(b.0 - s).abs()));
            return nearest.map_or(0.0, |&(_, point)| self.cloud.scores[point] as f32);
        }
        (near.iter().sum::<f64>() / near.len() as f64) as f32
    }
}

/// A curve as a function of one coordinate.
struct Curve {
    along: usize,
    aside: usize,
    parabolas: [Parabola; 2],
}

impl Curve {
    fn at(&self, s: f64) -> Vector {
        self.vector(s, self.parabolas.map(|parabola| parabola.at(s)))
    }

    fn derivative(&self, s: f64) -> Vector {
        self.vector(1.0, self.parabolas.map(|parabola| parabola.slope(s)))
    }

    fn vector(&self, along: f64, [aside, z]: [f64; 2]) -> Vector {
        let mut vector = Vector::zeros();
        vector[self.along] = along;
        vector[self.aside] = aside;
        vector.z = z;
        vector
    }

    /// Length between two parameters, by Simpson's rule in steps of at most a voxel.
    fn length(&self, from: f64, to: f64) -> f64 {
        let count = (to - from).ceil().max(1.0);
        let step = (to - from) / count;
        let speed = |s: f64| self.derivative(s).norm();
        (0..count as usize)
            .map(|n| from + n as f64 * step)
            .map(|s| step / 6.0 * (speed(s) + 4.0 * speed(s + 0.5 * step) + speed(s + step)))
            .sum()
    }
}
