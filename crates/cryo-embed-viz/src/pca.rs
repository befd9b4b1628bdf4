use nalgebra::{DMatrix, SymmetricEigen};
use ndarray::{Array1, Array2, ArrayView2, Axis, s};
use rayon::prelude::*;

use crate::{
    Error,
    error::{require, require_at_least, require_length},
    matrix::{ROWS, checked, mean},
};

/// Principal components of points.
#[derive(Debug, Clone, PartialEq)]
pub struct Pca {
    /// Mean of the points, `[d]`.
    pub mean: Array1<f64>,
    /// `[components, d]`: directions of length 1, the widest first; the largest entry of each is positive.
    pub components: Array2<f64>,
    /// Variance along each, with n − 1 degrees of freedom.
    pub explained_variance: Array1<f64>,
    /// Part of all variance along each, 0 to 1.
    pub explained_variance_ratio: Array1<f64>,
}

impl Pca {
    /// The first `components` principal components of `points` `[n, d]`.
    ///
    /// `components` is at least 1 and at most min(n, d). Time n d² + d³: meant for d up to a few thousand.
    /// The covariance is summed in double precision over fixed blocks; the result does not depend on the
    /// number of threads. Components, variances and signs are scikit-learn's.
    ///
    /// # Errors
    /// [`Error::Parameter`], [`Error::TooFew`] below 2 points, [`Error::NotFinite`].
    ///
    /// # Examples
    /// ```
    /// let points = ndarray::array![[0.0, 1.0], [2.0, 1.0], [4.0, 1.0]];
    /// let pca = cryo_embed_viz::Pca::fit(points.view(), 1)?;
    /// assert!((pca.explained_variance[0] - 4.0).abs() < 1e-12);
    /// assert_eq!(pca.transform(points.view())?, ndarray::array![[-2.0], [0.0], [2.0]]);
    /// # Ok::<(), cryo_embed_viz::Error>(())
    /// ```
    pub fn fit(points: ArrayView2<'_, f32>, components: usize) -> Result<Self, Error> {
        let (n, d) = points.dim();
        require_at_least("points", 2, n)?;
        let valid = components >= 1 && components <= n.min(d);
        let rule = "at least 1 and at most the numbers of points and of columns";
        require(valid, "components", rule, components as f64)?;
        let points = checked(points)?;
        let middle = Array1::from(mean(points.view()));
        let covariance = covariance(points.view(), &middle);
        let total: f64 = covariance.diag().sum();
        let matrix = DMatrix::from_fn(d, d, |row, column| covariance[[row, column]]);
        let eigen = SymmetricEigen::new(matrix);
        let mut order: Vec<usize> = (0..d).collect();
        order.sort_by(|&a, &b| eigen.eigenvalues[b].total_cmp(&eigen.eigenvalues[a]));
        order.truncate(components);
        let mut directions = Array2::zeros((components, d));
        for (mut row, &number) in directions.rows_mut().into_iter().zip(&order) {
            let vector = eigen.eigenvectors.column(number);
            let sign = vector[vector.iamax()].signum();
            for (to, from) in row.iter_mut().zip(vector.iter()) {
                *to = sign * from;
            }
        }
        let variance: Array1<f64> = order
            .iter()
            .map(|&i| eigen.eigenvalues[i].max(0.0))
            .collect();
        let ratio = variance.mapv(|value| if total > 0.0 { value / total } else { 0.0 });
        Ok(Self {
            mean: middle,
            components: directions,
            explained_variance: variance,
            explained_variance_ratio: ratio,
        })
    }

    /// The coordinates of `points` `[m, d]` along the components, `[m, components]`.
    ///
    /// # Errors
    /// [`Error::Length`] for another d, [`Error::NotFinite`].
    pub fn transform(&self, points: ArrayView2<'_, f32>) -> Result<Array2<f32>, Error> {
        require_length("columns", self.mean.len(), points.ncols())?;
        let points = checked(points)?;
        let mut out = Array2::zeros((points.nrows(), self.components.nrows()));
        out.axis_chunks_iter_mut(Axis(0), ROWS)
            .into_par_iter()
            .enumerate()
            .for_each(|(block, mut out)| {
                let start = block * ROWS;
                let rows = points.slice(s![start..start + out.nrows(), ..]);
                let centred = rows.mapv(f64::from) - &self.mean;
                let found = centred.dot(&self.components.t());
                out.zip_mut_with(&found, |to, from| *to = *from as f32);
            });
        Ok(out)
    }
}

fn covariance(points: ArrayView2<'_, f32>, middle: &Array1<f64>) -> Array2<f64> {
    // Few blocks, so that their matrices fit in memory for wide points too.
    const BLOCKS: usize = 16;
    let (n, d) = points.dim();
    let size = n.div_ceil(BLOCKS);
    let starts: Vec<usize> = (0..n).step_by(size).collect();
    let parts: Vec<Array2<f64>> = starts
        .into_par_iter()
        .map(|start| {
            let mut sum = Array2::zeros((d, d));
            for start in (start..n.min(start + size)).step_by(ROWS) {
                let end = n.min(start + ROWS).min((start / size + 1) * size);
                let centred = points.slice(s![start..end, ..]).mapv(f64::from) - middle;
                ndarray::linalg::general_mat_mul(1.0, &centred.t(), &centred, 1.0, &mut sum);
            }
            sum
        })
        .collect();
    let mut total: Array2<f64> = Array2::zeros((d, d));
    for part in parts {
        total += &part;
    }
    total / (n - 1) as f64
}
