use clap::Args;

use super::{cluster, embed, train};
use crate::{
    exit::{Failure, Outcome},
    options::{Common, is_interrupted},
    report,
};

/// All stages of exploration, from tomograms to classes.
#[derive(Debug, Args)]
#[command(after_help = "\
Candidates are found, a network learns in what they differ, they are embedded, mapped and divided into classes. All of it lies in the run folder; \
killed at any point, the same command with --resume goes on. Settings of every stage can stand in --config, under [candidates], [explore] and [cluster].\n\n\
Examples:\n  cryo explore run --data 'tomo/*.mrc' --out run\n  \
cryo explore run --data dataset.tsv --config mine.toml --out run --classes 24\n  \
cryo select run --list")]
pub(crate) struct Arguments {
    #[command(flatten)]
    what: train::What,

    #[command(flatten)]
    cluster: cluster::Flags,
}

pub(crate) fn run(arguments: &Arguments, common: &Common) -> Result<Outcome, Failure> {
    let out = &arguments.what.out;
    let total = 4;
    let step = |number: usize, what: &str| common.say(&format!("step {number} of {total}: {what}"));
    // Wrong settings of a later stage are told before the first begins.
    let folder = super::folder::RunFolder::new(out);
    let clustering = cluster::Settings::effective(&folder, common, &arguments.cluster)?;
    step(1, "candidates and training");
    train::train(&arguments.what, common)?;
    if common.dry_run {
        common.say(&format!(
            "would then embed the candidates, map them and divide them into {} classes, and draw pictures into {}",
            clustering.described(),
            out.join("report").display()
        ));
        return Ok(Outcome::Done);
    }
    go_on()?;
    step(2, "embedding");
    let embedding = embed::Arguments {
        run: out.clone(),
        data: Vec::new(),
        candidates: None,
        out: None,
    };
    embed::run(&embedding, common)?;
    go_on()?;
    step(3, "map and classes");
    cluster::cluster(out, &arguments.cluster, common)?;
    go_on()?;
    step(4, "page");
    let mut replacing = common.clone();
    // Whatever was clustered anew belongs into the page.
    replacing.overwrite = true;
    let page = report::Arguments::of_run(out);
    report::run(&page, &replacing)?;
    Ok(Outcome::Done)
}

fn go_on() -> Result<(), Failure> {
    if is_interrupted() {
        return Err(Failure::Interrupted);
    }
    Ok(())
}
