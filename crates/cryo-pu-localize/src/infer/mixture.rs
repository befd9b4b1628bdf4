/// Scores of peaks as a mixture: particles normal in the logit of the score, everything else falling off exponentially
/// above the least score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Mixture {
    pub(super) mean: f64,
    pub(super) deviation: f64,
    /// Of the exponential, per unit of the logit.
    pub(super) rate: f64,
    pub(super) part: f64,
}

/// Scores nearer to 0 or 1 are as good as these.
const FARTHEST: f64 = 7.0;
const ROUNDS: usize = 100;
const LEAST_DEVIATION: f64 = 0.25;

pub(super) fn logit(score: f64) -> f64 {
    (score / (1.0 - score)).ln().clamp(-FARTHEST, FARTHEST)
}

pub(super) fn score(logit: f64) -> f64 {
    1.0 / (1.0 + (-logit).exp())
}

impl Mixture {
    /// Expectation-maximization (Dempster et al. 1977) of logits of at least `least`, in which `weight` particles of the
    /// expected mean and deviation count beside those found. Also the probability of each to be a particle.
    pub(super) fn fit(
        logits: &[f64],
        least: f64,
        [mean, deviation]: [f64; 2],
        weight: f64,
    ) -> (Self, Vec<f64>) {
        let mut mixture = Self {
            mean,
            deviation,
            rate: 1.5,
            part: 0.3,
        };
        let mut shares = mixture.shares(logits, least);
        for _ in 0..ROUNDS {
            let total: f64 = shares.iter().sum();
            let with = total + weight;
            let sum = |value: &dyn Fn(f64) -> f64| -> f64 {
                shares
                    .iter()
                    .zip(logits)
                    .map(|(share, x)| share * value(*x))
                    .sum()
            };
            mixture.part = (total + 1.0) / (logits.len() as f64 + 2.0);
            mixture.mean = (sum(&|x| x) + weight * mean) / with;
            let centre = mixture.mean;
            let squares = sum(&|x| (x - centre).powi(2)) + weight * deviation.powi(2);
            mixture.deviation = (squares / with).sqrt().max(LEAST_DEVIATION);
            let above: f64 = (shares.iter().zip(logits))
                .map(|(share, x)| (1.0 - share) * (x - least))
                .sum();
            mixture.rate = (logits.len() as f64 - total + 1.0) / (above + 1e-9);
            shares = mixture.shares(logits, least);
        }
        (mixture, shares)
    }

    /// Beyond the mean the probability does not fall again: the normal distribution's tail is thinner than the exponential's.
    fn shares(&self, logits: &[f64], least: f64) -> Vec<f64> {
        let at_mean = self.share(self.mean, least);
        let share = |&x: &f64| {
            let share = self.share(x, least);
            if x > self.mean {
                share.max(at_mean)
            } else {
                share
            }
        };
        logits.iter().map(share).collect()
    }

    fn share(&self, x: f64, least: f64) -> f64 {
        let normal = (-0.5 * ((x - self.mean) / self.deviation).powi(2)).exp()
            / (self.deviation * (2.0 * std::f64::consts::PI).sqrt());
        let particle = self.part * normal;
        let other = (1.0 - self.part) * self.rate * (-self.rate * (x - least)).exp();
        particle / (particle + other + 1e-300)
    }
}

/// The logit above which the expected F1 is highest: between the two peaks that it parts.
pub(super) fn best_cut(logits: &[f64], shares: &[f64]) -> Option<f64> {
    let mut order: Vec<usize> = (0..logits.len()).collect();
    order.sort_by(|&a, &b| logits[b].total_cmp(&logits[a]));
    let all: f64 = shares.iter().sum();
    let (mut found, mut best) = (0.0, (0.0, None));
    for (number, &index) in order.iter().enumerate() {
        found += shares[index];
        let f1 = 2.0 * found / (number as f64 + 1.0 + all);
        if f1 > best.0 {
            let below = order
                .get(number + 1)
                .map_or(logits[index], |&next| logits[next]);
            best = (f1, Some(0.5 * (logits[index] + below)));
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    use super::*;
    use cryo_train::stream_rng;
    use rand::Rng;
    use rand_distr::{Distribution, Exp, Normal};

    fn drawn(particles: usize, others: usize, mean: f64) -> (Vec<f64>, Vec<bool>) {
        let mut rng = stream_rng(3, "mixture", 0);
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

    #[test]
    fn the_cut_is_near_the_best_one_though_the_expected_mean_is_off() {
        for mean in [0.6, 1.2, 2.5] {
            let (logits, truth) = drawn(60, 300, mean);
            let (mixture, shares) = Mixture::fit(&logits, logit(0.1), [mean + 0.4, 0.5], 10.0);
            assert!((mixture.mean - mean).abs() < 0.35, "{mixture:?}");
            let cut = best_cut(&logits, &shares).unwrap();
            let best = (logits.iter())
                .map(|&x| f1(&logits, &truth, x))
                .fold(0.0, f64::max);
            let reached = f1(&logits, &truth, cut);
            assert!(reached > best - 0.03, "mean {mean}: {reached} of {best}");
        }
    }

    #[test]
    fn there_is_no_cut_of_nothing() {
        assert_eq!(best_cut(&[], &[]), None);
        let (_, shares) = Mixture::fit(&[], -2.0, [1.0, 0.5], 5.0);
        assert!(shares.is_empty());
    }
}
