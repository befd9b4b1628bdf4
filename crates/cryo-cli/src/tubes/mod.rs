//! `cryo tubes`: from points on filaments to filaments.

mod length;
mod picture;
mod settings;

use std::path::{Path, PathBuf};

use clap::Args;
use cryo_core::{ParticleSet, Progress};
use cryo_io::{
    CoordinateFormat, ExtraColumn, Format, Picks, read_picks, star::relion, write_picks,
};
use cryo_tubes::{Error, Tracing, to_particles, trace_tubes, trace_tubes_as_paper};
use serde_json::{Value, json};

use crate::{
    config,
    exit::{self, Failure, Outcome},
    frames::FrameArguments,
    options::Common,
    progress::Report,
};
use settings::{Flags, Method, Settings};

/// Filaments through picked points: grouped, fitted, resampled at equal distances, with ids, places along
/// the filament, directions and scores.
#[derive(Debug, Args)]
#[command(after_help = "\
STAR files get rlnHelicalTubeID, rlnHelicalTrackLengthAngst and priors of tilt and psi, IMOD models a contour \
for each filament. The settings go beside the output, as NAME.config.toml.\n\n\
Examples:\n  cryo tubes picks.star -o filaments.star --spacing 82A\n  \
cryo tubes picks.csv -o filaments.mod --tomogram ts_01.mrc --png pictures\n  \
cryo tubes picks.star -o as_published.star --preset paper")]
pub(crate) struct Arguments {
    /// Points on filaments, in any format of coordinates.
    #[arg(value_name = "FILE")]
    input: PathBuf,

    /// Where to; its extension says the format unless --to does.
    #[arg(short, long, value_name = "FILE")]
    out: PathBuf,

    /// Format of the input, as for cryo convert; found by name and content without it.
    #[arg(long, value_name = "FORMAT")]
    from: Option<CoordinateFormat>,

    /// Format of the output, as for cryo convert.
    #[arg(long, value_name = "FORMAT")]
    to: Option<CoordinateFormat>,

    /// Trace only the points of this class, by name or number.
    #[arg(long, value_name = "NAME")]
    class: Option<String>,

    /// Draw the filaments over slabs of each tomogram as NAME.png in this folder; --tomogram or --data say
    /// where the tomograms are.
    #[arg(long, value_name = "DIR")]
    png: Option<PathBuf>,

    /// Print the filaments and what was dropped as JSON.
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    flags: Flags,

    #[command(flatten)]
    frames: FrameArguments,
}

pub(crate) fn run(arguments: &Arguments, common: &Common) -> Result<Outcome, Failure> {
    if common.shard.is_some() {
        return Err(Failure::usage(
            "--shard: all filaments go into one file; name fewer picks instead",
        ));
    }
    let defaults = defaults(arguments, common)?;
    let settings: Settings = config::effective("tubes", &defaults, common, &arguments.flags)?;
    let to = match arguments.to {
        Some(format) => format,
        None => CoordinateFormat::of_name(&arguments.out)?,
    };
    let options = arguments.frames.picks_options()?;
    let mut picks = read_picks(&arguments.input, arguments.from, &options)?;
    let written = if Format::of_file(&arguments.input)? == Format::Star {
        relion::options_with_tomograms(&arguments.input, &options)?
    } else {
        options
    };
    let optics = optics_columns(&picks);
    if let Some(class) = &arguments.class {
        keep_class(&mut picks.sets, class)?;
    }
    let config = config_path(&arguments.out);
    let pictures = match &arguments.png {
        Some(folder) => picture::targets(folder, &picks.sets, &arguments.frames, common)?,
        None => Vec::new(),
    };
    check_free(&arguments.out, &config, common)?;
    if common.dry_run {
        let count: usize = picks.sets.iter().map(ParticleSet::len).sum();
        common.say(&format!(
            "would trace filaments through {count} points of {} tomograms and write {} as {to}, {}{}",
            picks.sets.len(),
            arguments.out.display(),
            config.display(),
            pictures.iter().map(|target| format!(", {}", target.picture.display())).collect::<String>()
        ));
        return Ok(Outcome::Done);
    }
    let progress = Report::new(common);
    let mut tracings = Vec::with_capacity(picks.sets.len());
    for set in &picks.sets {
        tracings.push(trace(set, &settings, &progress)?);
    }
    let traced = filaments(&picks.sets, &tracings, &optics);
    write_picks(&arguments.out, to, &traced, &written, common.overwrite())?;
    config::write(&config, "tubes", &settings, common, common.overwrite())?;
    for target in &pictures {
        picture::draw(target, &traced.sets, &arguments.frames, common)?;
    }
    for (set, tracing) in picks.sets.iter().zip(&tracings) {
        common.say(&summary(set, tracing));
    }
    if arguments.json {
        let reports: Vec<Value> = picks
            .sets
            .iter()
            .zip(&tracings)
            .map(|(set, tracing)| report(set, tracing))
            .collect();
        let text = serde_json::to_string_pretty(&reports);
        exit::print(&(text.map_err(|error| Failure::usage(error.to_string()))? + "\n"))?;
    }
    Ok(Outcome::Done)
}

/// The preset's values for the method that is stated: by the flag, else in the file.
fn defaults(arguments: &Arguments, common: &Common) -> Result<Settings, Failure> {
    let preset = |stated| Settings::of(common.preset, stated);
    if arguments.flags.method().is_some() {
        return Ok(preset(arguments.flags.method()));
    }
    let of_file: Settings = config::effective("tubes", &preset(None), common, &arguments.flags)?;
    Ok(preset(Some(of_file.method)))
}

/// The filaments through points a twelfth of the diameter apart, by the settings for tubes of the file and the preset; those
/// whose points have a mean score below the least of their class are left out.
pub(crate) fn traced(
    set: &ParticleSet,
    diameter_angstrom: f64,
    least_score: impl Fn(Option<u32>) -> f64,
    common: &Common,
    progress: &dyn Progress,
) -> Result<(ParticleSet, usize), Failure> {
    let voxel_angstrom = set.grid.voxel_size.x();
    let settings: Settings = config::effective(
        "tubes",
        &Settings::of(common.preset, None).for_diameter(diameter_angstrom, voxel_angstrom),
        common,
        &serde_json::Map::new(),
    )?;
    let mut tracing = trace(set, &settings, progress)?;
    let score = |source: &usize| f64::from(set.items[*source].score.unwrap_or(1.0));
    tracing.tubes.retain(|tube| {
        let sum: f64 = tube.sources.iter().map(score).sum();
        sum >= least_score(tube.class) * tube.sources.len() as f64
    });
    Ok((to_particles(set, &tracing.tubes), tracing.tubes.len()))
}

fn trace(
    set: &ParticleSet,
    settings: &Settings,
    progress: &dyn Progress,
) -> Result<Tracing, Failure> {
    let voxel_angstrom = set.grid.voxel_size.x();
    let traced = match settings.method {
        Method::Curve => trace_tubes(set, &settings.curve_params(voxel_angstrom), progress),
        Method::Paper => {
            trace_tubes_as_paper(set, &settings.paper_params(voxel_angstrom), progress)
        }
    };
    traced.map_err(|error| match error {
        Error::Cancelled => Failure::Interrupted,
        Error::Parameter {
            field,
            expected,
            got,
        } => {
            let unit = field
                .trim_end_matches("_vox2")
                .trim_end_matches("_vox")
                .trim_end_matches("_per_vox");
            let flag = unit.trim_end_matches("_per").replace('_', "-");
            Failure::usage(format!(
                "--{flag}: expected {expected}, got {got} (lengths in voxels of {voxel_angstrom} Å)"
            ))
        }
        other => Failure::Input(other.to_string()),
    })
}

/// Leaves the particles of one class.
fn keep_class(sets: &mut [ParticleSet], class: &str) -> Result<(), Failure> {
    let mut known = std::collections::BTreeSet::new();
    let mut kept = 0;
    for set in sets.iter_mut() {
        let names = set.classes.clone();
        set.retain(|item| {
            let Some(number) = item.class else {
                return false;
            };
            let name = names
                .get(&number)
                .cloned()
                .unwrap_or_else(|| number.to_string());
            let is_it = name == class || number.to_string() == class;
            known.insert(name);
            is_it
        });
        kept += set.len();
    }
    if kept > 0 {
        return Ok(());
    }
    let known = if known.is_empty() {
        "the points have no class".to_owned()
    } else {
        format!(
            "expected one of {}",
            known.into_iter().collect::<Vec<_>>().join(", ")
        )
    };
    Err(Failure::usage(format!("--class {class}: {known}")))
}

/// What RELION's writers need of the optics: each column's name and its value for each set.
fn optics_columns(picks: &Picks) -> Vec<(String, Vec<String>)> {
    let mut first = 0;
    let mut firsts = Vec::with_capacity(picks.sets.len());
    for set in &picks.sets {
        firsts.push(first);
        first += set.len();
    }
    let optics = picks
        .extra
        .iter()
        .filter(|column| column.name.starts_with("optics."));
    let value =
        |column: &ExtraColumn, row: usize| column.values.get(row).cloned().unwrap_or_default();
    optics
        .map(|column| {
            (
                column.name.clone(),
                firsts.iter().map(|&row| value(column, row)).collect(),
            )
        })
        .collect()
}

fn filaments(
    sets: &[ParticleSet],
    tracings: &[Tracing],
    optics: &[(String, Vec<String>)],
) -> Picks {
    let sets: Vec<ParticleSet> = sets
        .iter()
        .zip(tracings)
        .map(|(set, tracing)| to_particles(set, &tracing.tubes))
        .collect();
    let column = |(name, values): &(String, Vec<String>)| {
        let repeated = sets
            .iter()
            .zip(values)
            .flat_map(|(set, value)| vec![value.clone(); set.len()]);
        ExtraColumn {
            name: name.clone(),
            values: repeated.collect(),
        }
    };
    let extra = optics.iter().map(column).collect();
    Picks { sets, extra }
}

/// Beside the output, under its name.
fn config_path(out: &Path) -> PathBuf {
    let stem = out.file_stem().unwrap_or_default().to_string_lossy();
    out.with_file_name(format!("{stem}.config.toml"))
}

/// Refuses before any work what could not be written after it.
fn check_free(out: &Path, config: &Path, common: &Common) -> Result<(), Failure> {
    for path in [out, config] {
        if !common.overwrite && path.is_file() {
            return Err(Failure::usage(format!(
                "{}: the file exists and is not overwritten; choose another name or ask to --overwrite",
                path.display()
            )));
        }
    }
    Ok(())
}

fn summary(set: &ParticleSet, tracing: &Tracing) -> String {
    // The sum of nothing is −0.
    let length = 0.0
        + tracing
            .tubes
            .iter()
            .map(|tube| tube.length_angstrom)
            .sum::<f64>();
    let dropped = tracing.dropped;
    format!(
        "{}: {} filaments of {:.0} nm through {} of {} points; dropped: {} of few points, {} short, {} rough, {} \
         bent",
        set.tomogram,
        tracing.tubes.len(),
        length / 10.0,
        set.len() - tracing.unused,
        set.len(),
        dropped.few_points,
        dropped.short,
        dropped.rough,
        dropped.bent
    )
}

fn report(set: &ParticleSet, tracing: &Tracing) -> Value {
    let filaments: Vec<Value> = (1..)
        .zip(&tracing.tubes)
        .map(|(id, tube): (u32, _)| {
            json!({
                "id": id,
                "class": tube.class.map(|class| set.classes.get(&class).cloned().unwrap_or_else(|| class.to_string())),
                "n_points": tube.sources.len(),
                "length_angstrom": tube.length_angstrom,
                "max_curvature_per_vox": tube.max_curvature_per_vox,
                "residual_vox": tube.residual_vox,
            })
        })
        .collect();
    let dropped = tracing.dropped;
    json!({
        "tomogram": set.tomogram,
        "n_points": set.len(),
        "n_unused": tracing.unused,
        "filaments": filaments,
        "dropped": {
            "few_points": dropped.few_points, "short": dropped.short, "rough": dropped.rough, "bent": dropped.bent,
        },
    })
}
