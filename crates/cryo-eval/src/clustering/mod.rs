mod labels;
mod neighbours;
mod silhouette;
mod vectors;

pub use labels::{LabelScores, compare_labels};
pub use neighbours::neighbour_balanced_accuracy;
pub use silhouette::silhouette;
pub use vectors::VectorDistance;
