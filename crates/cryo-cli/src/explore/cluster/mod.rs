//! `cryo explore cluster`: a map and classes of the candidates of a run.

mod compute;
mod pictures;
mod quality;
mod settings;
mod volumes;

use std::path::{Path, PathBuf};

use clap::Args;
use cryo_io::hdf5::Clustering;

use super::{
    clustered::{Clustered, Table},
    folder::RunFolder,
};
use crate::{
    exit::{Failure, Outcome},
    options::Common,
    progress::Report,
};
pub(crate) use settings::{Flags, Settings};

/// Map the candidates of a run, and divide them into classes.
#[derive(Debug, Args)]
#[command(after_help = "\
Many clusters (k-means) are joined to few classes; UMAP makes the map. Class 1 has the most candidates, class 0 belongs to none. embedding.h5 gets \
/umap2, /label and /outlier, the folder report/ the pictures: umap, labels, tomograms (of several), grid and grid_labels (pictures on the map), matrix \
(average and members of each class), curves (of the training). Again with another number of classes, the map and the clusters are kept and it \
takes seconds; selections stay as they are. Settings not given are those of the run.\n\n\
Examples:\n  cryo explore cluster run\n  cryo explore cluster run --classes 12\n  cryo explore cluster run --volumes\n  cryo explore cluster others --classes-of run")]
pub(crate) struct Arguments {
    /// The run folder, embedded.
    #[arg(value_name = "RUN")]
    run: PathBuf,

    /// Also a volume of labels for each tomogram, and slices with the labels over them, in report/volumes.
    #[arg(long)]
    volumes: bool,

    /// Radius of a candidate in them, in voxels [default: a quarter of the edge of its picture].
    #[arg(long, value_name = "VOXELS", requires = "volumes")]
    radius: Option<f64>,

    /// Give the candidates the classes of this run, which was clustered and with whose network they were embedded, with their
    /// numbers, instead of classes of their own.
    #[arg(long, value_name = "RUN", conflicts_with_all = ["classes", "clusters", "grouping", "metric", "unassigned_above"])]
    classes_of: Option<PathBuf>,

    #[command(flatten)]
    flags: Flags,
}

pub(crate) fn run(arguments: &Arguments, common: &Common) -> Result<Outcome, Failure> {
    let like = arguments.classes_of.as_deref();
    let clustered = cluster_like(&arguments.run, like, &arguments.flags, common)?;
    if let (Some(clustered), true) = (clustered, arguments.volumes) {
        let radius = match arguments.radius {
            Some(radius) if radius.is_finite() && radius > 0.0 => radius,
            Some(radius) => {
                let message = format!("--radius: expected voxels above 0, got {radius}");
                return Err(Failure::usage(message));
            }
            None => (clustered.table.patch_shape()).map_or(6.0, |[height, _]| height as f64 / 4.0),
        };
        let dataset = RunFolder::new(&arguments.run).dataset()?;
        volumes::write(&arguments.run, &dataset, &clustered, radius, common)?;
    }
    Ok(Outcome::Done)
}

/// The stage; nothing comes back of a dry run.
pub(crate) fn cluster(
    run: &Path,
    flags: &Flags,
    common: &Common,
) -> Result<Option<Clustered>, Failure> {
    cluster_like(run, None, flags, common)
}

/// With the classes of another run, if one is given.
fn cluster_like(
    run: &Path,
    like: Option<&Path>,
    flags: &Flags,
    common: &Common,
) -> Result<Option<Clustered>, Failure> {
    let folder = RunFolder::new(run);
    let table = Table::open(run, common.memory_bytes())?;
    // How vectors are compared is that run's, too.
    let settings_of = RunFolder::new(like.unwrap_or(run));
    let mut settings = Settings::effective(&settings_of, common, flags)?;
    settings.complete(table.len());
    let seed = folder.seed(common)?;
    let before = table.clustering()?;
    let like = match like {
        Some(path) => {
            let found = Table::open(path, common.memory_bytes())?.clustering()?;
            Some(found.ok_or_else(|| {
                Failure::Input(format!(
                    "{}: expected a clustered run, got none; run cryo explore cluster {0} first",
                    path.display()
                ))
            })?)
        }
        None => None,
    };
    let made = compute::Made::new(&settings, seed);
    let reused = compute::reused(&made, before.as_ref());
    let needed = memory(&table, &settings);
    if common.dry_run {
        common.say(&format!(
            "would map {} candidates{} and divide them into {} classes{}, in {:.2} GiB",
            table.len(),
            if reused.map {
                " (the map is there)"
            } else {
                ""
            },
            settings.classes,
            if reused.centres {
                " (the clusters are there)"
            } else {
                ""
            },
            needed as f64 / f64::from(1 << 30)
        ));
        return Ok(None);
    }
    if needed > common.memory_bytes() {
        return Err(Failure::Resources(format!(
            "expected at most {:.1} GiB, got {:.1} GiB for a sample of {}; lower --sample, or raise --memory",
            common.memory_bytes() as f64 / f64::from(1 << 30),
            needed as f64 / f64::from(1 << 30),
            settings.sample
        )));
    }
    if let Some(before) = &before {
        common.say(&format!(
            "replacing {} classes; selections stay as they are{}",
            before.spread.nrows(),
            if reused.map {
                ", and so does the map"
            } else {
                ""
            }
        ));
    }
    let found = compute::compute(&table, &settings, seed, before, like, &Report::new(common))?;
    folder.update_config("cluster", &settings, common)?;
    table.write(&found)?;
    let places = table.places()?;
    let clustered = Clustered {
        table,
        found,
        places,
    };
    let drawn = pictures::draw(run, &clustered, seed)?;
    if let Some(quality) = quality::Quality::of(&clustered, &settings, seed)? {
        quality.write(&run.join("report").join("quality.json"))?;
        common.say(&quality.said());
    }
    common.say(&format!(
        "{} candidates in {} classes, {} in none; pictures in {}: {}",
        clustered.table.len(),
        clustered.found.spread.nrows(),
        unassigned(&clustered.found),
        run.join("report").display(),
        drawn.join(", ")
    ));
    common.say(&format!(
        "cryo select {} --list names the classes",
        run.display()
    ));
    Ok(Some(clustered))
}

fn unassigned(found: &Clustering) -> usize {
    found.label.iter().filter(|label| **label <= 0).count()
}

/// What the program takes with libtorch before it does anything.
const PROGRAM: u64 = 110 << 20;

/// Bytes at the highest point: the program, the sample three times, its neighbours and their graph, a piece of the table, the
/// result, and pictures.
fn memory(table: &Table, settings: &Settings) -> u64 {
    let columns = table.columns() as u64;
    let (rows, sample) = (table.len() as u64, settings.sample.min(table.len()) as u64);
    let neighbours = settings.umap(2, 0).neighbours as u64;
    let piece = 32_768.min(rows) * 8 * columns;
    let [height, width] = table.patch_shape().unwrap_or_default();
    let pictures = rows.min(pictures::SHOWN as u64) * (4 * height * width) as u64;
    PROGRAM + sample * (12 * columns + 48 * neighbours) + piece + 40 * rows + pictures
}
