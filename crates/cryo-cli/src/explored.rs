//! A run that was explored and clustered, as the page shows it.

use std::{
    collections::{BTreeMap, HashMap},
    path::{Path, PathBuf},
};

use cryo_core::{Grid, Particle, ParticleSet, VoxelPos};
use cryo_embed_viz::{PageData, PageTomogram};
use cryo_io::{
    Frame, Frames, Picks, PicksOptions,
    dataset::{Dataset, DatasetEntry},
    hdf5::{self, Embeddings, EmbeddingsOptions},
    read_picks,
    star::relion,
};
use ndarray::{Array3, Axis};

use crate::exit::Failure;

/// The parts of a run folder that can be looked at, one row a candidate.
pub(crate) struct Explored {
    title: String,
    table: Embeddings,
    labels: Option<Vec<u32>>,
    patches: Option<Array3<u8>>,
    scores: Option<Vec<f32>>,
    outliers: Option<Vec<f32>>,
    tomogram: Vec<usize>,
    pub(crate) tomograms: Vec<PageTomogram>,
    /// The entry of the dataset list of each tomogram, where the list has one.
    pub(crate) entries: Vec<Option<DatasetEntry>>,
}

impl Explored {
    /// # Errors
    /// Those of the files, with what to run if one is not there yet.
    pub(crate) fn read(run: &Path, max_bytes: u64) -> Result<Self, Failure> {
        let mut table = embeddings(run, max_bytes)?;
        let Some(names) = table.tomogram.take() else {
            return Err(lacks(run, "tomogram"));
        };
        if table.position.is_none() {
            return Err(lacks(run, "position"));
        }
        if table.is_empty() {
            let path = run.join("embedding.h5");
            return Err(Failure::Input(format!(
                "{}: expected at least one candidate, got none",
                path.display()
            )));
        }
        let (distinct, tomogram) = numbered(names);
        let sets = candidates(run)?;
        let dataset = dataset(run)?;
        let entry = |name: &String| {
            let mut entries = dataset.iter().flat_map(|dataset| &dataset.entries);
            entries.find(|entry| entry.name == *name).cloned()
        };
        let entries: Vec<Option<DatasetEntry>> = distinct.iter().map(entry).collect();
        let mut tomograms = Vec::with_capacity(distinct.len());
        for (name, entry) in distinct.iter().zip(&entries) {
            let grid = grid(run, name, sets.get(name), entry.as_ref())?;
            tomograms.push(PageTomogram {
                name: name.clone(),
                grid,
            });
        }
        let labels = table.label.take();
        let clustering = hdf5::read_clustering(run.join("embedding.h5"), max_bytes)?;
        // Below 0 is how others write "none".
        let label = |label: i32| u32::try_from(label).unwrap_or(0);
        let mut explored = Self {
            title: title(run),
            labels: labels.map(|labels| labels.into_iter().map(label).collect()),
            patches: table
                .patch
                .take()
                .map(|all| all.index_axis_move(Axis(1), 0)),
            table,
            scores: None,
            outliers: clustering.map(|clustering| clustering.outlier),
            tomogram,
            tomograms,
            entries,
        };
        explored.scores = match explored.table.score.take() {
            Some(scores) => Some(scores),
            None => explored.join_scores(&sets),
        };
        Ok(explored)
    }

    /// What the page shows of it.
    pub(crate) fn page(&self) -> Result<PageData<'_>, Failure> {
        let map = self.table.umap2.as_ref();
        let map = map.ok_or_else(|| Failure::Input("expected a map".to_owned()))?;
        Ok(PageData {
            title: self.title.clone(),
            map: map.view(),
            labels: self.labels.as_deref(),
            names: BTreeMap::new(),
            tomograms: &self.tomograms,
            tomogram: &self.tomogram,
            positions: self.positions(),
            scores: self.scores.as_deref(),
            outliers: self.outliers.as_deref(),
            patches: self.patches.as_ref().map(|all| all.view()),
            embedding: Some(self.table.embedding.view()),
        })
    }

    pub(crate) fn len(&self) -> usize {
        self.table.len()
    }

    pub(crate) fn has_patches(&self) -> bool {
        self.patches.is_some()
    }

    fn positions(&self) -> &[VoxelPos] {
        self.table.position.as_deref().unwrap_or_default()
    }

    /// Some of the candidates as particles; `class` gives the class of a label, 0 for none.
    pub(crate) fn picks(
        &self,
        rows: &[usize],
        class: impl Fn(u32) -> u32,
        names: &BTreeMap<u32, String>,
    ) -> Picks {
        let empty = |tomogram: &PageTomogram| ParticleSet::new(&tomogram.name, tomogram.grid);
        let mut sets: Vec<ParticleSet> = self.tomograms.iter().map(empty).collect();
        for &row in rows {
            let set = &mut sets[self.tomogram[row]];
            let score = self.scores.as_ref().map(|scores| scores[row]);
            let label = self.labels.as_ref().map_or(0, |labels| class(labels[row]));
            if let Some(name) = names.get(&label).filter(|_| label != 0) {
                set.classes.insert(label, name.clone());
            }
            set.items.push(Particle {
                score: score.filter(|score| score.is_finite()),
                class: (label != 0).then_some(label),
                ..Particle::at(self.positions()[row])
            });
        }
        sets.retain(|set| !set.is_empty());
        Picks {
            sets,
            ..Picks::default()
        }
    }

    /// The tomograms as coordinate formats want to know them; their own voxels count as unbinned.
    pub(crate) fn picks_options(&self) -> PicksOptions {
        let frame = |tomogram: &PageTomogram| {
            let frame = Frame {
                tilt_series_pixel_size: tomogram.grid.voxel_size.isotropic(),
                ..Frame::of(&tomogram.grid)
            };
            (tomogram.name.clone(), frame)
        };
        PicksOptions {
            frames: Frames {
                named: self.tomograms.iter().map(frame).collect(),
                ..Frames::default()
            },
            ..PicksOptions::default()
        }
    }

    /// The score of the candidate at the same place; the list of candidates has what was not embedded, too.
    fn join_scores(&self, sets: &BTreeMap<String, ParticleSet>) -> Option<Vec<f32>> {
        // A file rounds places to 1e-9 Å.
        let key = |place: &VoxelPos| [place.z, place.y, place.x].map(|v| (v * 1e4).round() as i64);
        let mut known: Vec<HashMap<[i64; 3], f32>> = Vec::with_capacity(self.tomograms.len());
        for tomogram in &self.tomograms {
            let items = sets.get(&tomogram.name).map_or(&[][..], |set| &set.items);
            let scored = items
                .iter()
                .filter_map(|item| Some((key(&item.position), item.score?)));
            known.push(scored.collect());
        }
        let rows = self.tomogram.iter().zip(self.positions());
        let scores: Vec<f32> = rows
            .map(|(&number, place)| known[number].get(&key(place)).copied().unwrap_or(f32::NAN))
            .collect();
        scores
            .iter()
            .any(|score| score.is_finite())
            .then_some(scores)
    }
}

fn embeddings(run: &Path, max_bytes: u64) -> Result<Embeddings, Failure> {
    if !run.is_dir() {
        return Err(Failure::Input(format!(
            "{}: expected the folder of a run, got {}",
            run.display(),
            if run.exists() { "a file" } else { "nothing" }
        )));
    }
    let path = run.join("embedding.h5");
    if !path.is_file() {
        return Err(Failure::Input(format!(
            "{}: expected embedding.h5 in it, got none; run cryo explore run, or cryo explore embed --run {}",
            run.display(),
            run.display()
        )));
    }
    let options = EmbeddingsOptions {
        max_bytes,
        ..EmbeddingsOptions::default()
    };
    let table = hdf5::read_embeddings(&path, &options)?;
    if table.umap2.is_none() {
        return Err(Failure::Input(format!(
            "{}: expected a map, /umap2, got none; run cryo explore cluster {} first",
            path.display(),
            run.display()
        )));
    }
    Ok(table)
}

fn lacks(run: &Path, name: &str) -> Failure {
    let path = run.join("embedding.h5");
    Failure::Input(format!(
        "{}: expected a dataset {name:?}, got none; embed again with cryo explore embed --run {} --overwrite",
        path.display(),
        run.display()
    ))
}

/// The names without repetition, in the order of their first place, and each row's place among them.
fn numbered(names: Vec<String>) -> (Vec<String>, Vec<usize>) {
    let mut distinct = Vec::new();
    let mut known = HashMap::new();
    let number = |name: String| {
        *known.entry(name).or_insert_with_key(|name| {
            distinct.push(name.clone());
            distinct.len() - 1
        })
    };
    let rows = names.into_iter().map(number).collect();
    (distinct, rows)
}

/// The candidates of the run by tomogram, which know its size; none where the file is not there.
fn candidates(run: &Path) -> Result<BTreeMap<String, ParticleSet>, Failure> {
    let path = run.join("candidates.star");
    if !path.is_file() {
        return Ok(BTreeMap::new());
    }
    let options = relion::options_with_tomograms(&path, &PicksOptions::default())?;
    let sets = read_picks(&path, None, &options)?.sets;
    Ok(sets
        .into_iter()
        .map(|set| (set.tomogram.clone(), set))
        .collect())
}

fn dataset(run: &Path) -> Result<Option<Dataset>, Failure> {
    let path = run.join("dataset.tsv");
    Ok(path.is_file().then(|| Dataset::read(&path)).transpose()?)
}

/// The grid of a tomogram: as the candidates were counted, else by the header of its file.
fn grid(
    run: &Path,
    name: &str,
    counted: Option<&ParticleSet>,
    entry: Option<&DatasetEntry>,
) -> Result<Grid, Failure> {
    if let Some(set) = counted.filter(|set| set.grid.has_extent()) {
        return Ok(set.grid);
    }
    let unknown = |why: &str| {
        Failure::Input(format!(
            "{}: expected the size of tomogram {name:?}, {why}; put candidates.star or dataset.tsv of its run there",
            run.display()
        ))
    };
    let entry = entry.ok_or_else(|| unknown("neither candidates.star nor dataset.tsv names it"))?;
    let tomogram = super::view::slices::open(entry)?;
    Ok(tomogram.grid()?)
}

fn title(run: &Path) -> String {
    let path: PathBuf = std::path::absolute(run).unwrap_or_else(|_| run.to_owned());
    let name = path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned());
    name.unwrap_or_else(|| run.display().to_string())
}
