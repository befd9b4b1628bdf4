//! The command `cryo`: arguments in, library calls, files out.

mod config;
mod convert;
mod demo;
mod exit;
mod frames;
mod inspect;
mod options;
mod progress;
mod simulate;
mod version;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use exit::Outcome;
use options::Common;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Find molecules in cryo-electron tomograms.
#[derive(Debug, Parser)]
#[command(
    name = "cryo",
    disable_version_flag = true,
    arg_required_else_help = true
)]
#[command(propagate_version = false, max_term_width = 110)]
struct Cli {
    /// Print the versions of cryo and libtorch, and the device seen.
    #[arg(long, short = 'V')]
    version: bool,

    #[command(flatten)]
    common: Common,

    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Say what a file holds: header facts, statistics, and what is wrong with it.
    Inspect(inspect::Arguments),
    /// Convert coordinates between all formats, and volumes between MRC and HDF5.
    Convert(convert::Arguments),
    /// Make tomograms and tilt series of which the truth is known.
    Simulate(Box<simulate::Arguments>),
    /// Run the whole story on a small simulated tomogram.
    Demo(demo::Arguments),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let common = &cli.common;
    if cli.version {
        return exit::report(version::print(common));
    }
    exit::report(options::prepare(common).and_then(|()| match cli.command {
        Some(Command::Inspect(arguments)) => inspect::run(&arguments, common),
        Some(Command::Convert(arguments)) => convert::run(&arguments, common),
        Some(Command::Simulate(arguments)) => simulate::run(&arguments, common),
        Some(Command::Demo(arguments)) => demo::run(&arguments, common),
        None => Ok(Outcome::Done),
    }))
}
