use crate::{
    Vector,
    banded::{BAND, Banded, Factor},
};

/// A curve in space: a cubic B-spline on equal intervals, from 0 to its length.
pub(crate) struct Spline {
    interval: f64,
    per_interval: f64,
    /// Factor of the squared third differences of the coefficients.
    stiffness: f64,
    coefficients: Vec<Vector>,
}

/// Position and derivatives at one parameter.
pub(crate) struct Jet {
    pub(crate) position: Vector,
    pub(crate) first: Vector,
    pub(crate) second: Vector,
}

/// A point that a spline is fitted to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Datum {
    pub(crate) place: Vector,
    /// Parameter.
    pub(crate) t: f64,
    pub(crate) weight: f64,
}

impl Spline {
    /// The curve over 0 to `length` that minimises `Σ wᵢ |r(tᵢ) − pᵢ|² + λ ∫ |r‴|²`, and the factor of its
    /// normal matrix.
    ///
    /// With `smoothing` s and ρ weights per length, `λ = ρ s⁶`: a wave of angular frequency `1/s` along the curve is
    /// halved. Parabolas are not touched, and a short curve becomes one. `None` if the data do not determine it.
    pub(crate) fn fit(
        data: &[Datum],
        length: f64,
        smoothing: f64,
        density: f64,
    ) -> Option<(Self, Factor)> {
        /// Beyond this the curve is a parabola to the last digit that counts.
        const STIFFEST: f64 = 1e7;
        let intervals = (length / smoothing).ceil().max(1.0);
        let interval = length / intervals;
        let count = intervals as usize + BAND;
        let mut matrix = vec![[0.0; BAND + 1]; count];
        let mut right = vec![Vector::zeros(); count];
        // Far from 0, a stiff curve would lose digits.
        let origin = data.iter().map(|datum| datum.place).sum::<Vector>() / data.len() as f64;
        for datum in data.iter().filter(|datum| datum.weight > 0.0) {
            let place = datum.place - origin;
            let (first, u) = locate(datum.t, 1.0 / interval, count);
            let basis = weights(u);
            for i in 0..=BAND {
                right[first + i] += place * (datum.weight * basis[i]);
                for j in 0..=i {
                    matrix[first + i][i - j] += datum.weight * basis[i] * basis[j];
                }
            }
        }
        let stiffness = density * (smoothing.powi(6) / interval.powi(5)).min(STIFFEST * length);
        for first in 0..count - BAND {
            // Third differences of the coefficients are the third derivative times interval³.
            const DIFFERENCE: [f64; BAND + 1] = [-1.0, 3.0, -3.0, 1.0];
            for i in 0..=BAND {
                for j in 0..=i {
                    matrix[first + i][i - j] += stiffness * DIFFERENCE[i] * DIFFERENCE[j];
                }
            }
        }
        let factor = Banded(matrix).cholesky()?;
        factor.solve(&mut right);
        for coefficient in &mut right {
            *coefficient += origin;
        }
        Some((
            Self {
                interval,
                per_interval: 1.0 / interval,
                stiffness,
                coefficients: right,
            },
            factor,
        ))
    }

    /// `λ ∫ |r‴|²`.
    pub(crate) fn bending_energy(&self) -> f64 {
        let third = |c: &[Vector]| (c[3] - c[0] + (c[1] - c[2]) * 3.0).norm_squared();
        self.stiffness * self.coefficients.windows(BAND + 1).map(third).sum::<f64>()
    }

    /// Length of the parameter's intervals; within one the curve is a cubic.
    pub(crate) fn interval(&self) -> f64 {
        self.interval
    }

    /// Beyond the ends the last cubic goes on.
    pub(crate) fn at(&self, t: f64) -> Jet {
        let (four, u) = self.around(t);
        Jet {
            position: sum(four, weights(u)),
            first: sum(four, slopes(u)) * self.per_interval,
            second: sum(four, bends(u)) * self.per_interval.powi(2),
        }
    }

    pub(crate) fn position(&self, t: f64) -> Vector {
        let (four, u) = self.around(t);
        sum(four, weights(u))
    }

    /// Length of the first derivative.
    pub(crate) fn speed(&self, t: f64) -> f64 {
        let (four, u) = self.around(t);
        sum(four, slopes(u)).norm() * self.per_interval
    }

    /// The coefficients that count at `t`, and the place in the interval.
    fn around(&self, t: f64) -> (&[Vector], f64) {
        let (first, u) = locate(t, self.per_interval, self.coefficients.len());
        (&self.coefficients[first..=first + BAND], u)
    }

    /// The parameter of the place on the curve nearest to a point, from a guess that is near.
    pub(crate) fn foot(&self, point: &Vector, mut t: f64) -> f64 {
        // Each leaves a tenth of the error or less.
        for _ in 0..4 {
            let (four, u) = self.around(t);
            let first = sum(four, slopes(u)) * self.per_interval;
            let offset = point - sum(four, weights(u));
            let step = offset.dot(&first) / first.norm_squared().max(1e-12);
            t += step.clamp(-self.interval, self.interval);
        }
        t
    }

    /// Standard deviation of each component of the second derivative, for data of unit variance.
    pub(crate) fn bend_deviation(&self, factor: &Factor, t: f64) -> f64 {
        let (first, u) = locate(t, self.per_interval, self.coefficients.len());
        let functional = bends(u).map(|bend| bend / self.interval.powi(2));
        let mut solved = vec![Vector::zeros(); self.coefficients.len()];
        for (entry, value) in solved[first..].iter_mut().zip(functional) {
            entry.x = value;
        }
        factor.solve(&mut solved);
        let square: f64 = solved[first..]
            .iter()
            .zip(functional)
            .map(|(entry, value)| entry.x * value)
            .sum();
        square.max(0.0).sqrt()
    }
}

/// The first of the four coefficients that count at `t`, and the place in the interval.
fn locate(t: f64, per_interval: f64, count: usize) -> (usize, f64) {
    let place = t * per_interval;
    // Below 0, a conversion gives 0.
    let first = (place as usize).min(count - BAND - 1);
    (first, place - first as f64)
}

fn sum(four: &[Vector], weights: [f64; BAND + 1]) -> Vector {
    let [w0, w1, w2, w3] = weights;
    four[0] * w0 + four[1] * w1 + four[2] * w2 + four[3] * w3
}

/// The uniform cubic B-splines (de Boor 1978).
fn weights(u: f64) -> [f64; BAND + 1] {
    let v = 1.0 - u;
    [
        v * v * v / 6.0,
        (3.0 * u * u * u - 6.0 * u * u + 4.0) / 6.0,
        (3.0 * v * v * v - 6.0 * v * v + 4.0) / 6.0,
        u * u * u / 6.0,
    ]
}

fn slopes(u: f64) -> [f64; BAND + 1] {
    let v = 1.0 - u;
    [
        -0.5 * v * v,
        1.5 * u * u - 2.0 * u,
        2.0 * v - 1.5 * v * v,
        0.5 * u * u,
    ]
}

fn bends(u: f64) -> [f64; BAND + 1] {
    [1.0 - u, 3.0 * u - 2.0, 1.0 - 3.0 * u, u]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(curve: impl Fn(f64) -> Vector, length: f64) -> Vec<Datum> {
        let places = (0..=40).map(|n| length * f64::from(n) / 40.0);
        places
            .map(|t| Datum {
                place: curve(t),
                t,
                weight: 1.0,
            })
            .collect()
    }

    #[test]
    fn a_parabola_is_kept_whatever_the_smoothing() {
        let curve = |t: f64| Vector::new(2.0 + t, 0.5 * t - 0.01 * t * t, 7.0 - 0.02 * t * t);
        for smoothing in [3.0, 30.0, 300.0] {
            let (spline, _) =
                Spline::fit(&data(curve, 100.0), 100.0, smoothing, 0.41).expect("determined");
            for t in [0.0, 33.3, 100.0, 105.0] {
                let jet = spline.at(t);
                assert!((jet.position - curve(t)).norm() < 1e-6, "{smoothing} {t}");
                assert!((jet.first - Vector::new(1.0, 0.5 - 0.02 * t, -0.04 * t)).norm() < 1e-6);
                assert!((jet.second - Vector::new(0.0, -0.02, -0.04)).norm() < 1e-6);
            }
            let foot = spline.foot(&(curve(60.0) + Vector::new(0.0, 0.0, 0.0)), 55.0);
            assert!((foot - 60.0).abs() < 1e-6, "{foot}");
        }
    }

    #[test]
    fn a_wave_of_the_smoothing_length_is_halved() {
        let smoothing = 10.0;
        let wave = |t: f64| Vector::new(t, (t / smoothing).sin(), 0.0);
        let (length, count) = (600.0, 1200);
        let data: Vec<Datum> = (0..=count)
            .map(|n| length * f64::from(n) / f64::from(count))
            .map(|t| Datum {
                place: wave(t),
                t,
                weight: 1.0,
            })
            .collect();
        let (spline, _) = Spline::fit(&data, length, smoothing, 2.0).expect("determined");
        let top = smoothing * std::f64::consts::PI * 10.5;
        let height = spline.at(top).position.y / wave(top).y;
        assert!((height - 0.5).abs() < 0.03, "{height}");
    }

    #[test]
    fn too_little_data_determine_no_curve() {
        let one = Datum {
            place: Vector::zeros(),
            t: 3.0,
            weight: 1.0,
        };
        assert!(Spline::fit(&[one, one, one], 10.0, 5.0, 0.3).is_none());
    }
}
