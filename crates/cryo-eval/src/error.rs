use std::fmt;

use thiserror::Error;

/// Which of the two lists of a comparison something belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// What is there.
    Truth,
    /// What was found.
    Picks,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Truth => "the truth",
            Self::Picks => "the picks",
        })
    }
}

/// Where in the input a datum stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Truth or picks.
    pub side: Side,
    /// Name of the tomogram, `None` for bare positions.
    pub tomogram: Option<String>,
    /// Number in its list, from 0; for sets, of the item in its set.
    pub index: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "item {} of {}", self.index, self.side).and_then(|()| {
            self.tomogram
                .iter()
                .try_for_each(|name| write!(f, " in `{name}`"))
        })
    }
}

/// Why there are no scores.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum Error {
    /// A parameter is out of its range.
    #[error("`{field}` must be {expected}, got {got}")]
    Parameter {
        /// Name of the field or argument.
        field: &'static str,
        /// Its range.
        expected: &'static str,
        /// What it was.
        got: String,
    },
    /// A parameter names a class that no truth has.
    #[error("the truth has no class `{class}`, only {known:?}")]
    UnknownClass {
        /// The name that was asked for.
        class: String,
        /// The names and numbers that the truth has.
        known: Vec<String>,
    },
    /// A threshold was asked for, but no pick has a score.
    #[error("no pick has a score that could be compared with the threshold {threshold}")]
    NoScores {
        /// The threshold.
        threshold: f32,
    },
    /// The radius or the step leaves too many pairs or pieces to hold in memory.
    #[error("expected at most {limit} {what}, got more; is `{field}` in ångström?")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// The parameter that decides how many there are.
        field: &'static str,
        /// How many are allowed.
        limit: usize,
    },
    /// A coordinate is NaN or infinite.
    #[error("expected finite coordinates, {place} has ({x}, {y}, {z}) (x, y, z)")]
    NonFinitePosition {
        /// Where it stands.
        place: Place,
        /// The coordinate along x, in voxels for sets and in ångström for bare positions.
        x: f64,
        /// Along y.
        y: f64,
        /// Along z.
        z: f64,
    },
    /// A score is NaN or infinite.
    #[error("expected a finite score, {place} has {score}")]
    NonFiniteScore {
        /// Where it stands.
        place: Place,
        /// The score.
        score: f32,
    },
    /// An arc length is NaN or infinite.
    #[error("expected a finite arc length, {place} has {arc_length_angstrom} Å")]
    NonFiniteArcLength {
        /// Where it stands.
        place: Place,
        /// The arc length.
        arc_length_angstrom: f64,
    },
    /// Picks lie in a tomogram of which no truth is known.
    #[error(
        "the picks have a tomogram `{tomogram}`, the truth only {known:?}; give an empty set if \
         nothing is in it, or skip tomograms without truth"
    )]
    UnknownTomogram {
        /// Its name.
        tomogram: String,
        /// The tomograms of the truth.
        known: Vec<String>,
    },
    /// A set has particles, but none of them is on a filament.
    #[error("expected particles with a filament, {side} in `{tomogram}` has none")]
    NoFilaments {
        /// Truth or picks.
        side: Side,
        /// Name of the tomogram.
        tomogram: String,
    },
    /// Two lists that go together have different lengths.
    #[error("expected {expected} {what}, got {got}")]
    LengthMismatch {
        /// What the second list holds.
        what: &'static str,
        /// The length of the first.
        expected: usize,
        /// The length of the second.
        got: usize,
    },
    /// A score of nothing was asked for.
    #[error("expected at least {expected} {what}, got {got}")]
    TooFew {
        /// What there is too little of.
        what: &'static str,
        /// How many there must be.
        expected: usize,
        /// How many there are.
        got: usize,
    },
    /// A vector of an embedding has a NaN or infinite entry.
    #[error("expected finite vectors, vector {index} has {value} at entry {entry}")]
    NonFiniteVector {
        /// Number of the vector, from 0.
        index: usize,
        /// Number of the entry, from 0.
        entry: usize,
        /// The entry.
        value: f32,
    },
}

impl Error {
    /// The same error with another number of the item, where it has one.
    pub(crate) fn at_item(mut self, number: usize) -> Self {
        if let Self::NonFinitePosition { place, .. } = &mut self {
            place.index = number;
        }
        self
    }
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
pub(crate) fn require_length(field: &'static str, length: f64) -> Result<(), Error> {
    let valid = length.is_finite() && length > 0.0;
    require(valid, field, "a finite length above 0 Å", length)
}
