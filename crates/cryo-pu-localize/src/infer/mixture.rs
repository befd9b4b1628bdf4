/// Scores of peaks as a mixture: particles normal in the logit of the score, and so the particles of each other class that
/// look like them; everything else falling off exponentially above the least score.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Mixture {
    pub(super) mean: f64,
    pub(super) deviation: f64,
    /// Of the exponential, per unit of the logit.
    pub(super) rate: f64,
    pub(super) part: f64,
    rivals: Vec<Rival>,
}

/// Particles of another class.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Rival {
    mean: f64,
    deviation: f64,
    part: f64,
}

/// Scores nearer to 0 or 1 are as good as these.
const FARTHEST: f64 = 7.0;
const ROUNDS: usize = 200;
/// Broader ones are everything else.
const DEVIATIONS: [f64; 2] = [0.25, 0.8];

pub(super) fn logit(score: f64) -> f64 {
    (score / (1.0 - score)).ln().clamp(-FARTHEST, FARTHEST)
}

pub(super) fn score(logit: f64) -> f64 {
    1.0 / (1.0 + (-logit).exp())
}

/// What is known of the scores of particles beforehand.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Known {
    /// Where their mean logit is expected, and the standard deviation of that, beyond which it is not looked for.
    pub(super) mean: [f64; 2],
    /// Expected standard deviation of the logits, which counts as much as that of so many particles.
    pub(super) deviation: [f64; 2],
    /// How far below the expected mean the fit begins, in turn: the likeliest result is taken.
    pub(super) starts: &'static [f64],
    /// Mean and standard deviation of the logits of each other class's particles.
    pub(super) rivals: Vec<[f64; 2]>,
}

/// Of each peak, the probabilities to be a particle, one of each other class, and neither.
struct Shares {
    particle: f64,
    rivals: Vec<f64>,
    neither: f64,
}

impl Mixture {
    /// The likeliest by expectation-maximization (Dempster et al. 1977) of logits of at least `least` and what is known.
    /// Also the probability of each to be a particle.
    pub(super) fn fit(logits: &[f64], least: f64, known: &Known) -> (Self, Vec<f64>) {
        let climbed = known.starts.iter().map(|start| {
            let mixture = Self::climb(logits, least, known, known.mean[0] - start);
            (mixture.likelihood(logits, least, known), mixture)
        });
        let best = climbed.max_by(|a, b| a.0.total_cmp(&b.0));
        let mixture = best.map_or_else(|| Self::begin(known, known.mean[0]), |(_, best)| best);
        let shares = mixture.shares(logits, least);
        (mixture, shares)
    }

    fn begin(known: &Known, mean: f64) -> Self {
        Self {
            mean,
            deviation: known.deviation[0],
            rate: 2.0,
            part: 0.3,
            rivals: (known.rivals.iter())
                .map(|&[mean, deviation]| Rival {
                    mean,
                    deviation,
                    part: 0.3 / known.rivals.len() as f64,
                })
                .collect(),
        }
    }

    fn climb(logits: &[f64], least: f64, known: &Known, start: f64) -> Self {
        let mut mixture = Self::begin(known, start);
        let [usual, weight] = known.deviation;
        for _ in 0..ROUNDS {
            let shares: Vec<Shares> = logits.iter().map(|&x| mixture.shared(x, least)).collect();
            let total: f64 = shares.iter().map(|share| share.particle).sum();
            let sum = |value: &dyn Fn(f64) -> f64| -> f64 {
                let terms = shares.iter().zip(logits);
                terms.map(|(share, x)| share.particle * value(*x)).sum()
            };
            let precision = mixture.deviation.powi(-2);
            let own = known.mean[1].powi(-2);
            let mean = (sum(&|x| x) * precision + known.mean[0] * own) / (total * precision + own);
            let [expected, farthest] = known.mean;
            mixture.mean = mean.clamp(expected - farthest, expected + farthest);
            let centre = mixture.mean;
            let squares = sum(&|x| (x - centre).powi(2)) + weight * usual.powi(2);
            mixture.deviation = (squares / (total + weight))
                .sqrt()
                .clamp(DEVIATIONS[0], DEVIATIONS[1]);
            let all = logits.len() as f64 + 2.0;
            mixture.part = (total + 1.0) / all;
            for (number, rival) in mixture.rivals.iter_mut().enumerate() {
                rival.part = shares.iter().map(|share| share.rivals[number]).sum::<f64>() / all;
            }
            let (neither, above) =
                (shares.iter().zip(logits)).fold((0.0, 0.0), |(count, above), (share, x)| {
                    (count + share.neither, above + share.neither * (x - least))
                });
            mixture.rate = (neither + 1.0) / (above + 0.5);
        }
        mixture
    }

    /// Logarithm, but for a constant.
    fn likelihood(&self, logits: &[f64], least: f64, known: &Known) -> f64 {
        let found = logits.iter().map(|&x| {
            let Shares {
                particle,
                rivals,
                neither,
            } = self.densities(x, least);
            (particle + rivals.iter().sum::<f64>() + neither + 1e-300).ln()
        });
        let [mean, spread] = known.mean;
        let [usual, weight] = known.deviation;
        found.sum::<f64>()
            - 0.5 * ((self.mean - mean) / spread).powi(2)
            - weight * (self.deviation.ln() + 0.5 * (usual / self.deviation).powi(2))
    }

    /// Beyond the mean the probability does not fall again: the normal distribution's tail is thinner than the exponential's.
    fn shares(&self, logits: &[f64], least: f64) -> Vec<f64> {
        let at_mean = self.shared(self.mean, least).particle;
        let share = |&x: &f64| {
            let share = self.shared(x, least).particle;
            if x > self.mean {
                share.max(at_mean)
            } else {
                share
            }
        };
        logits.iter().map(share).collect()
    }

    fn shared(&self, x: f64, least: f64) -> Shares {
        let mut shares = self.densities(x, least);
        let all = shares.particle + shares.rivals.iter().sum::<f64>() + shares.neither + 1e-300;
        shares.particle /= all;
        shares.rivals.iter_mut().for_each(|share| *share /= all);
        shares.neither /= all;
        shares
    }

    /// Of each at x, times its part.
    fn densities(&self, x: f64, least: f64) -> Shares {
        let rivals: Vec<f64> = (self.rivals.iter())
            .map(|rival| rival.part * normal(x, rival.mean, rival.deviation))
            .collect();
        let rest = 1.0 - self.part - self.rivals.iter().map(|rival| rival.part).sum::<f64>();
        Shares {
            particle: self.part * normal(x, self.mean, self.deviation),
            rivals,
            neither: rest * self.rate * (-self.rate * (x - least)).exp(),
        }
    }
}

fn normal(x: f64, mean: f64, deviation: f64) -> f64 {
    (-0.5 * ((x - mean) / deviation).powi(2)).exp()
        / (deviation * (2.0 * std::f64::consts::PI).sqrt())
}

/// The logit above which the expected F1 is highest, give or take a hundredth: the middle of those. It lies between the two
/// peaks that it parts; below the last there is nothing down to `least`.
pub(super) fn best_cut(logits: &[f64], shares: &[f64], least: f64) -> Option<f64> {
    let mut order: Vec<usize> = (0..logits.len()).collect();
    order.sort_by(|&a, &b| logits[b].total_cmp(&logits[a]));
    let all: f64 = shares.iter().sum();
    let mut found = 0.0;
    let expected: Vec<f64> = (order.iter().enumerate())
        .map(|(number, &index)| {
            found += shares[index];
            2.0 * found / (number as f64 + 1.0 + all)
        })
        .collect();
    let best = expected.iter().copied().fold(0.0, f64::max);
    if best == 0.0 {
        return None;
    }
    let good = |f1: &f64| *f1 >= best - EVEN;
    let below = |number: usize| {
        let here = logits[order[number]];
        let next = order.get(number + 1).map_or(least, |&next| logits[next]);
        0.5 * (here + next)
    };
    let (first, last) = (
        expected.iter().position(good)?,
        expected.iter().rposition(good)?,
    );
    Some(0.5 * (below(first) + below(last)))
}

/// Such a difference in F1 is none.
const EVEN: f64 = 0.01;

#[cfg(test)]
mod tests {
    use super::*;
    use cryo_train::stream_rng;
    use rand::Rng;
    use rand_distr::{Distribution, Exp, Normal};

    fn drawn(seed: u64, particles: usize, others: usize, mean: f64) -> (Vec<f64>, Vec<bool>) {
        let mut rng = stream_rng(seed, "mixture", 0);
        let (normal, falling) = (Normal::new(mean, 0.6).unwrap(), Exp::new(1.6).unwrap());
        let least = logit(0.1);
        let mut logits = Vec::new();
        let mut truth = Vec::new();
        for number in 0..particles + others {
            let particle = number < particles;
            let value: f64 = if particle {
                normal.sample(&mut rng)
            } else {
                least + falling.sample(&mut rng)
            };
            logits.push(value.max(least) + 1e-9 * rng.random::<f64>());
            truth.push(particle);
        }
        (logits, truth)
    }

    fn f1(logits: &[f64], truth: &[bool], cut: f64) -> f64 {
        let picked: Vec<bool> = logits.iter().map(|&x| x >= cut).collect();
        let hits = picked.iter().zip(truth).filter(|(a, b)| **a && **b).count() as f64;
        let all = picked.iter().chain(truth).filter(|x| **x).count() as f64;
        2.0 * hits / all
    }

    const KNOWN: Known = Known {
        mean: [0.0, 1.0],
        deviation: [0.65, 5.0],
        starts: &[-1.0, 0.0, 1.0, 2.0],
        rivals: Vec::new(),
    };

    #[test]
    fn the_cut_is_near_the_best_one_though_the_expected_mean_is_off() {
        const DRAWS: u64 = 8;
        for (mean, off_mean) in [(0.2, 0.5), (0.6, 0.35), (1.2, 0.35), (2.5, 0.35)] {
            for off in [-0.8, 0.0, 0.8] {
                let known = Known {
                    mean: [mean + off, 1.0],
                    ..KNOWN
                };
                let mut lost = 0.0;
                for seed in 0..DRAWS {
                    let (logits, truth) = drawn(seed, 60, 300, mean);
                    let (mixture, shares) = Mixture::fit(&logits, logit(0.1), &known);
                    assert!(
                        (mixture.mean - mean).abs() < off_mean,
                        "{mean}: {mixture:?}"
                    );
                    let cut = best_cut(&logits, &shares, logit(0.1)).unwrap();
                    let best = (logits.iter())
                        .map(|&x| f1(&logits, &truth, x))
                        .fold(0.0, f64::max);
                    lost += best - f1(&logits, &truth, cut);
                }
                let lost = lost / DRAWS as f64;
                assert!(lost < 0.03, "mean {mean}, expected off by {off}: {lost}");
            }
        }
    }

    #[test]
    fn a_hump_of_other_peaks_is_not_taken_for_particles() {
        let mut rng = stream_rng(5, "hump", 0);
        let (hump, particles) = (
            Normal::new(-1.9, 0.6).unwrap(),
            Normal::new(0.4, 0.4).unwrap(),
        );
        let mut logits: Vec<f64> = (0..280).map(|_| hump.sample(&mut rng)).collect();
        logits.extend((0..20).map(|_| particles.sample(&mut rng)));
        logits.retain(|&x| x > logit(0.05));
        let known = Known {
            mean: [0.4, 0.4],
            ..KNOWN
        };
        let (mixture, shares) = Mixture::fit(&logits, logit(0.05), &known);
        assert!((mixture.mean - 0.4).abs() <= 0.4, "{mixture:?}");
        let cut = best_cut(&logits, &shares, logit(0.05)).unwrap();
        assert!((-0.9..0.3).contains(&cut), "{cut}");
    }

    #[test]
    fn particles_of_another_class_are_told_apart_by_the_known_scores_of_some() {
        const DRAWS: u64 = 8;
        let mut lost = [0.0; 2];
        for seed in 0..DRAWS {
            let mut rng = stream_rng(seed, "rivals", 0);
            let (own, others) = (
                Normal::new(0.4, 0.5).unwrap(),
                Normal::new(-0.9, 0.5).unwrap(),
            );
            let (mut logits, _) = drawn(seed, 0, 200, 0.0);
            let mut truth = vec![false; logits.len()];
            for (count, normal, is) in [(60, own, true), (90, others, false)] {
                let mut draw = || -> f64 { normal.sample(&mut rng) };
                logits.extend((0..count).map(|_| draw().max(logit(0.1))));
                truth.extend(vec![is; count]);
            }
            let best = (logits.iter())
                .map(|&x| f1(&logits, &truth, x))
                .fold(0.0, f64::max);
            for (lost, rivals) in lost.iter_mut().zip([vec![[-0.9, 0.5]], Vec::new()]) {
                let known = Known {
                    mean: [0.2, 0.5],
                    rivals,
                    ..KNOWN
                };
                let (_, shares) = Mixture::fit(&logits, logit(0.1), &known);
                let cut = best_cut(&logits, &shares, logit(0.1)).unwrap();
                *lost += (best - f1(&logits, &truth, cut)) / DRAWS as f64;
            }
        }
        let [with, without] = lost;
        assert!(with < 0.06 && without > with + 0.1, "{with} {without}");
    }

    #[test]
    fn there_is_no_cut_of_nothing() {
        assert_eq!(best_cut(&[], &[], -2.0), None);
        let (_, shares) = Mixture::fit(&[], -2.0, &KNOWN);
        assert!(shares.is_empty());
    }
}
