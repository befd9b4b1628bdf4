//! Dataset lists: which tomograms there are, with their tilt series.
//!
//! A table with a header line, tab-separated or, without tabs in the header, comma-separated (fields
//! may be quoted), or TOML with one `[[entry]]` a tomogram. Columns: `name`, `tomogram`, and
//! optionally `tilt_series`, `tilt_angles`, `mask`, `voxel_size` (ångström), `axis_order`; MiLoPYP's names
//! `image_name`, `rec_path`, `tilt_path`, `angle_path` mean the same. Other columns are kept.
//! Relative paths are relative to the list; names are text, so that `007` stays `007`. Blank lines
//! and lines that start with `#` are skipped.

mod build;
mod check;
mod delimited;
mod patterns;
mod toml_list;
mod write;

use std::path::{Path, PathBuf};

pub use check::validate;
pub use write::write;

pub use crate::mrc::AxisOrder;

use crate::{
    Error,
    text::{decode, read_bytes},
};

/// Largest list that is read, in bytes.
const MAX_BYTES: u64 = 64 << 20;

/// The tomograms of a dataset, in the order of the list.
///
/// ```
/// use cryo_io::dataset::{AxisOrder, Dataset, Syntax};
/// let text = b"image_name\trec_path\tangle_path\n007\ta.rec\ta.tlt\n";
/// let dataset = Dataset::parse(text, Syntax::Delimited, "lists".as_ref())?;
/// let entry = &dataset.entries[0];
/// assert_eq!((entry.name.as_str(), entry.axis_order), ("007", AxisOrder::Zyx));
/// assert_eq!(entry.tomogram, std::path::Path::new("lists/a.rec"));
/// # Ok::<(), cryo_io::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Dataset {
    /// One entry a tomogram; no two have the same name or the same tomogram.
    pub entries: Vec<DatasetEntry>,
    /// Names of the columns that have no field in [`DatasetEntry`].
    pub extra_columns: Vec<String>,
}

/// One tomogram of a dataset.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DatasetEntry {
    /// Name of the tomogram, unique in the dataset, never empty.
    pub name: String,
    /// The volume.
    pub tomogram: PathBuf,
    /// The images that it was made of.
    pub tilt_series: Option<PathBuf>,
    /// A file of their tilt angles.
    pub tilt_angles: Option<PathBuf>,
    /// A volume of the same voxels that is above 0 where particles are sought.
    pub mask: Option<PathBuf>,
    /// Edge of a voxel in ångström, where it is to overrule the file's own.
    pub voxel_size_angstrom: Option<f64>,
    /// How the axes of the volume's file are to be read.
    pub axis_order: AxisOrder,
    /// One value for each of [`Dataset::extra_columns`].
    pub extra: Vec<String>,
    /// The line of the list, from 1; 0 for an entry that was not read from one.
    pub line: usize,
}

/// How a list is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Syntax {
    /// Tab- or comma-separated, by the header line.
    Delimited,
    /// TOML.
    Toml,
}

impl Syntax {
    /// TOML for `.toml`, a table for anything else.
    #[must_use]
    pub fn of(path: &Path) -> Self {
        match path.extension() {
            Some(extension) if extension.eq_ignore_ascii_case("toml") => Self::Toml,
            _ => Self::Delimited,
        }
    }
}

impl Dataset {
    /// The dataset in the bytes of a list; relative paths are taken from `base`.
    ///
    /// # Errors
    /// Bytes that are not text, a row of another number of fields, an empty name or tomogram, a
    /// voxel size that is not above 0, an unknown axis order, a name or tomogram that occurs twice,
    /// no `name` or `tomogram` column, no entry, more than 8 MiB of TOML.
    pub fn parse(bytes: &[u8], syntax: Syntax, base: &Path) -> Result<Self, Error> {
        let text = decode(bytes)?;
        let dataset = match syntax {
            Syntax::Delimited => delimited::parse(&text, base)?,
            Syntax::Toml => toml_list::parse(&text, base)?,
        };
        build::refuse_duplicates(&dataset.entries)?;
        if dataset.entries.is_empty() {
            return Err(Error::unexpected("list", "at least one tomogram", "none"));
        }
        Ok(dataset)
    }

    /// The dataset in a list; nothing is said of whether its files are there
    /// ([`check_files`](Self::check_files)).
    ///
    /// # Errors
    /// As [`parse`](Self::parse), and when the list cannot be read.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let base = path.parent().unwrap_or(Path::new(""));
        let bytes = read_bytes(path, MAX_BYTES)?;
        Self::parse(&bytes, Syntax::of(path), base).map_err(|error| error.in_file(path))
    }
}
