use std::fmt;

use thiserror::Error;

/// Why there are no filaments.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum Error {
    /// Parameter: a field is out of its range.
    #[error("`{field}` must be {expected}, got {got}")]
    Parameter {
        /// Name of the field.
        field: &'static str,
        /// Its range.
        expected: &'static str,
        /// What it was.
        got: String,
    },
    /// Data: a coordinate is NaN or infinite.
    #[error(
        "expected finite coordinates, particle {index} of `{tomogram}` has ({x}, {y}, {z}) (x, y, z)"
    )]
    NonFinitePosition {
        /// Name of the tomogram.
        tomogram: String,
        /// Number of the particle in its set, from 0.
        index: usize,
        /// Voxels along x.
        x: f64,
        /// Voxels along y.
        y: f64,
        /// Voxels along z.
        z: f64,
    },
    /// Data: a score is NaN or infinite.
    #[error("expected a finite score, particle {index} of `{tomogram}` has {score}")]
    NonFiniteScore {
        /// Name of the tomogram.
        tomogram: String,
        /// Number of the particle in its set, from 0.
        index: usize,
        /// The score.
        score: f32,
    },
    /// Data: positions that no tomogram has, so far apart that cells cannot be counted.
    #[error(
        "expected positions within {limit} voxels of each other in `{tomogram}`, they span {span}"
    )]
    TooFarApart {
        /// Name of the tomogram.
        tomogram: String,
        /// Largest span of an axis in voxels.
        limit: f64,
        /// The span.
        span: f64,
    },
    /// The caller asked to stop.
    #[error("cancelled")]
    Cancelled,
}

/// Nothing if `valid`, else the error of a parameter.
pub(crate) fn require(
    valid: bool,
    field: &'static str,
    expected: &'static str,
    got: impl fmt::Display,
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

/// Nothing if `length` is finite and above zero.
pub(crate) fn require_positive(field: &'static str, length: f64) -> Result<(), Error> {
    let valid = length.is_finite() && length > 0.0;
    require(valid, field, "a finite number above 0", length)
}
