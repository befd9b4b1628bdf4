//! The command `cryo`: arguments in, library calls, files out.

mod candidates;
mod completions;
mod config;
mod convert;
mod demo;
mod evaluate;
mod exit;
mod explore;
mod explored;
mod frames;
mod inspect;
mod learning;
mod localize;
mod masks;
mod options;
mod pictures;
mod preprocess;
mod progress;
mod report;
mod select;
mod simulate;
mod tomograms;
mod tubes;
mod version;
mod view;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

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
    Inspect(Box<inspect::Arguments>),
    /// Convert coordinates between all formats, and volumes between MRC and HDF5.
    Convert(Box<convert::Arguments>),
    /// Make tomograms and tilt series of which the truth is known.
    Simulate(Box<simulate::Arguments>),
    /// Trace filaments through picked points.
    Tubes(Box<tubes::Arguments>),
    /// Say how well picks find the truth.
    Evaluate(Box<evaluate::Arguments>),
    /// Denoise tomograms, bring their contrast to one scale, bin them.
    Preprocess(Box<preprocess::Arguments>),
    /// Find positions that may be particles, without labels.
    Candidates(Box<candidates::Arguments>),
    /// Learn without labels in what candidates differ, and embed them.
    #[command(subcommand)]
    Explore(explore::Stage),
    /// Learn from few annotations where all particles are, and find them.
    #[command(subcommand)]
    Localize(localize::Stage),
    /// Choose candidates of a run by class, without a browser.
    Select(Box<select::Arguments>),
    /// Explore a run in a browser.
    View(Box<view::Arguments>),
    /// Write the page of a run as one file.
    Report(Box<report::Arguments>),
    /// Run the whole story on a small simulated tomogram.
    Demo(Box<demo::Arguments>),
    /// Print what lets a shell complete cryo's commands and options.
    Completions(completions::Arguments),
}

fn main() -> ExitCode {
    let Cli {
        version,
        mut common,
        command,
    } = Cli::parse();
    let polls = matches!(
        command,
        Some(
            Command::Simulate(_)
                | Command::Tubes(_)
                | Command::Preprocess(_)
                | Command::Candidates(_)
                | Command::Explore(_)
                | Command::Localize(_)
                | Command::View(_)
                | Command::Demo(_)
        )
    );
    let prepared = options::prepare(&mut common, polls);
    let result = prepared.and_then(|()| match command {
        _ if version => version::print(&common),
        Some(Command::Inspect(arguments)) => inspect::run(&arguments, &common),
        Some(Command::Convert(arguments)) => convert::run(&arguments, &common),
        Some(Command::Simulate(arguments)) => simulate::run(&arguments, &common),
        Some(Command::Tubes(arguments)) => tubes::run(&arguments, &common),
        Some(Command::Evaluate(arguments)) => evaluate::run(&arguments, &common),
        Some(Command::Preprocess(arguments)) => preprocess::run(&arguments, &common),
        Some(Command::Candidates(arguments)) => candidates::run(&arguments, &common),
        Some(Command::Explore(stage)) => explore::run(&stage, &common),
        Some(Command::Localize(stage)) => localize::run(&stage, &common),
        Some(Command::Select(arguments)) => select::run(&arguments, &common),
        Some(Command::View(arguments)) => view::run(&arguments, &common),
        Some(Command::Report(arguments)) => report::run(&arguments, &common),
        Some(Command::Demo(arguments)) => demo::run(&arguments, &common),
        Some(Command::Completions(arguments)) => completions::run(&arguments),
        None => Err(exit::Failure::usage(
            "expected a command; cryo --help lists them",
        )),
    });
    exit::report(result, &common)
}
