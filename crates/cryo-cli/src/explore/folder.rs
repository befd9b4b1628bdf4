use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use cryo_candidates::PlaneSource;
use cryo_contrastive::Yardstick;
use cryo_core::{Grid, ParticleSet, VoxelSize};
use cryo_io::{
    CoordinateFormat, Frame, Frames, Overwrite, Picks, PicksOptions,
    dataset::{self, Dataset},
    read_picks, write_atomic, write_picks,
};
use cryo_train::{CheckpointDir, EpochReport};

use serde::Serialize;

use crate::{config, exit::Failure, options::Common, tomograms::Tomogram};

/// The folder of a run.
pub(crate) struct RunFolder(PathBuf);

impl RunFolder {
    pub(crate) fn new(path: &Path) -> Self {
        Self(path.to_owned())
    }

    pub(crate) fn join(&self, name: &str) -> PathBuf {
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

    /// The seed that was asked for, or else that of the run.
    pub(super) fn seed(&self, common: &Common) -> Result<u64, Failure> {
        if common.seed.is_none() && self.config().exists() {
            return Ok(config::seed(&self.config())?.unwrap_or(common.seed()));
        }
        Ok(common.seed())
    }

    /// Puts the settings of a stage beside those of the others.
    pub(super) fn update_config(
        &self,
        stage: &str,
        settings: &impl Serialize,
        common: &Common,
    ) -> Result<(), Failure> {
        if self.config().exists() {
            config::update(&self.config(), stage, settings)
        } else {
            config::write(&self.config(), stage, settings, common, Overwrite::Never)
        }
    }

    /// The list that went in, with a fingerprint of each tomogram's bytes, and its grid.
    pub(super) fn write_dataset(&self, dataset: &Dataset, common: &Common) -> Result<(), Failure> {
        let mut listed = dataset.clone();
        let has = |listed: &Dataset, name: &str| listed.extra_columns.iter().any(|c| c == name);
        if !has(&listed, FINGERPRINT) {
            listed.extra_columns.push(FINGERPRINT.to_owned());
            for entry in &mut listed.entries {
                entry.extra.push(fingerprint(&entry.tomogram)?);
            }
        }
        if !has(&listed, GRID) {
            listed.extra_columns.push(GRID.to_owned());
            for entry in &mut listed.entries {
                let grid = Tomogram::open(entry, common)?.grid();
                entry.extra.push(grid_text(&grid));
            }
        }
        dataset::write(self.join("dataset.tsv"), Overwrite::Replace, &listed)?;
        Ok(())
    }

    /// Refuses to go on with other tomograms than those that the run began with.
    pub(super) fn check_dataset(&self, dataset: &Dataset) -> Result<(), Failure> {
        let listed = self.dataset()?;
        let differs = |what: String| {
            Failure::usage(format!(
                "{}: {what}; give the same --data, or choose another folder",
                self.join("dataset.tsv").display()
            ))
        };
        let names = |dataset: &Dataset| -> Vec<String> {
            let entries = dataset.entries.iter();
            entries.map(|entry| entry.name.clone()).collect()
        };
        let (then, now) = (names(&listed), names(dataset));
        if then != now {
            return Err(differs(format!(
                "expected the tomograms {}, got {}",
                then.join(", "),
                now.join(", ")
            )));
        }
        let column = listed.extra_columns.iter().position(|c| c == FINGERPRINT);
        for (then, now) in listed.entries.iter().zip(&dataset.entries) {
            let Some(known) = column.and_then(|column| then.extra.get(column)) else {
                continue;
            };
            if *known != fingerprint(&now.tomogram)? {
                let path = now.tomogram.display();
                return Err(differs(format!("{path} has changed since the run began")));
            }
        }
        Ok(())
    }

    pub(crate) fn dataset(&self) -> Result<Dataset, Failure> {
        Ok(Dataset::read(self.join("dataset.tsv"))?)
    }

    /// The grids of the run's tomograms by name; from the list where a tomogram is not there any more.
    pub(crate) fn frames(&self, common: &Common) -> Result<Frames, Failure> {
        let dataset = self.dataset()?;
        let column = dataset.extra_columns.iter().position(|name| name == GRID);
        let mut frames = Frames::default();
        for entry in &dataset.entries {
            let listed = column.and_then(|column| grid_of(entry.extra.get(column)?));
            let grid = match listed {
                Some(grid) if !entry.tomogram.exists() => grid,
                _ => Tomogram::open(entry, common)?.grid(),
            };
            frames.named.insert(entry.name.clone(), frame(&grid));
        }
        Ok(frames)
    }

    pub(super) fn write_candidates(&self, sets: &[ParticleSet]) -> Result<(), Failure> {
        write_candidates(&self.join("candidates.star"), sets)
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
pub(crate) fn frame(grid: &Grid) -> Frame {
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

/// Candidates as RELION 5 has them.
pub(super) fn write_candidates(path: &Path, sets: &[ParticleSet]) -> Result<(), Failure> {
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
    write_picks(
        path,
        CoordinateFormat::Relion5,
        &picks,
        &options,
        Overwrite::Replace,
    )?;
    Ok(())
}

const FINGERPRINT: &str = "fingerprint";
const GRID: &str = "grid";

/// Voxels along z, y, x, and their edges in ångström.
fn grid_text(grid: &Grid) -> String {
    let [z, y, x] = grid.shape;
    let edge = grid.voxel_size;
    format!("{z} {y} {x} {} {} {}", edge.z(), edge.y(), edge.x())
}

fn grid_of(text: &str) -> Option<Grid> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let &[z, y, x, edge_z, edge_y, edge_x] = words.as_slice() else {
        return None;
    };
    let edge = |word: &str| word.parse::<f64>().ok();
    let size = VoxelSize::zyx(edge(edge_z)?, edge(edge_y)?, edge(edge_x)?)?;
    let shape = [z.parse().ok()?, y.parse().ok()?, x.parse().ok()?];
    Some(Grid::new(shape, size))
}

/// Of the bytes of a file, so that a replaced tomogram is noticed.
pub(crate) fn fingerprint(path: &Path) -> Result<String, Failure> {
    let mut found = Fingerprint::new();
    found.add_file(path)?;
    Ok(found.text())
}

/// FNV-1a over bytes.
pub(super) struct Fingerprint(u64);

impl Fingerprint {
    pub(super) fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    pub(super) fn add(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    pub(super) fn add_file(&mut self, path: &Path) -> Result<(), Failure> {
        let failed = |error| Failure::Input(format!("{}: could not read: {error}", path.display()));
        let mut file = File::open(path).map_err(failed)?;
        let mut buffer = vec![0; 1 << 20];
        loop {
            let read = file.read(&mut buffer).map_err(failed)?;
            if read == 0 {
                return Ok(());
            }
            self.add(&buffer[..read]);
        }
    }

    pub(super) fn text(&self) -> String {
        format!("{:016x}", self.0)
    }
}
