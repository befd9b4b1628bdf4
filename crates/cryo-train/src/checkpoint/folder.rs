use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{
    Checkpoint,
    save::{MANIFEST, failed},
};
use crate::Error;

/// A folder of checkpoints, one folder `epoch-NNNNNN` each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckpointDir {
    path: PathBuf,
}

impl CheckpointDir {
    /// The checkpoints in `path`, which need not exist yet.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Where they lie.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a checkpoint under the name of its epoch; returns where.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn save(&self, checkpoint: &Checkpoint) -> Result<PathBuf, Error> {
        let path = self
            .path
            .join(format!("epoch-{:06}", checkpoint.manifest.epoch));
        checkpoint.save(&path)?;
        Ok(path)
    }

    /// The checkpoint of the highest epoch; `None` where there is none.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn latest(&self) -> Result<Option<PathBuf>, Error> {
        Ok(self.all()?.pop())
    }

    /// Removes all but the `count` checkpoints of the highest epochs, and what killed programs have left half-written.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn keep_last(&self, count: usize) -> Result<(), Error> {
        let all = self.all()?;
        for old in &all[..all.len().saturating_sub(count)] {
            // Without its manifest it is no checkpoint any more: a kill between leaves nothing that looks whole.
            let manifest = old.join(MANIFEST);
            fs::remove_file(&manifest).map_err(failed(&manifest, "could not remove"))?;
            fs::remove_dir_all(old).map_err(failed(old, "could not remove"))?;
        }
        for path in self.listed()? {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let is_hidden = name.starts_with(".epoch-");
            let is_headless = name.starts_with("epoch-") && !path.join(MANIFEST).exists();
            if is_hidden || is_headless {
                fs::remove_dir_all(&path).map_err(failed(&path, "could not remove"))?;
            }
        }
        Ok(())
    }

    fn listed(&self) -> Result<Vec<PathBuf>, Error> {
        if !self.path.exists() {
            return Ok(Vec::new());
        }
        let list = || failed(&self.path, "could not list");
        let entries = fs::read_dir(&self.path).map_err(list())?;
        entries
            .map(|entry| Ok(entry.map_err(list())?.path()))
            .collect()
    }

    /// All whole checkpoints, by epoch.
    fn all(&self) -> Result<Vec<PathBuf>, Error> {
        let mut found = Vec::new();
        for path in self.listed()? {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let epoch = name
                .strip_prefix("epoch-")
                .and_then(|e| e.parse::<u64>().ok());
            if let Some(epoch) = epoch.filter(|_| path.join(MANIFEST).is_file()) {
                found.push((epoch, path.clone()));
            }
        }
        found.sort();
        Ok(found.into_iter().map(|(_, path)| path).collect())
    }
}
