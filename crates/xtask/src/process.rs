use std::{
    env,
    ffi::OsString,
    fmt,
    path::{Path, PathBuf},
    process::Command,
};

/// Why a task stopped, in words for the person who started it.
#[derive(Debug)]
pub(crate) struct Failure(String);

impl Failure {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }

    pub(crate) fn io(action: &str, path: &Path, error: &std::io::Error) -> Self {
        Self(format!("could not {action} {}: {error}", path.display()))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The root of the workspace.
pub(crate) fn root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest
        .ancestors()
        .nth(2)
        .expect("the crate lies in crates/xtask")
        .to_owned()
}

pub(crate) fn run(command: &mut Command, hint: &str) -> Result<(), Failure> {
    let name = command.get_program().to_string_lossy().into_owned();
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Failure(format!("{name} ended with {status}; {hint}"))),
        Err(error) => Err(Failure(format!("{name} did not start ({error}); {hint}"))),
    }
}

pub(crate) fn cargo(arguments: &[&str], rest: &[String]) -> Result<(), Failure> {
    let program = env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut command = Command::new(program);
    command.args(arguments).args(rest).current_dir(root());
    run(
        &mut command,
        &format!("that was cargo {}", arguments.join(" ")),
    )
}

/// The first of the folders of `PATH` that has an executable file of that name.
pub(crate) fn find_program(name: &str) -> Option<PathBuf> {
    let folders = env::var_os("PATH")?;
    env::split_paths(&folders)
        .map(|folder| folder.join(name))
        .find(|path| path.is_file())
}

/// What Python packages are fetched with.
pub(crate) fn python() -> Result<PathBuf, Failure> {
    find_program("python3").ok_or_else(|| {
        Failure::new("python3 is not there; install Python 3 with pip, or set LIBTORCH and CMAKE")
    })
}
