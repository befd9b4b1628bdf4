//! Tilt angles as plain text, one image a line: IMOD `.tlt` and `.rawtlt`.
//!
//! The first field of a line is the angle in degrees (IMOD `tilt` manual, `TILTFILE`). Blank lines
//! are skipped. AreTomo reads such files with a second column (order of acquisition); further
//! fields are skipped here and reported by [`validate`].

use std::{io::Write, path::Path};

use super::{MAX_BYTES, TiltTable, rows};
use crate::{
    Error, Finding, Overwrite, Severity,
    text::{decode, finite, read_bytes},
    write_atomic,
};

/// The angles in degrees, one a non-blank line.
///
/// # Errors
/// Bytes that are not text, a first field that is not a finite number, or no line at all.
///
/// ```
/// let angles = cryo_io::tilt::tlt::parse(b"  -60.00\n\n   -0.01\n")?;
/// assert_eq!(angles, [-60.0, -0.01]);
/// # Ok::<(), cryo_io::Error>(())
/// ```
pub fn parse(bytes: &[u8]) -> Result<Vec<f64>, Error> {
    let text = decode(bytes)?;
    let mut angles = Vec::new();
    for (line, row) in rows::Rows::new(&text) {
        let field = row.split_whitespace().next().unwrap_or_default();
        angles.push(finite("tilt angle", field).map_err(|error| error.at_line(line))?);
    }
    rows::not_empty(angles, "tilt angle")
}

/// The table of a `.tlt` or `.rawtlt` file, in which only the angles are known.
///
/// # Errors
/// As [`parse`], and when the file cannot be read.
pub fn read(path: impl AsRef<Path>) -> Result<TiltTable, Error> {
    let path = path.as_ref();
    let bytes = read_bytes(path, MAX_BYTES)?;
    let angles = parse(&bytes).map_err(|error| error.in_file(path))?;
    Ok(TiltTable::from_angles(&angles))
}

/// Writes one angle a line with two decimals, as IMOD does.
///
/// # Errors
/// As [`write_atomic`].
pub fn write(
    path: impl AsRef<Path>,
    overwrite: Overwrite,
    angles_deg: &[f64],
) -> Result<(), Error> {
    write_atomic(path.as_ref(), overwrite, |out| {
        for angle in angles_deg {
            writeln!(out, "{angle:7.2}")?;
        }
        Ok(())
    })
}

/// What is odd about the bytes of such a file.
#[must_use]
pub fn validate(bytes: &[u8]) -> Vec<Finding> {
    let angles = match parse(bytes) {
        Ok(angles) => angles,
        Err(error) => return vec![Finding::from_error(&error)],
    };
    let mut findings = Vec::new();
    let text = decode(bytes).unwrap_or_default();
    let wide: Vec<usize> = rows::Rows::new(&text)
        .filter(|(_, row)| row.split_whitespace().count() > 1)
        .map(|(line, _)| line)
        .collect();
    if let Some(first) = wide.first() {
        findings.push(Finding::new(
            Severity::Warning,
            format!("line {first}"),
            "one angle a line",
            format!("more fields on {} of {} lines", wide.len(), angles.len()),
            "only the first field is read; check that it is the angle",
        ));
    }
    findings.extend(odd_angles(&angles));
    findings
}

/// Findings on angles that no goniometer reaches, and on repeated ones.
pub(super) fn odd_angles(angles: &[f64]) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(place) = angles.iter().position(|angle| angle.abs() > 90.0) {
        findings.push(Finding::new(
            Severity::Warning,
            format!("image {place} (from 0)"),
            "a tilt angle within ±90°",
            format!("{}°", angles[place]),
            "check that the file holds tilt angles in degrees",
        ));
    }
    let mut sorted = angles.to_vec();
    sorted.sort_by(f64::total_cmp);
    if let Some(pair) = sorted.windows(2).find(|pair| pair[0] == pair[1]) {
        findings.push(Finding::new(
            Severity::Note,
            "angles",
            "each angle once",
            format!("{}° more than once", pair[0]),
            "fine for repeated exposures; otherwise an image may be listed twice",
        ));
    }
    findings
}
