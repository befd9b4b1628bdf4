//! Development tasks.
//!
//! ```text
//! cargo xtask setup          libtorch and CMake, found or fetched once into a cache; with --browser also
//!                            Chromium, for the tests of the page, with --snakemake also Snakemake, for that
//!                            of its recipe
//! cargo xtask test [ARGS]    setup, then every test of the workspace
//! cargo xtask demo [DIR]     setup, then the main job on a simulated tomogram
//! cargo xtask bench [ARGS]   the benches, and the comparison with Python's programs
//! cargo xtask compare ARGS   picks of any tools side by side: a table and precision-recall curves (--help)
//! cargo xtask page           bundles the interactive page from its sources (needs Node)
//! ```

mod browser;
mod cache;
mod cmake;
mod demo;
mod libtorch;
mod page;
mod process;
mod snakemake;

use std::{
    env,
    process::{Command, ExitCode},
};

use process::{Failure, cargo, root, run};

const USAGE: &str = "usage: cargo xtask setup [--browser] [--snakemake] | test [ARGS] | demo [DIR] | bench [ARGS] | compare ARGS | page";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let (task, rest) = match arguments.split_first() {
        Some((task, rest)) => (task.as_str(), rest),
        None => ("", [].as_slice()),
    };
    let result = match task {
        "setup" => setup_all(rest),
        "page" if rest.is_empty() => page::build(),
        "test" => setup().and_then(|()| cargo(&["test", "--workspace"], rest)),
        "demo" => setup().and_then(|()| demo::run(rest)),
        "bench" => setup().and_then(|()| bench(rest)),
        "compare" => cmake::provide().and_then(|()| compare(rest)),
        _ => Err(Failure::new(USAGE)),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("xtask: {failure}");
            ExitCode::FAILURE
        }
    }
}

/// The criterion benches, then ours beside the machine's raw speed and, where `CRYO_BENCH_PYTHON` names an
/// interpreter that has them, Python's programs.
fn bench(rest: &[String]) -> Result<(), Failure> {
    cargo(&["bench", "-p", "cryo-bench"], rest)?;
    let python: Vec<String> = env::var("CRYO_BENCH_PYTHON").into_iter().collect();
    let side_by_side = [
        "run",
        "--release",
        "-p",
        "cryo-bench",
        "--bin",
        "side_by_side",
        "--",
    ];
    cargo(&side_by_side, &python)
}

/// Runs where the caller is, whose paths the arguments are.
fn compare(rest: &[String]) -> Result<(), Failure> {
    let manifest = root().join("Cargo.toml");
    let program = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command.args(["run", "--release", "--quiet", "--manifest-path"]);
    command.arg(manifest);
    command.args(["-p", "cryo-bench", "--bin", "compare", "--"]);
    run(
        command.args(rest),
        "cargo xtask compare --help lists the arguments",
    )
}

fn setup() -> Result<(), Failure> {
    cmake::provide()?;
    libtorch::provide()
}

fn setup_all(rest: &[String]) -> Result<(), Failure> {
    let known = ["--browser", "--snakemake"];
    if rest.iter().any(|flag| !known.contains(&flag.as_str())) {
        return Err(Failure::new(USAGE));
    }
    let asked = |flag: &str| rest.iter().any(|given| given == flag);
    setup()?;
    if asked("--browser") {
        browser::provide()?;
    }
    if asked("--snakemake") {
        snakemake::provide()?;
    }
    Ok(())
}
