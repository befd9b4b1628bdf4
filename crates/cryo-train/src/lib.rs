#![doc = include_str!("../README.md")]
#![deny(unsafe_code)]
#![cfg_attr(not(test), warn(clippy::unwrap_used))]

mod batches;
mod checkpoint;
mod cuda;
mod device;
mod error;
mod guard;
mod heap;
mod memory;
pub mod nn;
mod optimizer;
mod pace;
mod precision;
mod report;
mod schedule;
mod seed;
mod threads;

pub use batches::{epoch_batches, prefetch};
pub use checkpoint::{
    Assigned, Checkpoint, CheckpointDir, Differences, LoadMode, Manifest, NamedTensors, SCHEMA,
    assign,
};
pub use device::{DeviceChoice, LIBTORCH_VERSION};
pub use error::Error;
pub use guard::check_finite;
pub use heap::keep_freed_memory;
pub use memory::free_memory_bytes;
pub use optimizer::{AdamParams, LarsParams, Optimizer, OptimizerParams, SgdParams};
pub use pace::Pace;
pub use precision::{LossScaler, Precision};
pub use report::{EpochReport, peak_memory_bytes};
pub use schedule::{Decay, Schedule};
pub use seed::{seed_everything, stream_rng};
pub use threads::{free_cores, take_free_cores};
