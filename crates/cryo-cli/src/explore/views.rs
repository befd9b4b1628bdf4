use std::path::Path;

use cryo_candidates::preprocess_volume;
use cryo_contrastive::{Error, ViewIndex, ViewShape, ViewSource};
use cryo_core::{ParticleSet, Progress, TiltSeries, Volume};
use cryo_io::dataset::DatasetEntry;

use super::{
    cut::{CutViews, cut},
    settings::{self, Settings},
    spill::{Spill, Spilling},
};
use crate::{
    candidates::{search, tilts},
    exit::Failure,
    learning::PROGRAM,
    options::{Common, is_interrupted},
    tomograms::{self, Tomogram},
};

/// The candidates of tomograms, and what their views are cut out of.
pub(super) struct Specimens {
    pub(super) sets: Vec<ParticleSet>,
    held: Held,
}

enum Held {
    /// All tomograms.
    Tomograms(Vec<Specimen>),
    /// The views, on disk.
    Views(Spill),
}

/// A tomogram, and its tilt series where views show that.
pub(super) struct Specimen {
    pub(super) volume: Volume,
    pub(super) series: Option<TiltSeries>,
}

/// How the tomograms are read.
pub(super) struct Reading<'a> {
    pub(super) settings: &'a Settings,
    pub(super) common: &'a Common,
    /// Where views lie while the program runs, if not all tomograms fit into memory.
    pub(super) folder: &'a Path,
    pub(super) progress: &'a dyn Progress,
}

/// Bytes of each tomogram, with its tilt series where views show that.
pub(super) fn memory(
    entries: &[&DatasetEntry],
    settings: &Settings,
    common: &Common,
) -> Result<Vec<u64>, Failure> {
    let bytes = |entry: &&DatasetEntry| {
        let [z, y, x] = Tomogram::open(entry, common)?.reader().shape();
        let series = match (&entry.tilt_series, settings.shows_tilts()) {
            (Some(path), true) => tilts::bytes(path)?,
            _ => 0,
        };
        Ok(4 * (z * y * x) as u64 + series)
    };
    entries.iter().map(bytes).collect()
}

/// A candidate for so many voxels, by which their number is guessed before the search.
const VOXELS_A_CANDIDATE: u64 = 10_000;

/// Planes that a search holds at most, in its three buffers.
const SEARCHED: u64 = 200;

/// Most memory that finding, cutting out and training take, in bytes.
pub(super) fn peak(
    entries: &[&DatasetEntry],
    settings: &Settings,
    common: &Common,
) -> Result<u64, Failure> {
    let bytes = memory(entries, settings, common)?;
    let held = if spills(&bytes, common) {
        0
    } else {
        bytes.iter().sum()
    };
    let (mut reading, mut voxels) = (0, 0);
    for (entry, &own) in entries.iter().zip(&bytes) {
        let [z, y, x] = Tomogram::open(entry, common)?.reader().shape();
        let (plane, depth) = (4 * (y * x) as u64, z as u64);
        // The tomogram as it was read, and planes under search or preparation.
        let raw = plane * depth + plane * depth.min(SEARCHED) + plane * depth / 7;
        reading = reading.max(if held == 0 { raw + own } else { raw });
        voxels += plane * depth / 4;
    }
    let batch = settings.fit(common.seed())?.batch_size;
    let pairs = batch.min((voxels / VOXELS_A_CANDIDATE).max(8) as usize);
    let training = settings.model()?.training_bytes(pairs);
    Ok(PROGRAM + held + reading.max(training))
}

/// Whether views are cut out of one tomogram at a time: all of them take more than half of the memory.
pub(super) fn spills(bytes: &[u64], common: &Common) -> bool {
    bytes.len() > 1 && bytes.iter().sum::<u64>() > common.memory_bytes() / 2
}

impl Specimens {
    /// Reads tomograms; `sets` has their candidates by name, or they are searched.
    ///
    /// Up to half of the memory may be taken by tomograms. More are read one at a time, and the views of their
    /// candidates go to a file; the views are the same.
    pub(super) fn read(
        entries: &[&DatasetEntry],
        sets: Option<&[ParticleSet]>,
        reading: &Reading<'_>,
    ) -> Result<Self, Failure> {
        let common = reading.common;
        let bytes = memory(entries, reading.settings, common)?;
        let largest = bytes.iter().copied().max().unwrap_or(0);
        if largest > common.memory_bytes() {
            return Err(Failure::Resources(format!(
                "expected at most {:.3} GiB for a tomogram, got {:.3} GiB; explore binned ones, or raise --memory",
                common.memory_bytes() as f64 / f64::from(1 << 30),
                largest as f64 / f64::from(1 << 30)
            )));
        }
        let mut spilling = spills(&bytes, common)
            .then(|| Spilling::new(reading.folder))
            .transpose()?;
        let (mut all, mut found) = (Vec::new(), Vec::new());
        for (number, entry) in entries.iter().enumerate() {
            if is_interrupted() {
                return Err(Failure::Interrupted);
            }
            let (specimen, set) = reading.specimen(entry, sets)?;
            if let Some(spilling) = &mut spilling {
                let one = cut(
                    std::slice::from_ref(&specimen),
                    std::slice::from_ref(&set),
                    reading.settings,
                )?;
                let particles: Vec<usize> = one.sources().map(|(_, particle)| particle).collect();
                spilling.add(number, &particles, &one)?;
            } else {
                all.push(specimen);
            }
            found.push(set);
        }
        let held = match spilling {
            Some(spilling) => {
                common.say("the tomograms do not fit into memory together: views are kept on disk");
                Held::Views(spilling.finish()?)
            }
            None => Held::Tomograms(all),
        };
        Ok(Self { sets: found, held })
    }

    /// Views of all candidates, one tomogram after another.
    pub(super) fn views(&self, settings: &Settings) -> Result<Views<'_>, Failure> {
        match &self.held {
            Held::Tomograms(all) => Ok(Views::Cut(cut(all, &self.sets, settings)?)),
            Held::Views(spill) => Ok(Views::Spilled(spill)),
        }
    }
}

impl Reading<'_> {
    fn specimen(
        &self,
        entry: &DatasetEntry,
        sets: Option<&[ParticleSet]>,
    ) -> Result<(Specimen, ParticleSet), Failure> {
        let failure = |error| tomograms::failure(error, &entry.tomogram);
        let common = self.common;
        let raw = Tomogram::open(entry, common)?.reader().volume()?;
        let set = match sets {
            Some(sets) => sets.iter().find(|set| set.tomogram == entry.name).cloned(),
            None => {
                let params = settings::candidates(common)?.params(raw.grid())?;
                Some(search(&raw, &params, entry, common, self.progress)?.0)
            }
        };
        let mut set = set.unwrap_or_else(|| ParticleSet::new(&entry.name, *raw.grid()));
        set.tomogram.clone_from(&entry.name);
        common.say(&format!("{}: {} candidates", entry.name, set.len()));
        let params = self.settings.preprocess()?;
        let volume = preprocess_volume(&raw, &params, self.progress).map_err(failure)?;
        let series = if self.settings.shows_tilts() {
            let series = tilts::read(entry, volume.grid(), common)?;
            let series = series.ok_or_else(|| {
                Failure::Input(format!(
                    "{}: expected a tilt series with angles, which views = \"tilts\" shows, got none; list tilt_series and tilt_angles, or use --views slices",
                    entry.name
                ))
            })?;
            tilts::check(&series, &set, common, self.progress)?;
            Some(series)
        } else {
            None
        };
        Ok((Specimen { volume, series }, set))
    }
}

/// Views of several tomograms.
pub(super) enum Views<'a> {
    Cut(CutViews<'a>),
    Spilled(&'a Spill),
}

impl Views<'_> {
    /// Tomogram and particle of each item.
    pub(super) fn sources(&self) -> Vec<(usize, usize)> {
        match self {
            Self::Cut(views) => views.sources().collect(),
            Self::Spilled(views) => views.sources().to_vec(),
        }
    }
}

impl ViewSource for Views<'_> {
    fn shape(&self) -> ViewShape {
        match self {
            Self::Cut(views) => views.shape(),
            Self::Spilled(views) => views.shape(),
        }
    }

    fn fill(&self, views: &[ViewIndex], out: &mut [f32]) -> Result<(), Error> {
        match self {
            Self::Cut(source) => source.fill(views, out),
            Self::Spilled(source) => source.fill(views, out),
        }
    }
}
