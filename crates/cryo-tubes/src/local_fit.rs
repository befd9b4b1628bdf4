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
        points: impl Iterator<Item = Vector> + Clone,
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
        // The axis is a good guess: offsets within links and slopes within 45° are the prior of the rest.
        let prior = [
            params.link_distance_vox,
            1.0,
            0.5 * params.max_curvature_per_vox,
        ];
        let prior = prior.map(|deviation| variance / (deviation * deviation));
        fit.solve(points.clone(), prior, |_, _| 1.0);
        let per_variance = 0.5 / variance;
        for _ in 0..2 {
            let known = fit.coefficients;
            // Cauchy weights: a point at the gate counts an eighth.
            fit.solve(points.clone(), prior, |place, t| {
                let off = place - known.tr_mul(&basis(t));
                1.0 / (1.0 + off.norm_squared() * per_variance)
            });
        }
        fit
    }

    /// By the weighted sums of the powers of the place along the axis, alone and with the places across it.
    fn solve(
        &mut self,
        points: impl Iterator<Item = Vector>,
        prior: [f64; 3],
        weight: impl Fn(Vector2<f64>, f64) -> f64,
    ) {
        let mut powers = [0.0; 5];
        let mut right = Matrix3x2::zeros();
        for point in points {
            let (t, place) = self.coordinates(&point);
            let weight = weight(place, t);
            let first = weight * t;
            let second = first * t;
            let third = second * t;
            powers[0] += weight;
            powers[1] += first;
            powers[2] += second;
            powers[3] += third;
            powers[4] += third * t;
            for side in 0..2 {
                right[(0, side)] += weight * place[side];
                right[(1, side)] += first * place[side];
                right[(2, side)] += 0.5 * second * place[side];
            }
        }
        let [p0, p1, p2, p3, p4] = powers;
        let normal = Matrix3::new(
            p0 + prior[0],
            p1,
            0.5 * p2,
            p1,
            p2 + prior[1],
            0.5 * p3,
            0.5 * p2,
            0.5 * p3,
            0.25 * p4 + prior[2],
        );
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
        Prediction {
            position: self.position(t),
            variance: phi.dot(&(self.covariance * phi)),
        }
    }

    pub(crate) fn position(&self, t: f64) -> Vector {
        let place = self.coefficients.tr_mul(&basis(t));
        self.origin + self.axis * t + self.sides[0] * place.x + self.sides[1] * place.y
    }

    /// Direction of the curve, of length 1.
    pub(crate) fn tangent(&self, t: f64) -> Vector {
        let slope = self.coefficients.tr_mul(&Vector::new(0.0, 1.0, t));
        (self.axis + self.sides[0] * slope.x + self.sides[1] * slope.y).normalize()
    }

    /// Variance of the slope on each side.
    pub(crate) fn tangent_variance(&self, t: f64) -> f64 {
        let phi = Vector::new(0.0, 1.0, t);
        phi.dot(&(self.covariance * phi))
    }

    /// Where a point is along the axis, its squared distance from the curve beside it, and the same in variances
    /// of prediction and scatter.
    pub(crate) fn judge(&self, point: &Vector) -> Judged {
        let (along, place) = self.coordinates(point);
        let phi = basis(along);
        let aside = (place - self.coefficients.tr_mul(&phi)).norm_squared();
        Judged {
            along,
            aside,
            surprise: aside / (self.variance + phi.dot(&(self.covariance * phi))),
        }
    }
}

/// What a fit says of a point.
pub(crate) struct Judged {
    pub(crate) along: f64,
    pub(crate) aside: f64,
    pub(crate) surprise: f64,
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
