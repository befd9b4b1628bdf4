//! `cryo demo`: the whole story on a small simulated tomogram; it grows with the project.

use std::path::{Path, PathBuf};

use clap::{Args, Parser};

use crate::{
    Cli, Command, candidates, convert, evaluate,
    exit::{Failure, Outcome},
    inspect,
    options::Common,
    simulate::{self, settings::Settings},
};

/// Simulates a tomogram, inspects it and hands its particles over to other programs.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Folder for the results.
    #[arg(long, value_name = "DIR", default_value = "cryo-demo")]
    out: PathBuf,
}

pub(crate) fn run(arguments: &Arguments, common: &Common) -> Result<Outcome, Failure> {
    let out = &arguments.out;
    let settings = Settings {
        name: "demo".to_owned(),
        size: vec![256, 256, 96],
        map: vec!["ribosome_70S:40".to_owned(), "proteasome_20S:60".to_owned()],
        membranes: 1,
        tubes: 2,
        gold: 4,
        ..Settings::default()
    };
    common.say("1. Simulate: ribosomes and proteasomes, a vesicle, two microtubules, gold; 41 tilted images.");
    simulate::run_with(out, &settings, common)?;
    if common.dry_run {
        return Ok(Outcome::Done);
    }

    common.say("\n2. Inspect what came out.");
    let files = ["demo_rec.mrc", "demo_ts.mrc", "truth.star"];
    if common.resume && out.join("demo_ts.mrc.png").exists() {
        command(&["inspect"], out, &files, common)?;
    } else {
        let files = [&[""], &files[..]].concat();
        command(&["inspect", "--png"], out, &files, common)?;
    }

    common.say("\n3. Find candidates without labels, and compare them with the truth.");
    let target = out.join("candidates.star");
    if !(common.resume && target.exists()) {
        let data = out.join("dataset.tsv").display().to_string();
        let pictures = out.join("candidates").display().to_string();
        let target = target.display().to_string();
        let words = [
            "candidates",
            "--data",
            &data,
            "--gold",
            "5",
            "--png",
            &pictures,
            "-o",
            &target,
        ];
        typed(&words, common)?;
    }
    let truth = out.join("truth.star").display().to_string();
    let picks = target.display().to_string();
    typed(
        &[
            "evaluate", "--truth", &truth, "--picks", &picks, "--radius", "60",
        ],
        common,
    )?;

    common.say("\n4. Hand the particles over.");
    for name in ["truth.mod", "truth.csv", "truth.tbl", "truth_relion4.star"] {
        let to: &[&str] = if name.ends_with("relion4.star") {
            &["convert", "--to", "relion4"]
        } else {
            &["convert"]
        };
        command(to, out, &["truth.star", name], common)?;
    }
    command(
        &["convert", "--to", "copick"],
        out,
        &["truth.star", "copick"],
        common,
    )?;

    common.say(&format!(
        "\nPictures: {0}/demo_rec.mrc.png, {0}/demo_ts.mrc.png and {0}/candidates/demo.png. Candidates: {0}/candidates.star. Particles: {0}/truth.star (RELION 5), .mod (IMOD), \
         .csv, .tbl (Dynamo), copick/. Filaments: {0}/demo_filaments.star and .mod.",
        out.display()
    ));
    Ok(Outcome::Done)
}

/// Runs another command as if it had been typed, and shows what would be typed.
fn command(first: &[&str], out: &Path, files: &[&str], common: &Common) -> Result<(), Failure> {
    let target = out.join(files[files.len() - 1]);
    if common.resume && first[0] == "convert" && target.exists() {
        return Ok(());
    }
    let files = files
        .iter()
        .map(|file| out.join(file).display().to_string());
    let files: Vec<String> = files.collect();
    let words = first
        .iter()
        .copied()
        .chain(files.iter().map(String::as_str));
    typed(&words.collect::<Vec<_>>(), common)
}

/// Runs a command line.
fn typed(words: &[&str], common: &Common) -> Result<(), Failure> {
    let words = ["cryo"].iter().chain(words);
    let mut words: Vec<String> = words.map(ToString::to_string).collect();
    if common.overwrite {
        words.push("--overwrite".to_owned());
    }
    common.say(&format!("$ {}", words.join(" ")));
    let outcome = match Cli::parse_from(words).command {
        Some(Command::Inspect(arguments)) => inspect::run(&arguments, common)?,
        Some(Command::Convert(arguments)) => convert::run(&arguments, common)?,
        Some(Command::Candidates(arguments)) => candidates::run(&arguments, common)?,
        Some(Command::Evaluate(arguments)) => evaluate::run(&arguments, common)?,
        _ => Outcome::Done,
    };
    match outcome {
        Outcome::Done => Ok(()),
        Outcome::BadInput => Err(Failure::Input(
            "what the demo has made is not as it should be".to_owned(),
        )),
    }
}
