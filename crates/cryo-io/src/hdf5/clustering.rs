use std::{path::Path, str::FromStr};

use ::hdf5::{Dataset, File, types::FixedUnicode};
use ndarray::Array2;

use super::{
    EmbeddingsOptions,
    convert::{dataset, open, read_failed, unlocked, write_failed},
    embeddings::{Reader, fixed, write_part},
    list,
};
use crate::{Error, Overwrite, atomic::write_atomic_path};

/// What clustering adds to a table of embeddings: a map, classes, and what is needed to join the centres of the
/// over-clustering anew.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Clustering {
    /// `[n, 2]`: the map.
    pub umap2: Array2<f32>,
    /// `[n, 3]`: the map in space.
    pub umap3: Option<Array2<f32>>,
    /// Class of each particle, from 1; 0 for none.
    pub label: Vec<i32>,
    /// How far each particle is from its class, in spreads of that class.
    pub outlier: Vec<f32>,
    /// `[k, d]`: centres of the over-clustering.
    pub centres: Array2<f32>,
    /// Class of each centre, from 1.
    pub class_of_centre: Vec<i32>,
    /// `[h, 2]`: for classes 1 to h the median distance of their particles to the nearest centre, and the robust
    /// standard deviation of it: the spreads.
    pub spread: Array2<f32>,
    /// What it was made with, as the caller writes it, up to 4096 bytes; the attribute `clustering` of the file. Empty
    /// where there is none, or of another type than a text of fixed length.
    pub settings: String,
}

const PARTS: [&str; 7] = [
    "umap2",
    "umap3",
    "label",
    "outlier",
    "centres",
    "class_of_centre",
    "spread",
];
const SETTINGS: &str = "clustering";

/// Of fixed length: the heap of strings of variable length grows with each that replaces another.
type Text = FixedUnicode<4096>;

impl Clustering {
    fn check(&self, rows: usize) -> Result<(), Error> {
        let umap3 = self.umap3.as_ref();
        let centres = self.centres.nrows();
        if Text::from_str(&self.settings).is_err() {
            let (expected, got) = ("at most 4096 bytes", self.settings.len());
            return Err(Error::parameter(
                "settings",
                expected,
                format!("{got} bytes"),
            ));
        }
        let lengths = [
            ("umap2", rows, self.umap2.nrows()),
            ("umap3", rows, umap3.map_or(rows, Array2::nrows)),
            ("label", rows, self.label.len()),
            ("outlier", rows, self.outlier.len()),
            ("class_of_centre", centres, self.class_of_centre.len()),
        ];
        for (name, expected, got) in lengths {
            if expected != got {
                return Err(Error::parameter(
                    name,
                    format!("{expected} rows"),
                    got.to_string(),
                ));
            }
        }
        for (name, expected, got) in [
            ("umap2", 2, self.umap2.ncols()),
            ("umap3", 3, umap3.map_or(3, Array2::ncols)),
            ("spread", 2, self.spread.ncols()),
        ] {
            if expected != got {
                let columns = format!("{expected} columns");
                return Err(Error::parameter(name, columns, got.to_string()));
            }
        }
        Ok(())
    }
}

/// Puts a clustering into the table at `path`, in place of one that is there.
///
/// The file is copied beside itself, changed there and renamed: a killed write leaves it as it was. Memory does
/// not grow with the other parts of the table.
///
/// # Errors
/// [`Parameter`](crate::ErrorKind::Parameter) if parts differ in their rows from the table's or have other
/// columns; no table of embeddings; else as [`write_atomic`](crate::write_atomic).
///
/// ```
/// use cryo_io::{Overwrite, hdf5};
/// use ndarray::Array2;
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("embedding.h5");
/// let table = hdf5::Embeddings { embedding: Array2::zeros((3, 8)), ..Default::default() };
/// hdf5::write_embeddings(&path, &table, Overwrite::Never)?;
/// let found = hdf5::Clustering {
///     umap2: Array2::zeros((3, 2)),
///     label: vec![1, 2, 0],
///     outlier: vec![0.1, -0.2, 9.0],
///     centres: Array2::zeros((2, 8)),
///     class_of_centre: vec![1, 2],
///     spread: ndarray::array![[0.0, 1.0], [0.0, 1.0]],
///     ..Default::default()
/// };
/// hdf5::write_clustering(&path, &found)?;
/// assert_eq!(hdf5::read_clustering(&path, 1 << 30)?, Some(found));
/// assert_eq!(hdf5::read_embeddings(&path, &Default::default())?.label, Some(vec![1, 2, 0]));
/// # Ok::<(), cryo_io::Error>(())
/// ```
pub fn write_clustering(path: impl AsRef<Path>, clustering: &Clustering) -> Result<(), Error> {
    let path = path.as_ref();
    let rows = rows(path)?;
    clustering
        .check(rows)
        .map_err(|error| error.in_file(path))?;
    write_atomic_path(path, Overwrite::Replace, |temporary| {
        std::fs::copy(path, temporary).map_err(|error| Error::io("copy", error))?;
        put(temporary, clustering).map_err(|error| write_failed("clustering", &error))
    })
}

/// Rows of the table in a file.
fn rows(path: &Path) -> Result<usize, Error> {
    let file = open(path)?;
    let rows = || {
        let found = dataset(&file, "embedding")?;
        Ok(extent(&found))
    };
    rows().map_err(|error: Error| error.in_file(path))
}

fn put(path: &Path, clustering: &Clustering) -> ::hdf5::Result<()> {
    let file = unlocked().open_rw(path)?;
    for name in list::hard_links(&file)? {
        if PARTS.contains(&name.as_str()) {
            file.unlink(&name)?;
        }
    }
    if file.attr_names()?.iter().any(|name| name == SETTINGS) {
        file.delete_attr(SETTINGS)?;
    }
    write_part(&file, "umap2", &clustering.umap2)?;
    if let Some(map) = &clustering.umap3 {
        write_part(&file, "umap3", map)?;
    }
    let column = |values: &[i32]| ndarray::aview1(values).to_owned();
    write_part(&file, "label", &column(&clustering.label))?;
    write_part(
        &file,
        "outlier",
        &ndarray::aview1(&clustering.outlier).to_owned(),
    )?;
    write_part(&file, "centres", &clustering.centres)?;
    write_part(
        &file,
        "class_of_centre",
        &column(&clustering.class_of_centre),
    )?;
    write_part(&file, "spread", &clustering.spread)?;
    let text = Text::from_str(&clustering.settings).map_err(|error| error.to_string())?;
    file.new_attr::<Text>()
        .create(SETTINGS)?
        .write_scalar(&text)?;
    file.close()
}

/// The clustering in the table at `path`; `None` if it has not been clustered, or by a program that left out
/// a part. `max_bytes` is the most memory that any one part may take.
///
/// # Errors
/// As [`read_embeddings`](super::read_embeddings).
pub fn read_clustering(
    path: impl AsRef<Path>,
    max_bytes: u64,
) -> Result<Option<Clustering>, Error> {
    let path = path.as_ref();
    let read = || {
        let count = rows(path)?;
        let file = open(path)?;
        let options = EmbeddingsOptions {
            max_bytes,
            ..EmbeddingsOptions::default()
        };
        let links = list::hard_links(&file).map_err(|error| read_failed("/", &error))?;
        if !links.iter().any(|link| link == "centres") {
            return Ok(None);
        }
        let found = dataset(&file, "centres")?;
        let reader = |count| Reader {
            file: &file,
            options: &options,
            count,
        };
        let (table, centres) = (reader(count), reader(extent(&found)));
        let parts = (
            table.part::<f32>("umap2", &[None, Some(2)])?,
            table.part::<i32>("label", &[None])?,
            table.part::<f32>("outlier", &[None])?,
            centres.part::<f32>("centres", &[None, None])?,
            centres.part::<i32>("class_of_centre", &[None])?,
        );
        let (Some(umap2), Some(label), Some(outlier), Some(points), Some(classes)) = parts else {
            return Ok(None);
        };
        let spreads = reader(extent(&dataset(&file, "spread")?));
        let Some(spread) = spreads.part::<f32>("spread", &[None, Some(2)])? else {
            return Ok(None);
        };
        let umap3 = table.part::<f32>("umap3", &[None, Some(3)])?;
        Ok(Some(Clustering {
            umap2: fixed("umap2", umap2)?,
            umap3: umap3.map(|map| fixed("umap3", map)).transpose()?,
            label: label.into_raw_vec_and_offset().0,
            outlier: outlier.into_raw_vec_and_offset().0,
            centres: fixed("centres", points)?,
            class_of_centre: classes.into_raw_vec_and_offset().0,
            spread: fixed("spread", spread)?,
            settings: settings(&file),
        }))
    };
    read().map_err(|error: Error| error.in_file(path))
}

fn extent(found: &Dataset) -> usize {
    found.shape().first().copied().unwrap_or_default()
}

fn settings(file: &File) -> String {
    let named = |names: Vec<String>| names.iter().any(|name| name == SETTINGS);
    if !file.attr_names().is_ok_and(named) {
        return String::new();
    }
    let text = file
        .attr(SETTINGS)
        .and_then(|found| found.read_scalar::<Text>());
    text.map_or_else(|_| String::new(), |text| text.to_string())
}
