use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// What a stream of random numbers is for; a stream each, so that one does not shift another.
#[derive(Clone, Copy)]
pub(crate) enum Stage {
    Cells = 1,
    Centres,
    Layout,
    Sample,
}

/// The generator of one item of a stage.
pub(crate) fn generator(seed: u64, stage: Stage, item: usize) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(((stage as u64) << 48) | item as u64);
    rng
}

/// SplitMix64 (Steele et al. 2014, doi 10.1145/2660193.2660195): a few nanoseconds a number, for inner loops.
#[derive(Clone)]
pub(crate) struct SplitMix(u64);

impl SplitMix {
    /// The sequence that belongs to three numbers.
    pub(crate) fn new(seed: u64, round: u64, item: u64) -> Self {
        let mut mixed = Self(seed ^ round.wrapping_mul(0xD6E8_FEB8_6659_FD93));
        let start = mixed.next() ^ item.wrapping_mul(0xA076_1D64_78BD_642F);
        let mut ready = Self(start);
        ready.next();
        ready
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `limit`, which is at most 2³².
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        (((self.next() >> 32) * limit as u64) >> 32) as usize
    }
}
