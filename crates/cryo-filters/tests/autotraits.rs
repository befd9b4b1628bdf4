//! What crosses threads and what is compared.

use cryo_filters::{
    AdaptiveParams, Boundary, Error, GaussianParams, Histogram, LocalMaximum, PassParams,
    RadialShell, Statistics,
};

fn usable<T: Send + Sync + Unpin + Clone + std::fmt::Debug + PartialEq + 'static>() {}

#[test]
fn public_types_cross_threads() {
    usable::<AdaptiveParams>();
    usable::<Boundary>();
    usable::<Error>();
    usable::<GaussianParams>();
    usable::<Histogram>();
    usable::<LocalMaximum>();
    usable::<PassParams>();
    usable::<RadialShell>();
    usable::<Statistics>();
}
