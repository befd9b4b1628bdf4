use std::collections::BTreeMap;

use cryo_core::Progress;
use serde::{Deserialize, Serialize};

use super::{
    PredictParams,
    heat_map::predict_prepared,
    likeness::Profile,
    localize::{peaks, surroundings},
    mixture::{Known, Mixture, best_cut, logit, score},
    searched::{Searched, annotated, leave, parted, profile},
    versus::Parting,
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
pub(super) const LEAST: f64 = 0.05;
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
pub(super) struct Scores {
    /// At annotations that were learned from.
    pub(super) learned: Vec<f64>,
    /// Annotations that were learned from and whose peaks were left to another class.
    pub(super) lost: usize,
    /// At annotations that were held out; also among the others.
    pub(super) held_out: Vec<f64>,
    /// At annotations of other classes.
    pub(super) rivals: BTreeMap<usize, Vec<f64>>,
    pub(super) others: Vec<f64>,
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

#[cfg(test)]
mod tests {
    use super::*;
    use cryo_train::stream_rng;
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
