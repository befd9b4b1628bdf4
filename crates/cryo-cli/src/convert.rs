//! `cryo convert`: coordinates between all formats, volumes between MRC and HDF5.

use std::path::{Path, PathBuf};

use clap::Args;
use cryo_core::{Grid, Volume, VoxelSize};
use cryo_io::{
    CoordinateFormat, Error, Format, Frame, Frames, Picks, PicksOptions, hdf5, mrc, read_picks,
    star::relion, write_picks,
};

use crate::{
    exit::{Failure, Outcome},
    frames::FrameArguments,
    options::Common,
};

/// Coordinates between RELION, Warp, IMOD, copick, Dynamo, EM, MiLoPYP and CSV; volumes between MRC and
/// HDF5.
#[derive(Debug, Args)]
#[command(after_help = "\
Columns that the output has a place for are kept even if cryo does not know them. How a format counts is in \
docs/formats.md. An output without extension is a copick project, or with --to imod a folder with a model \
for each tomogram.\n\n\
Examples:\n  cryo convert picks.star picks.mod --tomogram ts_01.mrc\n  \
cryo convert picks.csv picks.star --data dataset.tsv --tilt-pixel-size 2.5\n  \
cryo convert volume.mrc.gz volume.h5")]
pub(crate) struct Arguments {
    /// Coordinates or a volume.
    #[arg(value_name = "IN")]
    input: PathBuf,

    /// Where to; its extension says the format unless --to does.
    #[arg(value_name = "OUT")]
    output: PathBuf,

    /// Format of the input: star, relion5, relion4, relion3, warp, imod, copick, dynamo, em, milopyp,
    /// csv; found by name and content without it.
    #[arg(long, value_name = "FORMAT")]
    from: Option<CoordinateFormat>,

    /// Format of the output, with the same names; star is relion5.
    #[arg(long, value_name = "FORMAT")]
    to: Option<CoordinateFormat>,

    /// Count the output on this tomogram (MRC) instead of that of the input: another binning of it.
    #[arg(long, value_name = "FILE")]
    onto: Option<PathBuf>,

    #[command(flatten)]
    frames: FrameArguments,

    /// Dataset in the HDF5 file; `volume` when writing, the only 3D one when reading.
    #[arg(long, value_name = "NAME")]
    dataset: Option<String>,

    /// Deflate level of HDF5 data, 0 (none) to 9.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u8).range(0..=9))]
    compression: u8,
}

pub(crate) fn run(arguments: &Arguments, common: &Common) -> Result<Outcome, Failure> {
    let volume = arguments.from.is_none()
        && matches!(
            Format::of_file(&arguments.input)?,
            Format::Mrc | Format::Hdf5
        );
    if volume {
        volumes(arguments, common)
    } else {
        coordinates(arguments, common)
    }
}

fn coordinates(arguments: &Arguments, common: &Common) -> Result<Outcome, Failure> {
    let to = match arguments.to {
        Some(format) => format,
        None => CoordinateFormat::of_name(&arguments.output)?,
    };
    let options = arguments.frames.picks_options()?;
    let mut picks = read_picks(&arguments.input, arguments.from, &options)?;
    let mut written = if Format::of_file(&arguments.input)? == Format::Star {
        relion::options_with_tomograms(&arguments.input, &options)?
    } else {
        options
    };
    if let Some(tomogram) = &arguments.onto {
        let grid = grid_of(tomogram)?;
        if picks.sets.len() > 1 {
            return Err(Failure::usage(format!(
                "--onto {}: expected coordinates of one tomogram, got {}; convert them one by one",
                tomogram.display(),
                picks.sets.len()
            )));
        }
        for set in &mut picks.sets {
            *set = set.resampled_to(&grid);
        }
        written.frames = onto(&written, &picks, &grid);
    }
    if common.dry_run {
        common.say(&format!(
            "would write {} as {to}",
            arguments.output.display()
        ));
        return Ok(Outcome::Done);
    }
    write_picks(&arguments.output, to, &picks, &written, common.overwrite())?;
    common.say(&summary(&picks, to, &arguments.output));
    Ok(Outcome::Done)
}

/// The frames of the output: the new grid, and of the old what does not change with binning.
fn onto(options: &PicksOptions, picks: &Picks, grid: &Grid) -> Frames {
    let mut frames = Frames::all(Frame::of(grid));
    for set in &picks.sets {
        let mut old = options.frames.get(&set.tomogram);
        if let (None, Some(shape), Some(size), Some(pixel)) = (
            old.unbinned_shape,
            old.shape,
            old.voxel_size.and_then(VoxelSize::isotropic),
            old.tilt_series_pixel_size,
        ) {
            // As the coordinates were read, so that the centre stays where it was.
            let unbinned = shape.map(|n| (n as f64 * size / pixel).round() as usize);
            old.unbinned_shape = Some(unbinned);
        }
        let unbinned = Frame {
            shape: None,
            voxel_size: None,
            ..old
        };
        frames
            .named
            .insert(set.tomogram.clone(), Frame::of(grid).or(unbinned));
    }
    frames
}

fn grid_of(path: &Path) -> Result<Grid, Error> {
    mrc::Reader::open(path, &mrc::ReadOptions::default())?.grid()
}

fn summary(picks: &Picks, to: CoordinateFormat, output: &Path) -> String {
    let plural = |count: usize, noun: &str| {
        if count == 1 {
            format!("1 {noun}")
        } else {
            format!("{count} {noun}s")
        }
    };
    format!(
        "{} of {} as {to} in {}",
        plural(picks.len(), "particle"),
        plural(picks.sets.len(), "tomogram"),
        output.display()
    )
}

fn volumes(arguments: &Arguments, common: &Common) -> Result<Outcome, Failure> {
    if let Some(format) = arguments.to {
        return Err(Failure::usage(format!(
            "{}: a volume cannot become {format}; name an output .mrc or .h5",
            arguments.input.display()
        )));
    }
    let to = Format::of_name(&arguments.output);
    if !matches!(to, Some(Format::Mrc | Format::Hdf5)) {
        let path = arguments.output.display();
        return Err(Failure::usage(format!(
            "{path}: expected an output .mrc, .mrc.gz or .h5"
        )));
    }
    // Before a large file is read.
    if !common.overwrite && arguments.output.exists() {
        let path = arguments.output.display();
        return Err(Failure::usage(format!(
            "{path}: the file exists and is not overwritten; choose another name or ask to --overwrite"
        )));
    }
    if common.dry_run {
        common.say(&format!("would write {}", arguments.output.display()));
        return Ok(Outcome::Done);
    }
    let volume = read_volume(arguments, common)?;
    let overwrite = common.overwrite();
    if to == Some(Format::Mrc) {
        let options = mrc::WriteOptions {
            overwrite,
            ..Default::default()
        };
        mrc::write(&arguments.output, &volume, &options)?;
    } else {
        let name = arguments.dataset.as_deref().unwrap_or("volume");
        hdf5::write_volume(
            &arguments.output,
            name,
            &volume,
            arguments.compression,
            overwrite,
        )?;
    }
    common.say(&format!(
        "{} in {}",
        volume.grid(),
        arguments.output.display()
    ));
    Ok(Outcome::Done)
}

fn read_volume(arguments: &Arguments, common: &Common) -> Result<Volume, Failure> {
    let max_bytes = common.memory_bytes();
    let stated = arguments.frames.voxel_size()?;
    if Format::of_file(&arguments.input)? == Format::Mrc {
        let options = mrc::ReadOptions {
            max_bytes,
            voxel_size_angstrom: stated.and_then(VoxelSize::isotropic),
            ..Default::default()
        };
        return Ok(mrc::read(&arguments.input, &options)?);
    }
    let options = hdf5::VolumeOptions {
        dataset: arguments.dataset.clone(),
        voxel_size: stated,
        max_bytes,
    };
    Ok(hdf5::read_volume(&arguments.input, &options)?)
}
