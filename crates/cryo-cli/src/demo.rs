//! `cryo demo`: the whole story on a small simulated tomogram.

mod clicks;
mod summary;

use std::path::PathBuf;

use clap::{Args, Parser};

use crate::{
    Cli, Command, convert, evaluate,
    exit::{Failure, Outcome},
    explore, inspect, localize,
    options::Common,
    select,
    simulate::{self, settings::Settings},
};

/// Simulates a tomogram and finds its particles and filaments: explore, select, localize, trace, evaluate, hand over.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Folder for the results.
    #[arg(long, value_name = "DIR", default_value = "cryo-demo")]
    out: PathBuf,

    /// Only see that everything works: a small tomogram and little learning, with results to match.
    #[arg(long)]
    quick: bool,
}

/// The particles that the demo is after.
const WANTED: &str = "ribosome_70S";

pub(crate) fn run(arguments: &Arguments, common: &Common) -> Result<Outcome, Failure> {
    let demo = Demo {
        out: arguments.out.clone(),
        common,
    };
    let size = Size::of(arguments.quick);
    let settings = Settings {
        name: "demo".to_owned(),
        size: size.voxels.to_vec(),
        map: vec![
            format!("{WANTED}:{}", size.ribosomes),
            format!("proteasome_20S:{}", size.proteasomes),
        ],
        membranes: usize::from(!arguments.quick),
        tubes: size.tubes,
        gold: size.gold,
        ..Settings::default()
    };
    common.say(&format!(
        "1. Simulate: {} ribosomes, {} proteasomes, microtubules and gold, imaged in 41 tilted images and reconstructed.",
        size.ribosomes, size.proteasomes
    ));
    simulate::run_with(&demo.out, &settings, common)?;
    if common.dry_run {
        return Ok(Outcome::Done);
    }

    common.say("\n2. Inspect what came out.");
    demo.unless(
        "demo_ts.mrc.png",
        "inspect --png @ @demo_rec.mrc @demo_ts.mrc @truth.star",
    )?;

    common.say("\n3. Explore, without labels: candidates, a network that learns in what they differ, a map, classes.");
    demo.unless(
        "explored/report/index.html",
        &format!(
            "explore run --data @dataset.tsv --out @explored --epochs {} --classes {}",
            size.explore_epochs, size.classes
        ),
    )?;

    common.say(
        "\n4. Select. A person sees in explored/report/matrix.png, or on the page, which averages are ribosomes: the widest. cryo select \
         --list measures them; the widest classes are taken until they hold twenty candidates.",
    );
    demo.unless("selected.star", "select @explored --list")?;
    let classes = summary::widest_classes(&demo.path("explored"), common)?;
    let select =
        format!("select @explored --classes {classes} --as-one --name {WANTED} -o @selected.star");
    demo.unless("selected.star", &select)?;

    common.say("\n5. Localize: a network learns from that selection where all of them are.");
    demo.unless(
        "localized/model",
        &format!(
            "localize train --data @dataset.tsv --coords @selected.star --diameter 250 --epochs {} --steps {} --out @localized",
            size.epochs, size.steps
        ),
    )?;
    demo.unless(
        "picks/all.star",
        "localize predict --run @localized --data @dataset.tsv --out @picks --format imod --png",
    )?;

    common.say("\n6. Filaments: a person has clicked along two microtubules; a network finds all, and they are traced.");
    let clicked = clicks::write(
        &demo.path("demo_filaments.star"),
        &demo.path("clicks.csv"),
        common,
    )?;
    common.say(&format!(
        "{clicked} clicks on the first two microtubules in {}",
        demo.path("clicks.csv").display()
    ));
    demo.unless(
        "tubes/model",
        &format!(
            "localize train --data @dataset.tsv --coords @clicks.csv --diameter 250 --tubular --epochs {} --steps {} --out @tubes",
            size.epochs, size.tube_steps
        ),
    )?;
    demo.unless(
        "filaments/all.star",
        "localize predict --run @tubes --data @dataset.tsv --out @filaments --format imod --png",
    )?;

    common.say("\n7. Hand over: every program gets its own.");
    for (target, words) in [
        (
            "picks/ribosomes.tbl",
            "convert @picks/all.star @picks/ribosomes.tbl",
        ),
        (
            "picks/relion4.star",
            "convert --to relion4 @picks/all.star @picks/relion4.star",
        ),
        (
            "picks/copick",
            "convert --to copick @picks/all.star @picks/copick",
        ),
    ] {
        demo.unless(target, words)?;
    }
    summary::print(&demo.out, WANTED)?;
    Ok(Outcome::Done)
}

/// How much there is, and how long is learned.
struct Size {
    voxels: [usize; 3],
    ribosomes: usize,
    proteasomes: usize,
    tubes: usize,
    gold: usize,
    explore_epochs: u64,
    classes: usize,
    epochs: u64,
    steps: u64,
    tube_steps: u64,
}

impl Size {
    fn of(quick: bool) -> Self {
        if quick {
            return Self {
                voxels: [160, 160, 64],
                ribosomes: 12,
                proteasomes: 12,
                tubes: 3,
                gold: 0,
                explore_epochs: 5,
                classes: 6,
                epochs: 3,
                steps: 10,
                tube_steps: 15,
            };
        }
        Self {
            voxels: [256, 256, 96],
            ribosomes: 40,
            proteasomes: 60,
            tubes: 6,
            gold: 4,
            explore_epochs: 100,
            classes: 12,
            epochs: 10,
            steps: 60,
            tube_steps: 60,
        }
    }
}

struct Demo<'a> {
    out: PathBuf,
    common: &'a Common,
}

impl Demo<'_> {
    fn path(&self, name: &str) -> PathBuf {
        self.out.join(name)
    }

    /// Runs a command line, unless an earlier demo that is resumed has its result; `@` stands for the folder.
    fn unless(&self, result: &str, line: &str) -> Result<(), Failure> {
        let common = self.common;
        if common.resume && self.path(result).exists() {
            return Ok(());
        }
        let word = |word: &str| match word.strip_prefix('@') {
            Some("") => self.out.display().to_string(),
            Some(name) => self.path(name).display().to_string(),
            None => word.to_owned(),
        };
        let mut words: Vec<String> = vec!["cryo".to_owned()];
        words.extend(line.split_whitespace().map(word));
        common.say(&format!("$ {}", words.join(" ")));
        let mut common = common.clone();
        // What a stopped demo has left of this step is made anew.
        common.overwrite |= common.resume;
        common.resume = false;
        let outcome = match Cli::parse_from(words).command {
            Some(Command::Inspect(arguments)) => inspect::run(&arguments, &common)?,
            Some(Command::Explore(stage)) => explore::run(&stage, &common)?,
            Some(Command::Select(arguments)) => select::run(&arguments, &common)?,
            Some(Command::Localize(stage)) => localize::run(&stage, &common)?,
            Some(Command::Convert(arguments)) => convert::run(&arguments, &common)?,
            Some(Command::Evaluate(arguments)) => evaluate::run(&arguments, &common)?,
            _ => Outcome::Done,
        };
        match outcome {
            Outcome::Done => Ok(()),
            Outcome::BadInput => Err(Failure::Input(
                "what the demo has made is not as it should be".to_owned(),
            )),
        }
    }
}
