//! All coordinate formats behind one name.

use std::{fmt, path::Path, str::FromStr};

use crate::{
    Error, Format, Overwrite, Picks, PicksOptions, copick, dynamo, em, imod,
    pickers::{self, PickerFormat},
    star::relion::{self, Convention},
    tables,
};

/// A format of particle coordinates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CoordinateFormat {
    /// RELION 5 particles, [`relion`].
    Relion5,
    /// RELION 4 particles, [`relion`].
    Relion4,
    /// RELION 3 particles, [`relion`].
    Relion3,
    /// Warp particles, [`relion`].
    Warp,
    /// An IMOD model, [`imod`]; of several tomograms a folder of them.
    Imod,
    /// copick picks, [`copick`]; of several objects or tomograms a copick project.
    Copick,
    /// A Dynamo table, [`dynamo`].
    Dynamo,
    /// A motive list, [`em`].
    Em,
    /// MiLoPYP's coordinates, [`tables`].
    Milopyp,
    /// A table with a header, [`tables`].
    Csv,
    /// Picks of another program, [`pickers`]; read only.
    Picker(PickerFormat),
}

impl CoordinateFormat {
    /// All formats that are read and written, in the order of the documentation.
    pub const ALL: [Self; 10] = [
        Self::Relion5,
        Self::Relion4,
        Self::Relion3,
        Self::Warp,
        Self::Imod,
        Self::Copick,
        Self::Dynamo,
        Self::Em,
        Self::Milopyp,
        Self::Csv,
    ];

    /// The format that a new file of that name has: RELION 5 for `.star`, MiLoPYP for `.txt`, a copick
    /// project for a name without extension.
    ///
    /// # Errors
    /// [`Unsupported`](crate::ErrorKind::Unsupported) for an extension that no format has.
    pub fn of_name(path: &Path) -> Result<Self, Error> {
        if path.extension().is_none() {
            return Ok(Self::Copick);
        }
        match Format::of_name(path) {
            Some(Format::Star) => Ok(Self::Relion5),
            Some(Format::Imod) => Ok(Self::Imod),
            Some(Format::Copick) => Ok(Self::Copick),
            Some(Format::Dynamo) => Ok(Self::Dynamo),
            Some(Format::Em) => Ok(Self::Em),
            Some(Format::Table) => Ok(Self::Csv),
            _ if path.extension().is_some_and(|extension| extension == "txt") => Ok(Self::Milopyp),
            _ => {
                let fix =
                    "use .star, .mod, .json, .tbl, .em, .csv, .tsv or .txt, or name the format";
                Err(Error::unsupported("coordinates in a file of this name")
                    .fix(fix)
                    .in_file(path))
            }
        }
    }
}

impl fmt::Display for CoordinateFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Relion5 => "relion5",
            Self::Relion4 => "relion4",
            Self::Relion3 => "relion3",
            Self::Warp => "warp",
            Self::Imod => "imod",
            Self::Copick => "copick",
            Self::Dynamo => "dynamo",
            Self::Em => "em",
            Self::Milopyp => "milopyp",
            Self::Csv => "csv",
            Self::Picker(format) => return format.fmt(f),
        })
    }
}

impl FromStr for CoordinateFormat {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        // `star` is RELION 5, the newest of those that write it.
        let name = if name == "star" { "relion5" } else { name };
        let read_only = PickerFormat::ALL.map(Self::Picker);
        let all = Self::ALL.into_iter().chain(read_only);
        let known = all.clone().find(|format| format.to_string() == name);
        known.ok_or_else(|| {
            let names: Vec<String> = all.map(|format| format.to_string()).collect();
            format!("expected star, {}, got {name:?}", names.join(", "))
        })
    }
}

/// Reads coordinates in any format; in the one found by name and content unless `format` says.
///
/// # Errors
/// Those of the format's reader; [`Unsupported`](crate::ErrorKind::Unsupported) for a file that holds
/// something else.
pub fn read_picks(
    path: impl AsRef<Path>,
    format: Option<CoordinateFormat>,
    options: &PicksOptions,
) -> Result<Picks, Error> {
    let path = path.as_ref();
    let relion = |convention| relion::read_as(path, convention, options);
    match format {
        Some(CoordinateFormat::Relion5) => relion(Convention::Relion5),
        Some(CoordinateFormat::Relion4) => relion(Convention::Relion4),
        Some(CoordinateFormat::Relion3) => relion(Convention::Relion3),
        Some(CoordinateFormat::Warp) => relion(Convention::Warp),
        Some(CoordinateFormat::Imod) => imod::read(path, options),
        Some(CoordinateFormat::Copick) => copick::read(path, options),
        Some(CoordinateFormat::Dynamo) => dynamo::read(path, options),
        Some(CoordinateFormat::Em) => em::read(path, options),
        Some(CoordinateFormat::Milopyp | CoordinateFormat::Csv) => tables::read(path, options),
        Some(CoordinateFormat::Picker(format)) => pickers::read(path, format, options),
        None => match Format::of_file(path)? {
            Format::Star => relion::read(path, options),
            Format::Imod => imod::read(path, options),
            Format::Copick => copick::read(path, options),
            Format::Dynamo => dynamo::read(path, options),
            Format::Em => em::read(path, options),
            Format::Table => tables::read(path, options),
            Format::Picker(format) => pickers::read(path, format, options),
            other => {
                let fix = "give coordinates, or name their format";
                Err(Error::unsupported(format!("{other} as coordinates"))
                    .fix(fix)
                    .in_file(path))
            }
        },
    }
}

/// Writes coordinates in any format.
///
/// # Errors
/// Those of the format's writer; [`Unsupported`](crate::ErrorKind::Unsupported) for a format that is read only.
pub fn write_picks(
    path: impl AsRef<Path>,
    format: CoordinateFormat,
    picks: &Picks,
    options: &PicksOptions,
    overwrite: Overwrite,
) -> Result<(), Error> {
    let path = path.as_ref();
    let relion = |convention| relion::write(path, picks, convention, options, overwrite);
    match format {
        CoordinateFormat::Relion5 => relion(Convention::Relion5),
        CoordinateFormat::Relion4 => relion(Convention::Relion4),
        CoordinateFormat::Relion3 => relion(Convention::Relion3),
        CoordinateFormat::Warp => relion(Convention::Warp),
        CoordinateFormat::Imod => imod::write(path, picks, options, overwrite),
        CoordinateFormat::Copick => copick::write(path, picks, options, overwrite),
        CoordinateFormat::Dynamo => dynamo::write(path, picks, options, overwrite),
        CoordinateFormat::Em => em::write(path, picks, options, overwrite),
        CoordinateFormat::Milopyp => tables::write_milopyp(path, picks, overwrite),
        CoordinateFormat::Csv => tables::write(path, picks, options, overwrite),
        CoordinateFormat::Picker(format) => {
            Err(Error::unsupported(format!("writing {format} files"))
                .fix("write a table or a STAR file")
                .in_file(path))
        }
    }
}
