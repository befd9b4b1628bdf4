//! `cryo preprocess`: tomograms with less noise and one contrast.

use std::{cell::RefCell, path::PathBuf};

use clap::Args;
use cryo_candidates::{PlaneSource, PreprocessParams, preprocess_slabs};
use cryo_filters::bin_mean;
use cryo_io::{Overwrite, dataset::DatasetEntry, mrc};
use ndarray::Array3;
use serde::{Deserialize, Serialize};

use crate::{
    candidates::{contrast, contrast_name},
    config,
    exit::{Failure, Outcome},
    options::{Common, Preset},
    progress::Report,
    tomograms::{self, Tomogram},
};

/// Denoises tomograms, brings their contrast to one scale, and bins them.
#[derive(Debug, Args)]
#[command(after_help = "\
Writes DIR/NAME.mrc (32-bit floats) for every tomogram and DIR/config.toml. Padding is set to the mean. `cryo candidates` \
does this by itself; use preprocess to look at tomograms or to hand them to other programs.\n\n\
Example: cryo preprocess --data 'tomo/*.mrc' --denoise 0.8 --contrast equalize -o smooth")]
pub(crate) struct Arguments {
    /// A dataset list, a pattern such as 'tomo/*.mrc', or tomograms.
    #[arg(long, value_name = "LIST|FILE", required = true, num_args = 1..)]
    data: Vec<String>,

    /// Folder for the results; made if it is not there.
    #[arg(short, long, value_name = "DIR")]
    out: PathBuf,

    #[command(flatten)]
    flags: Flags,
}

#[derive(Debug, Args, Serialize)]
struct Flags {
    /// Width of the Gaussian in voxels [default: 0.8]; 0 is none.
    #[arg(long, value_name = "VOXELS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    denoise: Option<f64>,

    /// Scale of the values: equalize (histogram, −0.5 to 0.5), clip (z-scores), quantize (256 levels
    /// from 0 to 1, as the reference) [default: equalize].
    #[arg(long, value_name = "NAME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    contrast: Option<String>,

    /// Mean over so many voxels along every axis, after the rest [default: 1].
    #[arg(long, value_name = "N")]
    #[serde(skip_serializing_if = "Option::is_none")]
    bin: Option<usize>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    denoise: f64,
    contrast: String,
    bin: usize,
}

impl Settings {
    fn preset(preset: Preset) -> Self {
        let params = match preset {
            Preset::Recommended | Preset::Paper => PreprocessParams::paper(),
            Preset::CetPick => PreprocessParams::cet_pick(),
        };
        Self {
            denoise: params.denoise_sigma_vox,
            contrast: contrast_name(params.contrast).to_owned(),
            bin: 1,
        }
    }

    fn params(&self) -> Result<PreprocessParams, Failure> {
        // Slabs of sixteen planes are binned one by one.
        if ![1, 2, 4, 8, 16].contains(&self.bin) {
            let got = self.bin;
            return Err(Failure::usage(format!(
                "bin: expected 1, 2, 4, 8 or 16, got {got}"
            )));
        }
        let params = PreprocessParams {
            denoise_sigma_vox: self.denoise,
            contrast: contrast(&self.contrast)?,
        };
        let checked = params.validate();
        checked.map_err(|error| Failure::usage(error.to_string()))?;
        Ok(params)
    }
}

pub(crate) fn run(arguments: &Arguments, common: &Common) -> Result<Outcome, Failure> {
    let settings: Settings = config::effective(
        "preprocess",
        &Settings::preset(common.preset),
        common,
        &arguments.flags,
    )?;
    let params = settings.params()?;
    let dataset = tomograms::dataset(&arguments.data)?;
    let target = |entry: &DatasetEntry| arguments.out.join(format!("{}.mrc", entry.name));
    for entry in tomograms::mine(&dataset, common) {
        let path = target(entry);
        if common.dry_run {
            common.say(&format!("would write {}", path.display()));
        } else if path.exists() && !common.resume && !common.overwrite {
            return Err(Failure::usage(format!(
                "{}: the file exists and is not overwritten; choose another folder, or ask to --overwrite or to --resume",
                path.display()
            )));
        }
    }
    if common.dry_run {
        return Ok(Outcome::Done);
    }
    let config = arguments.out.join("config.toml");
    let is_kept = config.exists() && !common.overwrite;
    if is_kept {
        config::check_same(&config, "preprocess", &settings, common)?;
    }
    // Once a tomogram turned out to be sound.
    let begin = || {
        if is_kept {
            return Ok(());
        }
        std::fs::create_dir_all(&arguments.out).map_err(cryo_io::Error::from)?;
        config::write(&config, "preprocess", &settings, common, Overwrite::Replace)
    };
    let progress = Report::new(common);
    for entry in tomograms::mine(&dataset, common) {
        let path = target(entry);
        if common.resume && path.exists() {
            continue;
        }
        write(entry, &settings, &params, &path, &begin, common, &progress)?;
        common.say(&format!("{} in {}", entry.name, path.display()));
    }
    Ok(Outcome::Done)
}

fn write(
    entry: &DatasetEntry,
    settings: &Settings,
    params: &PreprocessParams,
    path: &std::path::Path,
    begin: &dyn Fn() -> Result<(), Failure>,
    common: &Common,
    progress: &Report,
) -> Result<(), Failure> {
    let tomogram = Tomogram::open(entry, common)?;
    let failure = |error| tomograms::failure(error, &entry.tomogram);
    let slabs = preprocess_slabs(&tomogram, params, progress).map_err(failure)?;
    let factors = [settings.bin; 3];
    let Some(grid) = tomogram.grid().binned(factors) else {
        return Err(Failure::usage(format!(
            "bin: {} voxels are more than {} has",
            settings.bin, entry.name
        )));
    };
    tomogram.check_whole()?;
    begin()?;
    // What went wrong is kept aside, because the writer knows errors of files only.
    let trouble = RefCell::new(None);
    let slabs = slabs.filter_map(|slab| {
        let slab = slab.and_then(|slab| binned(slab, settings.bin));
        match slab {
            Ok(slab) => slab.map(Ok),
            Err(error) => {
                *trouble.borrow_mut() = Some(error);
                Some(Err(std::io::Error::other("stopped").into()))
            }
        }
    });
    let options = mrc::WriteOptions {
        overwrite: common.overwrite(),
        ..Default::default()
    };
    let written = mrc::write_slabs(path, &grid, slabs, &options);
    match trouble.into_inner() {
        Some(error) => Err(failure(error)),
        None => Ok(written?),
    }
}

/// Whole blocks of a slab; `None` if there is none.
fn binned(slab: Array3<f32>, bin: usize) -> Result<Option<Array3<f32>>, cryo_candidates::Error> {
    if bin == 1 {
        return Ok(Some(slab));
    }
    if slab.shape()[0] < bin {
        return Ok(None);
    }
    Ok(Some(bin_mean(slab.view(), [bin; 3])?))
}
