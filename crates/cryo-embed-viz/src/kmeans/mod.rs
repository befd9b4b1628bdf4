mod assign;
mod lloyd;
mod start;

use cryo_core::Progress;
use ndarray::{Array2, ArrayView2, Axis};
use rand::seq::index;

use crate::{
    Error,
    error::{require, require_at_least, require_length},
    matrix::{checked, mean, shifted},
    random::{Stage, generator},
};
pub(crate) use assign::nearest_rows;

/// How k-means runs.
#[derive(Debug, Clone, PartialEq)]
pub struct KMeansParams {
    /// Rounds at most, at least 1; 300 by default, as the reference.
    pub max_iterations: usize,
    /// It stops when the squared shifts of all centres add up to at most this part of the mean variance
    /// of a column, from 0; 10⁻⁴ by default, as scikit-learn. 0 waits until no point changes its cluster.
    pub tolerance: f64,
    /// Start of the random numbers; 0 by default.
    pub seed: u64,
}

impl Default for KMeansParams {
    fn default() -> Self {
        Self {
            max_iterations: 300,
            tolerance: 1e-4,
            seed: 0,
        }
    }
}

impl KMeansParams {
    /// Nothing if all fields are in their ranges.
    ///
    /// # Errors
    /// [`Error::Parameter`] with the first field that is not.
    pub fn validate(&self) -> Result<(), Error> {
        let rounds = self.max_iterations;
        require(rounds >= 1, "max_iterations", "at least 1", rounds as f64)?;
        let valid = self.tolerance.is_finite() && self.tolerance >= 0.0;
        require(valid, "tolerance", "a finite number from 0", self.tolerance)
    }
}

/// Clusters of points, each around its mean.
#[derive(Debug, Clone, PartialEq)]
pub struct KMeans {
    /// `[k, d]`.
    pub centres: Array2<f32>,
    /// Cluster of each point, 0 to k − 1.
    pub labels: Vec<u32>,
    /// Sum of the squared distances of points to their centres.
    pub inertia: f64,
    /// Rounds that were needed.
    pub iterations: usize,
}

/// Divides points into `clusters` (k) clusters of small spread (Lloyd 1982, doi 10.1109/TIT.1982.1056489).
///
/// `points` is `[n, d]`; k is at least 1 and at most n. The centres start by greedy k-means++ (Arthur and
/// Vassilvitskii 2007) on at most 40 k points drawn by the seed; distances are products of matrices. A cluster
/// that loses all its points restarts at the point farthest from its centre; where fewer than k points
/// differ, clusters stay empty. Time n k d a round, shared among the threads of rayon's pool; the result
/// does not depend on their number.
///
/// # Errors
/// [`Error::Parameter`], [`Error::TooFew`], [`Error::NotFinite`], [`Error::Cancelled`].
///
/// # Examples
/// ```
/// use cryo_embed_viz::{KMeansParams, kmeans};
/// let points = ndarray::array![[0.0], [1.0], [10.0], [11.0]];
/// let found = kmeans(points.view(), 2, &KMeansParams::default(), &())?;
/// assert_eq!(found.inertia, 1.0);
/// assert_eq!(found.labels[0], found.labels[1]);
/// # Ok::<(), cryo_embed_viz::Error>(())
/// ```
pub fn kmeans(
    points: ArrayView2<'_, f32>,
    clusters: usize,
    params: &KMeansParams,
    progress: &dyn Progress,
) -> Result<KMeans, Error> {
    params.validate()?;
    require(clusters >= 1, "clusters", "at least 1", clusters as f64)?;
    require_at_least("points, one for each cluster", clusters, points.nrows())?;
    let points = checked(points)?;
    // Short vectors lose less where squares of lengths are subtracted.
    let middle = mean(points.view());
    let moved = shifted(points.view(), &middle);
    let start = start::plus_plus(moved.view(), clusters, params.seed);
    let mut found = lloyd::run(moved.view(), start, params, progress)?;
    for mut row in found.centres.rows_mut() {
        for (value, by) in row.iter_mut().zip(&middle) {
            *value = (f64::from(*value) + by) as f32;
        }
    }
    Ok(found)
}

/// Centres after a few rounds, for dividing points into cells that only have to be about right.
pub(crate) fn rough_centres(
    points: ArrayView2<'_, f32>,
    clusters: usize,
    seed: u64,
) -> Array2<f32> {
    const ROUNDS: usize = 6;
    let mut rng = generator(seed, Stage::Centres, 1);
    let rows = index::sample(&mut rng, points.nrows(), clusters).into_vec();
    let start = points.select(Axis(0), &rows);
    lloyd::rounds(points, start, ROUNDS)
}

impl KMeans {
    /// The nearest centre of each row of `points` `[m, d]`, and its distance.
    ///
    /// A row's result does not depend on the other rows.
    ///
    /// # Errors
    /// [`Error::Length`] for another d, [`Error::NotFinite`].
    pub fn nearest(&self, points: ArrayView2<'_, f32>) -> Result<(Vec<u32>, Vec<f32>), Error> {
        nearest_centres(points, self.centres.view())
    }
}

/// The nearest row of `centres` for each row of `points`, and its distance.
pub(crate) fn nearest_centres(
    points: ArrayView2<'_, f32>,
    centres: ArrayView2<'_, f32>,
) -> Result<(Vec<u32>, Vec<f32>), Error> {
    require_length("columns", centres.ncols(), points.ncols())?;
    let points = checked(points)?;
    let middle = mean(centres);
    let found = nearest_rows(
        shifted(points.view(), &middle).view(),
        shifted(centres, &middle).view(),
    );
    Ok(found
        .into_iter()
        .map(|(label, squared)| (label, squared.sqrt()))
        .unzip())
}
