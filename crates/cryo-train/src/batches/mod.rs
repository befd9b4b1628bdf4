mod order;
mod prefetch;

pub use order::epoch_batches;
pub use prefetch::prefetch;
