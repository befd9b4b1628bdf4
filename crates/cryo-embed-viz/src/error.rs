use thiserror::Error;

/// Why there is no result.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// Parameter: a value is out of its range.
    #[error("{name}: expected {rule}, got {got}")]
    Parameter {
        /// The field.
        name: &'static str,
        /// The rule that it breaks.
        rule: &'static str,
        /// Its value.
        got: f64,
    },
    /// Data: there is nothing to show.
    #[error("expected at least one pixel, got an array of shape {shape:?}")]
    Empty {
        /// Shape of the array.
        shape: Vec<usize>,
    },
    /// Data: there is too little of something.
    #[error("expected at least {expected} {what}, got {got}")]
    TooFew {
        /// What there is too little of.
        what: &'static str,
        /// How many there must be.
        expected: usize,
        /// How many there are.
        got: usize,
    },
    /// Data: two lists that go together have different lengths.
    #[error("expected {expected} {what}, got {got}")]
    Length {
        /// What was counted.
        what: &'static str,
        /// How many there must be.
        expected: usize,
        /// How many there are.
        got: usize,
    },
    /// Data: a number is NaN or infinite, or too large for a distance to be finite.
    #[error(
        "expected finite vectors of a length below 1e18, row {row} has {value} in column {column}"
    )]
    NotFinite {
        /// Number of the row, from 0.
        row: usize,
        /// Number of the column, from 0.
        column: usize,
        /// What is there.
        value: f64,
    },
    /// Data: points do not tell the groups apart at the given scale.
    #[error(
        "no two of {points} points are alike: the largest affinity is {largest:e}; lower gamma or \
         use `Grouping::SelfTuning`, which takes the scale from the points"
    )]
    NoAffinity {
        /// Number of points.
        points: usize,
        /// The largest affinity of two of them.
        largest: f64,
    },
    /// Environment: the picture could not be written.
    #[error("could not write the PNG")]
    Png(#[from] png::EncodingError),
    /// Environment: the page could not be written.
    #[error("could not write the page")]
    Write(#[from] std::io::Error),
    /// Data: linfa refused it.
    #[cfg(feature = "linfa")]
    #[error("linfa refused the data")]
    Linfa(#[from] linfa::Error),
    /// Cancelled by the caller's `Progress`.
    #[error("cancelled")]
    Cancelled,
}

/// Nothing if `valid`, else the error of a parameter.
pub(crate) fn require(
    valid: bool,
    name: &'static str,
    rule: &'static str,
    got: f64,
) -> Result<(), Error> {
    if valid {
        return Ok(());
    }
    Err(Error::Parameter { name, rule, got })
}

/// Nothing if there are `expected`, else the error of two lists of different lengths.
pub(crate) fn require_length(what: &'static str, expected: usize, got: usize) -> Result<(), Error> {
    if expected == got {
        return Ok(());
    }
    Err(Error::Length {
        what,
        expected,
        got,
    })
}

/// Nothing if there are at least `expected`.
pub(crate) fn require_at_least(
    what: &'static str,
    expected: usize,
    got: usize,
) -> Result<(), Error> {
    if got >= expected {
        return Ok(());
    }
    Err(Error::TooFew {
        what,
        expected,
        got,
    })
}
