use std::path::PathBuf;

use thiserror::Error;

/// Why there is no network or there are no particles.
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
    /// Data: too few annotations of a class.
    #[error("class {class}: expected at least {expected} annotations in the tomograms, got {got}")]
    TooFew {
        /// The class, from 0.
        class: usize,
        /// How many there must be.
        expected: usize,
        /// How many there are.
        got: usize,
    },
    /// Data: an annotation lies outside its tomogram.
    #[error(
        "{tomogram}: annotation {number} is at voxel x {x:.1}, y {y:.1}, z {z:.1}, outside the tomogram of \
         {} × {} × {} voxels (x, y, z); {advice}", .shape[2], .shape[1], .shape[0]
    )]
    Outside {
        /// The tomogram.
        tomogram: String,
        /// Number of the annotation, from 1.
        number: usize,
        /// Its position.
        x: f64,
        /// Its position.
        y: f64,
        /// Its position.
        z: f64,
        /// Of the tomogram, `[z, y, x]`.
        shape: [usize; 3],
        /// What to try.
        advice: String,
    },
    /// Planes of a tomogram, or of its mask, cannot be read.
    #[error("{tomogram}")]
    Source {
        /// The tomogram.
        tomogram: String,
        /// Why.
        source: cryo_candidates::SourceError,
    },
    /// Data: a tomogram has a NaN or infinite value.
    #[error("{tomogram}: expected finite values, voxel x {x}, y {y}, z {z} is {value}")]
    NotFinite {
        /// The tomogram.
        tomogram: String,
        /// Voxel.
        x: usize,
        /// Voxel.
        y: usize,
        /// Voxel.
        z: usize,
        /// The value.
        value: f32,
    },
    /// Data: a mask that does not fit its tomogram.
    #[error("mask of {tomogram}: expected {expected}, got {got}")]
    Mask {
        /// The tomogram.
        tomogram: String,
        /// What it should be.
        expected: String,
        /// What it is.
        got: String,
    },
    /// Data: all voxels of a tomogram are the same, or most are.
    #[error(
        "{tomogram}: more than half of the voxels have the same value {value}; is the tomogram empty or masked?"
    )]
    Constant {
        /// The tomogram.
        tomogram: String,
        /// Their value.
        value: f32,
    },
    /// Data: a tomogram is smaller than a sample.
    #[error(
        "{tomogram}: resampled to {voxel_angstrom:.2} Å it has {got:?} voxels (z, y, x), smaller than a sample of \
         {expected:?}; give smaller samples or a smaller voxel size"
    )]
    Small {
        /// The tomogram.
        tomogram: String,
        /// The network's voxel size.
        voxel_angstrom: f64,
        /// Shape of a sample.
        expected: [usize; 3],
        /// Shape of the tomogram.
        got: [usize; 3],
    },
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
    /// Environment: not enough memory for the whole of it.
    #[error(
        "needs {needed_bytes} bytes, {limit_bytes} are allowed; use fewer planes a batch, a larger voxel size or more memory"
    )]
    Memory {
        /// What it takes.
        needed_bytes: u64,
        /// What it may take.
        limit_bytes: u64,
    },
    /// Filtering or peaks failed.
    #[error(transparent)]
    Filter(#[from] cryo_filters::Error),
    /// Peaks of the heat map failed.
    #[error(transparent)]
    Peaks(#[from] cryo_candidates::Error),
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
