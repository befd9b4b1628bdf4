//! The main job on a simulated tomogram; it grows with the project.

use crate::process::{Failure, cargo};

pub(crate) fn run(rest: &[String]) -> Result<(), Failure> {
    let build = ["build", "--release", "-p", "cryo-cli"];
    cargo(&build, &[])?;
    let mut command = vec![
        "run",
        "--quiet",
        "--release",
        "-p",
        "cryo-cli",
        "--",
        "demo",
    ];
    let folder = match rest {
        // The default folder holds nothing but an earlier demo.
        [] => {
            command.push("--overwrite");
            vec![]
        }
        [folder] => vec!["--out".to_owned(), folder.clone()],
        _ => return Err(Failure::new("usage: cargo xtask demo [DIR]")),
    };
    cargo(&command, &folder)
}
