use std::collections::BTreeMap;

use cryo_core::{Grid, Progress, VoxelPos};
use serde::{Deserialize, Serialize};

use super::{
    PredictParams,
    heat_map::predict_prepared,
    likeness::{Profile, Surroundings},
    localize::{Place, lower, peaks, place_on, surroundings},
    mixture::{Known, Mixture, best_cut, logit, score},
    versus::{Parting, differences, leave_to_the_likelier, parting},
};
use crate::{Error, Model, train::Field};

/// What is expected above a threshold, of the tomograms that a model was trained on.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// Least score of a pick.
    pub threshold: f64,
    /// Expected part of the picks that are particles.
    pub precision: f64,
    /// Expected part of the particles that are picked.
    pub recall: f64,
    /// Picks.
    pub picks: usize,
}

/// How the scores of a class are read: estimated from its annotations and from all peaks, without the truth.
///
/// The logits of the scores are taken as a mixture of particles, normal, of those of each other class, normal as the
/// annotated of that class score, and of all else, falling off from the least score. Those learned from score higher than
/// others, so they are left out of the fit and only say where particles may be looked for. The threshold is where the
/// expected F1 of the others is highest.
///
/// What is expected above thresholds is of peaks that are not left to another class, and knows how many of those learned
/// from are. (To choose the threshold by these peaks, too, costs 10-voxel particles an F1 of 0.02.)
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// Score above which the expected F1 is highest; for tubes half the mean score of the annotated points.
    pub threshold: f64,
    /// Mean logit of the score of particles that were not learned from, and its standard deviation.
    pub particles: [f64; 2],
    /// Peaks below this score were not looked at.
    pub least_score: f64,
    /// Particles that are expected in the tomograms.
    pub expected: f64,
    /// Whether the scores are means over four mirror images.
    #[serde(default)]
    pub mirrors: bool,
    /// How the annotated particles look; scores are read after those of peaks that look otherwise are lowered. `None` for
    /// tubes, fewer than five annotations, particles of less than six voxels, and where it was not wanted.
    #[serde(default)]
    pub profile: Option<Profile>,
    /// Mean and standard deviation of the logits of the score at annotated particles of other classes, class by class; only
    /// of those with five peaks and more.
    #[serde(default)]
    pub rivals: Vec<[f64; 2]>,
    /// For each class, by how much the logit of this one's score must be above that one's at the same place, which is left to
    /// that one otherwise: halfway between what the annotated of either differ by. `None` for fewer than five of either, and
    /// for this class itself.
    #[serde(default)]
    pub partings: Vec<Option<f64>>,
    /// A range of thresholds; none for tubes.
    pub readings: Vec<Reading>,
}

/// Peaks below this score say nothing of particles.
const LEAST: f64 = 0.05;
const LEAST_OF_TUBES: f64 = 0.1;
/// Those learned from score higher than others do, the more the fewer they are: by about this logit over their number, give
/// or take somewhat less; at most so much. Measured with 10 to 30 annotations.
const LEARNED: [f64; 2] = [12.0, 10.0];
const LEARNED_MOST: [f64; 2] = [2.0, 1.5];
/// Usual standard deviation of the logits of particles.
const SPREAD: f64 = 0.65;
/// It counts as much as that of so many particles.
const WEIGHT: f64 = 5.0;
const LEAST_SPREAD: f64 = 0.4;
/// So many scores say how another class scores, and these are the least and the largest standard deviation that they may say.
const RIVALS: usize = 5;
const RIVALS_SPREAD: [f64; 2] = [0.25, 1.0];
/// How far the mean in another tomogram may well be from that in those of training, and for how many particles the spread counts.
const ELSEWHERE: [f64; 2] = [0.5, 10.0];

/// Logits of the scores of peaks.
#[derive(Debug, Default)]
struct Scores {
    /// At annotations that were learned from.
    learned: Vec<f64>,
    /// Annotations that were learned from and whose peaks were left to another class.
    lost: usize,
    /// At annotations that were held out; also among the others.
    held_out: Vec<f64>,
    /// At annotations of other classes.
    rivals: BTreeMap<usize, Vec<f64>>,
    others: Vec<f64>,
}

/// Those that were lowered below the least score are no peaks any more.
fn peaks_of(logits: &[f64]) -> Vec<f64> {
    let least = logit(LEAST);
    logits.iter().copied().filter(|&x| x > least).collect()
}

/// Mean and standard deviation.
fn spread(values: &[f64]) -> [f64; 2] {
    let count = values.len().max(1) as f64;
    let mean = values.iter().sum::<f64>() / count;
    let variance = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / count;
    [mean, variance.sqrt()]
}

impl Scores {
    fn known(&self) -> Known {
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len().max(1) as f64;
        let expected = if !self.held_out.is_empty() {
            let uncertain = SPREAD / (self.held_out.len() as f64).sqrt();
            [mean(&self.held_out), uncertain.max(0.2)]
        } else {
            let count = self.learned.len().max(1) as f64;
            let [above, spread] = [0, 1].map(|n| (LEARNED[n] / count).min(LEARNED_MOST[n]));
            [mean(&self.learned) - above, spread.max(0.2)]
        };
        Known {
            mean: expected,
            deviation: [SPREAD, WEIGHT],
            starts: &[-1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0],
            rivals: self.rivals(),
        }
    }

    /// Part of the particles whose peaks are left to the class.
    fn left(&self) -> f64 {
        let learned = self.learned.len() as f64;
        if learned == 0.0 {
            return 1.0;
        }
        learned / (learned + self.lost as f64)
    }

    fn rivals(&self) -> Vec<[f64; 2]> {
        let rival = |logits: &Vec<f64>| {
            let logits = peaks_of(logits);
            let [mean, deviation] = spread(&logits);
            let deviation = deviation.clamp(RIVALS_SPREAD[0], RIVALS_SPREAD[1]);
            (logits.len() >= RIVALS).then_some([mean, deviation])
        };
        self.rivals.values().filter_map(rival).collect()
    }
}

impl Calibration {
    fn of(scores: &Scores) -> Self {
        let least = logit(LEAST);
        let others = peaks_of(&scores.others);
        let (mixture, shares) = Mixture::fit(&others, least, &scores.known());
        let cut = best_cut(&others, &shares, least).unwrap_or(0.5 * (least + mixture.mean));
        let mut all: Vec<f64> = [&scores.learned[..], &others[..]].concat();
        let mut certain = vec![1.0; scores.learned.len()];
        certain.extend(&shares);
        all.extend(scores.rivals.values().flatten());
        certain.resize(all.len(), 0.0);
        Self {
            threshold: score(cut),
            particles: [mixture.mean, mixture.deviation],
            least_score: LEAST,
            expected: certain.iter().sum::<f64>() / scores.left(),
            mirrors: false,
            profile: None,
            rivals: scores.rivals(),
            partings: Vec::new(),
            readings: readings(&all, &certain, scores.left()),
        }
    }

    /// With what is expected of the peaks that are `left` to the class.
    fn expecting(self, left: &Scores) -> Self {
        let left = Self::of(left);
        Self {
            expected: left.expected,
            readings: left.readings,
            ..self
        }
    }

    /// Points of tubes have no scores of their own: they go over into one another, and not annotated tubes score as they
    /// like. So there is no mixture, only the annotated.
    fn of_tubes(annotated: &[f64]) -> Self {
        let count = annotated.len().max(1) as f64;
        let [mean, deviation] = spread(annotated);
        let mean_score = annotated.iter().map(|logit| score(*logit)).sum::<f64>() / count;
        Self {
            threshold: mean_score / 2.0,
            particles: [mean, deviation.max(LEAST_SPREAD)],
            least_score: LEAST_OF_TUBES,
            expected: 0.0,
            mirrors: false,
            profile: None,
            rivals: Vec::new(),
            partings: Vec::new(),
            readings: Vec::new(),
        }
    }

    /// The threshold for another tomogram: halfway, in logits, between the model's own and the one that the scores of the
    /// tomogram's peaks ask for, so that it follows noise and contrast, but not far. Where another class's particles score
    /// above it, too, peaks alone do not say which are which, and the model's own stands.
    #[must_use]
    pub fn threshold_for(&self, scores: &[f32]) -> f64 {
        let own = logit(self.threshold);
        let mixed = |&[mean, deviation]: &[f64; 2]| mean + 2.0 * deviation > own;
        if self.rivals.iter().any(mixed) {
            return self.threshold;
        }
        let least = logit(self.least_score);
        let logits: Vec<f64> = (scores.iter())
            .map(|&score| logit(f64::from(score)))
            .filter(|&logit| logit > least)
            .collect();
        let [mean, deviation] = self.particles;
        let known = Known {
            mean: [mean, ELSEWHERE[0]],
            deviation: [deviation, ELSEWHERE[1]],
            starts: &[-0.5, 0.0, 0.5, 1.0],
            rivals: Vec::new(),
        };
        let (_, shares) = Mixture::fit(&logits, least, &known);
        let asked = best_cut(&logits, &shares, least).unwrap_or(own);
        score(0.5 * (own + asked))
    }
}

/// `left` is the part of the particles whose peaks are left to the class.
fn readings(logits: &[f64], shares: &[f64], left: f64) -> Vec<Reading> {
    let all: f64 = shares.iter().sum();
    let reading = |step: u32| {
        let threshold = f64::from(step) / 20.0;
        let cut = logit(threshold);
        let above = logits.iter().zip(shares).filter(|(x, _)| **x >= cut);
        let (picks, found) = above.fold((0, 0.0), |(n, sum), (_, share)| (n + 1, sum + share));
        Reading {
            threshold,
            precision: if picks == 0 {
                1.0
            } else {
                found / picks as f64
            },
            recall: if all > 0.0 { left * found / all } else { 0.0 },
            picks,
        }
    };
    (2..20).map(reading).collect()
}

/// Reads the scores of a trained model on the tomograms that it was trained on; `held_out` are the same tomograms with
/// other annotations. With `likeness` the annotated particles also say how particles look.
pub(crate) fn calibrate_on(
    model: &Model,
    fields: &[Field],
    held_out: Option<&[Field]>,
    params: &PredictParams,
    likeness: bool,
    progress: &dyn Progress,
) -> Result<Vec<Calibration>, Error> {
    let tubular = model.config().tubular;
    let least = if tubular { LEAST_OF_TUBES } else { LEAST };
    let classes = model.config().network.classes;
    let mut searched: Vec<Vec<Searched<'_>>> = (0..classes).map(|_| Vec::new()).collect();
    for (number, field) in fields.iter().enumerate() {
        let heat = predict_prepared(model, &field.prepared, params, progress)?;
        let others = held_out.map(|fields| &fields[number]);
        for (class, searched) in searched.iter_mut().enumerate() {
            if field.annotates(class) || others.is_some_and(|others| others.annotates(class)) {
                let found = peaks(model, &heat, class, least as f32, None)?;
                let surroundings = (likeness && !tubular)
                    .then(|| surroundings(model, class, &heat, &field.prepared));
                let rivals = (0..classes).filter(|&other| other != class);
                searched.push(Searched {
                    learned: annotated(field, class),
                    rivals: rivals
                        .map(|other| (other, annotated(field, other)))
                        .collect(),
                    held_out: others.map_or(Vec::new(), |others| annotated(others, class)),
                    found,
                    field,
                    surroundings: surroundings.flatten(),
                    grid: heat.grid,
                });
            }
        }
    }
    let radii = model.config().radii();
    let mut profiles = Vec::with_capacity(classes);
    for (searched, radius) in searched.iter_mut().zip(&radii) {
        let profile = profile(searched, *radius);
        for one in searched {
            one.lower(profile.as_ref());
        }
        profiles.push(profile);
    }
    let partings: Vec<Vec<Parting>> = if tubular {
        vec![Vec::new(); classes]
    } else {
        let of = |class| {
            let all = (0..classes).map(|other| parted(&searched, &radii, [class, other]));
            all.collect()
        };
        (0..classes).map(of).collect()
    };
    let scores = |searched: &[Vec<Searched<'_>>]| -> Vec<Scores> {
        let of = |(class, all): (usize, &Vec<Searched<'_>>)| {
            let mut scores = Scores::default();
            for one in all {
                one.read(class, &radii, tubular, &mut scores);
            }
            scores
        };
        searched.iter().enumerate().map(of).collect()
    };
    let all = scores(&searched);
    if !tubular {
        leave(fields, &mut searched, &partings, &radii);
    }
    let mut left = scores(&searched);
    for (left, all) in left.iter_mut().zip(&all) {
        left.lost = all.learned.len().saturating_sub(left.learned.len());
    }
    let calibration = |((all, left), (profile, partings)): ((&Scores, &Scores), _)| {
        let found = if tubular {
            Calibration::of_tubes(&[&all.learned[..], &all.held_out[..]].concat())
        } else {
            Calibration::of(all).expecting(left)
        };
        Calibration {
            mirrors: params.mirrors == Some(true),
            profile,
            partings,
            ..found
        }
    };
    let scores = all.iter().zip(&left);
    let known = profiles.into_iter().zip(partings);
    Ok(scores.zip(known).map(calibration).collect())
}

/// A class's peaks in a tomogram of training.
struct Searched<'f> {
    field: &'f Field,
    /// Annotations, `(z, y, x)` in ångström.
    learned: Vec<[f64; 3]>,
    /// Those of other classes.
    rivals: Vec<(usize, Vec<[f64; 3]>)>,
    held_out: Vec<[f64; 3]>,
    found: Vec<Place>,
    surroundings: Option<Surroundings<'f>>,
    /// Of the heat map.
    grid: Grid,
}

/// Annotations of a class in ångström, `(z, y, x)`.
fn annotated(field: &Field, class: usize) -> Vec<[f64; 3]> {
    let own = (field.places.iter()).filter(|(_, other)| *other == Some(class));
    own.map(|(place, _)| angstrom(place, field)).collect()
}

/// Where two classes part, by the annotated of either in the tomograms where both were searched.
fn parted(searched: &[Vec<Searched<'_>>], radii: &[f64], [class, other]: [usize; 2]) -> Parting {
    if class == other {
        return None;
    }
    let radius = radii[class].min(radii[other]);
    let of_annotated = |class: usize, other: usize| {
        let mut found = Vec::new();
        for one in &searched[class] {
            let same = |beside: &&Searched<'_>| std::ptr::eq(beside.field, one.field);
            let beside = searched[other].iter().find(same);
            let peaks = (one.learned.iter())
                .filter_map(|&place| nearest(&one.found, place, radii[class]))
                .map(|peak| one.found[peak].clone());
            let peaks: Vec<Place> = peaks.collect();
            if let Some(beside) = beside {
                found.extend(differences(&peaks, &beside.found, radius, logit(LEAST)));
            }
        }
        found
    };
    let of_other: Vec<f64> = (of_annotated(other, class).iter())
        .map(|difference| -difference)
        .collect();
    parting(&of_annotated(class, other), &of_other)
}

/// Leaves places of two classes to the likelier, as in any tomogram.
fn leave(
    fields: &[Field],
    searched: &mut [Vec<Searched<'_>>],
    partings: &[Vec<Parting>],
    radii: &[f64],
) {
    let partings: Vec<&[Parting]> = partings.iter().map(Vec::as_slice).collect();
    for field in fields {
        let mut of_field: Vec<Option<&mut Searched<'_>>> = (searched.iter_mut())
            .map(|all| all.iter_mut().find(|one| std::ptr::eq(one.field, field)))
            .collect();
        let mut found: Vec<Vec<Place>> = (of_field.iter_mut())
            .map(|one| {
                one.as_mut()
                    .map_or_else(Vec::new, |one| std::mem::take(&mut one.found))
            })
            .collect();
        leave_to_the_likelier(&mut found, &partings, radii);
        for (one, found) in of_field.into_iter().zip(found) {
            if let Some(one) = one {
                one.found = found;
            }
        }
    }
}

/// How the annotated particles look where the network sees them, or where they were annotated.
fn profile(searched: &[Searched<'_>], radius: f64) -> Option<Profile> {
    let seen: Vec<(&Surroundings<'_>, Vec<[f64; 3]>)> = (searched.iter())
        .filter_map(|one| {
            let edge = one.field.prepared.grid.voxel_size;
            let place = |&[z, y, x]: &[f64; 3]| match nearest(&one.found, [z, y, x], radius) {
                Some(peak) => one.place(one.found[peak].voxel),
                None => [z / edge.z(), y / edge.y(), x / edge.x()],
            };
            // Those held out are to score as others do.
            Some((
                one.surroundings.as_ref()?,
                one.learned.iter().map(place).collect(),
            ))
        })
        .collect();
    Profile::learn(&seen)
}

impl Searched<'_> {
    /// Of the heat map on the grid that the network sees.
    fn place(&self, voxel: VoxelPos) -> [f64; 3] {
        place_on(&self.field.prepared.grid, &self.grid, voxel)
    }

    /// Lowers the scores of peaks that look unlike the profile.
    fn lower(&mut self, profile: Option<&Profile>) {
        if let (Some(profile), Some(surroundings)) = (profile, &self.surroundings) {
            let (grid, of) = (self.field.prepared.grid, self.grid);
            let place = |voxel| place_on(&grid, &of, voxel);
            lower(profile, surroundings, &place, &mut self.found);
        }
    }

    /// Adds the logits of the peaks' scores.
    fn read(&self, class: usize, radii: &[f64], tubular: bool, scores: &mut Scores) {
        let radius = radii[class];
        let mut found = self.found.clone();
        let logit_of = |peak: &Place| logit(f64::from(peak.score));
        for &place in &self.held_out {
            let best = nearest(&found, place, radius);
            (scores.held_out).extend(best.map(|peak| logit_of(&found[peak])));
        }
        for &place in &self.learned {
            if let Some(best) = nearest(&found, place, radius) {
                scores.learned.push(logit_of(&found[best]));
                if !tubular {
                    found.swap_remove(best);
                }
            }
        }
        if !tubular {
            for (other, places) in &self.rivals {
                // What is beside a small particle may be a large one of this class.
                let radius = radius.min(radii[*other]);
                for &place in places {
                    if let Some(best) = nearest(&found, place, radius) {
                        let logit = logit_of(&found.swap_remove(best));
                        scores.rivals.entry(*other).or_default().push(logit);
                    }
                }
            }
        }
        (scores.others).extend(found.iter().map(logit_of));
    }
}
/// `(z, y, x)` in ångström.
fn angstrom(place: &[f64; 3], field: &Field) -> [f64; 3] {
    let scale = field.prepared.grid.voxel_size;
    [
        place[0] * scale.z(),
        place[1] * scale.y(),
        place[2] * scale.x(),
    ]
}

/// The best peak within the radius.
fn nearest(peaks: &[Place], place: [f64; 3], radius: f64) -> Option<usize> {
    let squared = |peak: &Place| -> f64 {
        (0..3)
            .map(|axis| (peak.angstrom_zyx[axis] - place[axis]).powi(2))
            .sum()
    };
    let within = (peaks.iter().enumerate()).filter(|(_, peak)| squared(peak) <= radius * radius);
    let best = within.max_by(|(_, a), (_, b)| a.score.total_cmp(&b.score));
    best.map(|(index, _)| index)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::prepare;
    use cryo_core::{Volume, VoxelSize};
    use cryo_train::stream_rng;
    use ndarray::Array3;
    use rand_distr::{Distribution, Exp, Normal};

    /// Forty particles, of which the `learned` score `above` the others, among three hundred peaks of nothing.
    fn scores(learned: usize, above: f64, seed: u64) -> Scores {
        let mut rng = stream_rng(seed, "calibrate", 0);
        let (particle, falling) = (Normal::new(0.6, 0.5).unwrap(), Exp::new(2.0).unwrap());
        let mut draw = |count: usize, shift: f64| -> Vec<f64> {
            (0..count)
                .map(|_| particle.sample(&mut rng) + shift)
                .collect()
        };
        let (learned, mut others) = (draw(learned, above), draw(40 - learned, 0.0));
        let mut rng = stream_rng(seed, "calibrate", 1);
        others.extend((0..300).map(|_| logit(LEAST) + falling.sample(&mut rng)));
        Scores {
            learned,
            lost: 0,
            held_out: Vec::new(),
            rivals: BTreeMap::new(),
            others,
        }
    }

    #[test]
    fn the_threshold_does_not_follow_what_was_learned_by_heart() {
        for (learned, above) in [(10, 1.6), (10, 0.8), (20, 0.6), (30, 0.1)] {
            for seed in 0..6 {
                let scores = scores(learned, above, seed);
                let found = Calibration::of(&scores);
                let cut = logit(found.threshold);
                assert!(
                    (-1.2..0.4).contains(&cut),
                    "{learned} learned, {above} above: cut {cut:.2}"
                );
                assert!(
                    (found.expected - 40.0).abs() < 12.0,
                    "{learned} learned: {} expected",
                    found.expected
                );
            }
        }
    }

    #[test]
    fn peaks_that_were_lowered_below_the_least_score_do_not_count() {
        let mut scores = scores(10, 0.8, 2);
        let before = Calibration::of(&scores);
        scores.others.extend([-7.0; 40]);
        assert_eq!(Calibration::of(&scores), before);
    }

    #[test]
    fn where_another_class_scores_alike_another_tomogram_is_read_as_the_first() {
        let mut scores = scores(10, 0.8, 3);
        let alone = Calibration::of(&scores);
        let elsewhere: Vec<f32> = (0..60).map(|n| 0.3 + 0.01 * n as f32).collect();
        assert_ne!(alone.threshold_for(&elsewhere), alone.threshold);
        // Far below, or too few to say it.
        scores.rivals =
            BTreeMap::from([(1, vec![-2.75; 9]), (2, vec![0.1; 4]), (3, vec![-7.0; 9])]);
        let apart = Calibration::of(&scores);
        assert_eq!(apart.rivals, [[-2.75, RIVALS_SPREAD[0]]]);
        assert_ne!(apart.threshold_for(&elsewhere), apart.threshold);
        scores.rivals = BTreeMap::from([(2, (0..9).map(|n| -0.8 + 0.1 * f64::from(n)).collect())]);
        let alike = Calibration::of(&scores);
        assert_eq!(alike.threshold_for(&elsewhere), alike.threshold);
    }

    fn field() -> Field {
        let grid = Grid::new([8, 8, 8], VoxelSize::new(10.0).unwrap());
        let values = Array3::from_shape_fn((8, 8, 8), |(z, y, x)| (z * 7 + y * 3 + x) as f32);
        let volume = Volume::new(values, grid).unwrap();
        Field {
            prepared: prepare("scene", &volume.view(), None, 10.0).unwrap(),
            places: Vec::new(),
            noise: None,
            coarser: None,
        }
    }

    fn peak(x: f64, score: f32) -> Place {
        Place {
            voxel: VoxelPos {
                x: x / 10.0,
                y: 0.0,
                z: 0.0,
            },
            angstrom_zyx: [0.0, 0.0, x],
            score,
            network_score: score,
        }
    }

    fn searched(field: &Field, found: Vec<Place>) -> Searched<'_> {
        Searched {
            field,
            learned: Vec::new(),
            rivals: Vec::new(),
            held_out: Vec::new(),
            found,
            surroundings: None,
            grid: field.prepared.grid,
        }
    }

    #[test]
    fn a_large_particle_beside_a_small_annotated_one_is_nobodys_rival() {
        let field = field();
        let searched = Searched {
            rivals: vec![(0, vec![[0.0; 3]])],
            ..searched(&field, vec![peak(80.0, 0.9), peak(20.0, 0.1)])
        };
        let mut scores = Scores::default();
        searched.read(1, &[50.0, 125.0], false, &mut scores);
        let close =
            |found: &[f64], score: f64| found.len() == 1 && (found[0] - logit(score)).abs() < 1e-6;
        assert!(
            close(&scores.rivals[&0], 0.1) && close(&scores.others, 0.9),
            "{scores:?}"
        );
    }

    #[test]
    fn what_is_left_to_another_class_is_no_peak_of_its_own() {
        let fields = [field(), field()];
        // The second class is not searched in the second tomogram.
        let own = |field| Searched {
            learned: vec![[0.0; 3]],
            ..searched(field, vec![peak(0.0, 0.5), peak(400.0, 0.6)])
        };
        let mut all = [
            vec![own(&fields[0]), own(&fields[1])],
            vec![searched(&fields[0], vec![peak(10.0, 0.9)])],
        ];
        let partings = [vec![None, Some(0.0)], vec![Some(0.0), None]];
        leave(&fields, &mut all, &partings, &[50.0, 50.0]);
        let mut scores = Scores::default();
        let [own, _] = all;
        for one in own {
            one.read(0, &[50.0, 50.0], false, &mut scores);
        }
        assert_eq!((scores.learned.len(), scores.others.len()), (1, 2));
    }

    #[test]
    fn peaks_that_another_class_took_lower_the_recall_that_is_expected() {
        let mut scores = scores(10, 0.8, 2);
        let all = Calibration::of(&scores);
        scores.lost = 10;
        let half = Calibration::of(&scores);
        assert_eq!(half.threshold, all.threshold);
        assert!((half.expected - 2.0 * all.expected).abs() < 1e-9);
        for (half, all) in half.readings.iter().zip(&all.readings) {
            assert!((2.0 * half.recall - all.recall).abs() < 1e-9);
            assert_eq!(half.precision, all.precision);
        }
    }

    #[test]
    fn held_out_particles_say_where_the_others_are() {
        let mut scores = scores(10, 3.0, 1);
        scores.held_out = scores.others[..5].to_vec();
        let found = Calibration::of(&scores);
        assert!((found.particles[0] - 0.6).abs() < 0.4, "{found:?}");
    }
}
