use std::{
    fmt, io,
    path::{Path, PathBuf},
};

use thiserror::Error;

/// Why a file could not be read or written: which file, where in it, what was expected, what came.
///
/// The message ends with what to do about it, where that is known.
#[derive(Debug)]
pub struct Error {
    /// The file, where there is one.
    pub path: Option<PathBuf>,
    /// The place in the file.
    pub location: Location,
    /// What is wrong.
    pub kind: ErrorKind,
    /// What the user can do about it.
    pub fix: Option<String>,
}

/// A place in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Location {
    /// The file as a whole.
    #[default]
    Whole,
    /// A byte, counted from 0.
    Byte(u64),
    /// A line, counted from 1.
    Line(u64),
}

/// What is wrong, sorted by who must act.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Parameter: an argument of the caller is out of its range.
    #[error("{what}: expected {expected}, got {got}")]
    Parameter {
        /// Name of the argument.
        what: String,
        /// The rule that it breaks.
        expected: String,
        /// Its value.
        got: String,
    },
    /// Parameter: something that the file does not hold must come from the caller.
    #[error("{what} is needed and is not in the file")]
    Needed {
        /// What is needed.
        what: String,
    },
    /// Parameter: the output is there already and overwriting was not asked for.
    #[error("the file exists and is not overwritten")]
    Exists,
    /// Data: a value is not what the format says it is.
    #[error("{what}: expected {expected}, got {got}")]
    Unexpected {
        /// The field.
        what: String,
        /// What the format says.
        expected: String,
        /// What the file says.
        got: String,
    },
    /// Data: a column, block or field is absent.
    #[error("no {what}; there is {available}")]
    Missing {
        /// The name looked for.
        what: String,
        /// What is there instead.
        available: String,
    },
    /// Data: the file ends before what it declares.
    #[error("expected {expected} bytes, the file has {got}")]
    Truncated {
        /// Bytes that the file declares.
        expected: u64,
        /// Bytes that it has.
        got: u64,
    },
    /// Data: correct, but of a kind that is not read or written here.
    #[error("{what} is not supported")]
    Unsupported {
        /// The kind.
        what: String,
    },
    /// Environment: reading it would take more memory than allowed.
    #[error("{what} needs {needed} bytes, the limit is {limit}")]
    OverLimit {
        /// What needs the memory.
        what: String,
        /// Bytes needed, or declared by the file.
        needed: u64,
        /// Bytes allowed.
        limit: u64,
    },
    /// Environment: the operating system refused.
    #[error("could not {action}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// The operating system's answer.
        source: io::Error,
    },
}

impl Error {
    pub(crate) fn new(kind: ErrorKind) -> Self {
        Self {
            path: None,
            location: Location::Whole,
            kind,
            fix: None,
        }
    }

    pub(crate) fn io(action: &'static str, source: io::Error) -> Self {
        Self::new(ErrorKind::Io { action, source })
    }

    pub(crate) fn unexpected(
        what: impl Into<String>,
        expected: impl Into<String>,
        got: impl Into<String>,
    ) -> Self {
        let (what, expected, got) = (what.into(), expected.into(), got.into());
        Self::new(ErrorKind::Unexpected {
            what,
            expected,
            got,
        })
    }

    pub(crate) fn parameter(
        what: impl Into<String>,
        expected: impl Into<String>,
        got: impl Into<String>,
    ) -> Self {
        let (what, expected, got) = (what.into(), expected.into(), got.into());
        Self::new(ErrorKind::Parameter {
            what,
            expected,
            got,
        })
    }

    pub(crate) fn missing(what: impl Into<String>, available: impl Into<String>) -> Self {
        Self::new(ErrorKind::Missing {
            what: what.into(),
            available: available.into(),
        })
    }

    pub(crate) fn needed(what: impl Into<String>) -> Self {
        Self::new(ErrorKind::Needed { what: what.into() })
    }

    pub(crate) fn unsupported(what: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unsupported { what: what.into() })
    }

    pub(crate) fn at_line(mut self, line: usize) -> Self {
        self.location = Location::Line(line as u64);
        self
    }

    pub(crate) fn at_byte(mut self, byte: u64) -> Self {
        self.location = Location::Byte(byte);
        self
    }

    pub(crate) fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = Some(fix.into());
        self
    }

    /// The same error, known to be of `path`; a path that is there already stays.
    #[must_use]
    pub fn in_file(mut self, path: &Path) -> Self {
        self.path.get_or_insert_with(|| path.to_owned());
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(path) = &self.path {
            write!(f, "{}: ", path.display())?;
        }
        match self.location {
            Location::Whole => {}
            Location::Byte(byte) => write!(f, "byte {byte}: ")?,
            Location::Line(line) => write!(f, "line {line}: ")?,
        }
        write!(f, "{}", self.kind)?;
        match &self.fix {
            Some(fix) => write!(f, "; {fix}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        std::error::Error::source(&self.kind)
    }
}
