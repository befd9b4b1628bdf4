use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use super::{Manifest, NamedTensors, SCHEMA};
use crate::Error;

const MODEL: &str = "model.safetensors";
const OPTIMIZER: &str = "optimizer.safetensors";
pub(super) const MANIFEST: &str = "manifest.json";

/// A network at some point of its training: a folder with `model.safetensors`, `optimizer.safetensors`
/// and `manifest.json`.
#[derive(Debug)]
pub struct Checkpoint {
    /// The weights and batch statistics.
    pub model: NamedTensors,
    /// What the optimizer remembers; empty for a network that will not be trained on.
    pub optimizer: NamedTensors,
    /// What it is.
    pub manifest: Manifest,
}

impl Checkpoint {
    /// Writes the folder `path`, replacing one that is there.
    ///
    /// Everything is written to a folder beside it first and synchronized to disk, then renamed: where
    /// that fails, or the program is killed, the old folder is whole and under its name.
    ///
    /// # Errors
    /// [`Error::Io`], for example for a full disk.
    pub fn save(&self, path: &Path) -> Result<(), Error> {
        self.save_with(path, &|path, bytes| {
            let mut file = File::create(path)?;
            file.write_all(bytes)?;
            file.sync_all()
        })
    }

    fn save_with(
        &self,
        path: &Path,
        write: &dyn Fn(&Path, &[u8]) -> io::Result<()>,
    ) -> Result<(), Error> {
        let partial = beside(path, "partial");
        let replaced = beside(path, "replaced");
        let result = self.write_folder(&partial, write).and_then(|()| {
            let _ = fs::remove_dir_all(&replaced);
            if path.exists() {
                fs::rename(path, &replaced).map_err(failed(path, "could not move it away"))?;
            }
            fs::rename(&partial, path).map_err(|error| {
                let _ = fs::rename(&replaced, path);
                failed(path, "could not put it in place")(error)
            })
        });
        let _ = fs::remove_dir_all(&partial);
        let _ = fs::remove_dir_all(&replaced);
        result
    }

    fn write_folder(
        &self,
        folder: &Path,
        write: &dyn Fn(&Path, &[u8]) -> io::Result<()>,
    ) -> Result<(), Error> {
        let _ = fs::remove_dir_all(folder);
        fs::create_dir_all(folder).map_err(failed(folder, "could not make the folder"))?;
        let manifest = serde_json::to_vec_pretty(&self.manifest)
            .map_err(io::Error::from)
            .map_err(failed(folder, "could not describe the network"))?;
        let put = |name: &str, bytes: &[u8]| {
            let path = folder.join(name);
            write(&path, bytes).map_err(failed(&path, "could not write"))
        };
        put(MODEL, &self.model.to_bytes(&folder.join(MODEL))?)?;
        put(
            OPTIMIZER,
            &self.optimizer.to_bytes(&folder.join(OPTIMIZER))?,
        )?;
        put(MANIFEST, &manifest)
    }

    /// Reads the folder `path`.
    ///
    /// # Errors
    /// [`Error::NoCheckpoint`], [`Error::Damaged`] for a file that is cut off or of another schema,
    /// [`Error::Io`].
    pub fn load(path: &Path) -> Result<Self, Error> {
        if !path.join(MANIFEST).is_file() || !path.join(MODEL).is_file() {
            return Err(Error::NoCheckpoint {
                path: path.to_owned(),
            });
        }
        let read = |name: &str| {
            let path = path.join(name);
            fs::read(&path).map_err(failed(&path, "could not read"))
        };
        let place = path.join(MANIFEST);
        let damaged = |reason| Error::Damaged {
            path: place.clone(),
            reason,
        };
        let value: serde_json::Value = serde_json::from_slice(&read(MANIFEST)?)
            .map_err(|error| damaged(format!("expected JSON: {error}")))?;
        let schema = value.get("schema").and_then(serde_json::Value::as_u64);
        if schema != Some(SCHEMA.into()) {
            let got = schema.map_or_else(|| "none".to_owned(), |schema| schema.to_string());
            let reason =
                format!("expected schema {SCHEMA}, got {got}; train again with this version");
            return Err(damaged(reason));
        }
        let manifest = serde_json::from_value(value)
            .map_err(|error| damaged(format!("expected a manifest: {error}")))?;
        let tensors = |name: &str| NamedTensors::from_bytes(&read(name)?, &path.join(name));
        let optimizer = if path.join(OPTIMIZER).is_file() {
            tensors(OPTIMIZER)?
        } else {
            NamedTensors::default()
        };
        Ok(Self {
            model: tensors(MODEL)?,
            optimizer,
            manifest,
        })
    }
}

fn beside(path: &Path, what: &str) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{what}"))
}

pub(super) fn failed(path: &Path, action: &'static str) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::Io {
        path,
        action,
        source,
    }
}

#[cfg(test)]
mod tests {
    use tch::Tensor;

    use super::*;

    fn checkpoint(value: f32) -> Checkpoint {
        let model = [("weight", Tensor::from_slice(&[value]))];
        Checkpoint {
            model: model.into_iter().collect(),
            optimizer: NamedTensors::default(),
            manifest: Manifest {
                schema: SCHEMA,
                crate_name: "test".into(),
                crate_version: "0".into(),
                config: serde_json::Value::Null,
                params: serde_json::Value::Null,
                seed: 1,
                epoch: 2,
                step: 3,
                history: Vec::new(),
            },
        }
    }

    #[test]
    fn full_disk_leaves_the_old_checkpoint_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("last");
        checkpoint(1.0).save(&path).unwrap();
        for full_at in [MODEL, OPTIMIZER, MANIFEST] {
            let write = |path: &Path, bytes: &[u8]| {
                if path.ends_with(full_at) {
                    fs::write(path, &bytes[..bytes.len() / 2])?;
                    return Err(io::ErrorKind::StorageFull.into());
                }
                fs::write(path, bytes)
            };
            let error = checkpoint(2.0).save_with(&path, &write).unwrap_err();
            assert!(
                matches!(&error, Error::Io { source, .. } if source.kind() == io::ErrorKind::StorageFull),
                "{error}"
            );
            let old = Checkpoint::load(&path).unwrap();
            assert_eq!(old.model.get("weight").unwrap().double_value(&[0]), 1.0);
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        }
    }
}
