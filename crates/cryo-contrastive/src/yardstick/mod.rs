mod agreement;
mod compare;
mod pca;

pub use agreement::neighbourhood_agreement;
pub use compare::{Yardstick, YardstickParams, yardstick};
pub use pca::pca;
