use std::path::PathBuf;

use thiserror::Error;

/// Why there is no network or no embedding.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// Parameter: a value is out of its range.
    #[error("`{field}` must be {expected}, got {got}")]
    Parameter {
        /// Name of the field or argument.
        field: &'static str,
        /// Its range.
        expected: String,
        /// What it was.
        got: String,
    },
    /// Parameter: views of another shape than the network's.
    #[error(
        "expected views of {expected:?} (channels, y, x), got {got:?}; cut them with the settings of the run"
    )]
    Shape {
        /// Channels, rows, columns of the network.
        expected: [usize; 3],
        /// Of the views.
        got: [usize; 3],
    },
    /// Data: nothing to learn from or to tell apart.
    #[error(
        "expected at least {expected} views, got {got}; lower the threshold for candidates or add tomograms"
    )]
    TooFew {
        /// How many there must be.
        expected: usize,
        /// How many there are.
        got: usize,
    },
    /// Data: all views are the same constant.
    #[error("all {views} views are constant; is the tomogram empty, or are its values clipped?")]
    Constant {
        /// How many were looked at.
        views: usize,
    },
    /// Data: a view has a NaN or infinite value.
    #[error("expected finite views, view {view} has {value}")]
    NonFinite {
        /// Its number, from 0.
        view: usize,
        /// The value.
        value: f32,
    },
    /// Data: the caller's source of views failed.
    #[error("could not get the views")]
    Source(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Data: a checkpoint of another program or architecture.
    #[error("{}: expected {expected}, got {got}", .path.display())]
    OtherModel {
        /// The checkpoint.
        path: PathBuf,
        /// What it should be.
        expected: String,
        /// What it is.
        got: String,
    },
    /// Data: a file with weights has not what the trunk needs.
    #[error("{}: {reason}", .path.display())]
    Weights {
        /// The file.
        path: PathBuf,
        /// Every difference, or why it could not be read.
        reason: String,
    },
    /// Training, checkpoints or the device failed.
    #[error(transparent)]
    Train(#[from] cryo_train::Error),
    /// Environment: libtorch refused an operation.
    #[error("libtorch")]
    Torch(#[from] tch::TchError),
    /// The caller asked to stop.
    #[error("cancelled")]
    Cancelled,
}

/// `Ok` where `valid`.
pub(crate) fn require(
    valid: bool,
    field: &'static str,
    expected: impl Into<String>,
    got: impl ToString,
) -> Result<(), Error> {
    if valid {
        return Ok(());
    }
    Err(Error::Parameter {
        field,
        expected: expected.into(),
        got: got.to_string(),
    })
}
