//! Picks of any tools beside each other: scores against a truth, and precision–recall curves in one plot.
//!
//! `cargo xtask compare --truth truth.star --radius 125 -o DIR ours=picks.star pytme=peaks.tsv@20`

mod inputs;
mod plot;
mod random;
mod table;
mod tool;

use std::{error::Error, fs, io::Write as _, path::PathBuf, process::ExitCode};

use clap::Parser;
use cryo_core::ParticleSet;
use cryo_eval::{Classes, EvaluateParams, Evaluation, evaluate};
use cryo_io::{CoordinateFormat, Overwrite, write_atomic};

use tool::{Threshold, Tool};

/// Score picks of several tools against one truth, side by side.
///
/// Matching is one-to-one and optimal within the radius, as in cryo evaluate. Writes table.md, curves.csv,
/// curves.png and curves.svg, and prints the table.
#[derive(Debug, Parser)]
#[command(name = "compare", max_term_width = 110)]
struct Arguments {
    /// What is there: coordinates in any format that cryo convert reads.
    #[arg(long, value_name = "FILE")]
    truth: PathBuf,

    /// Format of the truth; found by name and content without it.
    #[arg(long, value_name = "FORMAT")]
    truth_format: Option<CoordinateFormat>,

    /// Largest distance of a pick from the particle that it finds, in ångström, inclusive.
    #[arg(long, value_name = "Å")]
    radius: f64,

    /// Only this class of the truth.
    #[arg(long, value_name = "NAME")]
    class: Option<String>,

    /// Tomograms (MRC) whose headers give size and voxel size; the coordinates are of the only one if they name none.
    #[arg(long, value_name = "FILE")]
    tomogram: Vec<PathBuf>,

    /// Voxel size in ångström, where no file gives it.
    #[arg(long, value_name = "Å")]
    voxel_size: Option<f64>,

    /// The threshold that a tool would be used with; without one all of its picks count.
    #[arg(long, value_name = "NAME=SCORE")]
    threshold: Vec<Threshold>,

    /// Also score this many random positions in each tomogram; needs the tomograms' sizes.
    #[arg(long, value_name = "N")]
    random: Option<usize>,

    /// Seed of the random positions.
    #[arg(long, value_name = "N", default_value_t = 42)]
    seed: u64,

    /// Folder of the results; files of an earlier comparison in it are replaced.
    #[arg(short, long, value_name = "DIR")]
    out: PathBuf,

    /// Picks: NAME=FILE, with /CLASS behind the name if only that class of the file counts, @Å behind the file
    /// if it counts voxels of another size, and FORMAT: before it where the format cannot be found.
    #[arg(value_name = "NAME[/CLASS]=[FORMAT:]FILE[@Å]")]
    tools: Vec<Tool>,
}

/// A tool and how it did.
struct Scored {
    name: String,
    /// At the threshold given.
    given: Evaluation,
    /// At the threshold with the highest F1; none if there is no pick.
    best: Option<Evaluation>,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("compare: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    arguments.check()?;
    let truth = inputs::truth(arguments)?;
    let mut scored = Vec::new();
    for tool in &arguments.tools {
        let picks = inputs::picks(tool, arguments, &truth)?;
        let threshold = arguments.threshold.iter().find(|one| one.name == tool.name);
        let threshold = threshold.map(|one| one.score);
        scored.push(score(&tool.name, &truth, &picks, threshold, arguments)?);
    }
    if let Some(count) = arguments.random {
        let picks = random::positions(&truth, count, arguments.seed)?;
        scored.push(score("random", &truth, &picks, None, arguments)?);
    }
    let text = table::table(&scored, arguments);
    print!("{text}");
    fs::create_dir_all(&arguments.out)?;
    let plot = plot::plot(&scored)?;
    let image = plot.render();
    let write = |name: &str, bytes: &[u8]| {
        write_atomic(&arguments.out.join(name), Overwrite::Replace, |out| {
            Ok(out.write_all(bytes)?)
        })
    };
    write("table.md", text.as_bytes())?;
    write("curves.csv", table::curves(&scored).as_bytes())?;
    write("curves.svg", plot.to_svg()?.as_bytes())?;
    let mut png = Vec::new();
    image.write_png(&mut png)?;
    write("curves.png", &png)?;
    Ok(())
}

impl Arguments {
    fn check(&self) -> Result<(), String> {
        if self.tools.is_empty() && self.random.is_none() {
            return Err("expected picks as NAME=FILE, or --random N".to_owned());
        }
        let mut names: Vec<&str> = self.tools.iter().map(|tool| tool.name.as_str()).collect();
        for one in &self.threshold {
            if !names.contains(&one.name.as_str()) {
                return Err(format!("--threshold {}: no picks of that name", one.name));
            }
        }
        if self.random.is_some() {
            names.push("random");
        }
        names.sort_unstable();
        match names.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(format!("{}: expected another name for each tool", pair[0])),
            None => Ok(()),
        }
    }

    fn params(&self, threshold: Option<f32>) -> EvaluateParams {
        EvaluateParams {
            threshold,
            classes: match &self.class {
                Some(name) => Classes::Only(name.clone()),
                None => Classes::Ignored,
            },
            ..EvaluateParams::new(self.radius)
        }
    }
}

fn score(
    name: &str,
    truth: &[ParticleSet],
    picks: &[ParticleSet],
    threshold: Option<f32>,
    arguments: &Arguments,
) -> Result<Scored, cryo_eval::Error> {
    let given = evaluate(truth, picks, &arguments.params(threshold))?;
    let best = match given.curve.is_empty() {
        true => None,
        false => {
            let best = given.pooled.best_threshold;
            Some(evaluate(truth, picks, &arguments.params(best))?)
        }
    };
    Ok(Scored {
        name: name.to_owned(),
        given,
        best,
    })
}
