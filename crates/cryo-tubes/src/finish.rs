use cryo_core::{AngstromPos, ParticleSet};

use crate::{
    Vector,
    cloud::{Cloud, Stretch},
    fit::{ArcLength, Fit},
    join::Part,
    params::TubeParams,
    piece::{Piece, members_along},
    spline::{Jet, Spline},
    tracing::Reason,
    tube::{Tube, TubePoint},
};

/// From chains of pieces to filaments.
pub(crate) struct Finisher<'a> {
    pub(crate) set: &'a ParticleSet,
    pub(crate) cloud: &'a Cloud,
    pub(crate) pieces: &'a [Piece],
    /// Points that no piece has.
    pub(crate) is_free: &'a [bool],
    pub(crate) params: &'a TubeParams,
    pub(crate) class: Option<u32>,
}

/// A particle on a curve: place along it, number of its point.
type Supporter = (f64, usize);

impl Finisher<'_> {
    /// The filament of a chain, or what is wrong with it.
    pub(crate) fn tube(&self, chain: &[Part]) -> Result<Tube, Reason> {
        let mut members = self.members(chain);
        if members.len() < self.params.min_points {
            return Err(Reason::FewPoints);
        }
        let mut fit = Fit::new(self.places(&members), self.params).ok_or(Reason::FewPoints)?;
        // Points in a crossing, which may lie on both filaments.
        let free = self.free_along(&fit);
        if !free.is_empty() {
            fit = fit
                .with_more(self.places(&free), self.params)
                .ok_or(Reason::FewPoints)?;
            members.extend(free);
        }
        let mut supporters: Vec<Supporter> = members
            .iter()
            .zip(&fit.data)
            .filter(|(_, datum)| datum.weight > 0.0)
            .map(|(&(_, point), datum)| (datum.t, point))
            .collect();
        supporters.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let supporters = self.without_loose_ends(&supporters);
        let supporters = self.without_poor_ends(supporters);
        let (Some(first), Some(last)) = (supporters.first(), supporters.last()) else {
            return Err(Reason::FewPoints);
        };
        if supporters.len() < self.params.min_points {
            return Err(Reason::FewPoints);
        }
        if last.0 - first.0 < self.params.min_length_vox {
            return Err(Reason::Short);
        }
        if fit.residual > self.params.max_residual_vox {
            return Err(Reason::Rough);
        }
        let (curvature, place) = largest_curvature(&fit.spline, first.0, last.0);
        // A filament that bends just as much as allowed must not fall to its noise.
        if curvature - 3.0 * fit.curvature_deviation(place) > self.params.max_curvature_per_vox {
            return Err(Reason::Bent);
        }
        Ok(self.resampled(&fit, supporters, curvature))
    }

    fn places<'m>(&'m self, members: &'m [Supporter]) -> impl Iterator<Item = (Vector, f64)> + 'm {
        members
            .iter()
            .map(|&(along, point)| (self.cloud.points[point], along))
    }

    /// Free points near the curve with their places along it.
    fn free_along(&self, fit: &Fit) -> Vec<Supporter> {
        let end = fit
            .data
            .iter()
            .filter(|datum| datum.weight > 0.0)
            .map(|datum| datum.t)
            .fold(0.0, f64::max);
        // An arc of the largest curvature lies a fifth of a voxel from its chord.
        let count = (0.5 * end / self.params.gate_vox()).ceil().max(1.0);
        let step = end / count;
        let path: Vec<Vector> = (0..=count as usize)
            .map(|n| fit.spline.position(n as f64 * step))
            .collect();
        let free = |point: usize| self.is_free[point];
        let (found, length) = members_along(&path, self.cloud, self.params.gate_vox(), free);
        let scale = if length > 0.0 { end / length } else { 1.0 };
        found
            .into_iter()
            .map(|(point, along)| (along * scale, point))
            .collect()
    }

    /// The points of a chain with rough places along it.
    fn members(&self, chain: &[Part]) -> Vec<Supporter> {
        let mut members = Vec::new();
        let mut walked = 0.0;
        let mut before: Option<Vector> = None;
        for part in chain {
            let piece = &self.pieces[part.piece];
            let [begin, end] = if part.reversed { [1, 0] } else { [0, 1] };
            if let Some(before) = before {
                // The gap, or how far two pieces overlap.
                let gap = piece.ends[begin].place - before;
                walked += -gap.dot(&piece.ends[begin].outward);
            }
            members.extend(piece.members.iter().map(|&(point, along)| {
                let along = if part.reversed {
                    piece.length - along
                } else {
                    along
                };
                (walked + along, point)
            }));
            walked += piece.length;
            before = Some(piece.ends[end].place);
        }
        // Parts of one track share the nodes between them.
        members.sort_by(|a, b| a.1.cmp(&b.1).then(a.0.total_cmp(&b.0)));
        members.dedup_by_key(|member| member.1);
        members
    }

    /// Without one or two points that hang on by more than a link.
    fn without_loose_ends<'s>(&self, supporters: &'s [Supporter]) -> &'s [Supporter] {
        /// Points that hold an end.
        const LEAST: usize = 3;
        let mut rest = supporters;
        let wide = |pair: &[Supporter]| pair[1].0 - pair[0].0 > self.params.link_distance_vox;
        while let Some(cut) = rest.windows(2).take(LEAST - 1).position(wide) {
            rest = &rest[cut + 1..];
        }
        while let Some(cut) = rest.windows(2).rev().take(LEAST - 1).position(wide) {
            rest = &rest[..rest.len() - 1 - cut];
        }
        rest
    }

    /// Without ends whose score is poor beside that of the whole.
    fn without_poor_ends<'s>(&self, supporters: &'s [Supporter]) -> &'s [Supporter] {
        if !self.cloud.has_scores || supporters.is_empty() {
            return supporters;
        }
        let scores: Vec<f64> = supporters
            .iter()
            .map(|&(t, _)| self.score_at(supporters, t))
            .collect();
        let mut sorted = scores.clone();
        sorted.sort_by(f64::total_cmp);
        let least = self.params.min_end_score * sorted[sorted.len() / 2];
        let good = |score: &f64| *score >= least;
        match (scores.iter().position(good), scores.iter().rposition(good)) {
            (Some(first), Some(last)) => &supporters[first..=last],
            _ => supporters,
        }
    }

    /// Mean score around a place along the curve.
    fn score_at(&self, supporters: &[Supporter], t: f64) -> f64 {
        let width = 0.5 * self.params.link_distance_vox;
        let first = supporters.partition_point(|&(other, _)| other < t - 4.0 * width);
        let (mut sum, mut total) = (0.0, 0.0);
        for &(other, point) in supporters[first..]
            .iter()
            .take_while(|(other, _)| *other <= t + 4.0 * width)
        {
            let weight = (-0.5 * ((other - t) / width).powi(2)).exp();
            sum += weight * self.cloud.scores[point];
            total += weight;
        }
        if total > 0.0 {
            return sum / total;
        }
        // In a gap of more than eight widths: the mean of both sides.
        let before = supporters[..first].last();
        let sides: Vec<f64> = before
            .into_iter()
            .chain(supporters.get(first))
            .map(|&(_, point)| self.cloud.scores[point])
            .collect();
        sides.iter().sum::<f64>() / sides.len().max(1) as f64
    }

    fn resampled(&self, fit: &Fit, supporters: &[Supporter], curvature: f64) -> Tube {
        let (first, last) = (supporters[0].0, supporters[supporters.len() - 1].0);
        let arc = ArcLength::new(&fit.spline, last);
        let (start, end) = (arc.at(first), arc.total());
        let forward = runs_forward(&fit.spline, first, last);
        let to_angstrom = self.set.grid.voxel_size.x();
        let stretch = Stretch::of(self.set);
        // A last point that rounding puts beyond the end is still wanted.
        let count = ((end - start) / self.params.spacing_vox + 1e-9).floor() as usize + 1;
        let point = |n: usize| {
            let walked = n as f64 * self.params.spacing_vox;
            let t = arc.parameter(if forward {
                start + walked
            } else {
                end - walked
            });
            let jet = fit.spline.at(t);
            let tangent = jet.first.normalize() * if forward { 1.0 } else { -1.0 };
            TubePoint {
                position: stretch.undo(&jet.position),
                arc_length_angstrom: walked * to_angstrom,
                tangent: AngstromPos::xyz(tangent.x, tangent.y, tangent.z),
                score: self
                    .cloud
                    .has_scores
                    .then(|| self.score_at(supporters, t) as f32),
            }
        };
        let points = (0..count).map(point).collect();
        let mut sources: Vec<usize> = supporters
            .iter()
            .flat_map(|&(_, point)| self.cloud.sources(point).iter().copied())
            .collect();
        if !forward {
            sources.reverse();
        }
        Tube {
            class: self.class,
            points,
            sources,
            length_angstrom: (end - start) * to_angstrom,
            max_curvature_per_vox: curvature,
            residual_vox: fit.residual,
        }
    }
}

/// A rule for which end is the first: along the axis on which the ends differ most, the lower one.
fn runs_forward(spline: &Spline, first: f64, last: f64) -> bool {
    let along = spline.position(last) - spline.position(first);
    along[along.iamax()] >= 0.0
}

/// The largest curvature between two parameters and where it is.
fn largest_curvature(spline: &Spline, first: f64, last: f64) -> (f64, f64) {
    let count = (last - first).ceil().max(1.0) as usize;
    let places = (0..=count).map(|n| first + (last - first) * n as f64 / count as f64);
    places
        .map(|t| (curvature(&spline.at(t)), t))
        .fold(
            (0.0, first),
            |best, next| if next.0 > best.0 { next } else { best },
        )
}

/// `|r′ × r″| / |r′|³`.
fn curvature(jet: &Jet) -> f64 {
    jet.first.cross(&jet.second).norm() / jet.first.norm().powi(3)
}
