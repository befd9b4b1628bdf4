use std::{ops::Range, path::Path};

use ::hdf5::{
    Dataset, File, H5Type,
    types::{VarLenAscii, VarLenUnicode},
};
use cryo_core::VoxelPos;
use ndarray::{Array2, Array4, ArrayD, Dimension};

use super::{
    convert::{check_dataset, dataset, is_numeric, open, read_failed, read_rows, write_failed},
    list,
    volume::write_text,
};
use crate::{Error, ErrorKind, Overwrite, atomic::write_atomic_path};

/// The particles of an exploration run with what the network made of them: `embedding.h5`.
///
/// Each part is a dataset of the same name at the root of the file, one row a particle.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Embeddings {
    /// `[n, d]`: features behind the encoder.
    pub embedding: Array2<f32>,
    /// `[n, e]`: features behind the projection head.
    pub projection: Option<Array2<f32>>,
    /// `[n, 2]`: the map.
    pub umap2: Option<Array2<f32>>,
    /// Class of each particle, from 1; 0 (other programs: −1) for none.
    pub label: Option<Vec<i32>>,
    /// Name of each particle's tomogram.
    pub tomogram: Option<Vec<String>>,
    /// Positions in voxels of the tomogram, stored as `[n, 3]` of z, y, x.
    pub position: Option<Vec<VoxelPos>>,
    /// Score of each particle as a candidate; NaN where it has none.
    pub score: Option<Vec<f32>>,
    /// `[n, c, y, x]`: the views as pictures.
    pub patch: Option<Array4<u8>>,
}

/// Which part of a table is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmbeddingsOptions {
    /// Rows from 0; all by default.
    pub rows: Option<Range<usize>>,
    /// Whether the pictures, by far the largest part, are read.
    pub with_patches: bool,
    /// Most memory that any one part may take, in bytes.
    pub max_bytes: u64,
}

impl Default for EmbeddingsOptions {
    fn default() -> Self {
        Self {
            rows: None,
            with_patches: true,
            max_bytes: 16 << 30,
        }
    }
}

impl Embeddings {
    /// Number of particles.
    #[must_use]
    pub fn len(&self) -> usize {
        self.embedding.nrows()
    }

    /// Whether there is no particle.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn check(&self) -> Result<(), Error> {
        let rows = [
            ("projection", self.projection.as_ref().map(Array2::nrows)),
            ("umap2", self.umap2.as_ref().map(Array2::nrows)),
            ("label", self.label.as_ref().map(Vec::len)),
            ("tomogram", self.tomogram.as_ref().map(Vec::len)),
            ("position", self.position.as_ref().map(Vec::len)),
            ("score", self.score.as_ref().map(Vec::len)),
            ("patch", self.patch.as_ref().map(|patch| patch.dim().0)),
        ];
        for (name, rows) in rows {
            if let Some(rows) = rows
                && rows != self.len()
            {
                let expected = format!("{} rows, as embedding has", self.len());
                return Err(Error::parameter(name, expected, rows.to_string()));
            }
        }
        match self.umap2.as_ref().map(Array2::ncols) {
            Some(columns) if columns != 2 => {
                Err(Error::parameter("umap2", "2 columns", columns.to_string()))
            }
            _ => Ok(()),
        }
    }
}

/// Writes a table, its larger parts deflated.
///
/// # Errors
/// [`Parameter`](crate::ErrorKind::Parameter) if parts differ in their rows, else as
/// [`write_atomic`](crate::write_atomic).
///
/// ```
/// use cryo_io::{Overwrite, hdf5};
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("embedding.h5");
/// let mut table = hdf5::Embeddings::default();
/// table.embedding = ndarray::Array2::zeros((3, 128));
/// table.label = Some(vec![0, -1, 2]);
/// hdf5::write_embeddings(&path, &table, Overwrite::Never)?;
/// let options = hdf5::EmbeddingsOptions { rows: Some(1..3), ..Default::default() };
/// assert_eq!(hdf5::read_embeddings(&path, &options)?.label, Some(vec![-1, 2]));
/// # Ok::<(), cryo_io::Error>(())
/// ```
pub fn write_embeddings(
    path: impl AsRef<Path>,
    table: &Embeddings,
    overwrite: Overwrite,
) -> Result<(), Error> {
    let path = path.as_ref();
    table.check().map_err(|error| error.in_file(path))?;
    let write = |path: &Path| -> ::hdf5::Result<()> {
        let file = File::create(path)?;
        write_part(&file, "embedding", &table.embedding)?;
        if let Some(projection) = &table.projection {
            write_part(&file, "projection", projection)?;
        }
        if let Some(map) = &table.umap2 {
            write_part(&file, "umap2", map)?;
        }
        if let Some(labels) = &table.label {
            write_part(&file, "label", &ndarray::aview1(labels).to_owned())?;
        }
        if let Some(names) = &table.tomogram {
            let names: Result<Vec<VarLenUnicode>, _> =
                names.iter().map(|name| name.parse()).collect();
            let names = names.map_err(|_| "a name with a NUL".to_owned())?;
            file.new_dataset_builder()
                .with_data(&ndarray::Array1::from(names))
                .create("tomogram")?;
        }
        if let Some(positions) = &table.position {
            let zyx = |i: usize, axis: usize| {
                let VoxelPos { z, y, x } = positions[i];
                [z, y, x][axis]
            };
            let rows = Array2::from_shape_fn((positions.len(), 3), |(i, axis)| zyx(i, axis));
            let dataset = write_part(&file, "position", &rows)?;
            write_text(&dataset, "axes", "zyx")?;
            write_text(&dataset, "unit", "voxel")?;
        }
        if let Some(scores) = &table.score {
            write_part(&file, "score", &ndarray::aview1(scores).to_owned())?;
        }
        if let Some(patch) = &table.patch {
            write_part(&file, "patch", patch)?;
        }
        file.close()
    };
    write_atomic_path(path, overwrite, |temporary| {
        write(temporary).map_err(|error| write_failed("table", &error))
    })
}

/// One dataset in chunks of whole rows of about 256 KiB, deflated.
pub(super) fn write_part<T: H5Type, D: Dimension>(
    file: &File,
    name: &str,
    data: &ndarray::Array<T, D>,
) -> ::hdf5::Result<Dataset> {
    let builder = file.new_dataset_builder().with_data(data.view());
    if data.is_empty() {
        return builder.no_chunk().create(name);
    }
    let mut chunk = data.shape().to_vec();
    let row: usize = chunk[1..].iter().product::<usize>() * size_of::<T>();
    chunk[0] = ((256 << 10) / row.max(1)).clamp(1, chunk[0]);
    let builder = builder.chunk(chunk);
    builder.shuffle().deflate(4).create(name)
}

/// The table in a file, or some rows of it; parts that are not there are `None`.
///
/// # Errors
/// Not HDF5; no `embedding`; a part of another rank, type or number of rows; rows that the table
/// does not have; [`OverLimit`](crate::ErrorKind::OverLimit).
pub fn read_embeddings(
    path: impl AsRef<Path>,
    options: &EmbeddingsOptions,
) -> Result<Embeddings, Error> {
    let path = path.as_ref();
    let read = || {
        let file = open(path)?;
        let found = dataset(&file, "embedding")?;
        let count = found.shape().first().copied().unwrap_or_default();
        if let Some(rows) = &options.rows
            && (rows.start > rows.end || rows.end > count)
        {
            let expected = format!("rows within 0..{count}");
            return Err(Error::parameter("rows", expected, format!("{rows:?}")));
        }
        let reader = Reader {
            file: &file,
            options,
            count,
        };
        reader.table(found)
    };
    read().map_err(|error| error.in_file(path))
}

/// Parts of a table that all have `count` rows.
pub(super) struct Reader<'a> {
    pub(super) file: &'a File,
    pub(super) options: &'a EmbeddingsOptions,
    pub(super) count: usize,
}

impl Reader<'_> {
    fn table(&self, embedding: Dataset) -> Result<Embeddings, Error> {
        let projection = self.part::<f32>("projection", &[None, None])?;
        let umap2 = self.part::<f32>("umap2", &[None, Some(2)])?;
        let label = self.part::<i32>("label", &[None])?;
        let position = self.part::<f64>("position", &[None, Some(3)])?;
        let score = self.part::<f32>("score", &[None])?;
        let patch = if self.options.with_patches {
            self.part::<u8>("patch", &[None; 4])?
        } else {
            None
        };
        let positions = |rows: ArrayD<f64>| {
            let rows = rows.into_raw_vec_and_offset().0;
            let voxel = |zyx: &[f64]| VoxelPos {
                z: zyx[0],
                y: zyx[1],
                x: zyx[2],
            };
            rows.chunks_exact(3).map(voxel).collect()
        };
        Ok(Embeddings {
            embedding: fixed(
                "embedding",
                self.read(embedding, "embedding", &[None, None])?,
            )?,
            projection: projection
                .map(|data| fixed("projection", data))
                .transpose()?,
            umap2: umap2.map(|data| fixed("umap2", data)).transpose()?,
            label: label.map(|data| data.into_raw_vec_and_offset().0),
            tomogram: self.names()?,
            position: position.map(positions),
            score: score.map(|data| data.into_raw_vec_and_offset().0),
            patch: patch.map(|data| fixed("patch", data)).transpose()?,
        })
    }

    /// The part of that name, if it is there; `shape` gives the extents that are fixed.
    pub(super) fn part<T: H5Type>(
        &self,
        name: &str,
        shape: &[Option<usize>],
    ) -> Result<Option<ArrayD<T>>, Error> {
        let Some(found) = self.find(name)? else {
            return Ok(None);
        };
        self.read(found, name, shape).map(Some)
    }

    fn find(&self, name: &str) -> Result<Option<Dataset>, Error> {
        let links = list::hard_links(self.file).map_err(|error| read_failed(name, &error))?;
        if links.iter().any(|link| link == name) {
            dataset(self.file, name).map(Some)
        } else {
            Ok(None)
        }
    }

    fn check(
        &self,
        found: &Dataset,
        name: &str,
        element: usize,
        shape: &[Option<usize>],
    ) -> Result<(), Error> {
        let rows = self.options.rows.as_ref().map(ExactSizeIterator::len);
        let limit = self.options.max_bytes;
        let got = check_dataset(found, name, element, rows, limit)?;
        let fits = got.len() == shape.len()
            && got.first() == Some(&self.count)
            && got
                .iter()
                .zip(shape)
                .all(|(n, known)| known.is_none_or(|k| k == *n));
        if fits {
            return Ok(());
        }
        let extents = shape.iter().skip(1).map(|known| match known {
            Some(n) => n.to_string(),
            None => "_".to_owned(),
        });
        let mut expected = vec![self.count.to_string()];
        expected.extend(extents);
        let expected = format!("[{}]", expected.join(", "));
        let what = format!("shape of dataset {name:?}");
        Err(Error::unexpected(what, expected, format!("{got:?}")))
    }

    fn read<T: H5Type>(
        &self,
        found: Dataset,
        name: &str,
        shape: &[Option<usize>],
    ) -> Result<ArrayD<T>, Error> {
        self.check(&found, name, size_of::<T>(), shape)?;
        if !is_numeric(&found) {
            let what = format!("dataset {name:?}");
            return Err(Error::unexpected(what, "numbers", "another type"));
        }
        read_rows(&found, name, self.options.rows.as_ref())
    }

    fn names(&self) -> Result<Option<Vec<String>>, Error> {
        let name = "tomogram";
        let Some(found) = self.find(name)? else {
            return Ok(None);
        };
        self.check(&found, name, size_of::<VarLenUnicode>(), &[None])?;
        let kind = found.dtype().map_err(|error| read_failed(name, &error))?;
        let names = if kind.is::<VarLenUnicode>() {
            self.texts(&found, name, VarLenUnicode::as_str)?
        } else if kind.is::<VarLenAscii>() {
            self.texts(&found, name, VarLenAscii::as_str)?
        } else {
            let what = format!("dataset {name:?}");
            let expected = "strings of variable length";
            return Err(Error::unexpected(what, expected, "another type"));
        };
        Ok(Some(names))
    }

    /// The strings of the rows, in blocks: many rows may refer to one long string in the file.
    fn texts<T: H5Type>(
        &self,
        found: &Dataset,
        name: &str,
        text: fn(&T) -> &str,
    ) -> Result<Vec<String>, Error> {
        const BLOCK: usize = 1024;
        let rows = self.options.rows.clone().unwrap_or(0..self.count);
        let mut names = Vec::new();
        let mut bytes = 0_u64;
        for start in rows.clone().step_by(BLOCK) {
            let block = start..rows.end.min(start + BLOCK);
            for value in &read_rows::<T>(found, name, Some(&block))? {
                bytes += text(value).len() as u64;
                names.push(text(value).to_owned());
            }
            if bytes > self.options.max_bytes {
                return Err(Error::new(ErrorKind::OverLimit {
                    what: format!("dataset {name:?}"),
                    needed: bytes,
                    limit: self.options.max_bytes,
                }));
            }
        }
        Ok(names)
    }
}

pub(super) fn fixed<T, D: Dimension>(
    name: &str,
    data: ArrayD<T>,
) -> Result<ndarray::Array<T, D>, Error> {
    data.into_dimensionality().map_err(|error| {
        Error::unexpected(
            format!("dataset {name:?}"),
            "another number of axes",
            error.to_string(),
        )
    })
}
