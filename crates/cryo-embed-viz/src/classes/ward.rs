use kodama::{Method, linkage};
use ndarray::ArrayView2;

use super::without_gaps;

/// Joins the two groups whose union grows least in spread until `groups` are left.
pub(super) fn groups(centres: ArrayView2<'_, f32>, groups: usize) -> Vec<u32> {
    let n = centres.nrows();
    let mut distances = Vec::with_capacity(n * (n - 1) / 2);
    for a in 0..n {
        for b in a + 1..n {
            let pairs = centres.row(a).into_iter().zip(centres.row(b));
            let squared: f64 = pairs.map(|(a, b)| f64::from(a - b).powi(2)).sum();
            distances.push(squared.sqrt());
        }
    }
    let dendrogram = linkage(&mut distances, n, Method::Ward);
    // Number n + i is the union of step i.
    let mut parent: Vec<usize> = (0..2 * n).collect();
    for (number, step) in dendrogram.steps().iter().take(n - groups).enumerate() {
        parent[step.cluster1] = n + number;
        parent[step.cluster2] = n + number;
    }
    let root = |mut node: usize| {
        while parent[node] != node {
            node = parent[node];
        }
        node
    };
    without_gaps((0..n).map(root))
}
