use std::{error::Error as _, fmt, io, process::ExitCode};

use cryo_io::{Error, ErrorKind};

/// How a command that did not fail ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Exit code 0.
    Done,
    /// Exit code 3: the findings are on standard output.
    BadInput,
}

/// Why a command failed, by exit code.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Exit code 2: the arguments are wrong.
    Usage(String),
    /// Exit code 3: a file is not what it should be.
    Input(String),
    /// Exit code 4: not enough memory, disk or devices.
    Resources(String),
    /// Exit code 130: the user stopped it.
    Interrupted,
}

impl Failure {
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::Usage(message.into())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(message) | Self::Input(message) | Self::Resources(message) => {
                f.write_str(message)
            }
            Self::Interrupted => f.write_str("interrupted; what was complete is kept"),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let mut message = error.to_string();
        if let Some(source) = error.source() {
            message = format!("{message}: {source}");
        }
        match &error.kind {
            ErrorKind::Parameter { .. } | ErrorKind::Needed { .. } | ErrorKind::Exists => {
                Self::Usage(message)
            }
            ErrorKind::OverLimit { .. } => Self::Resources(message),
            ErrorKind::Io { source, .. } => match source.kind() {
                io::ErrorKind::StorageFull
                | io::ErrorKind::OutOfMemory
                | io::ErrorKind::QuotaExceeded => Self::Resources(message),
                _ => Self::Input(message),
            },
            _ => Self::Input(message),
        }
    }
}

pub(crate) fn report(result: Result<Outcome, Failure>) -> ExitCode {
    let code = match &result {
        Ok(Outcome::Done) => return ExitCode::SUCCESS,
        Ok(Outcome::BadInput) => return ExitCode::from(3),
        Err(Failure::Usage(_)) => 2,
        Err(Failure::Input(_)) => 3,
        Err(Failure::Resources(_)) => 4,
        Err(Failure::Interrupted) => 130,
    };
    if let Err(failure) = result {
        eprintln!("cryo: {failure}");
    }
    ExitCode::from(code)
}

/// Writes to standard output; a reader that has gone away is no error.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    use std::io::Write as _;
    match io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::Resources(
            format!("could not write to standard output: {error}"),
        )),
        _ => Ok(()),
    }
}
