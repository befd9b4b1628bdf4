mod preservation;
mod stability;
mod trust;

pub use preservation::neighbour_preservation;
pub use stability::{Stability, label_stability};
pub use trust::trustworthiness;
