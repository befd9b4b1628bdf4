use std::{fmt::Write as _, io, path::PathBuf};

use thiserror::Error;

use crate::Differences;

/// Why something with libtorch did not work.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// Parameter: no such device.
    #[error("expected the device auto, cpu, cuda or cuda:N, got {got:?}")]
    DeviceName {
        /// What was asked for.
        got: String,
    },
    /// Parameter: a value is out of its range.
    #[error("`{field}` must be {expected}, got {got}")]
    Parameter {
        /// Name of the field or argument.
        field: &'static str,
        /// Its range.
        expected: &'static str,
        /// What it was.
        got: String,
    },
    /// Parameter or data: training has left the finite numbers.
    #[error("step {step}: expected finite losses, got {}; {advice}", listed(.terms))]
    NotFinite {
        /// The step, from 0.
        step: u64,
        /// Every term of the loss.
        terms: Vec<(String, f64)>,
        /// What to try.
        advice: String,
    },
    /// Data: a checkpoint does not fit the network.
    #[error("{}: the tensors do not fit the network: {differences}", .path.display())]
    Mismatch {
        /// The checkpoint.
        path: PathBuf,
        /// Every difference.
        differences: Box<Differences>,
    },
    /// Data: a file of a checkpoint is damaged or of another schema.
    #[error("{}: {reason}", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong, and what to do.
        reason: String,
    },
    /// Environment: no checkpoint lies there.
    #[error("{}: expected a folder with model.safetensors and manifest.json, got none", .path.display())]
    NoCheckpoint {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// Environment: a file could not be read or written; what was there before is as it was.
    #[error("{}: {action}", .path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// Why it failed.
        source: io::Error,
    },
    /// Environment: the CUDA device that was asked for is not there.
    #[error("expected the device cuda:{wanted}, got {found} CUDA devices{reason}")]
    DeviceUnavailable {
        /// Index that was asked for.
        wanted: usize,
        /// Devices that libtorch sees.
        found: usize,
        /// Why there are none, where libtorch said; starts with ": ".
        reason: String,
    },
    /// Environment: libtorch refused an operation.
    #[error("libtorch")]
    Torch(#[from] tch::TchError),
}

fn listed(terms: &[(String, f64)]) -> String {
    let mut text = String::new();
    for (index, (name, value)) in terms.iter().enumerate() {
        let comma = if index == 0 { "" } else { ", " };
        let _ = write!(text, "{comma}{name} = {value}");
    }
    text
}

/// `Ok` where `valid`.
pub(crate) fn require(
    valid: bool,
    field: &'static str,
    expected: &'static str,
    got: impl ToString,
) -> Result<(), Error> {
    if valid {
        return Ok(());
    }
    Err(Error::Parameter {
        field,
        expected,
        got: got.to_string(),
    })
}
