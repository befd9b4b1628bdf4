//! The table of a run that was embedded, and what clustering made of it.

use std::{collections::BTreeMap, ops::Range, path::Path, path::PathBuf};

use cryo_core::VoxelPos;
use cryo_embed_viz::{UNASSIGNED, blob_diameter, with_labels};
use cryo_io::hdf5::{self, Clustering, Embeddings, EmbeddingsOptions};
use ndarray::{Array2, Array3, Axis};

use crate::exit::Failure;

/// Rows that are read at a time.
const BLOCK: usize = 32_768;

/// `embedding.h5` of a run, read in pieces.
pub(crate) struct Table {
    path: PathBuf,
    rows: usize,
    columns: usize,
    patch: Option<[usize; 2]>,
    max_bytes: u64,
}

impl Table {
    /// The table of the run in a folder.
    pub(crate) fn open(run: &Path, max_bytes: u64) -> Result<Self, Failure> {
        let path = run.join("embedding.h5");
        if !path.is_file() {
            return Err(Failure::Input(format!(
                "{}: expected a run with embedding.h5, got none; make it with cryo explore run, or cryo explore train and embed",
                run.display()
            )));
        }
        let parts = hdf5::list(&path)?;
        let part = |name: &str| parts.iter().find(|part| part.name == name);
        let shape = part("/embedding").map(|part| part.shape.clone());
        let (rows, columns) = match shape.as_deref() {
            Some(&[rows, columns]) => (rows, columns),
            _ => (0, 0),
        };
        let patch = part("/patch").and_then(|part| match *part.shape {
            [_, _, height, width] => Some([height, width]),
            _ => None,
        });
        let table = Self {
            rows,
            columns,
            patch,
            path,
            max_bytes,
        };
        // Says what is wrong with a file that holds something else.
        table.block(0..0, true)?;
        Ok(table)
    }

    /// Length of a vector.
    pub(crate) fn columns(&self) -> usize {
        self.columns
    }

    /// Rows and columns of a candidate's picture; `None` where the table has none.
    pub(crate) fn patch_shape(&self) -> Option<[usize; 2]> {
        self.patch
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Number of candidates.
    pub(crate) fn len(&self) -> usize {
        self.rows
    }

    fn block(&self, rows: Range<usize>, with_patches: bool) -> Result<Embeddings, Failure> {
        let options = EmbeddingsOptions {
            rows: Some(rows),
            with_patches,
            max_bytes: self.max_bytes,
        };
        Ok(hdf5::read_embeddings(&self.path, &options)?)
    }

    /// All rows, one piece after another.
    pub(crate) fn blocks(&self) -> impl Iterator<Item = Result<(usize, Embeddings), Failure>> {
        (0..self.rows).step_by(BLOCK).map(|start| {
            let end = self.rows.min(start + BLOCK);
            Ok((start, self.block(start..end, false)?))
        })
    }

    /// The vectors of ascending rows, `[rows, d]`.
    pub(crate) fn vectors(&self, rows: &[usize]) -> Result<Array2<f32>, Failure> {
        let mut out: Option<Array2<f32>> = None;
        let mut filled = 0;
        for block in self.blocks() {
            let (start, block) = block?;
            let columns = block.embedding.ncols();
            let out = out.get_or_insert_with(|| Array2::zeros((rows.len(), columns)));
            while let Some(&row) = rows.get(filled).filter(|row| **row < start + block.len()) {
                out.row_mut(filled)
                    .assign(&block.embedding.row(row - start));
                filled += 1;
            }
        }
        Ok(out.unwrap_or_default())
    }

    /// The pictures of ascending rows, `[rows, y, x]`, 0 to 255; `None` where the table has none.
    pub(crate) fn patches(&self, rows: &[usize]) -> Result<Option<Array3<f32>>, Failure> {
        if self.patch.is_none() {
            return Ok(None);
        }
        // Pictures are large: fewer at a time.
        let mut out: Option<Array3<f32>> = None;
        let mut filled = 0;
        while let Some(&row) = rows.get(filled) {
            let end = self.rows.min(row + BLOCK / 8);
            let Some(patch) = self.block(row..end, true)?.patch else {
                return Ok(None);
            };
            let (_, _, height, width) = patch.dim();
            let out = out.get_or_insert_with(|| Array3::zeros((rows.len(), height, width)));
            while let Some(&next) = rows.get(filled).filter(|next| **next < end) {
                let picture = patch.index_axis(Axis(0), next - row);
                let picture = picture.index_axis(Axis(0), 0);
                out.index_axis_mut(Axis(0), filled)
                    .assign(&picture.mapv(f32::from));
                filled += 1;
            }
        }
        Ok(out)
    }

    /// The clustering in the table, if there is one.
    pub(crate) fn clustering(&self) -> Result<Option<Clustering>, Failure> {
        let found = hdf5::read_clustering(&self.path, self.max_bytes)?;
        let usable = |found: &Clustering| {
            let classes = 1..=found.spread.nrows() as i64;
            let known = |class: &i32| classes.contains(&i64::from(*class));
            (found.class_of_centre.iter()).all(known)
                && (found.label.iter()).all(|label| *label <= 0 || known(label))
        };
        match found {
            Some(found) if !usable(&found) => Err(Failure::Input(format!(
                "{}: expected classes from 1 to {}, got another; cluster it again with --overwrite",
                self.path.display(),
                found.spread.nrows()
            ))),
            found => Ok(found),
        }
    }

    /// Replaces the clustering; the file is never seen half-written.
    pub(crate) fn write(&self, clustering: &Clustering) -> Result<(), Failure> {
        Ok(hdf5::write_clustering(&self.path, clustering)?)
    }

    /// Where the candidates lie.
    pub(crate) fn places(&self) -> Result<Places, Failure> {
        let mut places = Places::default();
        let mut numbers = BTreeMap::new();
        for block in self.blocks() {
            let (_, block) = block?;
            let missing = |name: &str| {
                Failure::Input(format!(
                    "{}: expected a dataset {name:?} beside \"embedding\", got none; embed the run again with --overwrite",
                    self.path.display()
                ))
            };
            for name in block.tomogram.ok_or_else(|| missing("tomogram"))? {
                let number = *numbers.entry(name).or_insert_with_key(|name| {
                    places.names.push(name.clone());
                    places.names.len() - 1
                });
                places.tomogram.push(number);
            }
            places
                .position
                .extend(block.position.ok_or_else(|| missing("position"))?);
            let scores = block.score.unwrap_or_default();
            places.score.extend(scores);
            places.score.resize(places.position.len(), f32::NAN);
        }
        Ok(places)
    }
}

/// Where candidates lie, one entry a row of the table.
#[derive(Default)]
pub(crate) struct Places {
    /// The tomograms, in the order in which the table first names them.
    pub(crate) names: Vec<String>,
    /// Number of the tomogram among them.
    pub(crate) tomogram: Vec<usize>,
    pub(crate) position: Vec<VoxelPos>,
    /// NaN where a candidate has none.
    pub(crate) score: Vec<f32>,
}

/// A run with classes.
pub(crate) struct Clustered {
    pub(crate) table: Table,
    pub(crate) found: Clustering,
    pub(crate) places: Places,
}

impl Clustered {
    /// The run in a folder.
    pub(crate) fn read(run: &Path, max_bytes: u64) -> Result<Self, Failure> {
        let table = Table::open(run, max_bytes)?;
        let Some(found) = table.clustering()? else {
            return Err(Failure::Input(format!(
                "{}: expected a clustered run, got an embedding without classes; run cryo explore cluster {}",
                table.path().display(),
                run.display()
            )));
        };
        let places = table.places()?;
        Ok(Self {
            table,
            found,
            places,
        })
    }

    /// The class of each row, 0 for none.
    pub(crate) fn labels(&self) -> Vec<u32> {
        labels(&self.found)
    }

    /// What each class is like, the unassigned first.
    pub(crate) fn classes(&self) -> Result<Vec<ClassFacts>, Failure> {
        let count = self.found.spread.nrows();
        let mut facts: Vec<ClassFacts> = (0..=count as u32).map(ClassFacts::new).collect();
        let mut seen: Vec<Vec<bool>> = vec![vec![false; self.places.names.len()]; count + 1];
        let mut sums = vec![(0.0, 0_usize); count + 1];
        for (row, label) in self.labels().into_iter().enumerate() {
            let class = label as usize;
            facts[class].count += 1;
            seen[class][self.places.tomogram[row]] = true;
            let score = f64::from(self.places.score[row]);
            if score.is_finite() {
                sums[class].0 += score;
                sums[class].1 += 1;
            }
        }
        for (class, facts) in facts.iter_mut().enumerate() {
            facts.tomograms = seen[class].iter().filter(|seen| **seen).count();
            let (sum, scored) = sums[class];
            facts.mean_score = (scored > 0).then(|| sum / scored as f64);
            let row = class.checked_sub(1);
            facts.spread = row.map(|row| f64::from(self.found.spread[[row, 0]]));
            facts.diameter = self.diameter(class as u32)?;
        }
        Ok(facts)
    }

    /// Of the average of a class, in voxels.
    fn diameter(&self, class: u32) -> Result<Option<f64>, Failure> {
        let mut rows = with_labels(&self.labels(), &[class]);
        rows.truncate(AVERAGED);
        if class == UNASSIGNED || rows.is_empty() {
            return Ok(None);
        }
        let patches = self.table.patches(&rows)?;
        let average = patches.and_then(|patches| patches.mean_axis(Axis(0)));
        Ok(average.and_then(|average| blob_diameter(average.view())))
    }
}

/// The class of each row, 0 for none.
pub(crate) fn labels(found: &Clustering) -> Vec<u32> {
    let labels = found.label.iter();
    labels
        .map(|label| u32::try_from(*label).unwrap_or(UNASSIGNED))
        .collect()
}

/// More members do not change the width of an average.
const AVERAGED: usize = 500;

/// What a class is like.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub(crate) struct ClassFacts {
    /// 0 is the unassigned.
    pub(crate) class: u32,
    pub(crate) count: usize,
    /// Tomograms with at least one of them.
    pub(crate) tomograms: usize,
    pub(crate) mean_score: Option<f64>,
    /// Median distance of its candidates to the nearest centre of the over-clustering.
    pub(crate) spread: Option<f64>,
    /// Of what stands in the middle of its average, in voxels.
    pub(crate) diameter: Option<f64>,
}

impl ClassFacts {
    fn new(class: u32) -> Self {
        Self {
            class,
            count: 0,
            tomograms: 0,
            mean_score: None,
            spread: None,
            diameter: None,
        }
    }
}
