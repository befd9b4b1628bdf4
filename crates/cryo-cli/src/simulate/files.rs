use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use cryo_core::{ParticleSet, TiltSeries, Volume};
use cryo_fixtures::{Scene, Simulation};
use cryo_io::{
    Frame, Frames, Overwrite, Picks, PicksOptions,
    dataset::{self, Dataset, DatasetEntry},
    imod, mrc,
    star::relion::{self, Convention},
    tilt::tlt,
    write_atomic,
};
use ndarray::Array3;

use crate::{exit::Failure, options::Common};

/// What is written of one tomogram.
pub(crate) struct Specimen {
    pub(crate) scene: Scene,
    pub(crate) tilt_series: Option<TiltSeries>,
    pub(crate) tomogram: Volume,
}

impl From<Simulation> for Specimen {
    fn from(simulation: Simulation) -> Self {
        let Simulation {
            scene,
            tilt_series,
            reconstruction,
        } = simulation;
        Self {
            scene,
            tilt_series: Some(tilt_series),
            tomogram: reconstruction,
        }
    }
}

/// Names of the files of one tomogram.
pub(crate) struct Names {
    folder: PathBuf,
    name: String,
}

impl Names {
    pub(crate) fn new(folder: &Path, name: &str) -> Self {
        Self {
            folder: folder.to_owned(),
            name: name.to_owned(),
        }
    }

    pub(crate) fn path(&self, ending: &str) -> PathBuf {
        self.folder.join(format!("{}{ending}", self.name))
    }

    /// The truth is written last.
    pub(crate) fn are_complete(&self) -> bool {
        self.path("_truth.star").exists()
    }

    /// Refuses files that are there already.
    pub(crate) fn check_free(&self) -> Result<(), Failure> {
        ENDINGS
            .iter()
            .try_for_each(|ending| check_free(&self.path(ending)))
    }

    /// Removes what a killed run has left of this tomogram under temporary names.
    pub(crate) fn discard_unfinished(&self) {
        let Ok(entries) = fs::read_dir(&self.folder) else {
            return;
        };
        for entry in entries.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let mine = ENDINGS
                .iter()
                .any(|ending| name.starts_with(&format!(".{}{ending}.", self.name)));
            if mine && name.ends_with(".part") {
                // A file that cannot be removed is in nobody's way.
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}

/// The files of a tomogram, in the order in which they are written.
const ENDINGS: [&str; 9] = [
    "_rec.mrc",
    "_labels.mrc",
    "_labels.json",
    "_ts.mrc",
    ".tlt",
    "_tilts.csv",
    "_filaments.star",
    "_filaments.mod",
    "_truth.star",
];

pub(crate) fn check_free(path: &Path) -> Result<(), Failure> {
    if path.exists() {
        return Err(Failure::usage(format!(
            "{}: the file exists; choose another folder, or ask to --overwrite or --resume",
            path.display()
        )));
    }
    Ok(())
}

pub(crate) fn make_folder(folder: &Path) -> Result<(), Failure> {
    fs::create_dir_all(folder).map_err(|error| {
        Failure::Input(format!(
            "{}: could not make the folder: {error}",
            folder.display()
        ))
    })
}

impl Specimen {
    pub(crate) fn write(&self, names: &Names, replace: bool) -> Result<(), Failure> {
        let replace = if replace {
            // What marks the tomogram as complete goes first and comes last.
            match fs::remove_file(names.path("_truth.star")) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(cryo_io::Error::from(error).into());
                }
                _ => Overwrite::Replace,
            }
        } else {
            Overwrite::Never
        };
        let options = mrc::WriteOptions {
            overwrite: replace,
            ..Default::default()
        };
        mrc::write(names.path("_rec.mrc"), &self.tomogram, &options)?;
        self.write_labels(names, &options)?;
        if let Some(series) = &self.tilt_series {
            write_series(series, names, &options)?;
        }
        let scene = &self.scene;
        if !scene.filaments.is_empty() {
            let path = names.path("_filaments.star");
            write_star(&path, vec![scene.filaments.clone()], replace)?;
            let picks = picks_of(vec![scene.filaments.clone()]);
            let path = names.path("_filaments.mod");
            imod::write(path, &picks, &PicksOptions::default(), replace)?;
        }
        write_star(
            &names.path("_truth.star"),
            vec![scene.truth.clone()],
            replace,
        )
    }

    fn write_labels(&self, names: &Names, options: &mrc::WriteOptions) -> Result<(), Failure> {
        let labels = &self.scene.labels;
        let grid = self.tomogram.grid();
        let path = names.path("_labels.mrc");
        let small: Option<Vec<i8>> = labels
            .iter()
            .map(|&label| i8::try_from(label).ok())
            .collect();
        match small.and_then(|labels| Array3::from_shape_vec(grid.shape, labels).ok()) {
            Some(small) => mrc::write_array(path, small.view(), grid, options)?,
            None => mrc::write_array(path, labels.view(), grid, options)?,
        }
        let classes = serde_json::to_string_pretty(&self.scene.truth.classes);
        let text = classes.map_err(|error| Failure::usage(error.to_string()))?;
        write_text(
            &names.path("_labels.json"),
            &(text + "\n"),
            options.overwrite,
        )
    }
}

fn write_series(
    series: &TiltSeries,
    names: &Names,
    options: &mrc::WriteOptions,
) -> Result<(), Failure> {
    let geometry = series.geometry();
    let pixel = geometry.pixel_size_angstrom;
    mrc::write_image_stack(
        names.path("_ts.mrc"),
        series.images().view(),
        pixel,
        options,
    )?;
    let angles: Vec<f64> = geometry.tilts.iter().map(|tilt| tilt.angle_deg).collect();
    tlt::write(names.path(".tlt"), options.overwrite, &angles)?;
    let mut text =
        "index,angle_deg,acquisition,dose_before,defocus_angstrom,shift_x_px,shift_y_px\n"
            .to_owned();
    for (index, tilt) in geometry.tilts.iter().enumerate() {
        let number =
            |value: Option<f64>| value.map_or_else(String::new, |value| format!("{value:.3}"));
        let acquisition = tilt
            .acquisition_index
            .map_or_else(String::new, |index| index.to_string());
        let shift = tilt.image_from_aligned.shift;
        text += &format!(
            "{index},{:.2},{acquisition},{},{},{:.4},{:.4}\n",
            tilt.angle_deg,
            number(tilt.dose_before),
            number(tilt.defocus_angstrom),
            shift.x,
            shift.y
        );
    }
    write_text(&names.path("_tilts.csv"), &text, options.overwrite)
}

/// Writes truth and dataset list of all tomograms, once all are there.
pub(crate) fn join(folder: &Path, names: &[String], common: &Common) -> Result<(), Failure> {
    let files: Vec<Names> = names.iter().map(|name| Names::new(folder, name)).collect();
    let missing = files.iter().filter(|files| !files.are_complete()).count();
    if missing > 0 {
        common.say(&format!(
            "{missing} of {} tomograms are still to be made",
            names.len()
        ));
        return Ok(());
    }
    let mut sets = Vec::new();
    let mut dataset = Dataset::default();
    for files in &files {
        let picks = relion::read(files.path("_truth.star"), &PicksOptions::default())?;
        sets.extend(picks.sets);
        let there = |ending: &str| {
            let path = files.path(ending);
            path.exists().then_some(path)
        };
        dataset.entries.push(DatasetEntry {
            name: files.name.clone(),
            tomogram: there("_rec.mrc").unwrap_or_default(),
            tilt_series: there("_ts.mrc"),
            tilt_angles: there(".tlt"),
            ..DatasetEntry::default()
        });
    }
    let count: usize = sets.iter().map(ParticleSet::len).sum();
    // The last of several shards comes here; each writes the same.
    write_star(&folder.join("truth.star"), sets, Overwrite::Replace)?;
    dataset::write(folder.join("dataset.tsv"), Overwrite::Replace, &dataset)?;
    common.say(&format!(
        "{} tomogram{} with {count} particles in {}",
        names.len(),
        if names.len() == 1 { "" } else { "s" },
        folder.display()
    ));
    Ok(())
}

fn picks_of(sets: Vec<ParticleSet>) -> Picks {
    Picks {
        sets,
        extra: Vec::new(),
    }
}

fn write_star(path: &Path, sets: Vec<ParticleSet>, overwrite: Overwrite) -> Result<(), Failure> {
    let picks = picks_of(sets);
    // The images have the pixels of the tomogram.
    let frames = picks.sets.iter().map(|set| {
        let frame = Frame {
            tilt_series_pixel_size: set.grid.voxel_size.isotropic(),
            ..Frame::of(&set.grid)
        };
        (set.tomogram.clone(), frame)
    });
    let options = PicksOptions {
        frames: Frames {
            named: frames.collect(),
            other: Frame::default(),
        },
        ..PicksOptions::default()
    };
    relion::write(path, &picks, Convention::Relion5, &options, overwrite)?;
    Ok(())
}

fn write_text(path: &Path, text: &str, overwrite: Overwrite) -> Result<(), Failure> {
    write_atomic(path, overwrite, |out| {
        out.write_all(text.as_bytes()).map_err(cryo_io::Error::from)
    })?;
    Ok(())
}
