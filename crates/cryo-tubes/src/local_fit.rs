use nalgebra::{Matrix3, Vector2};

use crate::{Vector, params::TubeParams};

/// Two parabolas `a + b t + c t² / 2` across an axis, fitted to a few points along it.
///
/// The curvature `c` has a normal prior of mean 0 and a standard deviation of half the largest curvature
/// allowed: with few points the fit is a line, with many a parabola, and its uncertainty says how far it can be
/// trusted ahead (Bayesian linear regression, e.g. Bishop 2006, section 3.3).
pub(crate) struct LocalFit {
    origin: Vector,
    axis: Vector,
    sides: [Vector; 2],
    coefficients: Matrix3x2,
    /// Covariance of the coefficients, the same on both sides.
    covariance: Matrix3<f64>,
    /// Of a point, across.
    variance: f64,
}

type Matrix3x2 = nalgebra::Matrix3x2<f64>;

/// Where the fit says the curve is.
pub(crate) struct Prediction {
    pub(crate) position: Vector,
    /// Variance of the position on each side.
    pub(crate) variance: f64,
}

impl LocalFit {
    /// Fits `points` with the axis through `origin`, of length 1; points far aside are weighed down.
    pub(crate) fn new(
        points: &[Vector],
        origin: Vector,
        axis: Vector,
        params: &TubeParams,
    ) -> Self {
        let sides = perpendicular(&axis);
        let variance = params.scatter_vox.powi(2);
        let mut fit = Self {
            origin,
            axis,
            sides,
            coefficients: Matrix3x2::zeros(),
            covariance: Matrix3::identity(),
            variance,
        };
        fit.solve(points, params, |_, _| 1.0);
        for _ in 0..2 {
            let known = fit.coefficients;
            // Cauchy weights: a point at the gate counts an eighth.
            fit.solve(points, params, |place, t| {
                let off = place - known.transpose() * basis(t);
                1.0 / (1.0 + off.norm_squared() / (2.0 * variance))
            });
        }
        fit
    }

    fn solve(
        &mut self,
        points: &[Vector],
        params: &TubeParams,
        weight: impl Fn(Vector2<f64>, f64) -> f64,
    ) {
        // The axis is a good guess: offsets within links and slopes within 45° are the prior of the rest.
        let prior = [
            params.link_distance_vox,
            1.0,
            0.5 * params.max_curvature_per_vox,
        ];
        let mut normal = Matrix3::from_diagonal(&Vector::from(
            prior.map(|deviation| self.variance / (deviation * deviation)),
        ));
        let mut right = Matrix3x2::zeros();
        for point in points {
            let (t, place) = self.coordinates(point);
            let phi = basis(t);
            let weight = weight(place, t);
            normal += phi * phi.transpose() * weight;
            right += phi * place.transpose() * weight;
        }
        // The prior makes it positive definite.
        if let Some(inverse) = normal.try_inverse() {
            self.coefficients = inverse * right;
            self.covariance = inverse * self.variance;
        }
    }

    /// Place along the axis and across it.
    fn coordinates(&self, point: &Vector) -> (f64, Vector2<f64>) {
        let offset = point - self.origin;
        (
            offset.dot(&self.axis),
            Vector2::new(offset.dot(&self.sides[0]), offset.dot(&self.sides[1])),
        )
    }

    /// Place of a point along the axis.
    pub(crate) fn along(&self, point: &Vector) -> f64 {
        (point - self.origin).dot(&self.axis)
    }

    pub(crate) fn predict(&self, t: f64) -> Prediction {
        let phi = basis(t);
        let place = self.coefficients.transpose() * phi;
        Prediction {
            position: self.origin
                + self.axis * t
                + self.sides[0] * place.x
                + self.sides[1] * place.y,
            variance: phi.dot(&(self.covariance * phi)),
        }
    }

    /// Direction of the curve, of length 1.
    pub(crate) fn tangent(&self, t: f64) -> Vector {
        let slope = self.coefficients.transpose() * Vector::new(0.0, 1.0, t);
        (self.axis + self.sides[0] * slope.x + self.sides[1] * slope.y).normalize()
    }

    /// Variance of the slope on each side.
    pub(crate) fn tangent_variance(&self, t: f64) -> f64 {
        let phi = Vector::new(0.0, 1.0, t);
        phi.dot(&(self.covariance * phi))
    }

    /// Squared distance of a point from the prediction beside it, in variances of prediction and scatter.
    pub(crate) fn surprise(&self, point: &Vector) -> f64 {
        let (t, place) = self.coordinates(point);
        let phi = basis(t);
        let off = place - self.coefficients.transpose() * phi;
        off.norm_squared() / (self.variance + phi.dot(&(self.covariance * phi)))
    }
}

fn basis(t: f64) -> Vector {
    Vector::new(1.0, t, 0.5 * t * t)
}

/// Two directions that with `axis` are orthonormal.
pub(crate) fn perpendicular(axis: &Vector) -> [Vector; 2] {
    // The coordinate axis that is furthest from parallel.
    let other = Vector::ith(axis.iamin(), 1.0);
    let first = axis.cross(&other).normalize();
    [first, axis.cross(&first)]
}
