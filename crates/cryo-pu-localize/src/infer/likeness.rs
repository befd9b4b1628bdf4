use std::array::from_fn;

use cryo_filters::percentiles;
use nalgebra::{SMatrix, SVector};
use ndarray::{ArrayView1, ArrayView3};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{
    ball::Ball,
    mixture::{logit, score},
};
use crate::data::NORMAL_QUARTILES;

/// Shells of a profile, each a tenth of the diameter thick: the particle and a little of what is round it.
const SHELLS: usize = 6;
const PER_DIAMETER: f64 = 10.0;
/// Shells of smaller particles hold too few voxels.
const LEAST_ACROSS: f64 = 6.0;
/// A look-alike may fit better further from its middle, in voxels of the network's grid.
const FURTHEST: i64 = 2;
/// Fewer annotations do not say how much particles differ.
const ENOUGH: usize = 5;

type Shells = SVector<f64, SHELLS>;
type Covariance = SMatrix<f64, SHELLS, SHELLS>;

/// How the annotated particles of a class look: their mean density at each distance from the centre, less that of the
/// tomogram, where 1 is the deviation of its voxels on the network's grid.
///
/// A network learns what tells particles from what it has seen. What it has not seen may score as high, though it is
/// hollow, or a bead; such peaks look unlike the annotated particles in so simple a thing as this. Formula and sources:
/// `docs/methods/localize.md`, *likeness*.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    /// Of shells of a tenth of the diameter, from the centre outwards.
    pub mean: [f64; SHELLS],
    /// Covariance between particles beyond that of noise, neighbours and all else that is anywhere in a tomogram.
    pub covariance: [[f64; SHELLS]; SHELLS],
}

/// What is anywhere in a tomogram on the network's grid.
pub(super) struct Surroundings<'a> {
    values: ArrayView3<'a, f32>,
    ball: Ball,
    /// Of single voxels.
    median: f64,
    scale: f64,
    mean: Shells,
    covariance: Covariance,
}

/// Places that are looked at; fewer than the least say nothing.
const PLACES: usize = 600;
const LEAST_PLACES: usize = 100;
/// Of these the part that is most alike, as some hit particles and beads.
const ALIKE: f64 = 0.8;
/// Variance of six normal variables over that of the 80 % nearest to their mean.
const OF_ALIKE: f64 = 1.3;
const ROUNDS: usize = 5;
/// Nothing is known better than to this variance.
const FLOOR: f64 = 1e-4;

impl<'a> Surroundings<'a> {
    /// Of what is looked at, for particles of so many voxels; `None` where these are too small or that is too little.
    pub(super) fn of(
        values: ArrayView3<'a, f32>,
        looked_at: &dyn Fn([usize; 3]) -> bool,
        diameter_vox: f64,
    ) -> Option<Self> {
        if diameter_vox < LEAST_ACROSS {
            return None;
        }
        let places: Vec<[f64; 3]> = anywhere(values.shape())
            .take(8 * PLACES)
            .filter(|place| looked_at(place.map(|coordinate| coordinate.round() as usize)))
            .collect();
        if places.len() < LEAST_PLACES {
            return None;
        }
        let single: Vec<f32> = (places.iter())
            .map(|place| values[place.map(|coordinate| coordinate.round() as usize)])
            .collect();
        let quartiles = percentiles(ArrayView1::from(&single), &[25.0, 50.0, 75.0]).ok()?;
        let spread = quartiles[2] - quartiles[0];
        let mut found = Self {
            values,
            ball: Ball::new(SHELLS, diameter_vox / PER_DIAMETER),
            median: quartiles[1].into(),
            scale: (spread > 0.0).then(|| f64::from(NORMAL_QUARTILES / spread))?,
            mean: Shells::zeros(),
            covariance: Covariance::zeros(),
        };
        let some = &places[..places.len().min(PLACES)];
        let profiles: Vec<Shells> = (some.par_iter())
            .map(|&place| found.profile(place))
            .collect();
        (found.mean, found.covariance) = of_most(profiles);
        Some(found)
    }

    /// About a place, less that of anywhere.
    fn profile(&self, place: [f64; 3]) -> Shells {
        let raw = self.ball.profile(self.values, place);
        Shells::from_fn(|shell, _| (raw[shell] - self.median) * self.scale) - self.mean
    }

    /// Profiles about the places, each where it fits best.
    fn profiles(&self, template: &[f32], places: &[[f64; 3]]) -> Vec<Shells> {
        (places.par_iter())
            .map(|&place| {
                let best = self.ball.best(self.values, template, place, FURTHEST);
                self.profile(best.unwrap_or(place))
            })
            .collect()
    }
}

/// Evenly spread over a volume, in no order and the same each time: multiples of powers of the inverse of x⁴ = x + 1's root.
fn anywhere(shape: &[usize]) -> impl Iterator<Item = [f64; 3]> {
    const ROOT: f64 = 1.220_744_084_605_76;
    let last: [f64; 3] = from_fn(|axis| shape[axis] as f64 - 1.0);
    (1..).map(move |number: u32| {
        from_fn(|axis| {
            let step = ROOT.powi(-(axis as i32) - 1);
            (0.5 + f64::from(number) * step).fract() * last[axis]
        })
    })
}

/// Mean and covariance of those that are most alike.
fn of_most(profiles: Vec<Shells>) -> (Shells, Covariance) {
    let count = (profiles.len() as f64 * ALIKE) as usize;
    let mut order: Vec<usize> = (0..profiles.len()).collect();
    let (mut mean, mut covariance) = moments(profiles.iter());
    for _ in 0..ROUNDS {
        let inverse = inverse(covariance);
        let far: Vec<f64> = (profiles.iter())
            .map(|profile| squared(&inverse, &(profile - mean)))
            .collect();
        order.sort_by(|&a, &b| far[a].total_cmp(&far[b]));
        (mean, covariance) = moments(order[..count].iter().map(|&number| &profiles[number]));
    }
    (mean, covariance * OF_ALIKE)
}

fn moments<'p>(profiles: impl Iterator<Item = &'p Shells> + Clone) -> (Shells, Covariance) {
    let count = profiles.clone().count() as f64;
    let mean = profiles.clone().sum::<Shells>() / count.max(1.0);
    let squares: Covariance = profiles
        .map(|profile| {
            let off = profile - mean;
            off * off.transpose()
        })
        .sum();
    (mean, squares / (count - 1.0).max(1.0))
}

/// Of what is no more certain than the floor.
fn inverse(covariance: Covariance) -> Covariance {
    let sum = covariance + Covariance::identity() * FLOOR;
    let inverse = sum.cholesky().map(|parts| parts.inverse());
    inverse.unwrap_or_else(|| Covariance::identity() / FLOOR)
}

fn squared(inverse: &Covariance, off: &Shells) -> f64 {
    (off.transpose() * inverse * off)[0]
}

/// How far the mean of another tomogram's shells may well be from that in those of training, as a part of it.
const ELSEWHERE: f64 = 0.15;
/// Peaks of at least this score tell how particles look in a tomogram; if these are fewer, the best so many.
const TELLING: f32 = 0.3;
const LEAST_TELLING: usize = 5;
/// Contrast in a tomogram over that in those of training.
const CONTRAST: [f64; 2] = [0.2, 5.0];
/// What was learned counts as much as so many particles of a tomogram.
const LEARNED: f64 = 5.0;
/// Those further away say nothing of how particles look.
const FARTHEST: f64 = 4.0;
/// Mean squares of deviations up to which a peak looks like a particle, and what each further one takes of the logit.
const ALLOWED: f64 = 2.0;
const PENALTY: f64 = 1.5;

impl Profile {
    /// Of annotated places in tomograms; `None` of too few.
    pub(super) fn learn(annotated: &[(&Surroundings<'_>, Vec<[f64; 3]>)]) -> Option<Self> {
        let all: usize = annotated.iter().map(|(_, places)| places.len()).sum();
        if all < ENOUGH {
            return None;
        }
        let of_all = |template: Option<&Shells>| -> Vec<Shells> {
            let each = annotated.iter().flat_map(|(surroundings, places)| {
                let weights = template.map(|mean| surroundings.ball.template(mean.as_slice()));
                match weights {
                    Some(weights) => surroundings.profiles(&weights, places),
                    None => (places.iter())
                        .map(|&place| surroundings.profile(place))
                        .collect(),
                }
            });
            each.collect()
        };
        let first = moments(of_all(None).iter()).0;
        let (mean, own) = moments(of_all(Some(&first)).iter());
        let anywhere = annotated.iter().map(|(surroundings, places)| {
            surroundings.covariance * (places.len() as f64 / all as f64)
        });
        let beyond = own - anywhere.sum::<Covariance>();
        let mut parts = beyond.symmetric_eigen();
        parts.eigenvalues.apply(|value| *value = value.max(0.0));
        Some(Self {
            mean: mean.into(),
            covariance: parts.recompose().into(),
        })
    }

    /// How unlike the annotated particles what is about each place looks: the mean square of the deviations of its shells,
    /// less than 1 for most particles. Contrast, and in part the profile, follow those places of the tomogram that look alike.
    pub(super) fn unlikeness(
        &self,
        surroundings: &Surroundings<'_>,
        places: &[[f64; 3]],
        scores: &[f32],
    ) -> Vec<f64> {
        let mean = Shells::from(self.mean);
        let template = surroundings.ball.template(mean.as_slice());
        let profiles = surroundings.profiles(&template, places);
        let mut order: Vec<usize> = (0..scores.len()).collect();
        order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
        let telling = scores.iter().filter(|&&score| score >= TELLING).count();
        let telling = &order[..telling.max(LEAST_TELLING).min(order.len())];

        let noise = inverse(surroundings.covariance);
        let along = noise * mean / squared(&noise, &mean).max(1e-12);
        let mut contrasts: Vec<f64> = (telling.iter())
            .map(|&number| profiles[number].dot(&along))
            .collect();
        contrasts.sort_by(f64::total_cmp);
        let middle = contrasts.get(contrasts.len() / 2).copied().unwrap_or(1.0);
        let contrast = middle.clamp(CONTRAST[0], CONTRAST[1]);
        let expected = mean * contrast;
        let elsewhere =
            Covariance::from_diagonal(&expected.map(|value| (ELSEWHERE * value).powi(2)));
        let particles = Covariance::from(self.covariance) * contrast.powi(2);
        let inverse = inverse(surroundings.covariance + particles + elsewhere);
        let far =
            |profile: &Shells, from: &Shells| squared(&inverse, &(profile - from)) / SHELLS as f64;
        let mut here = expected;
        for _ in 0..ROUNDS {
            let (mut sum, mut weights) = (expected * LEARNED, LEARNED);
            for &number in telling {
                let alike = (1.0 - far(&profiles[number], &here) / FARTHEST)
                    .max(0.0)
                    .powi(2);
                sum += profiles[number] * alike;
                weights += alike;
            }
            here = sum / weights;
        }
        profiles.iter().map(|profile| far(profile, &here)).collect()
    }
}

/// The score of a peak that looks so unlike the annotated particles.
pub(super) fn lowered(network: f32, unlikeness: f64) -> f32 {
    let beyond = (unlikeness - ALLOWED).max(0.0);
    if beyond == 0.0 {
        return network;
    }
    score(logit(f64::from(network)) - PENALTY * beyond) as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use cryo_train::stream_rng;
    use ndarray::Array3;
    use rand::Rng;
    use rand_distr::StandardNormal;

    const RADIUS: f64 = 5.0;

    /// Balls of so many times the noise, the second half of them hollow.
    fn scene(seed: u64, contrast: f32) -> (Array3<f32>, Vec<[f64; 3]>) {
        let mut rng = stream_rng(seed, "likeness", 0);
        let mut values = Array3::from_shape_fn((30, 110, 110), |_| rng.sample(StandardNormal));
        let mut places = Vec::new();
        for number in 0..36 {
            let [row, column] = [number / 6, number % 6].map(|n| f64::from(n) * 17.0 + 12.0);
            places.push([15.0, row, column].map(|at| at + rng.random_range(-2.0..2.0)));
        }
        for (number, place) in places.iter().enumerate() {
            for ((z, y, x), value) in values.indexed_iter_mut() {
                let at = [z as f64, y as f64, x as f64];
                let squared: f64 = (0..3).map(|axis| (at[axis] - place[axis]).powi(2)).sum();
                let hollow = number >= 18 && squared < (0.6 * RADIUS).powi(2);
                if squared <= RADIUS * RADIUS && !hollow {
                    *value -= contrast;
                }
            }
        }
        (values, places)
    }

    fn middle(values: &[f64]) -> f64 {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        sorted[sorted.len() / 2]
    }

    #[test]
    fn other_contrast_and_many_unlike_ones_do_not_matter() {
        let (values, places) = scene(1, 1.0);
        let seen = Surroundings::of(values.view(), &|_| true, 2.0 * RADIUS).unwrap();
        let profile = Profile::learn(&[(&seen, places[..12].to_vec())]).unwrap();
        for contrast in [0.7, 1.0, 2.0] {
            let (values, places) = scene(2, contrast);
            let seen = Surroundings::of(values.view(), &|_| true, 2.0 * RADIUS).unwrap();
            let off: Vec<[f64; 3]> = (places.iter())
                .map(|[z, y, x]| [z + 1.0, *y, x - 1.0])
                .collect();
            let unlike = profile.unlikeness(&seen, &off, &[0.6; 36]);
            let [balls, hollow] = [middle(&unlike[..18]), middle(&unlike[18..])];
            assert!(
                balls < 1.0 && hollow > 3.0,
                "{contrast}: {balls} and {hollow}"
            );
        }
    }

    #[test]
    fn too_little_says_nothing() {
        let (values, places) = scene(1, 1.0);
        let of = |looked_at: &dyn Fn([usize; 3]) -> bool, across| {
            Surroundings::of(values.view(), looked_at, across)
        };
        assert!(of(&|_| true, 5.0).is_none() && of(&|[z, ..]| z == 0, 10.0).is_none());
        let constant = Array3::zeros((20, 40, 40));
        assert!(Surroundings::of(constant.view(), &|_| true, 10.0).is_none());
        let seen = of(&|_| true, 10.0).unwrap();
        assert_eq!(Profile::learn(&[(&seen, places[..4].to_vec())]), None);
        let profile = Profile::learn(&[(&seen, places[..5].to_vec())]).unwrap();
        assert!(profile.unlikeness(&seen, &[], &[]).is_empty());
    }

    #[test]
    fn only_what_is_unlike_loses_score() {
        assert_eq!([lowered(0.6, 0.0), lowered(0.6, ALLOWED)], [0.6; 2]);
        assert!((lowered(0.5, ALLOWED + 1.0) - 0.1824).abs() < 1e-4);
        assert!(lowered(0.99, 700.0) < 1e-6);
    }
}
