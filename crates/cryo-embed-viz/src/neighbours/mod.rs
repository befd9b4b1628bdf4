mod descent;
mod exact;
mod index;
mod list;
mod params;

use cryo_core::Progress;
use ndarray::{Array2, ArrayView2};

use crate::{
    Error,
    error::{require, require_at_least},
};
pub use index::NeighbourIndex;
pub use params::{Metric, NeighbourParams, Search};

/// The nearest neighbours of each of n points.
#[derive(Debug, Clone, PartialEq)]
pub struct Neighbours {
    /// `[n, count]`: rows of the points that were searched, nearest first, of equal ones the lower row.
    pub indices: Array2<u32>,
    /// `[n, count]`: their distances, ascending.
    pub distances: Array2<f32>,
}

impl Neighbours {
    /// The part of `truth`'s neighbours that is here too, from 0 to 1.
    ///
    /// # Errors
    /// [`Error::Length`] if the shapes differ.
    pub fn recall(&self, truth: &Self) -> Result<f64, Error> {
        crate::error::require_length("rows", truth.indices.nrows(), self.indices.nrows())?;
        crate::error::require_length("neighbours", truth.indices.ncols(), self.indices.ncols())?;
        let mut found = 0;
        for (here, there) in (self.indices.rows().into_iter()).zip(truth.indices.rows()) {
            let mut here = here.to_vec();
            here.sort_unstable();
            found += there
                .iter()
                .filter(|index| here.binary_search(index).is_ok())
                .count();
        }
        Ok(found as f64 / truth.indices.len().max(1) as f64)
    }
}

/// The `count` nearest other points of each point.
///
/// `points` is `[n, d]`; `count` is at least 1 and below n. A point is never its own neighbour; its copies
/// are. The exact search compares all pairs (time n² d, by products of matrices); the approximate one
/// ([`Search`]) takes about n^1.5 d. Both share points among the threads of rayon's pool, and the result
/// does not depend on their number.
///
/// # Errors
/// [`Error::NotFinite`], [`Error::TooFew`], [`Error::Parameter`] for `count`, [`Error::Cancelled`].
///
/// # Examples
/// ```
/// use cryo_embed_viz::{NeighbourParams, nearest_neighbours};
/// let points = ndarray::array![[0.0, 0.0], [3.0, 4.0], [1.0, 0.0]];
/// let found = nearest_neighbours(points.view(), 2, &NeighbourParams::default(), &())?;
/// assert_eq!(found.indices, ndarray::array![[2, 1], [2, 0], [0, 1]]);
/// assert_eq!(found.distances[[0, 1]], 5.0);
/// # Ok::<(), cryo_embed_viz::Error>(())
/// ```
pub fn nearest_neighbours(
    points: ArrayView2<'_, f32>,
    count: usize,
    params: &NeighbourParams,
    progress: &dyn Progress,
) -> Result<Neighbours, Error> {
    require_at_least("points", 2, points.nrows())?;
    let rule = "at least 1 and below the number of points";
    let valid = count >= 1 && count < points.nrows();
    require(valid, "count", rule, count as f64)?;
    let prepared = params::prepared(points, params.metric)?;
    let mut found = if params.search.is_exact(points.nrows()) {
        exact::search(prepared.view(), prepared.view(), count, true, progress)?
    } else {
        descent::search(prepared.view(), count, params.seed, progress)?
    };
    params::finish(&mut found, params.metric);
    Ok(found)
}
