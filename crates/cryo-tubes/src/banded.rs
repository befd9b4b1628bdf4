use crate::Vector;

/// Entries of a row below the diagonal that may differ from 0.
pub(crate) const BAND: usize = 3;

/// A symmetric matrix whose entries further than [`BAND`] from the diagonal are 0: row `i` holds the entries
/// `(i, i)`, `(i, i − 1)`, … `(i, i − BAND)`.
pub(crate) struct Banded(pub(crate) Vec<[f64; BAND + 1]>);

/// The Cholesky factor of a [`Banded`] matrix, of the same band.
pub(crate) struct Factor(Vec<[f64; BAND + 1]>);

impl Banded {
    /// `None` unless the matrix is positive definite.
    pub(crate) fn cholesky(mut self) -> Option<Factor> {
        for i in 0..self.0.len() {
            for d in (0..=BAND.min(i)).rev() {
                let j = i - d;
                let mut value = self.0[i][d];
                for k in (d + 1)..=BAND.min(i) {
                    // Column i − k of both rows.
                    value -= self.0[i][k] * self.0[j][k - d];
                }
                if d > 0 {
                    self.0[i][d] = value / self.0[j][0];
                } else if value > 1e-14 * self.0[i][0].abs() && value.is_finite() {
                    self.0[i][0] = value.sqrt();
                } else {
                    return None;
                }
            }
        }
        Some(Factor(self.0))
    }
}

impl Factor {
    /// Solves in place, three right sides at once.
    pub(crate) fn solve(&self, right: &mut [Vector]) {
        for i in 0..right.len() {
            for d in 1..=BAND.min(i) {
                let known = right[i - d];
                right[i] -= known * self.0[i][d];
            }
            right[i] /= self.0[i][0];
        }
        for i in (0..right.len()).rev() {
            right[i] /= self.0[i][0];
            let known = right[i];
            for d in 1..=BAND.min(i) {
                right[i - d] -= known * self.0[i][d];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn banded_solution_matches_the_product_it_came_from() {
        let n = 9;
        let entry = |i: usize, j: usize| match i.abs_diff(j) {
            0 => 7.0 + i as f64,
            d @ 1..=3 => 1.5 / d as f64 - 0.1 * i.max(j) as f64,
            _ => 0.0,
        };
        let rows =
            (0..n).map(|i| std::array::from_fn(|d| if d <= i { entry(i, i - d) } else { 0.0 }));
        let factor = Banded(rows.collect())
            .cholesky()
            .expect("positive definite");
        let wanted: Vec<Vector> = (0..n)
            .map(|i| Vector::new(i as f64, 1.0, (i * i) as f64))
            .collect();
        let mut right: Vec<Vector> = (0..n)
            .map(|i| (0..n).fold(Vector::zeros(), |sum, j| sum + wanted[j] * entry(i, j)))
            .collect();
        factor.solve(&mut right);
        for (got, wanted) in right.iter().zip(&wanted) {
            assert!((got - wanted).norm() < 1e-9, "{got} is not {wanted}");
        }
    }

    #[test]
    fn what_is_not_positive_definite_has_no_factor() {
        assert!(
            Banded(vec![[1.0, 0.0, 0.0, 0.0], [1.0, 1.0, 0.0, 0.0]])
                .cholesky()
                .is_none()
        );
        assert!(Banded(vec![[f64::NAN, 0.0, 0.0, 0.0]]).cholesky().is_none());
    }
}
