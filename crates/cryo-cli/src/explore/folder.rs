use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use cryo_contrastive::Yardstick;
use cryo_core::{Grid, ParticleSet};
use cryo_io::{
    CoordinateFormat, Frame, Frames, Overwrite, Picks, PicksOptions,
    dataset::{self, Dataset},
    read_picks, write_atomic, write_picks,
};
use cryo_train::{CheckpointDir, EpochReport};

use crate::exit::Failure;

/// The folder of a run.
pub(super) struct RunFolder(PathBuf);

impl RunFolder {
    pub(super) fn new(path: &Path) -> Self {
        Self(path.to_owned())
    }

    pub(super) fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub(super) fn config(&self) -> PathBuf {
        self.join("config.toml")
    }

    pub(super) fn checkpoints(&self) -> CheckpointDir {
        CheckpointDir::new(self.join("checkpoints"))
    }

    pub(super) fn latest(&self) -> Result<Option<PathBuf>, Failure> {
        let found = self.checkpoints().latest();
        found.map_err(|error| super::failure(error.into()))
    }

    /// The list that went in, with a fingerprint of each tomogram's bytes.
    pub(super) fn write_dataset(&self, dataset: &Dataset) -> Result<(), Failure> {
        let mut listed = dataset.clone();
        if !listed
            .extra_columns
            .iter()
            .any(|column| column == FINGERPRINT)
        {
            listed.extra_columns.push(FINGERPRINT.to_owned());
            for entry in &mut listed.entries {
                entry.extra.push(fingerprint(&entry.tomogram)?);
            }
        }
        dataset::write(self.join("dataset.tsv"), Overwrite::Replace, &listed)?;
        Ok(())
    }

    pub(super) fn dataset(&self) -> Result<Dataset, Failure> {
        Ok(Dataset::read(self.join("dataset.tsv"))?)
    }

    pub(super) fn write_candidates(&self, sets: &[ParticleSet]) -> Result<(), Failure> {
        let picks = Picks {
            sets: sets.to_vec(),
            ..Picks::default()
        };
        let frame = |set: &ParticleSet| (set.tomogram.clone(), frame(&set.grid));
        let options = PicksOptions {
            frames: Frames {
                named: sets.iter().map(frame).collect(),
                ..Frames::default()
            },
            ..PicksOptions::default()
        };
        let path = self.join("candidates.star");
        write_picks(
            &path,
            CoordinateFormat::Relion5,
            &picks,
            &options,
            Overwrite::Replace,
        )?;
        Ok(())
    }

    /// One line an epoch.
    pub(super) fn write_metrics(&self, history: &[EpochReport]) -> Result<(), Failure> {
        let mut text = String::new();
        for report in history {
            let line = serde_json::to_string(report)
                .map_err(|error| Failure::Resources(format!("metrics: {error}")))?;
            text += &line;
            text.push('\n');
        }
        self.write("metrics.jsonl", &text)
    }

    pub(super) fn write_yardstick(&self, yardstick: &Yardstick) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(yardstick)
            .map_err(|error| Failure::Resources(format!("yardstick: {error}")))?;
        self.write("yardstick.json", &text)
    }

    fn write(&self, name: &str, text: &str) -> Result<(), Failure> {
        write_atomic(&self.join(name), Overwrite::Replace, |out| {
            std::io::Write::write_all(out, text.as_bytes()).map_err(cryo_io::Error::from)
        })?;
        Ok(())
    }
}

/// What RELION calls unbinned are the voxels of the tomogram itself.
pub(super) fn frame(grid: &Grid) -> Frame {
    Frame {
        tilt_series_pixel_size: grid.voxel_size.isotropic(),
        ..Frame::of(grid)
    }
}

/// Candidates by tomogram; the dataset's tomograms give their grids.
pub(super) fn read_candidates(path: &Path, frames: Frames) -> Result<Vec<ParticleSet>, Failure> {
    let options = PicksOptions {
        frames,
        ..PicksOptions::default()
    };
    Ok(read_picks(path, None, &options)?.sets)
}

const FINGERPRINT: &str = "fingerprint";

/// FNV-1a over the bytes of a file, so that a replaced tomogram is noticed.
fn fingerprint(path: &Path) -> Result<String, Failure> {
    let failed = |error| Failure::Input(format!("{}: could not read: {error}", path.display()));
    let mut file = File::open(path).map_err(failed)?;
    let mut buffer = vec![0; 1 << 20];
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    loop {
        let read = file.read(&mut buffer).map_err(failed)?;
        if read == 0 {
            return Ok(format!("{hash:016x}"));
        }
        for &byte in &buffer[..read] {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}
