use rand::seq::SliceRandom;

use crate::stream_rng;

/// The batches of one epoch: every item at most once, in an order drawn for `seed` and `epoch`.
///
/// All batches have `batch_size` items, and the few items that are left over sit this epoch out, as a
/// small last batch has bad statistics; where there are fewer items than `batch_size`, all of them are
/// one batch. No items, no batches.
///
/// ```
/// let batches = cryo_train::epoch_batches(10, 4, 42, 0);
/// assert_eq!(batches.iter().map(Vec::len).collect::<Vec<_>>(), [4, 4]);
/// assert_ne!(batches, cryo_train::epoch_batches(10, 4, 42, 1));
/// assert_eq!(cryo_train::epoch_batches(3, 256, 42, 0).len(), 1);
/// ```
#[must_use]
pub fn epoch_batches(items: usize, batch_size: usize, seed: u64, epoch: u64) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..items).collect();
    order.shuffle(&mut stream_rng(seed, "shuffle", epoch));
    let size = batch_size.min(items).max(1);
    order.chunks_exact(size).map(<[usize]>::to_vec).collect()
}
