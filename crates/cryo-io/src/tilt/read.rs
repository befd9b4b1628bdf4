use std::{fmt, path::Path};

use super::{MAX_BYTES, TiltTable, aln, mdoc, tilt_com, tlt, warp, xf};
use crate::{
    Error, Finding,
    text::{decode, read_bytes},
};

/// The formats of tilt geometry that are told apart here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TiltFormat {
    /// Angles, one a line: IMOD `.tlt`, `.rawtlt`.
    Angles,
    /// IMOD transforms, `.xf`.
    Transforms,
    /// SerialEM `.mdoc`.
    Mdoc,
    /// AreTomo `.aln`.
    AreTomo,
    /// Warp `.xml`.
    Warp,
    /// IMOD `tilt.com`.
    TiltCom,
}

impl fmt::Display for TiltFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Angles => "tilt angles",
            Self::Transforms => "IMOD transforms",
            Self::Mdoc => "SerialEM mdoc",
            Self::AreTomo => "AreTomo alignment",
            Self::Warp => "Warp tilt series",
            Self::TiltCom => "IMOD tilt.com",
        })
    }
}

/// The format of a file by its extension, or where that says nothing by its first bytes.
#[must_use]
pub fn format_of(path: &Path, bytes: &[u8]) -> Option<TiltFormat> {
    let extension = path.extension().and_then(|extension| extension.to_str());
    match extension.map(str::to_ascii_lowercase).as_deref() {
        Some("tlt" | "rawtlt") => return Some(TiltFormat::Angles),
        Some("xf" | "tltxf" | "prexf" | "prexg") => return Some(TiltFormat::Transforms),
        Some("mdoc") => return Some(TiltFormat::Mdoc),
        Some("aln") => return Some(TiltFormat::AreTomo),
        Some("xml") => return Some(TiltFormat::Warp),
        Some("com") => return Some(TiltFormat::TiltCom),
        _ => {}
    }
    // An even number of bytes, so that UTF-16 is not cut within a unit.
    let start = &bytes[..bytes.len().min(4096)];
    let valid = match decode(start) {
        Ok(text) => text.into_owned(),
        Err(_) => String::from_utf8_lossy(start).into_owned(),
    };
    let first = valid.lines().map(str::trim).find(|line| !line.is_empty())?;
    if first.starts_with('<') {
        return Some(TiltFormat::Warp);
    }
    if first.starts_with("# AreTomo") {
        return Some(TiltFormat::AreTomo);
    }
    if first.starts_with("[ZValue") || first.starts_with("[T =") || first.contains(" = ") {
        return Some(TiltFormat::Mdoc);
    }
    if valid.lines().any(|line| line.starts_with("$tilt")) {
        return Some(TiltFormat::TiltCom);
    }
    let numbers = first.split_whitespace().map(str::parse::<f64>);
    match numbers.collect::<Result<Vec<f64>, _>>().ok()?.len() {
        1 | 2 => Some(TiltFormat::Angles),
        6 => Some(TiltFormat::Transforms),
        _ => None,
    }
}

/// The tilt table of a file in any of the formats of this module.
///
/// An `.mdoc` gives the stage's angles, not the aligned ones. Of a Warp file the dose is taken as
/// [`warp::DoseCount::Before`]. A `tilt.com` is read with its `TILTFILE`.
///
/// # Errors
/// As the format's own reader; [`Needed`](crate::ErrorKind::Needed) for an `.xf`, which holds no
/// angles ([`read_imod`]); [`Unsupported`](crate::ErrorKind::Unsupported) for any other file.
pub fn read(path: impl AsRef<Path>) -> Result<TiltTable, Error> {
    let path = path.as_ref();
    let bytes = read_bytes(path, MAX_BYTES)?;
    let table = match format_of(path, &bytes) {
        Some(TiltFormat::Angles) => {
            tlt::parse(&bytes).map(|angles| TiltTable::from_angles(&angles))
        }
        Some(TiltFormat::Mdoc) => mdoc::parse(&bytes).and_then(|mdoc| mdoc.table()),
        Some(TiltFormat::AreTomo) => aln::parse(&bytes).and_then(|aln| aln.table()),
        Some(TiltFormat::Warp) => {
            let series = warp::parse(&bytes);
            series.and_then(|series| series.table(None, warp::DoseCount::Before))
        }
        Some(TiltFormat::TiltCom) => return tilt_com::read_table(path),
        Some(TiltFormat::Transforms) => {
            Err(Error::needed("the tilt angles").fix("give the .tlt beside the .xf"))
        }
        None => Err(unknown()),
    };
    table.map_err(|error| error.in_file(path))
}

/// The table of an IMOD alignment: the angles of a `.tlt` and the transforms of an `.xf`.
///
/// `image_from_aligned` is the inverse of each line of the `.xf`, counted from IMOD's centre
/// ([`xf::imod_centre_px`]); the axis angle is given if it is the same in all within 1e-3°.
///
/// # Errors
/// As [`tlt::read`] and [`xf::read`]; different numbers of lines; a transform without inverse.
pub fn read_imod(
    angles: impl AsRef<Path>,
    transforms: impl AsRef<Path>,
) -> Result<TiltTable, Error> {
    let path = transforms.as_ref();
    let mut table = tlt::read(angles)?;
    let transforms = xf::read(path)?;
    table
        .check_count(transforms.len())
        .map_err(|error| error.in_file(path))?;
    for (place, (tilt, transform)) in table.tilts.iter_mut().zip(&transforms).enumerate() {
        let Some(inverse) = xf::image_from_aligned(transform) else {
            let what = format!("transform {place} (from 0)");
            let error = Error::unexpected(what, "a matrix with an inverse", "determinant 0");
            return Err(error.in_file(path));
        };
        tilt.image_from_aligned = inverse;
    }
    let axes: Vec<f64> = transforms.iter().map(xf::axis_angle_deg).collect();
    let same = axes.iter().all(|axis| (axis - axes[0]).abs() < 1e-3);
    table.axis_angle_deg = axes.first().copied().filter(|_| same);
    Ok(table)
}

/// What is odd about a file, by the rules of its format.
///
/// # Errors
/// The file cannot be read; what is wrong *in* it is among the findings.
pub fn validate(path: impl AsRef<Path>) -> Result<Vec<Finding>, Error> {
    let path = path.as_ref();
    let bytes = read_bytes(path, MAX_BYTES)?;
    Ok(match format_of(path, &bytes) {
        Some(TiltFormat::Angles) => tlt::validate(&bytes),
        Some(TiltFormat::Transforms) => xf::validate(&bytes),
        Some(TiltFormat::Mdoc) => mdoc::validate(&bytes),
        Some(TiltFormat::AreTomo) => aln::validate(&bytes),
        Some(TiltFormat::Warp) => warp::validate(&bytes),
        Some(TiltFormat::TiltCom) => tilt_com::validate(&bytes),
        None => vec![Finding::from_error(&unknown())],
    })
}

fn unknown() -> Error {
    Error::unsupported("this kind of file as tilt metadata")
        .fix("give a .tlt, .rawtlt, .mdoc, .aln, Warp .xml or tilt.com")
}
