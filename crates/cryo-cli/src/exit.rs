use std::{error::Error as _, fmt, io, process::ExitCode};

use cryo_io::{Error, ErrorKind};

use crate::options::{Common, ProgressStyle, tell};

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
            Self::Interrupted => {
                f.write_str("interrupted; what was complete is kept, --resume goes on")
            }
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let mut message = error.to_string();
        if let Some(source) = error.source() {
            message = format!("{message}: {source}");
        }
        if let ErrorKind::Needed { what } = &error.kind {
            return Self::Usage(message + flags_for(what));
        }
        match &error.kind {
            ErrorKind::Parameter { .. } | ErrorKind::Exists => Self::Usage(message),
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

/// The flags that give what a file does not say of its tomograms.
fn flags_for(what: &str) -> &'static str {
    if what.starts_with("the tilt-series pixel") {
        " (--tilt-pixel-size Å, or --relion-tomograms FILE.star)"
    } else if what.starts_with("the voxel size") {
        " (--tomogram FILE, --data LIST, or --voxel-size Å)"
    } else if what.starts_with("the size") {
        " (--tomogram FILE, --data LIST, --relion-tomograms FILE.star, or --size X,Y,Z)"
    } else if what.starts_with("the name") {
        " (--tomogram-name NAME)"
    } else {
        ""
    }
}

pub(crate) fn report(result: Result<Outcome, Failure>, common: &Common) -> ExitCode {
    let code = match &result {
        Ok(Outcome::Done) => return ExitCode::SUCCESS,
        Ok(Outcome::BadInput) => return ExitCode::from(3),
        Err(Failure::Usage(_)) => 2,
        Err(Failure::Input(_)) => 3,
        Err(Failure::Resources(_)) => 4,
        Err(Failure::Interrupted) => 130_u8,
    };
    if let Err(failure) = result {
        if common.progress == ProgressStyle::Json {
            let line = serde_json::json!({ "error": failure.to_string(), "code": code });
            tell(&line.to_string());
        } else {
            tell(&format!("cryo: {failure}"));
        }
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
