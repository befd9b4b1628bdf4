//! SerialEM image metadata, `.mdoc`: the microscope's own record of a tilt series.
//!
//! An "autodoc" (SerialEM help, *File Formats*): global `Key = Value` lines, titles `[T = text]`,
//! and a section a image, `[ZValue = n]` where the images are in one stack and `[FrameSet = n]`
//! where only frames were saved; `n` counts from 0. All lines are kept, so that writing what was read
//! changes spaces around `=` and line ends at most.
//!
//! `ExposureDose` is the dose of the image in e/Å² (0 where the camera is not calibrated),
//! `PriorRecordDose` the dose before it, `PixelSpacing` the pixel in ångström, `RotationAngle` the
//! angle between the camera's and the stage's axes, which is 90° more than the tilt axis angle that
//! SerialEM prints in its title.

mod series;
mod time;
mod validate;

use std::{io::Write, path::Path};

pub use time::Timestamp;
pub use validate::validate;

use super::{MAX_BYTES, TiltTable};
use crate::{
    Error, Overwrite,
    text::{decode, finite, read_bytes, shorten},
    write_atomic,
};

/// A whole `.mdoc` file.
///
/// ```
/// use cryo_io::tilt::mdoc;
/// let text = b"PixelSpacing = 1.5\n\n[ZValue = 0]\nTiltAngle = -3.0\nExposureDose = 2\n";
/// let document = mdoc::parse(text)?;
/// assert_eq!(document.sections[0].value("ExposureDose"), Some("2"));
/// assert_eq!(document.table()?.angles_deg(), [-3.0]);
/// assert_eq!(document.to_string().as_bytes(), text);
/// # Ok::<(), cryo_io::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mdoc {
    /// The lines before the first section: global keys and titles.
    pub header: Vec<Line>,
    /// One section an image, in the order of the file.
    pub sections: Vec<Section>,
}

/// What is known of one image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// `ZValue`, `FrameSet`, or another type of section.
    pub kind: String,
    /// The value in the section's brackets; for images their number from 0.
    pub name: String,
    /// The lines below the section's own.
    pub lines: Vec<Line>,
    /// Number of the section's line, from 1; 0 for one that was not read.
    pub line: usize,
}

/// One line of a section or of the header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// `Key = Value`.
    Entry {
        /// Left of the first `=`.
        key: String,
        /// Right of it.
        value: String,
    },
    /// `[T = text]`, the text.
    Title(String),
    /// Anything else: a blank line, a comment.
    Other(String),
}

impl Line {
    fn value_of(&self, wanted: &str) -> Option<&str> {
        match self {
            Self::Entry { key, value } if key == wanted => Some(value),
            _ => None,
        }
    }
}

impl Section {
    /// Whether the section stands for an image.
    #[must_use]
    pub fn is_image(&self) -> bool {
        self.kind == "ZValue" || self.kind == "FrameSet"
    }

    /// The text behind a key; of a repeated key the last.
    #[must_use]
    pub fn value(&self, key: &str) -> Option<&str> {
        self.lines.iter().rev().find_map(|line| line.value_of(key))
    }

    /// The number behind a key.
    ///
    /// # Errors
    /// [`Unexpected`](crate::ErrorKind::Unexpected) where there is something else.
    pub fn number(&self, key: &str) -> Result<Option<f64>, Error> {
        let Some(value) = self.value(key) else {
            return Ok(None);
        };
        finite(key, value)
            .map(Some)
            .map_err(|error| error.at_line(self.line))
    }

    /// Sets a key, at its place if it is there.
    pub fn set(&mut self, key: &str, value: impl Into<String>) {
        let entry = Line::Entry {
            key: key.to_owned(),
            value: value.into(),
        };
        let place = self
            .lines
            .iter()
            .rposition(|line| line.value_of(key).is_some());
        match place {
            Some(place) => self.lines[place] = entry,
            None => {
                let end = self.lines.iter().rposition(|line| *line != BLANK);
                self.lines.insert(end.map_or(0, |last| last + 1), entry);
            }
        }
    }
}

const BLANK: Line = Line::Other(String::new());

impl Mdoc {
    /// The text behind a global key.
    #[must_use]
    pub fn value(&self, key: &str) -> Option<&str> {
        self.header.iter().rev().find_map(|line| line.value_of(key))
    }

    /// The titles, without their brackets.
    pub fn titles(&self) -> impl Iterator<Item = &str> {
        let sections = self.sections.iter().flat_map(|section| &section.lines);
        self.header.iter().chain(sections).filter_map(|line| {
            let Line::Title(text) = line else { return None };
            Some(text.as_str())
        })
    }
}

/// The document in the bytes of a file.
///
/// # Errors
/// Bytes that are not text, an unclosed bracket, or a file without sections and global keys.
pub fn parse(bytes: &[u8]) -> Result<Mdoc, Error> {
    let text = decode(bytes)?;
    let mut document = Mdoc::default();
    for (index, row) in text.lines().enumerate() {
        let row = row.trim();
        let line = match row.strip_prefix('[') {
            Some(inner) => {
                let (kind, name) =
                    bracketed(inner, row).map_err(|error| error.at_line(index + 1))?;
                if kind != "T" {
                    document.sections.push(Section {
                        kind: kind.to_owned(),
                        name: name.to_owned(),
                        lines: Vec::new(),
                        line: index + 1,
                    });
                    continue;
                }
                Line::Title(name.to_owned())
            }
            None => entry(row),
        };
        match document.sections.last_mut() {
            Some(section) => section.lines.push(line),
            None => document.header.push(line),
        }
    }
    let has_entry = |line: &Line| matches!(line, Line::Entry { .. });
    if document.sections.is_empty() && !document.header.iter().any(has_entry) {
        return Err(
            Error::unexpected("file", "sections such as [ZValue = 0]", "none")
                .fix("check that it is a SerialEM .mdoc"),
        );
    }
    Ok(document)
}

fn bracketed<'a>(inner: &'a str, row: &str) -> Result<(&'a str, &'a str), Error> {
    let parts = inner
        .strip_suffix(']')
        .and_then(|inner| inner.split_once('='));
    let Some((kind, name)) = parts else {
        let got = format!("{:?}", shorten(row));
        return Err(Error::unexpected("section", "[Type = name]", got));
    };
    // Titles pad their text: it is kept as it is but for the blank behind "=".
    Ok((kind.trim(), name.strip_prefix(' ').unwrap_or(name)))
}

fn entry(row: &str) -> Line {
    match row.split_once('=') {
        Some((key, value)) if !row.starts_with('#') => Line::Entry {
            key: key.trim().to_owned(),
            value: value.trim().to_owned(),
        },
        _ => Line::Other(row.to_owned()),
    }
}

impl std::fmt::Display for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Entry { key, value } => writeln!(f, "{key} = {value}"),
            Self::Title(text) => writeln!(f, "[T = {text}]"),
            Self::Other(text) => writeln!(f, "{text}"),
        }
    }
}

impl std::fmt::Display for Mdoc {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.header.iter().try_for_each(|line| line.fmt(f))?;
        for section in &self.sections {
            writeln!(f, "[{} = {}]", section.kind, section.name)?;
            section.lines.iter().try_for_each(|line| line.fmt(f))?;
        }
        Ok(())
    }
}

/// The document in a file.
///
/// # Errors
/// As [`parse`], and when the file cannot be read.
pub fn read(path: impl AsRef<Path>) -> Result<Mdoc, Error> {
    let path = path.as_ref();
    parse(&read_bytes(path, MAX_BYTES)?).map_err(|error| error.in_file(path))
}

/// The table of a file: [`read`] and [`Mdoc::table`].
///
/// # Errors
/// As both.
pub fn read_table(path: impl AsRef<Path>) -> Result<TiltTable, Error> {
    let path = path.as_ref();
    read(path)?.table().map_err(|error| error.in_file(path))
}

/// Writes a document, all its lines in their order.
///
/// # Errors
/// As [`write_atomic`].
pub fn write(path: impl AsRef<Path>, overwrite: Overwrite, document: &Mdoc) -> Result<(), Error> {
    write_atomic(path.as_ref(), overwrite, |out| {
        Ok(write!(out, "{document}")?)
    })
}
