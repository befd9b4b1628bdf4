//! `cryo explore`: an embedding of candidates, learned without labels.

pub(crate) mod cluster;
pub(crate) mod clustered;
mod cut;
pub(crate) mod embed;
pub(crate) mod folder;
mod forecast;
mod settings;
mod spill;
mod train;
mod views;
mod whole;

use clap::Subcommand;

use crate::{
    exit::{Failure, Outcome},
    learning::{set_up, train_failure, with_causes},
    options::Common,
};

/// Stages of exploration.
#[derive(Debug, Subcommand)]
pub(crate) enum Stage {
    /// All stages: find candidates, train, embed, cluster, draw pictures.
    Run(Box<whole::Arguments>),
    /// Find candidates, cut out views, and train the exploration network on them.
    Train(Box<train::Arguments>),
    /// Embed the candidates of a run, or those of other tomograms, with its network.
    Embed(Box<embed::Arguments>),
    /// Map the candidates of a run, and divide them into classes.
    Cluster(Box<cluster::Arguments>),
}

pub(crate) fn run(stage: &Stage, common: &Common) -> Result<Outcome, Failure> {
    // Clustering has no network.
    if !matches!(stage, Stage::Cluster(_)) {
        set_up(common);
    }
    match stage {
        Stage::Run(arguments) => whole::run(arguments, common),
        Stage::Train(arguments) => train::run(arguments, common),
        Stage::Embed(arguments) => embed::run(arguments, common),
        Stage::Cluster(arguments) => cluster::run(arguments, common),
    }
}

/// The failure that an error of learning is.
fn failure(error: cryo_contrastive::Error) -> Failure {
    use cryo_contrastive::Error;
    let message = with_causes(&error);
    match error {
        Error::Cancelled => Failure::Interrupted,
        Error::Parameter { .. } => Failure::Usage(message),
        Error::Torch(_) => Failure::Resources(message),
        Error::Train(error) => train_failure(&error, message),
        _ => Failure::Input(message),
    }
}
