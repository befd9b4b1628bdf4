use std::{borrow::Cow, path::Path};

use cryo_core::{Grid, Volume};
use half::f16;
use ndarray::{Array3, ArrayView3};

use super::{
    Header, Kind, Mode, Voxel, WriteOptions,
    encode::Encoded,
    new_header::Shape,
    output::{PIECE, check_finite, write_pieces},
    source::Compression,
    statistics::Summary,
};
use crate::Error;

/// Calls `$function::<T>` with the number that a mode stores f32 as.
macro_rules! by_mode {
    ($mode:expr, $function:ident($($argument:expr),*)) => {
        match $mode {
            Mode::Int8 => $function::<i8>($($argument),*),
            Mode::Int16 => $function::<i16>($($argument),*),
            Mode::UInt16 => $function::<u16>($($argument),*),
            Mode::Float16 => $function::<f16>($($argument),*),
            Mode::Float32 => $function::<f32>($($argument),*),
            Mode::ComplexInt16 | Mode::ComplexFloat32 | Mode::Packed4 => {
                let what = format!("writing real numbers in mode {}", $mode);
                Err(Error::unsupported(what).fix("choose mode 0, 1, 2, 6 or 12"))
            }
        }
    };
}

/// Writes a volume, in the mode of the options, with its voxel size, origin and statistics.
///
/// The origin goes into the header's origin field in ångström, as MRC2014 has it; the start indices
/// are 0. The header holds both as f32.
///
/// # Errors
/// [`Exists`](crate::ErrorKind::Exists), [`Unexpected`](crate::ErrorKind::Unexpected) for values
/// that are not finite or that the mode cannot hold, [`Parameter`](crate::ErrorKind::Parameter) for
/// labels or dimensions that do not fit, [`Unsupported`](crate::ErrorKind::Unsupported) for a complex
/// or 4-bit mode, [`Io`](crate::ErrorKind::Io). Nothing is left of a file that failed.
///
/// ```
/// use cryo_core::{AngstromPos, Grid, Volume, VoxelSize};
/// use cryo_io::mrc::{self, Mode, ReadOptions, WriteOptions};
/// use ndarray::Array3;
/// # let dir = tempfile::tempdir().unwrap();
/// let grid = Grid::new([2, 3, 4], VoxelSize::new(13.48).expect("valid"))
///     .with_origin(AngstromPos::xyz(-5.0, 0.0, 26.96));
/// let volume = Volume::new(Array3::from_elem((2, 3, 4), -7.0), grid).expect("fits");
/// let path = dir.path().join("mask.mrc.gz");
/// mrc::write(&path, &volume, &WriteOptions { mode: Mode::Int8, ..Default::default() })?;
/// assert_eq!(mrc::read(&path, &ReadOptions::default())?, volume);
/// # Ok::<(), cryo_io::Error>(())
/// ```
pub fn write(path: impl AsRef<Path>, volume: &Volume, options: &WriteOptions) -> Result<(), Error> {
    let path = path.as_ref();
    let data = volume.data().view();
    let shape = Shape::volume(volume.grid());
    by_mode!(options.mode, write_real(path, data, &shape, options)).map_err(|e| e.in_file(path))
}

/// Writes images one after the other, `[image, y, x]`, as an image stack (space group 0).
///
/// # Errors
/// As [`write()`].
pub fn write_image_stack(
    path: impl AsRef<Path>,
    images: ArrayView3<'_, f32>,
    pixel_size_angstrom: f64,
    options: &WriteOptions,
) -> Result<(), Error> {
    let path = path.as_ref();
    let shape = Shape::image_stack(images.dim().into(), pixel_size_angstrom);
    shape
        .and_then(|shape| by_mode!(options.mode, write_real(path, images, &shape, options)))
        .map_err(|error| error.in_file(path))
}

/// Writes volumes of one shape one after the other as a volume stack (space group 401).
///
/// The grid of the first is that of all.
///
/// # Errors
/// [`Parameter`](crate::ErrorKind::Parameter) without a volume or for volumes of several shapes or
/// voxel sizes, and as [`write()`].
pub fn write_volume_stack(
    path: impl AsRef<Path>,
    volumes: &[Volume],
    options: &WriteOptions,
) -> Result<(), Error> {
    let path = path.as_ref();
    let Some((first, rest)) = volumes.split_first() else {
        return Err(Error::parameter("volumes", "one or more", "none").in_file(path));
    };
    let grid = first.grid();
    let differs = |other: &&Volume| {
        other.grid().shape != grid.shape || other.grid().voxel_size != grid.voxel_size
    };
    if let Some(other) = rest.iter().find(differs) {
        let got = other.grid().to_string();
        return Err(Error::parameter("volumes", format!("all as {grid}"), got).in_file(path));
    }
    let mut shape = Shape::volume(grid);
    shape.kind = Kind::VolumeStack;
    shape.file[0] = shape.file[0].saturating_mul(volumes.len());
    let views: Vec<_> = volumes.iter().map(|volume| volume.data().view()).collect();
    by_mode!(options.mode, write_views(path, &views, &shape, options)).map_err(|e| e.in_file(path))
}

/// Writes numbers as they are, in their own mode; the mode of the options does not matter.
///
/// # Errors
/// [`Parameter`](crate::ErrorKind::Parameter) if the array does not have the shape of the grid, and
/// as [`write()`].
pub fn write_array<T: Voxel>(
    path: impl AsRef<Path>,
    data: ArrayView3<'_, T>,
    grid: &Grid,
    options: &WriteOptions,
) -> Result<(), Error> {
    let path = path.as_ref();
    if data.shape() != grid.shape {
        let expected = format!("the shape of the grid, {:?}", grid.shape);
        let error = Error::parameter("array", expected, format!("{:?}", data.shape()));
        return Err(error.in_file(path));
    }
    let header = Shape::volume(grid).header(T::MODE, options);
    let values = contiguous(data);
    let pieces = || values.chunks(PIECE).map(|piece| Ok(Cow::Borrowed(piece)));
    header
        .and_then(|header| write_repeatable(path, header, options, pieces))
        .map_err(|error| error.in_file(path))
}

/// Writes a volume that comes as slabs `[n, y, x]` in order of z, of which only one is in memory.
///
/// In a compressed file the statistics are marked as not determined, which MRC2014 allows.
///
/// # Errors
/// The first error of the slabs, [`Unexpected`](crate::ErrorKind::Unexpected) for slabs that do not
/// make up the grid, and as [`write()`].
///
/// ```
/// use cryo_core::{Grid, VoxelSize};
/// use cryo_io::mrc::{self, ReadOptions, WriteOptions};
/// use ndarray::Array3;
/// # let dir = tempfile::tempdir().unwrap();
/// let path = dir.path().join("long.mrc");
/// let grid = Grid::new([6, 3, 4], VoxelSize::new(10.0).expect("valid"));
/// let slabs = (0..3).map(|index| Ok(Array3::from_elem((2, 3, 4), index as f32)));
/// mrc::write_slabs(&path, &grid, slabs, &WriteOptions::default())?;
/// assert_eq!(mrc::read(&path, &ReadOptions::default())?.data()[[3, 0, 0]], 1.0);
/// # Ok::<(), cryo_io::Error>(())
/// ```
pub fn write_slabs(
    path: impl AsRef<Path>,
    grid: &Grid,
    slabs: impl IntoIterator<Item = Result<Array3<f32>, Error>>,
    options: &WriteOptions,
) -> Result<(), Error> {
    let path = path.as_ref();
    let shape = Shape::volume(grid);
    let mut slabs = slabs.into_iter();
    let slabs: &mut dyn Iterator<Item = Result<Array3<f32>, Error>> = &mut slabs;
    by_mode!(options.mode, write_slabs_as(path, &shape, slabs, options))
        .map_err(|error| error.in_file(path))
}

fn write_slabs_as<T: Encoded>(
    path: &Path,
    shape: &Shape,
    slabs: &mut dyn Iterator<Item = Result<Array3<f32>, Error>>,
    options: &WriteOptions,
) -> Result<(), Error> {
    let header = shape.header(T::MODE, options)?;
    let [_, height, width] = shape.file;
    let pieces = slabs.map(|slab| {
        let slab = slab?;
        let (_, rows, columns) = slab.dim();
        if (rows, columns) != (height, width) {
            let expected = format!("{width} × {height} (x, y)");
            return Err(Error::unexpected(
                "slab",
                expected,
                format!("{columns} × {rows}"),
            ));
        }
        let values = contiguous(slab.view());
        Ok(Cow::Owned(T::encode(&values)?.into_owned()))
    });
    write_pieces::<T>(path, header, options, None, pieces)
}

fn write_real<T: Encoded>(
    path: &Path,
    data: ArrayView3<'_, f32>,
    shape: &Shape,
    options: &WriteOptions,
) -> Result<(), Error> {
    write_views::<T>(path, &[data], shape, options)
}

fn write_views<T: Encoded>(
    path: &Path,
    views: &[ArrayView3<'_, f32>],
    shape: &Shape,
    options: &WriteOptions,
) -> Result<(), Error> {
    let header = shape.header(T::MODE, options)?;
    let values: Vec<_> = views.iter().map(|view| contiguous(*view)).collect();
    let pieces = || {
        let pieces = values.iter().flat_map(|values| values.chunks(PIECE));
        pieces.map(T::encode)
    };
    write_repeatable(path, header, options, pieces)
}

/// Goes over the pieces twice where the statistics must be known before the data: in compressed files.
fn write_repeatable<'a, T: Voxel, I>(
    path: &Path,
    header: Header,
    options: &WriteOptions,
    pieces: impl Fn() -> I,
) -> Result<(), Error>
where
    I: Iterator<Item = Result<Cow<'a, [T]>, Error>>,
{
    let summary = if Compression::of_name(path) == Compression::None {
        None
    } else {
        let mut parts = pieces();
        let summary = parts.try_fold(Summary::EMPTY, |summary, piece| {
            Ok::<_, Error>(summary.join(Summary::of(&piece?)))
        })?;
        check_finite(summary, options)?;
        Some(summary)
    };
    write_pieces(path, header, options, summary, pieces())
}

fn contiguous<T: Voxel>(data: ArrayView3<'_, T>) -> Cow<'_, [T]> {
    match data.to_slice() {
        Some(values) => Cow::Borrowed(values),
        None => Cow::Owned(data.iter().copied().collect()),
    }
}
