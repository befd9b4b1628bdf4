use serde::{Deserialize, Serialize};

use super::{
    PredictParams,
    heat_map::predict_prepared,
    localize::{Place, peaks},
    mixture::{Known, Mixture, best_cut, logit, score},
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
/// The logits of the scores are taken as a mixture of particles, normal, and of all else, falling off from the least
/// score. Those learned from score higher than others, so they are left out of the fit and only say where particles may be
/// looked for. The threshold is where the expected F1 of the others is highest.
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
/// How far the mean in another tomogram may well be from that in those of training, and for how many particles the spread counts.
const ELSEWHERE: [f64; 2] = [0.5, 10.0];

/// Logits of the scores of peaks.
#[derive(Debug, Default)]
struct Scores {
    /// At annotations that were learned from.
    learned: Vec<f64>,
    /// At annotations that were held out; also among the others.
    held_out: Vec<f64>,
    others: Vec<f64>,
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
        }
    }
}

impl Calibration {
    fn of(scores: &Scores) -> Self {
        let least = logit(LEAST);
        let (mixture, shares) = Mixture::fit(&scores.others, least, &scores.known());
        let cut = best_cut(&scores.others, &shares, least).unwrap_or(0.5 * (least + mixture.mean));
        let all: Vec<f64> = [&scores.learned[..], &scores.others[..]].concat();
        let mut certain = vec![1.0; scores.learned.len()];
        certain.extend(&shares);
        Self {
            threshold: score(cut),
            particles: [mixture.mean, mixture.deviation],
            least_score: LEAST,
            expected: certain.iter().sum(),
            mirrors: false,
            readings: readings(&all, &certain),
        }
    }

    /// Points of tubes have no scores of their own: they go over into one another, and not annotated tubes score as they
    /// like. So there is no mixture, only the annotated.
    fn of_tubes(annotated: &[f64]) -> Self {
        let count = annotated.len().max(1) as f64;
        let mean = annotated.iter().sum::<f64>() / count;
        let variance = annotated.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / count;
        let mean_score = annotated.iter().map(|logit| score(*logit)).sum::<f64>() / count;
        Self {
            threshold: mean_score / 2.0,
            particles: [mean, variance.sqrt().max(LEAST_SPREAD)],
            least_score: LEAST_OF_TUBES,
            expected: 0.0,
            mirrors: false,
            readings: Vec::new(),
        }
    }

    /// The threshold for another tomogram: halfway, in logits, between the model's own and the one that the scores of the
    /// tomogram's peaks ask for, so that it follows noise and contrast, but not far.
    #[must_use]
    pub fn threshold_for(&self, scores: &[f32]) -> f64 {
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
        };
        let (_, shares) = Mixture::fit(&logits, least, &known);
        let own = logit(self.threshold);
        let asked = best_cut(&logits, &shares, least).unwrap_or(own);
        score(0.5 * (own + asked))
    }
}

fn readings(logits: &[f64], shares: &[f64]) -> Vec<Reading> {
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
            recall: if all > 0.0 { found / all } else { 0.0 },
            picks,
        }
    };
    (2..20).map(reading).collect()
}

/// Reads the scores of a trained model on the tomograms that it was trained on; `held_out` are the same tomograms with
/// other annotations.
pub(crate) fn calibrate_on(
    model: &Model,
    fields: &[Field],
    held_out: Option<&[Field]>,
    params: &PredictParams,
) -> Result<Vec<Calibration>, Error> {
    let mut scores: Vec<Scores> = (0..model.config().network.classes)
        .map(|_| Scores::default())
        .collect();
    let least = if model.config().tubular {
        LEAST_OF_TUBES
    } else {
        LEAST
    };
    for (number, field) in fields.iter().enumerate() {
        let heat = predict_prepared(model, &field.prepared, params, &())?;
        let others = held_out.map_or(&[][..], |fields| &fields[number].places);
        for (class, scores) in scores.iter_mut().enumerate() {
            let held_out = held_out.is_some_and(|fields| fields[number].annotates(class));
            if !field.annotates(class) && !held_out {
                continue;
            }
            let mut found = peaks(model, &heat, class, least as f32, None)?;
            let radius = model.config().classes[class].diameter_angstrom / 2.0;
            let at = |places: &[([f64; 3], Option<usize>)]| -> Vec<[f64; 3]> {
                let own = places.iter().filter(|(_, other)| *other == Some(class));
                own.map(|(place, _)| angstrom(place, field)).collect()
            };
            for place in at(others) {
                let best = nearest(&found, place, radius);
                (scores.held_out).extend(best.map(|peak| logit(f64::from(found[peak].score))));
            }
            for place in at(&field.places) {
                if let Some(best) = nearest(&found, place, radius) {
                    scores.learned.push(logit(f64::from(found[best].score)));
                    if !model.config().tubular {
                        found.swap_remove(best);
                    }
                }
            }
            (scores.others).extend(found.iter().map(|peak| logit(f64::from(peak.score))));
        }
    }
    let calibration = |scores: &Scores| {
        let found = if model.config().tubular {
            let annotated = [&scores.learned[..], &scores.held_out[..]].concat();
            Calibration::of_tubes(&annotated)
        } else {
            Calibration::of(scores)
        };
        Calibration {
            mirrors: params.mirrors == Some(true),
            ..found
        }
    };
    Ok(scores.iter().map(calibration).collect())
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
            held_out: Vec::new(),
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
    fn held_out_particles_say_where_the_others_are() {
        let mut scores = scores(10, 3.0, 1);
        scores.held_out = scores.others[..5].to_vec();
        let found = Calibration::of(&scores);
        assert!((found.particles[0] - 0.6).abs() < 0.4, "{found:?}");
    }
}
