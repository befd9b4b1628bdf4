//! Numbers that describe all values of an array.

mod histogram;
mod moments;
mod percentile;

pub use histogram::{Histogram, histogram};
pub use moments::{Statistics, statistics};
pub use percentile::percentiles;
