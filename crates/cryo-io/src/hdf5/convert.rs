use std::{io::Read, path::Path};

use ::hdf5::{
    Dataset, File, FileBuilder, Group, H5Type,
    filters::Filter,
    types::{FloatSize, TypeDescriptor},
};

use super::check_header;
use crate::{Error, ErrorKind};

/// More than deflate can pack: a dataset that declares more for the bytes it has was never filled.
const MAX_PACKING: u64 = 1100;
/// Below this a dataset may be empty space throughout.
const SMALL: u64 = 64 << 20;

/// Opens a file for reading after a look at its first bytes.
pub(super) fn open(path: &Path) -> Result<File, Error> {
    let mut start = Vec::new();
    let file = std::fs::File::open(path)
        .map_err(|error| Error::io("open the file", error).in_file(path))?;
    let length = file.metadata().map_or(0, |metadata| metadata.len());
    file.take(4096)
        .read_to_end(&mut start)
        .map_err(|error| Error::io("read the file", error).in_file(path))?;
    check_header(&start, length).map_err(|error| error.in_file(path))?;
    unlocked().open(path).map_err(|error| {
        Error::unexpected("file", "readable HDF5", message(&error))
            .in_file(path)
            .fix("the file is damaged or still being written")
    })
}

/// Opens files without a lock: what we write is renamed into place whole, programs that are started meanwhile would inherit
/// the lock, and network file systems often have none.
pub(super) fn unlocked() -> FileBuilder {
    let mut options = FileBuilder::new();
    options.with_fapl(|access| access.file_locking(false));
    options
}

/// The library's own words, on one line.
pub(super) fn message(error: &::hdf5::Error) -> String {
    let text = error.to_string();
    let text = text.split_whitespace().collect::<Vec<&str>>().join(" ");
    crate::text::shorten(&text).into_owned()
}

pub(super) fn read_failed(name: &str, error: &::hdf5::Error) -> Error {
    Error::unexpected(format!("dataset {name:?}"), "readable data", message(error))
}

pub(super) fn write_failed(name: &str, error: &::hdf5::Error) -> Error {
    let source = std::io::Error::other(format!("{name:?}: {}", message(error)));
    Error::io("write the HDF5 file", source)
}

/// A dataset by its name, if it and the groups on its way are in this file.
pub(super) fn dataset(file: &File, name: &str) -> Result<Dataset, Error> {
    let parts: Vec<&str> = name.split('/').filter(|part| !part.is_empty()).collect();
    let absent = || {
        let known = super::list::names(file);
        let available = if known.is_empty() {
            "no dataset".to_owned()
        } else {
            crate::text::shorten(&known.join(", ")).into_owned()
        };
        Error::missing(format!("dataset {name:?}"), available)
    };
    let Some((last, groups)) = parts.split_last() else {
        return Err(absent());
    };
    let mut group: Group = (**file).clone();
    for part in groups {
        if !is_inside(&group, part) {
            return Err(absent());
        }
        group = group.group(part).map_err(|_| absent())?;
    }
    if !is_inside(&group, last) {
        return Err(absent());
    }
    group.dataset(last).map_err(|_| absent())
}

/// Whether a link is there and is a hard one, which cannot leave the file.
fn is_inside(group: &Group, name: &str) -> bool {
    super::list::hard_links(group).is_ok_and(|links| links.iter().any(|link| link == name))
}

/// Refuses what cannot be read, or would take more memory than `max_bytes`; gives the shape.
///
/// `element` is the size of an element in memory.
pub(super) fn check_dataset(
    dataset: &Dataset,
    name: &str,
    element: usize,
    rows: Option<usize>,
    max_bytes: u64,
) -> Result<Vec<usize>, Error> {
    let what = || format!("dataset {name:?}");
    let properties = dataset
        .create_plist()
        .map_err(|error| read_failed(name, &error))?;
    if matches!(properties.layout(), ::hdf5::dataset::Layout::Virtual)
        || !properties.external().is_empty()
    {
        let kind = format!("{}, whose data lie in other files,", what());
        return Err(Error::unsupported(kind));
    }
    for filter in dataset.filters() {
        let readable = !matches!(filter, Filter::User(..)) && filter.is_available();
        if !readable {
            let filter = format!("the compression of {} (filter {})", what(), filter.id());
            return Err(Error::unsupported(filter).fix("repack it with `h5repack -f GZIP=4`"));
        }
    }
    let shape = dataset
        .get_shape()
        .map_err(|error| read_failed(name, &error))?;
    let product = |shape: &[usize], element: usize| {
        let bytes = shape
            .iter()
            .try_fold(element as u64, |bytes, &n| bytes.checked_mul(n as u64));
        bytes.unwrap_or(u64::MAX)
    };
    let whole = product(&shape, element);
    let mut part = shape.clone();
    if let (Some(rows), Some(first)) = (rows, part.first_mut()) {
        *first = (*first).min(rows);
    }
    let over = |needed, limit| {
        Error::new(ErrorKind::OverLimit {
            what: what(),
            needed,
            limit,
        })
    };
    let needed = product(&part, element);
    if needed > max_bytes {
        return Err(over(needed, max_bytes).fix("read a part of it, or raise the limit"));
    }
    let stored = dataset.storage_size();
    if whole > SMALL && whole / MAX_PACKING > stored {
        let error = Error::new(ErrorKind::Truncated {
            expected: whole,
            got: stored,
        });
        return Err(error.fix(format!("{} was never filled: write it again", what())));
    }
    if let Some(chunk) = dataset.chunk() {
        let chunk = product(&chunk, element);
        if chunk > max_bytes.max(SMALL) {
            return Err(over(chunk, max_bytes));
        }
    }
    Ok(shape)
}

/// Whether elements are numbers that HDF5 converts to any other.
pub(super) fn is_numeric(dataset: &Dataset) -> bool {
    let Ok(kind) = dataset.dtype() else {
        return false;
    };
    match kind.to_descriptor() {
        Ok(TypeDescriptor::Integer(_) | TypeDescriptor::Unsigned(_)) => true,
        Ok(TypeDescriptor::Float(size)) => matches!(size, FloatSize::U4 | FloatSize::U8),
        // Half precision has no descriptor here, and is converted all the same.
        _ => kind.is::<f32>() || is_half(&kind),
    }
}

fn is_half(kind: &::hdf5::Datatype) -> bool {
    kind.size() == 2 && kind.conv_to::<f32>().is_some()
}

/// All elements or the given rows, converted to `T`.
pub(super) fn read_rows<T: H5Type>(
    dataset: &Dataset,
    name: &str,
    rows: Option<&std::ops::Range<usize>>,
) -> Result<ndarray::ArrayD<T>, Error> {
    let read = match rows {
        None => dataset.read_dyn::<T>(),
        Some(rows) => {
            let mut selection = vec![::hdf5::SliceOrIndex::from(..); dataset.ndim()];
            if let Some(first) = selection.first_mut() {
                *first = ::hdf5::SliceOrIndex::from(rows.start..rows.end);
            }
            let selection = ::hdf5::Hyperslab::from(selection);
            dataset.read_slice::<T, _, ndarray::IxDyn>(selection)
        }
    };
    read.map_err(|error| read_failed(name, &error))
}
