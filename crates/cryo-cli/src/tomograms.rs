//! Tomograms of a dataset, read a few planes at a time.

use std::{ops::Range, path::Path};

use cryo_candidates::{PlaneSource, SourceError};
use cryo_core::Grid;
use cryo_io::{
    dataset::{Dataset, DatasetEntry},
    mrc,
};
use ndarray::ArrayViewMut3;

use crate::{exit::Failure, options::Common};

/// What `--data` names; a list, a pattern or paths.
pub(crate) fn dataset(arguments: &[String]) -> Result<Dataset, Failure> {
    match arguments {
        [one] => Ok(Dataset::open(one)?),
        several => Ok(Dataset::from_patterns(several)?),
    }
}

/// The entries of this run's part, in order.
pub(crate) fn mine<'a>(
    dataset: &'a Dataset,
    common: &Common,
) -> impl Iterator<Item = &'a DatasetEntry> {
    let shard = common.shard;
    let entries = dataset.entries.iter().enumerate();
    entries
        .filter(move |(index, _)| shard.is_none_or(|shard| shard.holds(*index)))
        .map(|(_, entry)| entry)
}

/// An open tomogram.
pub(crate) struct Tomogram {
    reader: mrc::Reader,
    grid: Grid,
}

impl Tomogram {
    pub(crate) fn open(entry: &DatasetEntry, common: &Common) -> Result<Self, Failure> {
        let options = mrc::ReadOptions {
            permissive: true,
            axis_order: entry.axis_order,
            voxel_size_angstrom: entry.voxel_size_angstrom,
            max_bytes: common.memory_bytes(),
            ..Default::default()
        };
        let reader = mrc::Reader::open(&entry.tomogram, &options)?;
        for warning in reader.warnings() {
            common.say(&format!("{}: {warning}", entry.tomogram.display()));
        }
        let grid = reader.grid()?;
        Ok(Self { reader, grid })
    }

    pub(crate) fn reader(&self) -> &mrc::Reader {
        &self.reader
    }

    pub(crate) fn check_whole(&self) -> Result<(), Failure> {
        check_whole(&self.reader)
    }
}

impl PlaneSource for Tomogram {
    fn grid(&self) -> Grid {
        self.grid
    }

    fn read_planes(
        &self,
        planes: Range<usize>,
        mut out: ArrayViewMut3<'_, f32>,
    ) -> Result<(), SourceError> {
        let [_, height, width] = self.grid.shape;
        let part = self
            .reader
            .part([planes.start, 0, 0], [planes.len(), height, width])?;
        out.assign(&part);
        Ok(())
    }
}

/// Refuses a file that is shorter than its header says, or does not hold real numbers: reads its last voxel.
pub(crate) fn check_whole(reader: &mrc::Reader) -> Result<(), Failure> {
    let last = reader.shape().map(|extent| extent - 1);
    reader.part(last, [1; 3])?;
    Ok(())
}

/// Refuses voxels of unequal edges before a search whose results RELION's tables could not hold.
pub(crate) fn check_voxels(entry: &DatasetEntry, grid: &Grid) -> Result<(), Failure> {
    let size = grid.voxel_size;
    match size.isotropic() {
        Some(_) => Ok(()),
        None => Err(Failure::Input(format!(
            "{}: expected voxels of equal edges, as RELION's tables have one pixel size, got {} × {} × {} Å along x, y, z; \
             resample the tomogram, or mend its header or the column voxel_size of the dataset list",
            entry.tomogram.display(),
            size.x(),
            size.y(),
            size.z()
        ))),
    }
}

/// The failure that names the file of a tomogram, where it does not yet.
pub(crate) fn named(failure: Failure, path: &Path) -> Failure {
    let path = path.display().to_string();
    match failure {
        Failure::Input(message) if !message.contains(&path) => {
            Failure::Input(format!("{path}: {message}"))
        }
        other => other,
    }
}

/// The failure that an error of a search in the file `path` is.
pub(crate) fn failure(error: cryo_candidates::Error, path: &Path) -> Failure {
    use cryo_candidates::Error;
    let path = path.display();
    match error {
        Error::Cancelled => Failure::Interrupted,
        Error::Parameter { .. } => Failure::usage(error.to_string()),
        Error::Memory { .. } => Failure::Resources(format!("{path}: {error}; raise --memory")),
        Error::Source { source, .. } => match source.downcast::<cryo_io::Error>() {
            Ok(error) => Failure::from(*error),
            Err(source) => Failure::Input(format!("{path}: {source}")),
        },
        other => Failure::Input(format!("{path}: {other}")),
    }
}
