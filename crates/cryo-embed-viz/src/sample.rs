use rand::seq::index;

use crate::random::{Stage, generator};

/// At most `size` of `n` rows, drawn without repetition by `seed`, in ascending order.
///
/// To fit on a sample and place the rest: [`Umap::fit`](crate::Umap::fit) and
/// [`Classes::fit`](crate::Classes::fit) see these rows only, `transform` and `assign` then take all rows, in
/// pieces as large as the caller likes. Every row has the same chance, so a rare class keeps its share; a
/// class of 1 in 10⁴ has about ten members in a sample of 100,000.
///
/// ```
/// let rows = cryo_embed_viz::sample_rows(1_000_000, 100_000, 7);
/// assert_eq!(rows.len(), 100_000);
/// assert!(rows.is_sorted());
/// assert_eq!(cryo_embed_viz::sample_rows(3, 10, 7), [0, 1, 2]);
/// ```
#[must_use]
pub fn sample_rows(n: usize, size: usize, seed: u64) -> Vec<usize> {
    if size >= n {
        return (0..n).collect();
    }
    let mut rng = generator(seed, Stage::Sample, 0);
    let mut rows = index::sample(&mut rng, n, size).into_vec();
    rows.sort_unstable();
    rows
}
