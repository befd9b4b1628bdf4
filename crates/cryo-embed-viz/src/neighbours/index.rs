use cryo_core::Progress;
use ndarray::{Array2, ArrayView2, Axis, s};
use rand::seq::index;
use rayon::prelude::*;

use super::{
    Metric, NeighbourParams, Neighbours,
    exact::{scan, search, slack},
    list::Shortlist,
    params::{finish, prepared},
};
use crate::{
    Error,
    error::{require, require_at_least, require_length},
    kmeans::{nearest_rows, rough_centres},
    matrix::{checked, mean, products, scale_to_one, shifted, squared_distance, squared_lengths},
    random::{Stage, generator},
};

/// Cells around a point's own that are searched too, where lists are improved afterwards.
const PROBES_OF_POINTS: usize = 16;
/// The same for queries, whose lists are final.
const PROBES_OF_QUERIES: usize = 48;

/// Of each query, distances and rows of its nearest points.
type Lists = Vec<Vec<(f32, u32)>>;

/// Points divided into about √n cells, so that only the nearest cells are searched.
#[derive(Debug, Clone)]
pub(super) struct Cells {
    centres: Array2<f32>,
    /// Rows of the points by cell, and where each cell starts among them.
    members: Vec<u32>,
    starts: Vec<usize>,
    /// The points in the order of `members`, and their squared lengths.
    points: Array2<f32>,
    lengths: Vec<f32>,
    /// For each cell the cells nearest to it, itself first.
    around: Vec<Vec<u32>>,
}

impl Cells {
    pub(super) fn new(points: ArrayView2<'_, f32>, seed: u64) -> Self {
        const POINTS_A_CELL: usize = 32;
        let n = points.nrows();
        let cells = ((n as f64).sqrt() as usize).clamp(1, n);
        let mut rng = generator(seed, Stage::Cells, 0);
        let mut rows = index::sample(&mut rng, n, n.min(cells * POINTS_A_CELL)).into_vec();
        rows.sort_unstable();
        let centres = rough_centres(points.select(Axis(0), &rows).view(), cells, seed);
        let labels = nearest_rows(points, centres.view());
        let mut starts = vec![0; cells + 1];
        for (label, _) in &labels {
            starts[*label as usize + 1] += 1;
        }
        for cell in 0..cells {
            starts[cell + 1] += starts[cell];
        }
        let mut next = starts.clone();
        let mut members = vec![0; n];
        for (row, (label, _)) in labels.iter().enumerate() {
            members[next[*label as usize]] = row as u32;
            next[*label as usize] += 1;
        }
        let order: Vec<usize> = members.iter().map(|row| *row as usize).collect();
        let sorted = points.select(Axis(0), &order);
        let around = around(&centres);
        Self {
            lengths: squared_lengths(sorted.view()),
            points: sorted,
            centres,
            members,
            starts,
            around,
        }
    }

    /// The nearest of the points in the cells around each query, by squared distance.
    pub(super) fn search(
        &self,
        queries: ArrayView2<'_, f32>,
        count: usize,
        same: bool,
        progress: &dyn Progress,
    ) -> Result<Neighbours, Error> {
        progress.begin("searching cells", queries.nrows() as u64);
        let own = nearest_rows(queries, self.centres.view());
        let mut by_cell: Vec<Vec<usize>> = vec![Vec::new(); self.around.len()];
        for (row, (cell, _)) in own.iter().enumerate() {
            by_cell[*cell as usize].push(row);
        }
        let longest = self.lengths.iter().copied().fold(0.0, f32::max);
        let lists: Result<Vec<Lists>, Error> = by_cell
            .par_iter()
            .enumerate()
            .map(|(cell, rows)| {
                if progress.is_cancelled() {
                    return Err(Error::Cancelled);
                }
                let found = self.search_cell(cell, rows, queries, count, same, longest);
                progress.advance(rows.len() as u64);
                Ok(found)
            })
            .collect();
        let mut indices = Array2::zeros((queries.nrows(), count));
        let mut distances = Array2::zeros((queries.nrows(), count));
        for (rows, lists) in by_cell.iter().zip(lists?) {
            for (&row, list) in rows.iter().zip(lists) {
                for (place, (distance, index)) in list.into_iter().enumerate() {
                    indices[[row, place]] = index;
                    distances[[row, place]] = distance;
                }
            }
        }
        Ok(Neighbours { indices, distances })
    }

    fn search_cell(
        &self,
        cell: usize,
        rows: &[usize],
        queries: ArrayView2<'_, f32>,
        count: usize,
        same: bool,
        longest: f32,
    ) -> Lists {
        if rows.is_empty() {
            return Vec::new();
        }
        let queries = queries.select(Axis(0), rows);
        let mut lists: Vec<Shortlist> = squared_lengths(queries.view())
            .into_iter()
            .map(|own| Shortlist::new(count, slack(own, longest, queries.ncols())))
            .collect();
        let probes = if same {
            PROBES_OF_POINTS
        } else {
            PROBES_OF_QUERIES
        };
        let mut seen = 0;
        for (number, &other) in self.around[cell].iter().enumerate() {
            // Further cells only until there are enough points to choose from.
            if number > probes && seen > count {
                break;
            }
            let (start, end) = (self.starts[other as usize], self.starts[other as usize + 1]);
            seen += end - start;
            let points = self.points.slice(s![start..end, ..]);
            let mut out = Array2::zeros((rows.len(), end - start));
            products(-2.0, queries.view(), points, &mut out.view_mut());
            for ((row, list), &query) in out.rows().into_iter().zip(&mut lists).zip(rows) {
                let own = same.then(|| self.place_in(start, end, query)).flatten();
                let row = row
                    .to_slice()
                    .expect("a row of a matrix in standard layout");
                scan(row, &self.lengths[start..end], start, own, list);
            }
        }
        let lists = lists.into_iter().zip(queries.rows());
        lists
            .map(|(list, query)| {
                let query = query
                    .to_slice()
                    .expect("selected rows are in standard layout");
                let mut nearest = list.nearest(|place| {
                    let point = self.points.row(place as usize);
                    squared_distance(
                        query,
                        point.to_slice().expect("cells are in standard layout"),
                    )
                });
                for entry in &mut nearest {
                    entry.1 = self.members[entry.1 as usize];
                }
                nearest.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
                nearest
            })
            .collect()
    }

    /// Where a row stands among the members from `start` to `end`, which are in order.
    fn place_in(&self, start: usize, end: usize, row: usize) -> Option<usize> {
        let found = self.members[start..end].binary_search(&(row as u32));
        found.ok().map(|place| start + place)
    }
}

fn around(centres: &Array2<f32>) -> Vec<Vec<u32>> {
    let rows = (0..centres.nrows()).into_par_iter();
    let distances = |a: usize| {
        let own = centres.row(a);
        let own = own.to_slice().expect("centres are in standard layout");
        let others = centres.rows().into_iter().zip(0_u32..);
        let mut list: Vec<(f32, u32)> = others
            .map(|(other, index)| {
                let other = other.to_slice().expect("centres are in standard layout");
                (squared_distance(own, other), index)
            })
            .collect();
        list.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        list.into_iter().map(|(_, index)| index).collect()
    };
    rows.map(distances).collect()
}

/// Points that are searched again and again.
///
/// A query's result does not depend on the queries beside it.
#[derive(Debug, Clone)]
pub struct NeighbourIndex {
    metric: Metric,
    middle: Vec<f64>,
    points: Array2<f32>,
    cells: Option<Cells>,
}

impl NeighbourIndex {
    /// Makes `points` `[n, d]` ready; takes a copy of them, two if the search is approximate.
    ///
    /// # Errors
    /// [`Error::NotFinite`], and [`Error::TooFew`] without points.
    pub fn new(points: ArrayView2<'_, f32>, params: &NeighbourParams) -> Result<Self, Error> {
        require_at_least("points", 1, points.nrows())?;
        let middle = match params.metric {
            Metric::Euclidean => mean(checked(points)?.view()),
            Metric::Cosine => Vec::new(),
        };
        let points = prepared(points, params.metric)?;
        // Cells pay off from fewer points on than for a search of all pairs once: they are made once.
        let exact = match params.search {
            super::Search::Auto => points.nrows() <= 10_000,
            other => other.is_exact(points.nrows()),
        };
        let cells = (!exact).then(|| Cells::new(points.view(), params.seed));
        Ok(Self {
            metric: params.metric,
            middle,
            points,
            cells,
        })
    }

    /// Number of points.
    #[must_use]
    pub fn len(&self) -> usize {
        self.points.nrows()
    }

    /// Whether there are no points; never so.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.points.nrows() == 0
    }

    /// Length of a point.
    #[must_use]
    pub fn dimensions(&self) -> usize {
        self.points.ncols()
    }

    /// The `count` nearest points of each row of `queries` `[m, d]`; a copy of the query counts too.
    ///
    /// # Errors
    /// [`Error::Length`] for another d, [`Error::NotFinite`], [`Error::Parameter`] for `count`, which is at
    /// least 1 and at most the number of points, [`Error::Cancelled`].
    ///
    /// # Examples
    /// ```
    /// use cryo_embed_viz::{NeighbourIndex, NeighbourParams};
    /// let points = ndarray::array![[0.0, 0.0], [3.0, 4.0], [1.0, 0.0]];
    /// let index = NeighbourIndex::new(points.view(), &NeighbourParams::default())?;
    /// let found = index.nearest(ndarray::array![[3.0, 3.0]].view(), 2, &())?;
    /// assert_eq!(found.indices, ndarray::array![[1, 2]]);
    /// # Ok::<(), cryo_embed_viz::Error>(())
    /// ```
    pub fn nearest(
        &self,
        queries: ArrayView2<'_, f32>,
        count: usize,
        progress: &dyn Progress,
    ) -> Result<Neighbours, Error> {
        let rule = "at least 1 and at most the number of points";
        let valid = count >= 1 && count <= self.len();
        require(valid, "count", rule, count as f64)?;
        require_length("columns", self.dimensions(), queries.ncols())?;
        let queries = checked(queries)?;
        let queries = match self.metric {
            Metric::Euclidean => shifted(queries.view(), &self.middle),
            Metric::Cosine => {
                let mut queries = queries.into_owned();
                scale_to_one(&mut queries);
                queries
            }
        };
        let mut found = match &self.cells {
            None => search(queries.view(), self.points.view(), count, false, progress)?,
            Some(cells) => cells.search(queries.view(), count, false, progress)?,
        };
        finish(&mut found, self.metric);
        Ok(found)
    }
}
