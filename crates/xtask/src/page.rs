//! The program of the interactive page, bundled from its sources and pinned packages.

use std::process::Command;

use crate::process::{Failure, find_program, root, run};

pub(crate) fn build() -> Result<(), Failure> {
    let folder = root().join("crates/cryo-embed-viz/page");
    let program = |name: &str| {
        find_program(name).ok_or_else(|| {
            Failure::new(format!(
                "{name} is not there; install Node 18 or later (only this task needs it)"
            ))
        })
    };
    let (npm, node) = (program("npm")?, program("node")?);
    let mut packages = Command::new(npm);
    packages
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
        .current_dir(&folder);
    run(
        &mut packages,
        "the packages of the page could not be fetched",
    )?;
    let mut bundle = Command::new(node);
    bundle.arg("build.mjs").current_dir(&folder);
    run(&mut bundle, "the page could not be bundled")
}
