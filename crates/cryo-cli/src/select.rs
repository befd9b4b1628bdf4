//! `cryo select`: candidates of a clustered run by class, without a browser.

use std::path::{Path, PathBuf};

use clap::Args;
use cryo_core::{Particle, ParticleSet};
use cryo_embed_viz::with_labels;
use cryo_io::{CoordinateFormat, Overwrite, Picks, PicksOptions, write_picks};

use crate::{
    exit::{Failure, Outcome, print},
    explore::{
        clustered::{ClassFacts, Clustered},
        folder::RunFolder,
    },
    options::Common,
};

/// Candidates of a clustered run by class.
#[derive(Debug, Args)]
#[command(after_help = "\
The selection is written to RUN/selections/NAME.star, and to FILE where -o names one. Each particle has its tomogram, coordinates, score and class. Which class is \
what, one sees in RUN/report/matrix.png and grid_labels.png, and with --list in numbers.\n\n\
Examples:\n  cryo select run --list --sort diameter\n  cryo select run --classes 3,7 --as-one --name ribosome -o ribosome.star\n  \
cryo select run --classes 3 --limit 50 --nearest-to-centre -o few.star")]
pub(crate) struct Arguments {
    /// The run folder, clustered.
    #[arg(value_name = "RUN")]
    run: PathBuf,

    /// Classes that are taken; 0 is the candidates that belong to none.
    #[arg(
        long,
        value_name = "H,…",
        value_delimiter = ',',
        required_unless_present = "list"
    )]
    classes: Vec<u32>,

    /// Name of the selection [default: class-H-…].
    #[arg(long, value_name = "NAME", conflicts_with = "list")]
    name: Option<String>,

    /// At most so many of all tomograms together: those of the highest scores, or with --nearest-to-centre the most typical.
    #[arg(long, value_name = "N", conflicts_with = "list")]
    limit: Option<usize>,

    /// Put first, and keep under --limit, what is nearest to the centre of its class in that class's spreads.
    #[arg(long, conflicts_with = "list")]
    nearest_to_centre: bool,

    /// Leave out what is farther from its class than so many of its spreads.
    #[arg(
        long,
        value_name = "SPREADS",
        conflicts_with = "list",
        allow_hyphen_values = true
    )]
    max_outlier: Option<f32>,

    /// Give all the same class, called as the selection: they are one kind of particle.
    #[arg(long, conflicts_with = "list")]
    as_one: bool,

    /// Say which classes there are: candidates, tomograms, mean score, spread; then nothing is selected.
    #[arg(long, conflicts_with = "classes")]
    list: bool,

    /// What the list goes by: the number of the class, or what is most of first.
    #[arg(long, value_enum, default_value_t = SortBy::Class, requires = "list")]
    sort: SortBy,

    /// The list as JSON.
    #[arg(long, requires = "list")]
    json: bool,

    /// Where the coordinates go; the extension says the format unless --format does.
    #[arg(short, long, value_name = "FILE", conflicts_with = "list")]
    out: Option<PathBuf>,

    /// Format: star, relion5, relion4, relion3, warp, imod, copick, dynamo, em, milopyp, csv.
    #[arg(long, value_name = "FORMAT", requires = "out")]
    format: Option<CoordinateFormat>,
}

/// What the list of classes goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum SortBy {
    Class,
    Candidates,
    /// Large particles stand on top.
    Diameter,
}

impl SortBy {
    /// Equal ones stay in the order of their numbers; what is not known comes last.
    fn sort(self, classes: &mut [ClassFacts]) {
        match self {
            Self::Class => {}
            Self::Candidates => classes.sort_by_key(|facts| std::cmp::Reverse(facts.count)),
            Self::Diameter => classes.sort_by(|a, b| {
                let width = |facts: &ClassFacts| facts.diameter.unwrap_or(f64::NEG_INFINITY);
                width(b).total_cmp(&width(a))
            }),
        }
    }
}

pub(crate) fn run(arguments: &Arguments, common: &Common) -> Result<Outcome, Failure> {
    let clustered = Clustered::read(&arguments.run, common.memory_bytes())?;
    if arguments.list {
        return list(arguments, &clustered);
    }
    let name = match &arguments.name {
        Some(name) => checked(name)?.to_owned(),
        None => {
            let classes: Vec<String> = arguments.classes.iter().map(u32::to_string).collect();
            format!("class-{}", classes.join("-"))
        }
    };
    let format = match (&arguments.out, arguments.format) {
        (Some(out), None) => Some(CoordinateFormat::of_name(out)?),
        (_, format) => format,
    };
    let rows = chosen(arguments, &clustered)?;
    let kept = (arguments.run.join("selections")).join(format!("{name}.star"));
    for path in arguments.out.iter().chain([&kept]) {
        if path.exists() && !common.overwrite {
            return Err(Failure::usage(format!(
                "{}: the file exists and is not overwritten; choose another --name or -o, or ask to --overwrite",
                path.display()
            )));
        }
    }
    if common.dry_run {
        common.say(&format!(
            "would write {} particles to {}",
            rows.len(),
            kept.display()
        ));
        return Ok(Outcome::Done);
    }
    let options = PicksOptions {
        frames: RunFolder::new(&arguments.run).frames(common)?,
        ..PicksOptions::default()
    };
    let class_name = arguments.as_one.then_some(name.as_str());
    let picks = picks(&clustered, &rows, &options, class_name)?;
    write(&kept, CoordinateFormat::Relion5, &picks, &options)?;
    if let (Some(out), Some(format)) = (&arguments.out, format) {
        write_picks(out, format, &picks, &options, common.overwrite())?;
    }
    common.say(&format!(
        "{} particles of {} tomograms in {}",
        picks.len(),
        picks.sets.len(),
        arguments.out.as_ref().unwrap_or(&kept).display()
    ));
    if !arguments.as_one && arguments.classes.len() > 1 {
        common.say(
            "its classes stay apart, and a network would learn each by itself; if they hold one kind of particle, select again with \
             --as-one --overwrite",
        );
    }
    Ok(Outcome::Done)
}

/// A selection of the run, replacing one of that name.
fn write(
    path: &Path,
    format: CoordinateFormat,
    picks: &Picks,
    options: &PicksOptions,
) -> Result<(), Failure> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(cryo_io::Error::from)?;
    }
    write_picks(path, format, picks, options, Overwrite::Replace)?;
    Ok(())
}

/// A name that stays within the folder of selections.
fn checked(name: &str) -> Result<&str, Failure> {
    let plain = |letter: char| letter.is_alphanumeric() || "-_. +".contains(letter);
    if !name.is_empty() && !name.starts_with('.') && name.chars().all(plain) {
        return Ok(name);
    }
    Err(Failure::usage(format!(
        "--name: expected letters, digits, '-', '_', '+', spaces or dots, not a dot first, got {name:?}"
    )))
}

/// The rows that are selected, in the order in which they are written.
fn chosen(arguments: &Arguments, clustered: &Clustered) -> Result<Vec<usize>, Failure> {
    let count = clustered.found.spread.nrows() as u32;
    if let Some(class) = arguments.classes.iter().find(|class| **class > count) {
        return Err(Failure::usage(format!(
            "--classes: expected numbers from 0 to {count}, got {class}; cryo select {} --list shows them",
            arguments.run.display()
        )));
    }
    let mut rows = with_labels(&clustered.labels(), &arguments.classes);
    let outlier = &clustered.found.outlier;
    if let Some(most) = arguments.max_outlier {
        rows.retain(|&row| outlier[row] <= most);
    }
    if arguments.nearest_to_centre {
        rows.sort_by(|&a, &b| outlier[a].total_cmp(&outlier[b]));
    } else if arguments.limit.is_some() {
        let key = |row: usize| match clustered.places.score[row] {
            score if score.is_nan() => f32::NEG_INFINITY,
            score => score,
        };
        rows.sort_by(|&a, &b| key(b).total_cmp(&key(a)));
    }
    rows.truncate(arguments.limit.unwrap_or(usize::MAX));
    if rows.is_empty() {
        return Err(Failure::Input(format!(
            "{}: no candidate is selected; take more classes, or loosen --limit and --max-outlier",
            arguments.run.display()
        )));
    }
    Ok(rows)
}

/// The rows as particles, by tomogram.
fn picks(
    clustered: &Clustered,
    rows: &[usize],
    options: &PicksOptions,
    class_name: Option<&str>,
) -> Result<Picks, Failure> {
    let places = &clustered.places;
    let labels = clustered.labels();
    let mut sets: Vec<Option<ParticleSet>> = vec![None; places.names.len()];
    for &row in rows {
        let number = places.tomogram[row];
        let name = &places.names[number];
        let set = match &mut sets[number] {
            Some(set) => set,
            empty => {
                let grid = options.frames.get(name).grid(name)?;
                let mut set = ParticleSet::new(name, grid);
                if let Some(class) = class_name {
                    set.classes.insert(1, class.to_owned());
                }
                empty.insert(set)
            }
        };
        let score = places.score[row];
        set.items.push(Particle {
            score: (!score.is_nan()).then_some(score),
            class: Some(class_name.map_or(labels[row], |_| 1)),
            ..Particle::at(places.position[row])
        });
    }
    Ok(Picks {
        sets: sets.into_iter().flatten().collect(),
        ..Picks::default()
    })
}

fn list(arguments: &Arguments, clustered: &Clustered) -> Result<Outcome, Failure> {
    let mut classes = clustered.classes()?;
    arguments.sort.sort(&mut classes);
    let report = arguments.run.join("report");
    let picture = |name: &str| Some(report.join(name)).filter(|path| path.is_file());
    if arguments.json {
        let pictures = ["matrix.png", "grid_labels.png", "labels.png"].map(picture);
        let text = serde_json::json!({
            "candidates": clustered.table.len(),
            "classes": classes,
            "pictures": pictures,
        });
        print(&format!("{text:#}\n"))?;
        return Ok(Outcome::Done);
    }
    let mut text = format!(
        "{:>10} {:>10} {:>9} {:>10} {:>8} {:>8}\n",
        "class", "candidates", "tomograms", "mean score", "spread", "diameter"
    );
    let number = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |v| format!("{v:.3}"));
    for facts in &classes {
        let class = match facts.class {
            0 => "unassigned".to_owned(),
            class => class.to_string(),
        };
        text += &format!(
            "{class:>10} {:>10} {:>9} {:>10} {:>8} {:>8}\n",
            facts.count,
            facts.tomograms,
            number(facts.mean_score),
            number(facts.spread),
            facts
                .diameter
                .map_or_else(|| "-".to_owned(), |v| format!("{v:.1}"))
        );
    }
    text += "diameter: of what stands in the middle of a class's average, in voxels\n";
    match picture("matrix.png") {
        Some(path) => {
            text += &format!("Average and members of each class: {}\n", path.display());
        }
        None => {
            text += &format!(
                "No pictures are there; cryo explore cluster {} draws them.\n",
                arguments.run.display()
            );
        }
    }
    print(&text)?;
    Ok(Outcome::Done)
}
