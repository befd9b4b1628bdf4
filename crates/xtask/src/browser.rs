//! Chromium for the tests of the interactive page: found, or installed by Debian's package manager.

use std::process::Command;

use crate::process::{Failure, find_program, run};

/// Names under which distributions install it.
const NAMES: [&str; 4] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
];

pub(crate) fn provide() -> Result<(), Failure> {
    if let Some(found) = found() {
        println!("browser: {}", found.display());
        return Ok(());
    }
    if find_program("apt-get").is_none() {
        return Err(Failure::new(
            "there is no Chromium and no apt-get to install it with; install Chromium yourself",
        ));
    }
    println!("browser: installing chromium with apt-get …");
    apt(&["update", "-qq"])?;
    apt(&[
        "install",
        "--yes",
        "-qq",
        "--no-install-recommends",
        "chromium",
    ])?;
    match found() {
        Some(found) => {
            println!("browser: {}", found.display());
            Ok(())
        }
        None => Err(Failure::new(
            "apt-get installed chromium, but it is not on the path",
        )),
    }
}

fn found() -> Option<std::path::PathBuf> {
    NAMES.iter().find_map(|name| find_program(name))
}

fn apt(arguments: &[&str]) -> Result<(), Failure> {
    let mut command = match find_program("sudo") {
        Some(sudo) => {
            let mut command = Command::new(sudo);
            command.args(["--non-interactive", "apt-get"]);
            command
        }
        None => Command::new("apt-get"),
    };
    command
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive");
    run(
        &mut command,
        "installing needs the rights of an administrator; install Chromium yourself",
    )
}
