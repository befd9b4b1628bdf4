//! `cryo simulate`: tomograms and tilt series of which the truth is known.

mod files;
pub(crate) mod settings;
mod specimen;

use std::path::{Path, PathBuf};

use clap::Args;
use cryo_core::Progress;
use cryo_fixtures::{
    Error, ReconstructionParams, Scene, SceneParams, Species, seed_of_item, simulate,
};

use crate::{
    config,
    exit::{Failure, Outcome},
    learning::gibibytes,
    options::Common,
    progress::Report,
};
use files::{Names, Specimen};
use settings::{Flags, Settings};

/// Tomograms and tilt series with truth, by projection, contrast transfer, dose, counting noise and
/// weighted back-projection.
#[derive(Debug, Args)]
#[command(after_help = "\
Writes into DIR, for each tomogram NAME: NAME_rec.mrc (tomogram), NAME_ts.mrc (tilt series), NAME.tlt, \
NAME_tilts.csv, NAME_labels.mrc and NAME_labels.json (class of each voxel), NAME_truth.star, and of tubes \
NAME_filaments.star and NAME_filaments.mod. Of all together: truth.star, dataset.tsv, config.toml.\n\n\
Particles are dark. Without --map and --body, ribosomes and proteasomes that come with cryo are used, 2 % of \
the volume each.\n\n\
Example: cryo simulate -o scenes --tomograms 3 --size 256,256,96 --membranes 1 --tubes 2 --gold 5")]
pub(crate) struct Arguments {
    /// Folder for the results; made if it is not there.
    #[arg(short, long, value_name = "DIR")]
    out: PathBuf,

    #[command(flatten)]
    flags: Flags,
}

pub(crate) fn run(arguments: &Arguments, common: &Common) -> Result<Outcome, Failure> {
    let settings: Settings =
        config::effective("simulate", &Settings::default(), common, &arguments.flags)?;
    run_with(&arguments.out, &settings, common)
}

/// Runs with settings that are complete.
pub(crate) fn run_with(
    out: &Path,
    settings: &Settings,
    common: &Common,
) -> Result<Outcome, Failure> {
    settings.check()?;
    let names = settings.names();
    let needed = settings.memory_bytes();
    if common.dry_run {
        common.say(&format!(
            "would write {} into {}, using about {} of memory at a time",
            names.join(", "),
            out.display(),
            gibibytes(needed)
        ));
        return Ok(Outcome::Done);
    }
    if needed > common.memory_bytes() {
        return Err(Failure::Resources(format!(
            "a scene of that size needs about {} MiB, {} MiB may be used; make --size smaller or raise --memory",
            needed >> 20,
            common.memory_bytes() >> 20
        )));
    }
    let species = specimen::species(settings)?;
    files::make_folder(out)?;
    let overwrite = common.overwrite();
    let mine = |index: usize| common.shard.is_none_or(|shard| shard.holds(index));
    let config = out.join("config.toml");
    let kept = config.exists() && !common.overwrite && (common.resume || !mine(0));
    if kept {
        config::check_same(&config, "simulate", settings, common)?;
    }
    if !common.resume && !common.overwrite {
        // Before hours of work, not after them.
        for (_, name) in names.iter().enumerate().filter(|(index, _)| mine(*index)) {
            Names::new(out, name).check_free()?;
        }
        if common.shard.is_none() {
            files::check_free(&out.join("truth.star"))?;
            files::check_free(&out.join("dataset.tsv"))?;
        }
    }
    if mine(0) && !kept {
        config::write(&config, "simulate", settings, common, overwrite)?;
    }
    let progress = Report::new(common);
    for (index, name) in names.iter().enumerate() {
        let files = Names::new(out, name);
        if !mine(index) || (common.resume && files.are_complete()) {
            continue;
        }
        files.discard_unfinished();
        common.say(&format!(
            "{name}: scene, {} images, reconstruction",
            settings.angles().len()
        ));
        let seed = seed_of_item(common.seed(), index as u64);
        let scene = specimen::scene_params(settings, name, seed);
        let specimen = if settings.phantom {
            phantom(&species, &scene, settings, &progress)
        } else {
            let imaging = specimen::imaging_params(settings, seed);
            let reconstruction = ReconstructionParams::default();
            simulate(&species, &scene, &imaging, &reconstruction, &progress).map(Specimen::from)
        };
        specimen
            .map_err(failure)?
            .write(&files, common.overwrite || common.resume)?;
    }
    files::join(out, &names, common)?;
    Ok(Outcome::Done)
}

/// The specimen without optics.
fn phantom(
    species: &[Species],
    params: &SceneParams,
    settings: &Settings,
    progress: &dyn Progress,
) -> Result<Specimen, Error> {
    let scene = Scene::new(species, params, progress)?;
    let noise = specimen::phantom_noise(settings);
    let largest_tilt = settings.tilts[1].max(-settings.tilts[0]);
    let tomogram =
        scene.tomogram_without_optics(noise, Some(largest_tilt), params.seed, progress)?;
    Ok(Specimen {
        scene,
        tilt_series: None,
        tomogram,
    })
}

fn failure(error: Error) -> Failure {
    match error {
        Error::Cancelled => Failure::Interrupted,
        Error::Template { .. } => Failure::Input(error.to_string()),
        Error::Crowded { .. } => {
            Failure::usage(format!("{error}; ask for less or for a larger --size"))
        }
        other => Failure::usage(other.to_string()),
    }
}
