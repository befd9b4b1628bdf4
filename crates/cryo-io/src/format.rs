use std::{fmt, fs::File, io::Read, path::Path};

use crate::{Error, pickers::PickerFormat, tilt::TiltFormat};

/// A family of files that is read here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// MRC volumes and stacks, compressed or not.
    Mrc,
    /// HDF5.
    Hdf5,
    /// STAR of any content.
    Star,
    /// IMOD models.
    Imod,
    /// copick picks.
    Copick,
    /// Dynamo tables.
    Dynamo,
    /// EM volumes and motive lists.
    Em,
    /// Tables with a header: CSV, TSV, MiLoPYP's lists and coordinates.
    Table,
    /// Picks of other programs, read only.
    Picker(PickerFormat),
    /// Tilt geometry.
    Tilt(TiltFormat),
}

impl Format {
    /// The format of the file at `path`: by its first bytes where they are unmistakable, else by its
    /// name, else by the look of its text.
    ///
    /// # Errors
    /// [`Io`](crate::ErrorKind::Io) if it cannot be opened, [`Unsupported`](crate::ErrorKind::Unsupported) if nothing fits.
    ///
    /// ```
    /// use cryo_io::Format;
    /// # let dir = tempfile::tempdir().unwrap();
    /// let path = dir.path().join("picks.star");
    /// std::fs::write(&path, "data_particles\n").unwrap();
    /// assert_eq!(Format::of_file(&path)?, Format::Star);
    /// # Ok::<(), cryo_io::Error>(())
    /// ```
    pub fn of_file(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let mut start = Vec::with_capacity(4096);
        let file =
            File::open(path).map_err(|error| Error::io("open the file", error).in_file(path))?;
        file.take(4096)
            .read_to_end(&mut start)
            .map_err(|error| Error::io("read the file", error).in_file(path))?;
        Self::of_bytes(&start).or_else(|| Self::of_name(path)).or_else(|| look(path, &start)).ok_or_else(|| {
            Error::unsupported("this kind of file")
                .fix("cryo reads MRC, HDF5, STAR, IMOD, copick, Dynamo, EM, CSV, DeepFinder, cbox, coords, tlt, xf, mdoc, aln and Warp XML")
                .in_file(path)
        })
    }

    /// The format that a name stands for; `.gz` and `.bz2` are looked through.
    #[must_use]
    pub fn of_name(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        Some(match extension.as_str() {
            "gz" | "bz2" => return Self::of_name(&path.with_extension("")),
            "mrc" | "rec" | "ali" | "st" | "mrcs" | "map" | "preali" | "ccp4" => Self::Mrc,
            "h5" | "hdf5" | "hdf" => Self::Hdf5,
            "star" | "tomostar" => Self::Star,
            "mod" => Self::Imod,
            "json" => Self::Copick,
            "tbl" => Self::Dynamo,
            "em" => Self::Em,
            "csv" | "tsv" => Self::Table,
            "cbox" => Self::Picker(PickerFormat::Cbox),
            "coords" => Self::Picker(PickerFormat::Coords),
            "tlt" | "rawtlt" => Self::Tilt(TiltFormat::Angles),
            "xf" | "tltxf" | "prexf" | "prexg" => Self::Tilt(TiltFormat::Transforms),
            "mdoc" => Self::Tilt(TiltFormat::Mdoc),
            "aln" => Self::Tilt(TiltFormat::AreTomo),
            "xml" => Self::Tilt(TiltFormat::Warp),
            "com" => Self::Tilt(TiltFormat::TiltCom),
            _ => return None,
        })
    }

    fn of_bytes(start: &[u8]) -> Option<Self> {
        match start {
            [0x89, b'H', b'D', b'F', b'\r', b'\n', 0x1a, b'\n', ..] => Some(Self::Hdf5),
            [b'I', b'M', b'O', b'D', b'V', ..] => Some(Self::Imod),
            _ if start.get(208..211) == Some(b"MAP") => Some(Self::Mrc),
            _ => PickerFormat::of_start(start).map(Self::Picker),
        }
    }
}

/// By what the text looks like; the name has said nothing.
fn look(path: &Path, start: &[u8]) -> Option<Format> {
    let text = String::from_utf8_lossy(start);
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = lines.clone().find(|line| !line.starts_with('#'))?;
    if first.starts_with("data_") {
        return Some(Format::Star);
    }
    if first.starts_with('{') && text.contains("pickable_object_name") {
        return Some(Format::Copick);
    }
    if let Some(tilt) = crate::tilt::format_of(path, start) {
        return Some(Format::Tilt(tilt));
    }
    let table = lines.any(|line| line.contains('\t') || line.contains(','));
    table.then_some(Format::Table)
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mrc => "MRC",
            Self::Hdf5 => "HDF5",
            Self::Star => "STAR",
            Self::Imod => "IMOD model",
            Self::Copick => "copick picks",
            Self::Dynamo => "Dynamo table",
            Self::Em => "EM",
            Self::Table => "table",
            Self::Picker(format) => return format.fmt(f),
            Self::Tilt(format) => return format.fmt(f),
        })
    }
}
