use std::{fs::File, marker::PhantomData, path::Path};

use memmap2::Mmap;
use ndarray::ArrayView3;

use super::{Header, Kind, ReadOptions, Reader, Voxel, fetch};
use crate::{Error, Finding};

/// A plain file mapped into memory: all of it as one array, without a copy.
///
/// Only for files that hold `T` as this machine does, with the axes in order; [`Reader`] reads all
/// others. The pages that are looked at are loaded then, and given back when memory is short.
///
/// The file must not be made shorter while it is mapped: on Unix the process is then ended by the
/// signal SIGBUS. Where that can happen, or over a network, use [`Reader`].
///
/// ```
/// use cryo_io::mrc::{Mapped, ReadOptions, WriteOptions, write_array};
/// use cryo_core::{Grid, VoxelSize};
/// use ndarray::Array3;
/// # let dir = tempfile::tempdir().unwrap();
/// let path = dir.path().join("labels.mrc");
/// let labels = Array3::from_shape_fn((2, 3, 4), |(z, y, x)| (z + y + x) as i16);
/// let grid = Grid::new([2, 3, 4], VoxelSize::new(10.0).expect("valid"));
/// write_array(&path, labels.view(), &grid, &WriteOptions::default())?;
///
/// let mapped = Mapped::<i16>::open(&path, &ReadOptions::default())?;
/// assert_eq!(mapped.view(), labels);
/// assert!(Mapped::<f32>::open(&path, &ReadOptions::default()).is_err());
/// # Ok::<(), cryo_io::Error>(())
/// ```
#[derive(Debug)]
pub struct Mapped<T> {
    reader: Reader,
    map: Mmap,
    voxel: PhantomData<T>,
}

impl<T: Voxel> Mapped<T> {
    /// Maps a file.
    ///
    /// # Errors
    /// [`Unsupported`](crate::ErrorKind::Unsupported) for a compressed file, another mode or byte
    /// order, other axes, or data that is not aligned; and as [`Reader::open`].
    pub fn open(path: impl AsRef<Path>, options: &ReadOptions) -> Result<Self, Error> {
        let path = path.as_ref();
        let reader = Reader::open(path, options)?;
        map(path, &reader)
            .and_then(|map| Self::checked(reader, map))
            .map_err(|error| error.in_file(path))
    }

    fn checked(reader: Reader, map: Mmap) -> Result<Self, Error> {
        let header = reader.header();
        let native = reader.decoder().is_native::<T>();
        let unsigned = reader.has_unsigned_bytes();
        if !native || unsigned || !reader.is_in_file_order() || reader.kind() == Kind::VolumeStack {
            let sign = if unsigned { ", unsigned" } else { "" };
            let what = format!(
                "mode {}{sign}, {}, axes {:?} as a mapped array of mode {}",
                header.mode,
                header.byte_order,
                header.axis_map,
                T::MODE
            );
            return Err(Error::unsupported(what).fix("read it with Reader"));
        }
        let mapped = Self {
            reader,
            map,
            voxel: PhantomData,
        };
        mapped.values()?;
        Ok(mapped)
    }

    fn values(&self) -> Result<&[T], Error> {
        let header = self.reader.header();
        // The reader has found both in the file when it was opened.
        let start = usize::try_from(header.data_offset()).unwrap_or(usize::MAX);
        let end = start.saturating_add(header.data_bytes().unwrap_or(usize::MAX));
        let Some(bytes) = self.map.get(start..end) else {
            return Err(fetch::truncated(end as u64, self.map.len() as u64));
        };
        bytemuck::try_cast_slice(bytes).map_err(|_| {
            let what = format!(
                "data from byte {start} as a mapped array of mode {}",
                T::MODE
            );
            Error::unsupported(what).fix("it is not aligned; read it with Reader")
        })
    }

    /// All voxels, `[z, y, x]`.
    ///
    /// # Panics
    /// Never: what could fail was tried on opening.
    #[must_use]
    pub fn view(&self) -> ArrayView3<'_, T> {
        let values = self.values().expect("the same bytes were cast on opening");
        ArrayView3::from_shape(self.reader.shape(), values).expect("the header gave both lengths")
    }

    /// The header of the file.
    #[must_use]
    pub fn header(&self) -> &Header {
        self.reader.header()
    }

    /// The file as a reader, for its grid and extended header.
    #[must_use]
    pub fn reader(&self) -> &Reader {
        &self.reader
    }

    /// What was guessed or is odd.
    #[must_use]
    pub fn warnings(&self) -> &[Finding] {
        self.reader.warnings()
    }
}

fn map(path: &Path, reader: &Reader) -> Result<Mmap, Error> {
    if !reader.is_plain_file() {
        return Err(Error::unsupported("a compressed file as a mapped array")
            .fix("unpack it, or read it with Reader"));
    }
    let file = File::open(path).map_err(|error| Error::io("open the file", error))?;
    map_file(&file).map_err(|error| Error::io("map the file into memory", error))
}

#[allow(unsafe_code)]
fn map_file(file: &File) -> std::io::Result<Mmap> {
    // SAFETY: the map is read only, and every access is checked against its length. What it cannot
    // exclude is another program that changes or cuts the file meanwhile: values may then change
    // between two looks, which no code here relies on not to happen, and a cut ends the process
    // with SIGBUS rather than reading other memory. `Mapped` says so.
    unsafe { Mmap::map(file) }
}
