//! `cryo localize`: few annotations to all particles.

mod inputs;
mod predict;
mod settings;
mod train;

use clap::Subcommand;

use crate::{
    exit::{Failure, Outcome},
    options::Common,
};

/// Stages of localization.
#[derive(Debug, Subcommand)]
pub(crate) enum Stage {
    /// Learn from a few annotated particles where the others are.
    Train(Box<train::Arguments>),
    /// Find the particles of tomograms with a trained network.
    Predict(Box<predict::Arguments>),
}

pub(crate) fn run(stage: &Stage, common: &Common) -> Result<Outcome, Failure> {
    // libtorch brings threads of its own.
    if let Some(threads) = common.threads {
        tch::set_num_threads(i32::try_from(threads).unwrap_or(i32::MAX));
    }
    match stage {
        Stage::Train(arguments) => train::run(arguments, common),
        Stage::Predict(arguments) => predict::run(arguments, common),
    }
}

/// The failure that an error of localization is.
fn failure(error: cryo_pu_localize::Error) -> Failure {
    use cryo_pu_localize::Error;
    let mut message = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(inner) = source {
        message = format!("{message}: {inner}");
        source = inner.source();
    }
    match error {
        Error::Cancelled => Failure::Interrupted,
        Error::Parameter { .. } => Failure::Usage(message),
        Error::Torch(_) | Error::Memory { .. } => Failure::Resources(message),
        Error::Train(error) => train_failure(&error, message),
        _ => Failure::Input(message),
    }
}

fn train_failure(error: &cryo_train::Error, message: String) -> Failure {
    use cryo_train::Error;
    match error {
        Error::Parameter { .. } | Error::DeviceName { .. } => Failure::Usage(message),
        Error::DeviceUnavailable { .. } | Error::Io { .. } | Error::Torch(_) => {
            Failure::Resources(message)
        }
        _ => Failure::Input(message),
    }
}
