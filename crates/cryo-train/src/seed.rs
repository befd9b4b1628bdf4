use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// Seeds libtorch's generators.
///
/// They are process-wide: whatever else draws from them at the same time changes what this run draws.
/// Nothing of ours does: networks, shuffles and augmentations draw from [`stream_rng`].
pub fn seed_everything(seed: u64) {
    tch::manual_seed(seed.cast_signed());
}

/// A generator of its own for the `item`-th draw of one `purpose`, the same for any number of threads.
///
/// ```
/// use cryo_train::stream_rng;
/// use rand::Rng;
/// let draw = |item| stream_rng(7, "shuffle", item).random::<u64>();
/// assert_eq!(draw(3), draw(3));
/// assert_ne!(draw(3), draw(4));
/// assert_ne!(draw(3), stream_rng(7, "noise", 3).random::<u64>());
/// ```
#[must_use]
pub fn stream_rng(seed: u64, purpose: &str, item: u64) -> ChaCha8Rng {
    // FNV-1a, so that the numbers do not depend on the standard library's hash.
    let hash = purpose
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    let mut rng = ChaCha8Rng::seed_from_u64(seed ^ hash);
    rng.set_stream(item);
    rng
}
