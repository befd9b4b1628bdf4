mod assign;
mod folder;
mod manifest;
mod save;
mod tensors;

pub use assign::{Assigned, Differences, LoadMode, assign};
pub use folder::CheckpointDir;
pub use manifest::{Manifest, SCHEMA};
pub use save::Checkpoint;
pub use tensors::NamedTensors;
