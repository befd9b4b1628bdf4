mod curve;
mod force;
mod gaps;
mod graph;
mod layout;
mod params;
mod rates;
mod start;
mod transform;
mod weights;

use cryo_core::Progress;
use ndarray::{Array2, ArrayView2};

use crate::{
    Error, NeighbourIndex, NeighbourParams, Neighbours,
    error::{require, require_at_least, require_length},
    matrix::checked,
    nearest_neighbours,
};
pub use curve::Curve;
use force::Forces;
pub use gaps::without_gaps;
pub use graph::FuzzyGraph;
use layout::Descent;
pub use params::{Start, UmapParams};
use rates::Rates;
pub use weights::{LocalScale, local_scales};

/// Times that each end of an edge is pulled where umap-learn pulls both once, from both ends.
const PULLS: f32 = 2.0;

/// A map of points, to which new points can be added.
#[derive(Debug, Clone)]
pub struct Umap {
    /// `[n, components]`: the place of each point.
    pub layout: Array2<f32>,
    params: UmapParams,
    index: NeighbourIndex,
}

impl Umap {
    /// Lays out `points` `[n, d]` so that neighbours stay neighbours (UMAP: McInnes, Healy and Melville
    /// 2018, arXiv 1802.03426).
    ///
    /// Neighbourhoods larger than n are cut to n. All points move at once in an epoch and see the others
    /// where they were before it, where umap-learn moves them one after another; forces come from tables. So
    /// the same seed gives the same bytes on any number of threads of one machine. Time is that of the
    /// neighbours plus about n · epochs · 40 steps.
    ///
    /// # Errors
    /// [`Error::Parameter`], [`Error::TooFew`] below 4 points, [`Error::NotFinite`], [`Error::Cancelled`].
    ///
    /// # Examples
    /// ```
    /// use cryo_embed_viz::{Umap, UmapParams};
    /// use ndarray::Array2;
    /// // Two groups of twenty points.
    /// let points = Array2::from_shape_fn((40, 3), |(row, column)| {
    ///     (row / 20 * 50) as f32 + ((row * 7 + column * 3) % 11) as f32
    /// });
    /// let map = Umap::fit(points.view(), &UmapParams { neighbours: 8, ..Default::default() }, &())?;
    /// assert_eq!(map.layout.dim(), (40, 2));
    /// let placed = map.transform(points.view(), &())?;
    /// assert_eq!(placed.dim(), (40, 2));
    /// # Ok::<(), cryo_embed_viz::Error>(())
    /// ```
    pub fn fit(
        points: ArrayView2<'_, f32>,
        params: &UmapParams,
        progress: &dyn Progress,
    ) -> Result<Self, Error> {
        params.validate()?;
        require_at_least("points", 4, points.nrows())?;
        let count = (params.neighbours - 1).min(points.nrows() - 1);
        let found = nearest_neighbours(points, count, &neighbour_params(params), progress)?;
        Self::fit_with(points, &found, params, progress)
    }

    /// The same with neighbours that are known already; their number counts, not `params.neighbours`.
    ///
    /// # Errors
    /// As [`Umap::fit`], and [`Error::Length`] if `found` belongs to another number of points.
    pub fn fit_with(
        points: ArrayView2<'_, f32>,
        found: &Neighbours,
        params: &UmapParams,
        progress: &dyn Progress,
    ) -> Result<Self, Error> {
        params.validate()?;
        let points = checked(points)?;
        let n = points.nrows();
        require_at_least("points", 4, n)?;
        require_length("lists of neighbours", n, found.indices.nrows())?;
        let outside = found.indices.iter().find(|index| **index as usize >= n);
        let rule = "indices below the number of points";
        require(
            outside.is_none(),
            "found",
            rule,
            outside.map_or(0.0, |&i| f64::from(i)),
        )?;
        let graph = FuzzyGraph::new(found);
        let start = start::start(points.view(), &graph, params)?;
        let layout = match params.components {
            2 => lay_out::<2>(&graph, &start, params, progress),
            _ => lay_out::<3>(&graph, &start, params, progress),
        }?;
        let index = NeighbourIndex::new(points.view(), &neighbour_params(params))?;
        Ok(Self {
            layout,
            params: params.clone(),
            index,
        })
    }
}

fn neighbour_params(params: &UmapParams) -> NeighbourParams {
    NeighbourParams {
        metric: params.metric,
        search: params.search,
        seed: params.seed,
    }
}

fn lay_out<const D: usize>(
    graph: &FuzzyGraph,
    start: &Array2<f32>,
    params: &UmapParams,
    progress: &dyn Progress,
) -> Result<Array2<f32>, Error> {
    let epochs = params.epochs_for(graph.len());
    let descent = Descent {
        rates: &Rates::new(graph, epochs, PULLS),
        forces: &Forces::new(Curve::fit(params.min_dist, params.spread)),
        epochs,
        negative_samples: params.negative_samples,
        pulls: PULLS,
        seed: params.seed,
    };
    let mut places = places::<D>(start);
    descent.move_all(&mut places, progress)?;
    Ok(array(&places))
}

fn places<const D: usize>(layout: &Array2<f32>) -> Vec<[f32; D]> {
    let rows = layout.rows().into_iter();
    rows.map(|row| std::array::from_fn(|axis| row[axis]))
        .collect()
}

fn array<const D: usize>(places: &[[f32; D]]) -> Array2<f32> {
    Array2::from_shape_fn((places.len(), D), |(row, axis)| places[row][axis])
}
