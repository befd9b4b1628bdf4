//! `cryo evaluate`: how well picks find the truth.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
    str::FromStr,
};

use clap::Args;
use cryo_core::{Grid, ParticleSet, VoxelSize};
use cryo_eval::{ClassRecall, Classes, EvaluateParams, Evaluation, Scores, evaluate};
use cryo_io::{CoordinateFormat, Frame, PicksOptions, mrc, read_picks};
use serde::Serialize;

use crate::{
    exit::{Failure, Outcome, print},
    frames::FrameArguments,
    options::Common,
};

/// Precision, recall, F1, average precision and localization error of picks, per tomogram and pooled.
#[derive(Debug, Args)]
#[command(after_help = "\
Matching is one-to-one and optimal within the radius, in ångström: truth and picks may be counted on different \
binnings. A second pick on one particle is wrong. There is no default radius, as a score means nothing without \
it: half the diameter of the particle is usual, which --diameter takes.\n\n\
Examples:\n  cryo evaluate --truth truth.star --picks picks.star --radius 125\n  \
cryo evaluate --truth truth.csv --picks picks.star --diameter 250 --class ribosome --data dataset.tsv --json\n  \
cryo evaluate --truth truth.csv --picks bin2.csv --radius 80 --voxel-size 10 --picks-voxel-size 20")]
pub(crate) struct Arguments {
    /// What is there: coordinates in any format that cryo convert reads.
    #[arg(long, value_name = "FILE")]
    truth: PathBuf,

    /// What was found, with or without scores.
    #[arg(long, value_name = "FILE")]
    picks: PathBuf,

    /// Largest distance of a pick from the particle that it finds, in ångström, inclusive.
    #[arg(
        long,
        value_name = "Å",
        required_unless_present = "diameter",
        conflicts_with = "diameter"
    )]
    radius: Option<f64>,

    /// Diameter of the particle in ångström; the radius is half of it.
    #[arg(long, value_name = "Å")]
    diameter: Option<f64>,

    /// Another radius for the particles of one class; may be given once a class.
    #[arg(long, value_name = "NAME=Å")]
    class_radius: Vec<ClassRadius>,

    /// Only this class: its truth, its picks, and picks without a class.
    #[arg(long, value_name = "NAME")]
    class: Option<String>,

    /// A pick only finds particles of its own class, and every class has scores of its own.
    #[arg(long, conflicts_with = "class")]
    each_class: bool,

    /// Smallest score of the picks that count [default: all picks]. Best threshold and average precision
    /// always consider all.
    #[arg(long, value_name = "SCORE", allow_negative_numbers = true)]
    threshold: Option<f32>,

    /// Leave out picks in tomograms of which no truth is given; they are refused without it.
    #[arg(long)]
    skip_unknown_tomograms: bool,

    /// One JSON object on standard output instead of a table.
    #[arg(long)]
    json: bool,

    /// Format of the truth, as in cryo convert; found by name and content without it.
    #[arg(long, value_name = "FORMAT")]
    truth_format: Option<CoordinateFormat>,

    /// Format of the picks.
    #[arg(long, value_name = "FORMAT")]
    picks_format: Option<CoordinateFormat>,

    #[command(flatten)]
    frames: FrameArguments,

    /// The tomogram (MRC) that the picks are counted on, where it is another binning than that of the truth;
    /// with --tomogram, the origins of both headers count.
    #[arg(long, value_name = "FILE", help_heading = "Tomograms and conventions")]
    picks_tomogram: Option<PathBuf>,

    /// Voxel size in ångström that the picks are counted in, where it is another than that of the truth.
    #[arg(
        long,
        value_name = "Å",
        help_heading = "Tomograms and conventions",
        conflicts_with = "picks_tomogram"
    )]
    picks_voxel_size: Option<f64>,
}

/// `NAME=Å`.
#[derive(Debug, Clone)]
struct ClassRadius(String, f64);

impl FromStr for ClassRadius {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text
            .rsplit_once('=')
            .and_then(|(name, radius)| Some(Self(name.to_owned(), radius.parse().ok()?)));
        parts.ok_or_else(|| format!("expected NAME=RADIUS in ångström, got {text:?}"))
    }
}

/// The scores with what they were made with.
#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    evaluation: &'a Evaluation,
    params: &'a EvaluateParams,
}

pub(crate) fn run(arguments: &Arguments, common: &Common) -> Result<Outcome, Failure> {
    let params = arguments.params()?;
    params.validate()?;
    let mut options = arguments.frames.picks_options()?;
    let truth = read_picks(&arguments.truth, arguments.truth_format, &options)?;
    let mut truth = truth.sets;
    let mut grids = None;
    if let Some(frame) = arguments.picks_frame()? {
        if let (Some(tomogram), Some(picked)) =
            (arguments.frames.only_tomogram(), &arguments.picks_tomogram)
        {
            grids = Some((grid_of(tomogram)?, grid_of(picked)?));
        }
        recount(&mut options, frame);
    }
    let picks = read_picks(&arguments.picks, arguments.picks_format, &options)?;
    let mut picks = picks.sets;
    if let Some((of_truth, of_picks)) = grids {
        move_origins(&mut truth, &of_truth);
        move_origins(&mut picks, &of_picks);
    }
    join_unnamed(arguments, &mut truth, &mut picks, common);
    if common.dry_run {
        let count = |sets: &[ParticleSet]| sets.iter().map(ParticleSet::len).sum::<usize>();
        let (truth, picks) = (count(&truth), count(&picks));
        common.say(&format!("would match {picks} picks with {truth} particles"));
        return Ok(Outcome::Done);
    }
    if let Some(name) = &arguments.class {
        say_if_absent(name, &picks, common);
    }
    let evaluation = evaluate(&truth, &picks, &params)?;
    if arguments.json {
        let report = Report {
            evaluation: &evaluation,
            params: &params,
        };
        let text = serde_json::to_string_pretty(&report)
            .map_err(|error| Failure::usage(error.to_string()))?;
        print(&(text + "\n"))?;
    } else {
        print(&table(&evaluation, &params))?;
    }
    Ok(Outcome::Done)
}

/// Picks of a class that goes by another name would count as none without a word.
fn say_if_absent(class: &str, picks: &[ParticleSet], common: &Common) {
    let mut known: Vec<&str> = (picks.iter())
        .flat_map(|set| set.classes.values().map(String::as_str))
        .collect();
    known.sort_unstable();
    known.dedup();
    if !known.contains(&class) && picks.iter().any(|set| !set.is_empty()) {
        let known = if known.is_empty() {
            "none".to_owned()
        } else {
            known.join(", ")
        };
        common.say(&format!(
            "warning: no pick is of class {class}; the picks' classes: {known}. Without --class all picks count, whatever they are called"
        ));
    }
}

impl Arguments {
    fn params(&self) -> Result<EvaluateParams, Failure> {
        let radius = self.radius.or(self.diameter.map(|diameter| diameter / 2.0));
        let radius = radius.ok_or_else(|| Failure::usage("expected --radius or --diameter"))?;
        let classes = match &self.class {
            Some(name) => Classes::Only(name.clone()),
            None if self.each_class => Classes::Each,
            None => Classes::Ignored,
        };
        let radii = self.class_radius.iter();
        Ok(EvaluateParams {
            class_radius_angstrom: radii.map(|radius| (radius.0.clone(), radius.1)).collect(),
            threshold: self.threshold,
            classes,
            skip_tomograms_without_truth: self.skip_unknown_tomograms,
            ..EvaluateParams::new(radius)
        })
    }

    /// What the picks are counted in, where it is not what the truth is.
    fn picks_frame(&self) -> Result<Option<Frame>, Failure> {
        if let Some(path) = &self.picks_tomogram {
            return Ok(Some(Frame::of(&grid_of(path)?)));
        }
        let Some(length) = self.picks_voxel_size else {
            return Ok(None);
        };
        let voxel_size = VoxelSize::new(length).ok_or_else(|| {
            Failure::usage(format!(
                "--picks-voxel-size: expected ångström above 0, got {length}"
            ))
        })?;
        Ok(Some(Frame {
            voxel_size: Some(voxel_size),
            ..Frame::default()
        }))
    }
}

fn grid_of(path: &Path) -> Result<Grid, Failure> {
    let options = mrc::ReadOptions {
        permissive: true,
        ..Default::default()
    };
    Ok(mrc::Reader::open(path, &options)?.grid()?)
}

/// The same tomograms counted in other voxels.
fn recount(options: &mut PicksOptions, frame: Frame) {
    let frames = &mut options.frames;
    for old in frames.named.values_mut().chain([&mut frames.other]) {
        *old = Frame {
            shape: frame.shape,
            voxel_size: frame.voxel_size,
            ..*old
        };
    }
}

/// Puts the first voxel where the header says it lies.
fn move_origins(sets: &mut [ParticleSet], grid: &Grid) {
    for set in sets {
        set.grid = set.grid.with_origin(grid.origin);
    }
}

/// Gives a tomogram that only has the name of its file the name that the other file says.
fn join_unnamed(
    arguments: &Arguments,
    truth: &mut [ParticleSet],
    picks: &mut [ParticleSet],
    common: &Common,
) {
    let ([truth], [picks]) = (truth, picks) else {
        return;
    };
    let is_unnamed = |set: &ParticleSet, path: &Path| {
        let stem = path.file_stem().unwrap_or_default();
        set.tomogram == stem.to_string_lossy()
    };
    if truth.tomogram == picks.tomogram {
        return;
    }
    let (from, to) = if is_unnamed(picks, &arguments.picks) {
        (&mut picks.tomogram, &truth.tomogram)
    } else if is_unnamed(truth, &arguments.truth) {
        (&mut truth.tomogram, &picks.tomogram)
    } else {
        return;
    };
    common.say(&format!(
        "{from}: names no tomogram, taken as coordinates of {to}"
    ));
    from.clone_from(to);
}

impl From<cryo_eval::Error> for Failure {
    fn from(error: cryo_eval::Error) -> Self {
        use cryo_eval::Error;
        let message = error.to_string();
        match error {
            Error::Parameter { .. } | Error::UnknownClass { .. } | Error::TooMany { .. } => {
                Self::Usage(message)
            }
            Error::UnknownTomogram { .. } => Self::Input(format!(
                "{message} (--skip-unknown-tomograms, or --tomogram-name NAME for files that name none)"
            )),
            _ => Self::Input(message),
        }
    }
}

fn table(evaluation: &Evaluation, params: &EvaluateParams) -> String {
    let mut rows = vec![("all".to_owned(), &evaluation.pooled)];
    if evaluation.tomograms.len() > 1 {
        let tomograms = evaluation.tomograms.iter();
        rows.extend(tomograms.map(|one| (one.tomogram.clone(), &one.scores)));
    }
    let classes = evaluation.classes.iter();
    rows.extend(classes.map(|one| (class_name(one.class.as_deref()), &one.scores)));
    let names = rows.iter().map(|(name, _)| name.chars().count());
    let found = evaluation.found.iter();
    let classes = found.map(|one| class_name(one.class.as_deref()).chars().count());
    let width = names.chain(classes).max().unwrap_or(0).max(9);

    let mut text = what(params);
    let titles =
        "truth  picks  found  precision  recall     F1  best F1  at score     AP  error (Å)";
    let _ = writeln!(text, "{:width$}  {titles}", "");
    for (name, scores) in rows {
        let _ = writeln!(text, "{name:width$}  {}", row(scores));
    }
    if params.classes == Classes::Ignored && evaluation.found.iter().any(|one| one.class.is_some())
    {
        let _ = writeln!(text, "\n{:width$}  truth  found  recall", "class");
        for ClassRecall {
            class,
            n_truth,
            n_matched,
            recall,
        } in &evaluation.found
        {
            let name = class_name(class.as_deref());
            let recall = number(*recall, 3);
            let _ = writeln!(
                text,
                "{name:width$}  {n_truth:>5}  {n_matched:>5}  {recall:>6}"
            );
        }
    }
    text
}

fn what(params: &EvaluateParams) -> String {
    let mut text = format!("one-to-one within {} Å", params.radius_angstrom);
    for (name, radius) in &params.class_radius_angstrom {
        let _ = write!(text, ", {radius} Å for {name}");
    }
    match &params.classes {
        Classes::Only(name) => {
            let _ = write!(text, "; only {name}");
        }
        Classes::Each => text += "; each class for itself",
        Classes::Ignored => {}
    }
    match params.threshold {
        Some(threshold) => {
            let _ = writeln!(text, "; picks with a score from {threshold} on");
        }
        None => text += "; all picks\n",
    }
    text
}

fn row(scores: &Scores) -> String {
    let score = scores.best_threshold.map(f64::from);
    format!(
        "{:>5}  {:>5}  {:>5}  {:>9}  {:>6}  {:>5}  {:>7}  {:>8}  {:>5}  {:>9}",
        scores.n_truth,
        scores.n_picks,
        scores.n_matched,
        number(scores.precision, 3),
        number(scores.recall, 3),
        number(scores.f1, 3),
        number(scores.best_f1, 3),
        number(score, 4),
        number(scores.average_precision, 3),
        number(scores.mean_error_angstrom, 1),
    )
}

fn class_name(class: Option<&str>) -> String {
    class.unwrap_or("(no class)").to_owned()
}

fn number(value: Option<f64>, digits: usize) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.digits$}"))
}
