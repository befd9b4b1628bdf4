//! `cryo localize`: few annotations to all particles.

mod annotations;
mod drawing;
mod epoch_pictures;
mod inputs;
mod predict;
mod settings;
mod train;

use clap::Subcommand;

use crate::{
    exit::{Failure, Outcome},
    learning::{set_up, train_failure, with_causes},
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
    set_up(common);
    match stage {
        Stage::Train(arguments) => train::run(arguments, common),
        Stage::Predict(arguments) => predict::run(arguments, common),
    }
}

/// The failure that an error of localization is.
fn failure(error: cryo_pu_localize::Error) -> Failure {
    use cryo_pu_localize::Error;
    let message = with_causes(&error);
    match error {
        Error::Cancelled => Failure::Interrupted,
        Error::Parameter { .. } => Failure::Usage(message),
        Error::Torch(_) | Error::Memory { .. } => Failure::Resources(message),
        Error::Train(error) => train_failure(&error, message),
        _ => Failure::Input(message),
    }
}
