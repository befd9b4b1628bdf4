use nalgebra::{DMatrix, DVector};

/// `c + b u + a u²` with `u = (s − middle) / half`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Parabola {
    pub(super) middle: f64,
    pub(super) half: f64,
    /// Of 1, u and u².
    pub(super) coefficients: [f64; 3],
}

impl Parabola {
    /// Least squares by QR on the parameter scaled to −1..=1, and the mean squared distance of the values.
    ///
    /// `None` if fewer than three parameters differ.
    pub(super) fn fit(parameters: &[f64], values: &[f64]) -> Option<(Self, f64)> {
        let low = parameters.iter().copied().fold(f64::INFINITY, f64::min);
        let high = parameters.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let (middle, half) = (0.5 * (low + high), 0.5 * (high - low));
        let wide = half.is_finite() && half > 0.0;
        if !wide || parameters.len() < 3 {
            return None;
        }
        let basis = DMatrix::from_fn(parameters.len(), 3, |row, power| {
            ((parameters[row] - middle) / half).powi(power as i32)
        });
        let right = DVector::from_column_slice(values);
        let decomposed = basis.clone().qr();
        let triangle = decomposed.r();
        let least = (0..3)
            .map(|n| triangle[(n, n)].abs())
            .fold(f64::INFINITY, f64::min);
        if least < 1e-10 * (parameters.len() as f64).sqrt() {
            return None;
        }
        let solution = triangle.solve_upper_triangular(&(decomposed.q().transpose() * &right))?;
        let residual = (basis * &solution - right).norm_squared() / parameters.len() as f64;
        let coefficients = [solution[0], solution[1], solution[2]];
        Some((
            Self {
                middle,
                half,
                coefficients,
            },
            residual,
        ))
    }

    pub(super) fn at(&self, s: f64) -> f64 {
        let u = (s - self.middle) / self.half;
        let [c, b, a] = self.coefficients;
        c + u * (b + u * a)
    }

    pub(super) fn slope(&self, s: f64) -> f64 {
        let u = (s - self.middle) / self.half;
        let [_, b, a] = self.coefficients;
        (b + 2.0 * a * u) / self.half
    }

    /// The largest `|y″| / (1 + y′²)^(3/2)` between two parameters.
    pub(super) fn largest_curvature(&self, low: f64, high: f64) -> f64 {
        let [_, b, a] = self.coefficients;
        let second = 2.0 * a / (self.half * self.half);
        // Curvature falls from the vertex on.
        let vertex = if a == 0.0 {
            self.middle
        } else {
            self.middle - self.half * b / (2.0 * a)
        };
        let slope = self.slope(vertex.clamp(low, high));
        second.abs() / (1.0 + slope * slope).powf(1.5)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_curvature_matches_closed_form() {
        // y = −0.01 s²: 0.02 at the vertex; the reference's exponent 2/3 and signed maximum give 0.0018.
        let parameters: Vec<f64> = (0..=300).map(f64::from).collect();
        let values: Vec<f64> = parameters.iter().map(|s| -0.01 * s * s).collect();
        let (parabola, residual) = Parabola::fit(&parameters, &values).expect("three parameters");
        assert!(residual < 1e-18);
        assert!((parabola.largest_curvature(0.0, 300.0) - 0.02).abs() < 1e-12);
        let expected = 0.02 / (1.0_f64 + 4.0).powf(1.5);
        assert!((parabola.largest_curvature(100.0, 300.0) - expected).abs() < 1e-12);
        assert!((parabola.at(350.0) + 1225.0).abs() < 1e-8);
        assert!((parabola.slope(200.0) + 4.0).abs() < 1e-10);
    }

    #[test]
    fn far_parameters_lose_no_digits() {
        let parameters: Vec<f64> = (0..20).map(|n| 1e5 + f64::from(n)).collect();
        let values: Vec<f64> = parameters
            .iter()
            .map(|s| 0.5 * (s - 1e5) * (s - 1e5))
            .collect();
        let (_, residual) = Parabola::fit(&parameters, &values).expect("three parameters");
        assert!(residual < 1e-20, "{residual}");
    }

    #[test]
    fn two_different_parameters_give_no_parabola() {
        assert!(Parabola::fit(&[1.0, 1.0, 2.0, 2.0], &[0.0, 1.0, 2.0, 3.0]).is_none());
        assert!(Parabola::fit(&[1.0; 5], &[0.0; 5]).is_none());
        assert!(Parabola::fit(&[1.0, 2.0], &[0.0; 2]).is_none());
    }
}
