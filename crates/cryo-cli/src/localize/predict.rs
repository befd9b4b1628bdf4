use std::{
    fs,
    path::{Path, PathBuf},
    str::FromStr,
    time::Instant,
};

use clap::Args;
use cryo_candidates::PlaneSource as _;
use cryo_core::{Grid, ParticleSet, Volume};
use cryo_io::{
    CoordinateFormat, Frame, Frames, Overwrite, Picks, PicksOptions, dataset::DatasetEntry,
    discard_abandoned, mrc, read_picks, write_picks,
};
use cryo_pu_localize::{
    Found, LocalizeParams, Model, PredictParams, Reduced, Threshold, particles, predict_bytes,
    predict_within, reduce_bytes, working_grid,
};

use super::{
    drawing::{self, Backdrop},
    failure, inputs,
};
use crate::{
    exit::{Failure, Outcome},
    learning::{IDLE, duration, gibibytes},
    options::Common,
    progress::Report,
    tomograms::{self, Tomogram},
};

/// Find the particles of tomograms with a trained network.
#[derive(Debug, Args)]
#[command(after_help = "\
Every tomogram gets NAME.star (RELION 5), and a file in another --format beside it; all.star holds all of the dataset once every \
part of it is done. Networks of tubes give filaments instead of points, and NAME_points.star. Tomograms with other voxels than \
the network's are resampled for it; positions are in the tomogram's own.\n\n\
Examples:\n  cryo localize predict --run run --data 'tomo/*.mrc' --out picks\n  \
cryo localize predict --run run --data dataset.tsv --out picks --format imod --heatmaps\n  \
cryo localize predict --run run --data dataset.tsv --out picks --shard 2/8 --resume")]
pub(crate) struct Arguments {
    /// The run folder of `cryo localize train`.
    #[arg(long, value_name = "RUN")]
    run: PathBuf,

    /// A dataset list, a pattern such as 'tomo/*.mrc', or tomograms.
    #[arg(long, value_name = "LIST|FILE", required = true, num_args = 1..)]
    data: Vec<String>,

    /// Folder for the results.
    #[arg(short, long, value_name = "DIR")]
    out: PathBuf,

    /// Least score of a particle, from 0 to 1, of filaments the mean of their points; auto follows from the annotations and
    /// all scores.
    #[arg(long, value_name = "auto|T", default_value = "auto", value_parser = threshold)]
    threshold: Threshold,

    /// A particle is the highest voxel of a cube of so many voxels of the heat map, an odd number, as in the paper
    /// [default: two picks are at least half a diameter apart; of tubes, points a voxel apart along their crests].
    #[arg(long, value_name = "K")]
    nms: Option<usize>,

    /// Format of a second file for each tomogram: relion5, relion4, relion3, warp, imod, copick, dynamo, csv …
    #[arg(long, value_name = "FORMAT", default_value = "star", value_parser = CoordinateFormat::from_str)]
    format: CoordinateFormat,

    /// Also draw slabs of every tomogram with what was found, and of its heat map, as NAME.png and NAME_heat.png.
    #[arg(long)]
    png: bool,

    /// Also write the heat map of each class as NAME_CLASS_heat.mrc.
    #[arg(long)]
    heatmaps: bool,

    /// Average over four mirror images: four times the work, steadier scores [default: as in training].
    #[arg(long)]
    mirrors: bool,

    /// Do not average over mirror images: a quarter of the work; the threshold is not made for it.
    #[arg(long, conflicts_with = "mirrors")]
    no_mirrors: bool,

    /// Leave scores as the network has them, instead of lowering those of peaks that look unlike the annotated particles
    /// (their mean density at each distance from the centre).
    #[arg(long)]
    network_scores: bool,

    /// Leave the tomograms as they are, instead of filtering them to the power spectrum of those learned from.
    #[arg(long = "no-matching", action = clap::ArgAction::SetFalse)]
    matching: bool,
}

fn threshold(text: &str) -> Result<Threshold, String> {
    if text == "auto" {
        return Ok(Threshold::Auto);
    }
    let number: Option<f32> = text
        .parse()
        .ok()
        .filter(|value| (0.0..=1.0).contains(value));
    number
        .map(Threshold::Score)
        .ok_or_else(|| format!("expected auto or a number of 0 to 1, got {text:?}"))
}

pub(crate) fn run(arguments: &Arguments, common: &Common) -> Result<Outcome, Failure> {
    let device = common
        .device
        .resolve()
        .map_err(|error| failure(error.into()))?;
    let path = arguments.run.join("model");
    if !path.exists() {
        return Err(Failure::Input(format!(
            "{}: expected a finished run with model/, got none; train it with cryo localize train, or go on with --resume",
            arguments.run.display()
        )));
    }
    let model = Model::load(&path, device).map_err(failure)?;
    let dataset = tomograms::dataset(&arguments.data)?;
    let entries: Vec<&DatasetEntry> = tomograms::mine(&dataset, common).collect();
    check_free(arguments, &entries, common)?;
    if common.dry_run {
        common.say(&format!(
            "would look for {} in {} tomograms on {device:?}, in about {} and {}, as the first took now, into {}",
            class_names(&model).join(", "),
            entries.len(),
            gibibytes(memory(arguments, &entries, &model, common)?),
            duration(seconds(arguments, &entries, &model, common)?),
            arguments.out.display()
        ));
        return Ok(Outcome::Done);
    }
    fs::create_dir_all(&arguments.out).map_err(cryo_io::Error::from)?;
    let progress = Report::new(common);
    for entry in &entries {
        if common.resume && star(&arguments.out, entry).exists() {
            continue;
        }
        // No other part writes files of this tomogram.
        let written = file_names(arguments, entry, &model);
        discard_abandoned(&arguments.out, |name| written.iter().any(|own| own == name))?;
        one(arguments, entry, &model, common, &progress)
            .map_err(|failure| tomograms::named(failure, &entry.tomogram))?;
    }
    if common.shard.is_none() {
        discard_abandoned(&arguments.out, |name| name == "all.star")?;
    }
    gather(arguments, &dataset.entries, common)?;
    Ok(Outcome::Done)
}

/// Most memory that one tomogram takes, in bytes.
fn memory(
    arguments: &Arguments,
    entries: &[&DatasetEntry],
    model: &Model,
    common: &Common,
) -> Result<u64, Failure> {
    let mut largest = 0;
    for entry in entries {
        let own = Tomogram::open(entry, common)?.grid();
        let grid = working_grid(&own, model.config().voxel_angstrom);
        let predicted = predict_bytes(model.config(), &grid, &PredictParams::default());
        let on_own = Some(Backdrop::bytes(&own)).filter(|bytes| *bytes <= common.memory_bytes());
        let drawn = match arguments.png {
            true => on_own.unwrap_or_else(|| Backdrop::bytes(&grid)),
            false => 0,
        };
        // The allocator keeps what reading took.
        let read = reduce_bytes(&own);
        largest = largest.max(masked(entry, &grid) + read + predicted.max(drawn));
    }
    // What libtorch keeps of one tomogram is there beside the next; measured.
    let kept = if entries.len() > 1 { 1.35 } else { 1.0 };
    Ok(IDLE + (kept * largest as f64) as u64)
}

/// Bytes of a tomogram's mask.
fn masked(entry: &DatasetEntry, grid: &Grid) -> u64 {
    let voxels: usize = grid.shape.iter().product();
    entry.mask.as_ref().map_or(0, |_| voxels as u64)
}

/// Seconds that the tomograms take which are not done: the first is searched, and nothing written.
fn seconds(
    arguments: &Arguments,
    entries: &[&DatasetEntry],
    model: &Model,
    common: &Common,
) -> Result<f64, Failure> {
    let left: Vec<&&DatasetEntry> = (entries.iter())
        .filter(|entry| !(common.resume && star(&arguments.out, entry).exists()))
        .collect();
    let Some(first) = left.first() else {
        return Ok(0.0);
    };
    let begun = Instant::now();
    let tomogram = Tomogram::open(first, common)?;
    let working = model.config().voxel_angstrom;
    let Reduced { volume, mask } = inputs::read(&tomogram, first, working, common)?;
    let of_tomogram = |error| tomograms::named(failure(error), &first.tomogram);
    let mask = mask.as_ref().map(|mask| mask.view());
    let params = localize_params(arguments, &volume, common);
    let (name, view) = (&first.name, volume.view());
    predict_within(model, name, &view, mask, &params.predict, &())
        .and_then(|heat| particles(model, name, &heat, &view, &params))
        .map_err(of_tomogram)?;
    let seconds = begun.elapsed().as_secs_f64();
    let voxels = |entry: &DatasetEntry| -> Result<f64, Failure> {
        let shape = Tomogram::open(entry, common)?.grid().shape;
        Ok(shape.iter().product::<usize>() as f64)
    };
    let of_first = tomogram.grid().shape.iter().product::<usize>() as f64;
    let mut all = 0.0;
    for entry in &left {
        all += voxels(entry)?;
    }
    Ok(seconds * all / of_first)
}

fn localize_params(arguments: &Arguments, volume: &Volume, common: &Common) -> LocalizeParams {
    let bytes = 4 * volume.data().len() as u64;
    LocalizeParams {
        predict: PredictParams {
            mirrors: match (arguments.mirrors, arguments.no_mirrors) {
                (true, _) => Some(true),
                (_, true) => Some(false),
                _ => None,
            },
            memory_bytes: Some(common.memory_bytes().saturating_sub(bytes)),
            matching: arguments.matching,
            ..PredictParams::default()
        },
        threshold: arguments.threshold,
        kernel: arguments.nms,
        network_scores: arguments.network_scores,
    }
}

fn class_names(model: &Model) -> Vec<String> {
    let classes = model.config().classes.iter();
    classes.map(|class| class.name.clone()).collect()
}

fn star(folder: &Path, entry: &DatasetEntry) -> PathBuf {
    folder.join(format!("{}.star", entry.name))
}

fn check_free(
    arguments: &Arguments,
    entries: &[&DatasetEntry],
    common: &Common,
) -> Result<(), Failure> {
    let there = |entry: &&&DatasetEntry| star(&arguments.out, entry).exists();
    match entries.iter().find(there) {
        Some(entry) if !common.resume && !common.overwrite => Err(Failure::usage(format!(
            "{}: the file exists and is not overwritten; ask to --overwrite or to --resume",
            star(&arguments.out, entry).display()
        ))),
        _ => Ok(()),
    }
}

/// Such a part coarser than the network's, a tomogram's voxels are worth a word.
const COARSER: f64 = 1.1;

fn one(
    arguments: &Arguments,
    entry: &DatasetEntry,
    model: &Model,
    common: &Common,
    progress: &Report,
) -> Result<(), Failure> {
    let tomogram = Tomogram::open(entry, common)?;
    let grid = tomogram.grid();
    tomograms::check_voxels(entry, &grid)?;
    let working = model.config().voxel_angstrom;
    if working_grid(&grid, working) != grid {
        let own = grid.voxel_size.x();
        let coarser = if own > COARSER * working {
            format!(
                "; they hold no finer detail, so that small particles may be missed: better `localize train` with --working-voxel {own:.2}, \
                 or in tomograms as coarse as these"
            )
        } else {
            String::new()
        };
        common.say(&format!(
            "{}: voxels of {own:.2} Å are resampled to the network's {working:.2} Å{coarser}",
            entry.name
        ));
    }
    let Reduced { volume, mask } = inputs::read(&tomogram, entry, working, common)?;
    let params = localize_params(arguments, &volume, common);
    let heat = predict_within(
        model,
        &entry.name,
        &volume.view(),
        mask.as_ref().map(|mask| mask.view()),
        &params.predict,
        progress,
    )
    .map_err(failure)?;
    let Found { set, unlike } =
        particles(model, &entry.name, &heat, &volume.view(), &params).map_err(failure)?;
    let found = set.resampled_to(&grid);
    let shown = arguments.png.then(|| drawing::highest(&heat));
    let heat_grid = heat.grid;
    if arguments.heatmaps {
        for (map, class) in heat.classes.into_iter().zip(class_names(model)) {
            let path = arguments.out.join(heat_name(&entry.name, &class));
            let map = Volume::new(map, heat.grid)
                .map_err(|error| Failure::Resources(error.to_string()))?;
            let options = mrc::WriteOptions {
                overwrite: Overwrite::Replace,
                ..Default::default()
            };
            mrc::write(path, &map, &options)?;
        }
    }
    let counted = if model.config().tubular {
        let points = arguments.out.join(format!("{}_points.star", entry.name));
        write(
            &points,
            CoordinateFormat::Relion5,
            std::slice::from_ref(&found),
        )?;
        let diameters = model.config().classes.iter();
        let diameter = diameters
            .map(|class| class.diameter_angstrom)
            .fold(f64::INFINITY, f64::min);
        let least = |class: Option<u32>| least_mean(model, class, arguments);
        let (filaments, count) = crate::tubes::traced(&found, diameter, least, common, progress)?;
        common.say(&format!(
            "{}: {count} filaments through {} points",
            entry.name,
            found.len()
        ));
        filaments
    } else {
        let counts: Vec<String> = (found.classes.iter().zip(&unlike))
            .map(|((number, name), &unlike)| {
                let own = (found.items.iter()).filter(|item| item.class == Some(*number));
                counted(own.count(), unlike, name)
            })
            .collect();
        common.say(&format!("{}: {}", entry.name, counts.join(", ")));
        found
    };
    if arguments.format != CoordinateFormat::Relion5 {
        let name = file_name(&entry.name, arguments.format);
        write(
            &arguments.out.join(name),
            arguments.format,
            std::slice::from_ref(&counted),
        )?;
    }
    if let Some(heat) = shown {
        let files = picture_names(&counted.tomogram).map(|name| arguments.out.join(name));
        let backdrop = Backdrop::of(&tomogram, &counted.tomogram, &volume, common)?;
        drawing::draw(
            &files,
            &backdrop,
            (&heat, &heat_grid),
            &counted,
            model.config(),
        )?;
    }
    // The last to be written: it says that the tomogram is done.
    write(
        &star(&arguments.out, entry),
        CoordinateFormat::Relion5,
        &[counted],
    )
}

/// What was found of a class, and how many peaks of the network were taken for something else.
fn counted(found: usize, unlike: usize, name: &str) -> String {
    if unlike == 0 {
        return format!("{found} {name}");
    }
    let peaks = if unlike == 1 {
        "peak that looks"
    } else {
        "peaks that look"
    };
    let doubt = if unlike > found {
        "; see with --network-scores whether they are another kind, or the tomogram was made otherwise than those learned from"
    } else {
        ""
    };
    format!("{found} {name} (and {unlike} {peaks} unlike the annotated ones{doubt})")
}

fn picture_names(name: &str) -> [String; 2] {
    [format!("{name}.png"), format!("{name}_heat.png")]
}

/// Mean score of a class's points from which on a filament is one.
fn least_mean(model: &Model, class: Option<u32>, arguments: &Arguments) -> f64 {
    let number = class.map_or(0, |class| class as usize - 1);
    match (arguments.threshold, model.calibration()) {
        (Threshold::Score(score), _) => f64::from(score),
        (Threshold::Auto, Some(all)) => all[number].threshold,
        (Threshold::Auto, None) => 0.0,
    }
}

/// All files that a tomogram may get.
fn file_names(arguments: &Arguments, entry: &DatasetEntry, model: &Model) -> Vec<String> {
    let name = &entry.name;
    let heat = class_names(model);
    let mut names: Vec<String> = heat.iter().map(|class| heat_name(name, class)).collect();
    names.extend([
        format!("{name}.star"),
        format!("{name}_points.star"),
        file_name(name, arguments.format),
    ]);
    names.extend(picture_names(name));
    names
}

fn heat_name(name: &str, class: &str) -> String {
    format!("{name}_{class}_heat.mrc")
}

fn file_name(name: &str, format: CoordinateFormat) -> String {
    use CoordinateFormat as F;
    match format {
        F::Relion5 | F::Relion4 | F::Relion3 | F::Warp => format!("{name}_{format}.star"),
        F::Imod => format!("{name}.mod"),
        F::Copick => format!("{name}.json"),
        F::Dynamo => format!("{name}.tbl"),
        F::Em => format!("{name}.em"),
        F::Milopyp => format!("{name}.txt"),
        _ => format!("{name}.csv"),
    }
}

fn options(sets: &[ParticleSet]) -> PicksOptions {
    let frame = |set: &ParticleSet| {
        let frame = Frame {
            tilt_series_pixel_size: set.grid.voxel_size.isotropic(),
            ..Frame::of(&set.grid)
        };
        (set.tomogram.clone(), frame)
    };
    PicksOptions {
        frames: Frames {
            named: sets.iter().map(frame).collect(),
            ..Frames::default()
        },
        ..PicksOptions::default()
    }
}

fn write(path: &Path, format: CoordinateFormat, sets: &[ParticleSet]) -> Result<(), Failure> {
    let picks = Picks {
        sets: sets.to_vec(),
        ..Picks::default()
    };
    write_picks(path, format, &picks, &options(sets), Overwrite::Replace)?;
    Ok(())
}

/// Writes all.star once every tomogram of the dataset is done, by whichever part that was.
fn gather(arguments: &Arguments, all: &[DatasetEntry], common: &Common) -> Result<(), Failure> {
    if !all.iter().all(|entry| star(&arguments.out, entry).exists()) {
        common.say("other parts of the dataset are not done; the last one writes all.star");
        return Ok(());
    }
    let mut sets = Vec::with_capacity(all.len());
    for entry in all {
        let entries = [entry];
        let found = read_picks(
            star(&arguments.out, entry),
            Some(CoordinateFormat::Relion5),
            &inputs::options(&entries, common)?,
        )?;
        sets.extend(found.sets);
    }
    write(
        &arguments.out.join("all.star"),
        CoordinateFormat::Relion5,
        &sets,
    )
}
