use ndarray::{Array2, ArrayView2};

use super::Neighbours;
use crate::{
    Error,
    matrix::{checked, mean, scale_to_one, shifted},
};

/// How far two vectors are apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Metric {
    /// Length of the difference, as the reference.
    #[default]
    Euclidean,
    /// 1 − cosine of the angle, from 0 to 2; a vector of zeros is at ½ from all others but zeros.
    Cosine,
}

/// Which search finds the neighbours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Search {
    /// Exact up to [`Search::EXACT_UP_TO`] points, else approximate.
    #[default]
    Auto,
    /// All pairs are compared.
    Exact,
    /// Each point's cell and the cells around it, then neighbours of neighbours (NN-descent, Dong et al.
    /// 2011, doi 10.1145/1963405.1963487) until few lists change.
    Approximate,
}

impl Search {
    /// Number of points up to which [`Search::Auto`] compares all pairs.
    pub const EXACT_UP_TO: usize = 50_000;

    pub(crate) fn is_exact(self, points: usize) -> bool {
        match self {
            Self::Auto => points <= Self::EXACT_UP_TO,
            Self::Exact => true,
            Self::Approximate => false,
        }
    }
}

/// How neighbours are found.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct NeighbourParams {
    /// Distance; Euclidean by default.
    pub metric: Metric,
    /// Exact or approximate; by the number of points by default.
    pub search: Search,
    /// Start of the random numbers of the approximate search; 0 by default.
    pub seed: u64,
}

/// Points whose Euclidean distances order neighbours as the metric does.
pub(super) fn prepared(points: ArrayView2<'_, f32>, metric: Metric) -> Result<Array2<f32>, Error> {
    let points = checked(points)?;
    Ok(match metric {
        // Short vectors lose less where squares of lengths are subtracted.
        Metric::Euclidean => shifted(points.view(), &mean(points.view())),
        Metric::Cosine => {
            let mut points = points.into_owned();
            scale_to_one(&mut points);
            points
        }
    })
}

/// From squared Euclidean distances of prepared points to distances.
pub(super) fn finish(found: &mut Neighbours, metric: Metric) {
    match metric {
        Metric::Euclidean => found.distances.mapv_inplace(f32::sqrt),
        Metric::Cosine => found.distances.mapv_inplace(|squared| squared / 2.0),
    }
}
