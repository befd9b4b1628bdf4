use cryo_train::Precision;
use serde::{Deserialize, Serialize};

use super::{
    PredictParams,
    heat_map::predict_prepared,
    localize::{Place, peaks},
    mixture::{Mixture, best_cut, logit, score},
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
/// score; annotated particles say where the normal begins its fit. The threshold is where the expected F1 is highest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// Score above which the expected F1 is highest; for tubes half the mean score of the annotated points.
    pub threshold: f64,
    /// Mean logit of the score of particles, and its standard deviation.
    pub particles: [f64; 2],
    /// Peaks below this score were not looked at.
    pub least_score: f64,
    /// Particles that are expected in the tomograms.
    pub expected: f64,
    /// A range of thresholds; none for tubes.
    pub readings: Vec<Reading>,
}

/// Peaks below this score say nothing of particles.
const LEAST: f64 = 0.1;
/// So many particles as scored as the annotated ones count beside those found.
const WEIGHT: f64 = 20.0;
/// Those learned from score higher than others do, by about this logit.
const LEARNED: f64 = 0.3;
const LEAST_SPREAD: f64 = 0.4;

impl Calibration {
    /// From logits of all peaks and those of annotated particles.
    fn of(peaks: &[f64], annotated: &[f64]) -> Self {
        let least = logit(LEAST);
        let count = annotated.len().max(1) as f64;
        let mean = annotated.iter().sum::<f64>() / count;
        let variance = annotated.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / count;
        let expected = [mean - LEARNED, variance.sqrt().max(LEAST_SPREAD)];
        let (mixture, shares) = Mixture::fit(peaks, least, expected, WEIGHT);
        let cut = best_cut(peaks, &shares).unwrap_or(0.5 * (least + mixture.mean));
        Self {
            threshold: score(cut),
            particles: [mixture.mean, mixture.deviation],
            least_score: LEAST,
            expected: shares.iter().sum(),
            readings: readings(peaks, &shares),
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
            least_score: LEAST,
            expected: 0.0,
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
        let (_, shares) = Mixture::fit(&logits, least, self.particles, WEIGHT);
        let own = logit(self.threshold);
        let asked = best_cut(&logits, &shares).unwrap_or(own);
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
    precision: Precision,
) -> Result<Vec<Calibration>, Error> {
    let params = PredictParams {
        precision,
        ..PredictParams::default()
    };
    let classes = model.config().network.classes;
    let mut scores = vec![Vec::new(); classes];
    let mut annotated = vec![Vec::new(); classes];
    for (number, field) in fields.iter().enumerate() {
        let heat = predict_prepared(model, &field.prepared, &params, &())?;
        let mut known = field.places.clone();
        if let Some(others) = held_out {
            known.extend(&others[number].places);
        }
        for class in 0..classes {
            let found = peaks(model, &heat, class, LEAST as f32, None)?;
            let radius = model.config().classes[class].diameter_angstrom / 2.0;
            let scale = field.prepared.grid.voxel_size;
            for (place, _) in known.iter().filter(|(_, other)| *other == Some(class)) {
                let place = [
                    place[0] * scale.z(),
                    place[1] * scale.y(),
                    place[2] * scale.x(),
                ];
                let best = nearest(&found, place, radius);
                annotated[class].extend(best.map(|score| logit(f64::from(score))));
            }
            scores[class].extend(found.iter().map(|peak| logit(f64::from(peak.score))));
        }
    }
    let calibration = |class: usize| {
        if model.config().tubular {
            Calibration::of_tubes(&annotated[class])
        } else {
            Calibration::of(&scores[class], &annotated[class])
        }
    };
    Ok((0..classes).map(calibration).collect())
}

/// Score of the best peak within the radius.
fn nearest(peaks: &[Place], place: [f64; 3], radius: f64) -> Option<f32> {
    let squared = |peak: &Place| -> f64 {
        (0..3)
            .map(|axis| (peak.angstrom_zyx[axis] - place[axis]).powi(2))
            .sum()
    };
    let within = peaks.iter().filter(|peak| squared(peak) <= radius * radius);
    within.map(|peak| peak.score).max_by(f32::total_cmp)
}
