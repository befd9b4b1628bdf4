use std::{fs, path::PathBuf};

use cryo_core::ParticleSet;
use cryo_io::{
    Frames, Overwrite,
    dataset::DatasetEntry,
    hdf5::{self, Embeddings},
};
use ndarray::{Array, Axis, RemoveAxis};

use super::super::folder::{RunFolder, read_candidates, write_candidates};
use crate::{exit::Failure, options::Common};

/// What is embedded of each tomogram, until all of the dataset are: NAME.h5 and, written last, NAME.star.
pub(super) struct Parts {
    folder: PathBuf,
}

impl Parts {
    /// The parts made with the network and the settings that `key` stands for.
    pub(super) fn new(target: &RunFolder, key: &str) -> Self {
        Self {
            folder: target.join(&format!("embedding-parts-{key}")),
        }
    }

    fn file(&self, tomogram: &str, extension: &str) -> PathBuf {
        self.folder.join(format!("{tomogram}.{extension}"))
    }

    /// Whether a tomogram is done.
    pub(super) fn has(&self, entry: &DatasetEntry) -> bool {
        self.file(&entry.name, "star").is_file()
    }

    /// Refuses to do again, unasked, what is done.
    pub(super) fn check_free(
        &self,
        entries: &[&DatasetEntry],
        common: &Common,
    ) -> Result<(), Failure> {
        if common.resume || common.overwrite {
            return Ok(());
        }
        match entries.iter().find(|entry| self.has(entry)) {
            Some(entry) => Err(Failure::usage(format!(
                "{}: a part is there and is not overwritten; ask to --resume or to --overwrite",
                self.file(&entry.name, "star").display()
            ))),
            None => Ok(()),
        }
    }

    /// Keeps the candidates of a tomogram and their vectors.
    pub(super) fn put(&self, set: &ParticleSet, table: &Embeddings) -> Result<(), Failure> {
        fs::create_dir_all(&self.folder).map_err(cryo_io::Error::from)?;
        let path = self.file(&set.tomogram, "h5");
        hdf5::write_embeddings(path, table, Overwrite::Replace)?;
        write_candidates(&self.file(&set.tomogram, "star"), std::slice::from_ref(set))
    }

    /// Candidates and vectors of all tomograms, in their order.
    pub(super) fn join(
        &self,
        entries: &[&DatasetEntry],
        frames: Frames,
    ) -> Result<(Vec<ParticleSet>, Embeddings), Failure> {
        let mut sets = Vec::with_capacity(entries.len());
        let mut all: Option<Embeddings> = None;
        for entry in entries {
            let path = self.file(&entry.name, "star");
            sets.extend(read_candidates(&path, frames.clone())?);
            let path = self.file(&entry.name, "h5");
            let table = hdf5::read_embeddings(&path, &hdf5::EmbeddingsOptions::default())?;
            all = Some(match all {
                None => table,
                Some(before) => stacked(before, table).ok_or_else(|| {
                    Failure::Input(format!(
                        "{}: expected the columns of the parts before, got others; embed anew with --overwrite",
                        path.display()
                    ))
                })?,
            });
        }
        Ok((sets, all.unwrap_or_default()))
    }

    /// Removes what has been joined; what cannot be removed does no harm.
    pub(super) fn remove(&self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// One table below another; `None` if they differ in their columns.
fn stacked(mut above: Embeddings, below: Embeddings) -> Option<Embeddings> {
    above
        .embedding
        .append(Axis(0), below.embedding.view())
        .ok()?;
    above.projection = rows(above.projection, below.projection)?;
    above.patch = rows(above.patch, below.patch)?;
    above.tomogram = listed(above.tomogram, below.tomogram)?;
    above.position = listed(above.position, below.position)?;
    above.score = listed(above.score, below.score)?;
    Some(above)
}

type Part<T> = Option<T>;

fn rows<T: Clone, D: RemoveAxis>(
    above: Part<Array<T, D>>,
    below: Part<Array<T, D>>,
) -> Option<Part<Array<T, D>>> {
    let (mut above, below) = (above?, below?);
    above.append(Axis(0), below.view()).ok()?;
    Some(Some(above))
}

fn listed<T>(above: Part<Vec<T>>, below: Part<Vec<T>>) -> Option<Part<Vec<T>>> {
    let (mut above, below) = (above?, below?);
    above.extend(below);
    Some(Some(above))
}
