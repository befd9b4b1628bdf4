use std::fmt;

use serde::Serialize;

use crate::{Error, Location};

/// How much a [`Finding`] matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; nothing is wrong.
    Note,
    /// Against the format, but read all the same: other programs may stumble.
    Warning,
    /// Not readable, or readable only by guessing.
    Error,
}

/// One thing that `validate` noticed about a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How much it matters.
    pub severity: Severity,
    /// Where: a byte, a line, a field or a column.
    pub place: String,
    /// What the format says should be there.
    pub expected: String,
    /// What is there.
    pub got: String,
    /// What to do about it.
    pub fix: String,
}

impl Finding {
    pub(crate) fn new(
        severity: Severity,
        place: impl Into<String>,
        expected: impl Into<String>,
        got: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self {
            severity,
            place: place.into(),
            expected: expected.into(),
            got: got.into(),
            fix: fix.into(),
        }
    }

    /// The finding that says why a file could not be read.
    #[must_use]
    pub fn from_error(error: &Error) -> Self {
        let place = match error.location {
            Location::Whole => "file".to_owned(),
            Location::Byte(byte) => format!("byte {byte}"),
            Location::Line(line) => format!("line {line}"),
        };
        let got = match std::error::Error::source(error) {
            Some(source) => format!("{}: {source}", error.kind),
            None => error.kind.to_string(),
        };
        let fix = error.fix.clone().unwrap_or_default();
        Self {
            severity: Severity::Error,
            place,
            expected: "a readable file".to_owned(),
            got,
            fix,
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        write!(
            f,
            "{severity}: {}: expected {}, got {}",
            self.place, self.expected, self.got
        )?;
        if self.fix.is_empty() {
            Ok(())
        } else {
            write!(f, "; {}", self.fix)
        }
    }
}
