//! `cryo candidates`: positions that may be particles, without labels.

mod picture;
mod settings;
pub(crate) mod tilts;

use std::path::{Path, PathBuf};

use clap::Args;
use cryo_candidates::{CandidateParams, PlaneSource, SearchReport, find_candidates_with_report};
use cryo_core::{ParticleSet, Progress};
use cryo_io::{
    CoordinateFormat, Frame, Frames, Picks, PicksOptions, dataset::DatasetEntry, write_picks,
};

use crate::{
    config,
    exit::{Failure, Outcome},
    masks,
    options::Common,
    progress::Report,
    tomograms::{self, Tomogram},
};
pub(crate) use settings::{Flags, Settings, contrast, contrast_name};

/// Positions that may be particles: a pyramid of differences of Gaussians, its maxima, suppression, a threshold.
#[derive(Debug, Args)]
#[command(after_help = "\
A score counts standard deviations of the response to particles of that size. The threshold is generous on purpose: \
two of three candidates are no particles, and exploration or localization tells them apart. Where the list names a tilt series and its angles, their order and sign are checked against the candidates. The settings are written beside \
the result, as FILE.config.toml; give them again with --config.\n\n\
Examples:\n  cryo candidates --data 'tomo/*.mrc' -o candidates.star\n  \
cryo candidates --data dataset.tsv --diameter 150,250 --gold 5 --png pictures -o candidates.star\n  \
cryo candidates --data ts_01.mrc --hollow 900 -o vesicles.mod")]
pub(crate) struct Arguments {
    /// A dataset list, a pattern such as 'tomo/*.mrc', or tomograms.
    #[arg(long, value_name = "LIST|FILE", required = true, num_args = 1..)]
    data: Vec<String>,

    /// Where the coordinates go; the extension says the format unless --format does.
    #[arg(short, long, value_name = "FILE")]
    out: PathBuf,

    /// Format: star, relion5, relion4, relion3, warp, imod, copick, dynamo, em, milopyp, csv.
    #[arg(long, value_name = "FORMAT")]
    format: Option<CoordinateFormat>,

    /// Pixel size of the tilt series before binning in ångström, which RELION 4 and 5 files hold [default: the
    /// tomogram's voxel size].
    #[arg(long, value_name = "Å")]
    tilt_pixel_size: Option<f64>,

    /// A folder for pictures: slabs of every tomogram with the candidates as circles.
    #[arg(long, value_name = "DIR")]
    png: Option<PathBuf>,

    #[command(flatten)]
    flags: Flags,
}

pub(crate) fn run(arguments: &Arguments, common: &Common) -> Result<Outcome, Failure> {
    let mut settings: Settings = config::effective(
        "candidates",
        &Settings::preset(common.preset),
        common,
        &arguments.flags,
    )?;
    settings.give_way(&arguments.flags);
    if let Some(size) = arguments.tilt_pixel_size
        && !(size.is_finite() && size > 0.0)
    {
        return Err(Failure::usage(format!(
            "--tilt-pixel-size: expected ångström above 0, got {size}"
        )));
    }
    let format = match arguments.format {
        Some(format) => format,
        None => CoordinateFormat::of_name(&arguments.out)?,
    };
    let dataset = tomograms::dataset(&arguments.data)?;
    let entries: Vec<&DatasetEntry> = tomograms::mine(&dataset, common).collect();
    let config = config_of(&arguments.out);
    if common.dry_run {
        for entry in &entries {
            let tomogram = Tomogram::open(entry, common)?;
            settings.params(&tomogram.grid())?;
            common.say(&format!("would search {}: {}", entry.name, tomogram.grid()));
        }
        common.say(&format!(
            "would write {} as {format}",
            arguments.out.display()
        ));
        return Ok(Outcome::Done);
    }
    if arguments.out.exists() && !common.overwrite {
        if common.resume {
            config::check_same(&config, "candidates", &settings, common)?;
            return Ok(Outcome::Done);
        }
        return Err(Failure::usage(format!(
            "{}: the file exists and is not overwritten; choose another name or ask to --overwrite",
            arguments.out.display()
        )));
    }
    let progress = Report::new(common);
    let mut picks = Picks::default();
    let mut frames = Frames::default();
    for entry in &entries {
        let tomogram = Tomogram::open(entry, common)?;
        let params = settings.params(&tomogram.grid())?;
        let series = tilts::read(entry, &tomogram.grid(), common)?;
        let (set, report) = search(&tomogram, &params, entry, common, &progress)?;
        common.say(&summary(&set, &report));
        if let Some(series) = &series {
            tilts::check(series, &set, common, &progress)?;
        }
        if let Some(folder) = &arguments.png {
            picture::draw(folder, &tomogram, &set, common)?;
        }
        let mut frame = Frame::of(&tomogram.grid());
        let own = tomogram.grid().voxel_size.isotropic();
        frame.tilt_series_pixel_size = arguments.tilt_pixel_size.or(own);
        frames.named.insert(entry.name.clone(), frame);
        picks.sets.push(set);
    }
    let options = PicksOptions {
        frames,
        ..PicksOptions::default()
    };
    write_picks(&arguments.out, format, &picks, &options, common.overwrite())?;
    config::write(
        &config,
        "candidates",
        &settings,
        common,
        cryo_io::Overwrite::Replace,
    )?;
    common.say(&format!(
        "{} candidates of {} tomograms as {format} in {}",
        picks.len(),
        picks.sets.len(),
        arguments.out.display()
    ));
    Ok(Outcome::Done)
}

/// The candidates of a tomogram that are inside its mask.
pub(crate) fn search(
    source: &dyn PlaneSource,
    params: &CandidateParams,
    entry: &DatasetEntry,
    common: &Common,
    progress: &dyn Progress,
) -> Result<(ParticleSet, SearchReport), Failure> {
    let mask = masks::read(entry, source.grid().shape, common)?;
    let most = params.max_count;
    let params = CandidateParams {
        // With a mask the best are those of what is inside.
        max_count: most.filter(|_| mask.is_none()),
        ..params.clone()
    };
    let memory = Some(common.memory_bytes());
    let found = find_candidates_with_report(source, &params, memory, progress);
    let (mut set, report) = found.map_err(|error| tomograms::failure(error, &entry.tomogram))?;
    set.tomogram.clone_from(&entry.name);
    if let Some(mask) = &mask {
        let all = set.len();
        set.retain(|particle| masks::holds(mask, particle.position));
        common.say(&format!(
            "{}: {} of {all} candidates are inside the mask",
            entry.name,
            set.len()
        ));
        set.items.truncate(most.unwrap_or(usize::MAX));
    }
    Ok((set, report))
}

/// Where the settings of a result go.
fn config_of(out: &Path) -> PathBuf {
    let mut name = out.file_name().unwrap_or_default().to_owned();
    name.push(".config.toml");
    out.with_file_name(name)
}

fn summary(set: &ParticleSet, report: &SearchReport) -> String {
    let mut text = format!(
        "{}: {} candidates with scores above {:.2}, of {} maxima",
        set.tomogram,
        set.len(),
        report.threshold,
        report.maxima
    );
    let mut and = |count: usize, what: &str| {
        if count > 0 {
            text += &format!("; {count} {what}");
        }
    };
    and(
        report.outside,
        "maxima in padding, empty planes or the margin left out",
    );
    and(report.gold, "left out as gold");
    and(report.edges, "left out as edges");
    let planes = set.grid.shape[0];
    if report.specimen.len() < planes {
        text += &format!(
            "; specimen from plane {} to {} of {planes} (--keep-empty searches all)",
            report.specimen.start,
            report.specimen.end - 1
        );
    }
    text
}
