use rayon::prelude::*;

use super::weights::{local_scales, membership};
use crate::Neighbours;

/// Symmetric weights between points, above 0 to 1; a row holds the edges of a point in ascending order.
#[derive(Debug, Clone, PartialEq)]
pub struct FuzzyGraph {
    starts: Vec<usize>,
    edges: Vec<(u32, f32)>,
}

impl FuzzyGraph {
    /// The fuzzy union `w + wᵀ − w wᵀ` of all points' memberships (McInnes et al. 2018, arXiv 1802.03426,
    /// section 3.1), as umap-learn's `fuzzy_simplicial_set`.
    #[must_use]
    pub fn new(found: &Neighbours) -> Self {
        let (n, _) = found.indices.dim();
        let scales = local_scales(found);
        let forward: Vec<Vec<(u32, f32)>> = (0..n)
            .into_par_iter()
            .map(|row| {
                let scale = scales[row];
                let pairs = found
                    .indices
                    .row(row)
                    .into_iter()
                    .zip(found.distances.row(row));
                let mut list: Vec<(u32, f32)> = pairs
                    .map(|(&to, &d)| (to, membership(d, scale.rho, scale.sigma) as f32))
                    .filter(|(_, weight)| *weight > 0.0)
                    .collect();
                list.sort_unstable_by_key(|(to, _)| *to);
                list
            })
            .collect();
        let mut backward: Vec<Vec<(u32, f32)>> = vec![Vec::new(); n];
        for (from, list) in (0_u32..).zip(&forward) {
            for &(to, weight) in list {
                backward[to as usize].push((from, weight));
            }
        }
        let rows: Vec<Vec<(u32, f32)>> = (forward.into_par_iter().zip(backward))
            .map(|(a, b)| union(&a, &b))
            .collect();
        Self::from_rows(&rows)
    }

    pub(super) fn from_rows(rows: &[Vec<(u32, f32)>]) -> Self {
        let mut starts = Vec::with_capacity(rows.len() + 1);
        starts.push(0);
        let mut edges = Vec::with_capacity(rows.iter().map(Vec::len).sum());
        for row in rows {
            edges.extend_from_slice(row);
            starts.push(edges.len());
        }
        Self { starts, edges }
    }

    /// Number of points.
    #[must_use]
    pub fn len(&self) -> usize {
        self.starts.len() - 1
    }

    /// Whether there are no points.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of edges, each counted from both ends.
    #[must_use]
    pub fn edges(&self) -> usize {
        self.edges.len()
    }

    /// The neighbours of a point and their weights.
    #[must_use]
    pub fn row(&self, point: usize) -> &[(u32, f32)] {
        &self.edges[self.starts[point]..self.starts[point + 1]]
    }
}

/// Both lists are in ascending order.
fn union(a: &[(u32, f32)], b: &[(u32, f32)]) -> Vec<(u32, f32)> {
    let mut all = Vec::with_capacity(a.len() + b.len());
    let (mut i, mut j) = (0, 0);
    while i < a.len() || j < b.len() {
        let left = a.get(i).map_or(u32::MAX, |edge| edge.0);
        let right = b.get(j).map_or(u32::MAX, |edge| edge.0);
        let mut weight = 0.0;
        if left <= right {
            weight = a[i].1;
            i += 1;
        }
        if right <= left {
            weight = weight + b[j].1 - weight * b[j].1;
            j += 1;
        }
        all.push((left.min(right), weight));
    }
    all
}
