use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::EpochReport;

/// The schema of checkpoints that this version writes, and the only one that it reads.
pub const SCHEMA: u32 = 1;

/// What a checkpoint is, beside its tensors.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`SCHEMA`].
    pub schema: u32,
    /// The crate that wrote it.
    pub crate_name: String,
    /// Its version.
    pub crate_version: String,
    /// The architecture, as its crate describes it.
    pub config: Value,
    /// The parameters of training.
    pub params: Value,
    /// Seed of everything random.
    pub seed: u64,
    /// Epochs done.
    pub epoch: u64,
    /// Steps done.
    pub step: u64,
    /// One report an epoch.
    pub history: Vec<EpochReport>,
}
