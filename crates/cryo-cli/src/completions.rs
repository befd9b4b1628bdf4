//! `cryo completions`: scripts for shells.

use clap::{Args, CommandFactory as _};
use clap_complete::{Shell, generate};

use crate::{
    Cli,
    exit::{Failure, Outcome, print},
};

/// Print what lets a shell complete cryo's commands and options.
#[derive(Debug, Args)]
#[command(after_help = "\
Put the output where your shell looks for completions, and start a new shell:\n\n  \
cryo completions bash > ~/.local/share/bash-completion/completions/cryo\n  \
cryo completions zsh > \"${fpath[1]}/_cryo\"\n  \
cryo completions fish > ~/.config/fish/completions/cryo.fish")]
pub(crate) struct Arguments {
    /// The shell.
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Outcome, Failure> {
    let mut script = Vec::new();
    generate(arguments.shell, &mut Cli::command(), "cryo", &mut script);
    print(&String::from_utf8_lossy(&script))?;
    Ok(Outcome::Done)
}
