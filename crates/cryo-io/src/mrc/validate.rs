use std::path::Path;

use super::{
    ExtendedKind, Header, Kind, ReadOptions, Reader, header::warning, output::statistics,
    statistics::Summary,
};
use crate::{Error, Finding, Severity};

/// Voxels that are looked at together.
const PIECE: usize = 1 << 22;

/// What is wrong with a file or odd about it; empty for one without fault.
///
/// Everything that `mrcfile.validate` checks (identifier, machine stamp, mode, dimensions, axes,
/// volume stacks, labels, version, extended header, statistics, length), and the voxel size, the cell,
/// NaN in the data and the extended header's contents. The data is read, a few sections at a time.
///
/// # Errors
/// Only where the file cannot be opened; what cannot be read is a finding.
///
/// ```
/// use cryo_io::{Severity, mrc};
/// # let dir = tempfile::tempdir().unwrap();
/// let path = dir.path().join("cut.mrc");
/// std::fs::write(&path, [0; 500]).unwrap();
/// let findings = mrc::validate(&path)?;
/// assert_eq!(findings[0].severity, Severity::Error);
/// assert_eq!(findings[0].got, "expected 1024 bytes, the file has 500");
/// # Ok::<(), cryo_io::Error>(())
/// ```
pub fn validate(path: impl AsRef<Path>) -> Result<Vec<Finding>, Error> {
    let path = path.as_ref();
    if let Err(error) = std::fs::File::open(path) {
        return Err(Error::io("open the file", error).in_file(path));
    }
    Ok(examine_reader(Reader::open(path, &options())).findings)
}

/// What [`validate`] finds, and what the data is: one pass over the file serves both.
#[derive(Debug, Clone, PartialEq)]
pub struct Examination {
    /// As [`validate`].
    pub findings: Vec<Finding>,
    /// Of all finite voxels, of complex ones the real parts but for the deviation, which is that of both
    /// parts together; `None` where the data cannot be read.
    pub measured: Option<Measured>,
}

/// Statistics of the data itself, whatever the header says of it.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Measured {
    /// Smallest voxel.
    pub minimum: f64,
    /// Largest voxel.
    pub maximum: f64,
    /// Mean.
    pub mean: f64,
    /// Root of the mean squared deviation from the mean.
    pub deviation: f64,
    /// Number of voxels that are NaN or infinite; they are not in the rest.
    pub non_finite: u64,
}

/// What is wrong with a file, and the statistics of its data.
///
/// # Errors
/// As [`validate`].
pub fn examine(path: impl AsRef<Path>) -> Result<Examination, Error> {
    let path = path.as_ref();
    if let Err(error) = std::fs::File::open(path) {
        return Err(Error::io("open the file", error).in_file(path));
    }
    Ok(examine_reader(Reader::open(path, &options())))
}

/// What is wrong with the bytes of a file; see [`validate`].
#[must_use]
pub fn validate_bytes(bytes: &[u8]) -> Vec<Finding> {
    examine_reader(Reader::from_bytes(bytes, &options())).findings
}

fn options() -> ReadOptions {
    ReadOptions {
        permissive: true,
        ..ReadOptions::default()
    }
}

fn examine_reader(reader: Result<Reader, Error>) -> Examination {
    let reader = match reader {
        Ok(reader) => reader,
        Err(error) => {
            return Examination {
                findings: vec![Finding::from_error(&error)],
                measured: None,
            };
        }
    };
    let mut findings = reader.warnings().to_vec();
    // Opening permissively makes warnings of what strict reading refuses.
    for finding in &mut findings {
        if finding.place.starts_with("map (") || finding.place.starts_with("machine stamp") {
            finding.severity = Severity::Error;
        }
    }
    check_header(reader.header(), &mut findings);
    check_extended(&reader, &mut findings);
    let measured = match check_data(&reader, &mut findings) {
        Ok(measured) => Some(measured),
        Err(error) => {
            let finding = Finding::from_error(&error);
            if !findings.contains(&finding) {
                findings.push(finding);
            }
            None
        }
    };
    Examination { findings, measured }
}

fn check_header(header: &Header, findings: &mut Vec<Finding>) {
    let mut note = |place: &str, expected: &str, got: String, fix: &str| {
        findings.push(warning(place, expected, got, fix));
    };
    if header.has_map() && header.map_id != *b"MAP " {
        let got = format!("\"{}\"", header.map_id.escape_ascii());
        note("map (byte 208)", "\"MAP \"", got, "write the file anew");
    }
    if header.cell_angstrom.iter().any(|&edge| edge < 0.0) {
        let got = format!("{:?} (z, y, x)", header.cell_angstrom);
        note(
            "cell (byte 40)",
            "edges of 0 Å or more",
            got,
            "correct the header",
        );
    }
    if header.space_group < 0 || (header.space_group > 230 && header.kind() == Kind::Volume) {
        let got = header.space_group.to_string();
        note(
            "ispg (byte 88)",
            "0, 1 to 230 or 401 to 630",
            got,
            "write 1 for a volume",
        );
    }
    if !matches!(header.version, 20140 | 20141) {
        let fix = "older programs leave it out; write the file anew";
        note(
            "nversion (byte 108)",
            "20140 or 20141",
            header.version.to_string(),
            fix,
        );
    }
    let filled = header
        .labels
        .iter()
        .filter(|label| !label.is_empty())
        .count();
    if usize::try_from(header.label_count) != Ok(filled) {
        let expected = format!("{filled}, the number of labels with text");
        note(
            "nlabl (byte 220)",
            &expected,
            header.label_count.to_string(),
            "correct the header",
        );
    }
    if header.labels[..filled].iter().any(String::is_empty) {
        note(
            "labels (byte 224)",
            "text first",
            "an empty one before text".to_owned(),
            "correct the header",
        );
    }
    let sampled = header
        .axis_map
        .file_axes()
        .map(|axes| axes.map(|axis| header.shape[axis]));
    if let (Kind::Volume, Ok(shape)) = (header.kind(), sampled) {
        let [mz, my, mx] = header.sampling;
        let positive = header.sampling.iter().all(|&intervals| intervals > 0);
        if positive && shape.map(i32::try_from) != header.sampling.map(Ok) {
            let expected = format!("{}, {}, {}, the dimensions", shape[2], shape[1], shape[0]);
            let fix = "right for a part of a unit cell; else the voxel size is wrong";
            let got = format!("{mx}, {my}, {mz}");
            let finding = Finding::new(Severity::Note, "mx, my, mz (byte 28)", expected, got, fix);
            findings.push(finding);
        }
    }
}

fn check_extended(reader: &Reader, findings: &mut Vec<Finding>) {
    let header = reader.header();
    if header.extended_bytes == 0 {
        return;
    }
    let code = header.extended_kind;
    if let ExtendedKind::Other(_) = ExtendedKind::of_code(code) {
        let expected = "CCP4, MRCO, SERI, AGAR, FEI1, FEI2 or HDF5";
        let got = format!("\"{}\"", code.escape_ascii());
        findings.push(warning("exttyp (byte 104)", expected, got, "name the kind"));
    }
    if !header.extended_bytes.is_multiple_of(4) {
        let got = format!("{} bytes", header.extended_bytes);
        let fix = "some programs cannot map such a file";
        let place = "nsymbt (byte 92)";
        findings.push(Finding::new(
            Severity::Note,
            place,
            "a multiple of 4",
            got,
            fix,
        ));
    }
    let Ok(extended) = reader.extended_header() else {
        return;
    };
    let records = extended.sections(header.shape[0]).len();
    let has_records = matches!(extended.kind, ExtendedKind::Fei1 | ExtendedKind::Fei2);
    if has_records && records != header.shape[0] {
        let expected = format!("a record for each of {} sections", header.shape[0]);
        let got = format!("{records} that can be read");
        findings.push(warning(
            "extended header (byte 1024)",
            expected,
            got,
            "tilt angles are missing",
        ));
    }
}

fn check_data(reader: &Reader, findings: &mut Vec<Finding>) -> Result<Measured, Error> {
    let header = reader.header();
    let [_, rows, columns] = header.shape;
    let depth = (PIECE / rows.saturating_mul(columns).max(1)).max(1);
    let (mut summary, mut z) = (Summary::EMPTY, 0);
    while z < header.shape[0] {
        let depth = depth.min(header.shape[0] - z);
        let part = if header.mode.is_complex() {
            Summary::of(&reader.sections_complex(z, depth)?)
        } else {
            Summary::of(&reader.sections_real(z, depth)?)
        };
        summary = summary.join(part);
        z += depth;
    }
    if summary.non_finite > 0 {
        let got = format!("{} that are NaN or infinite", summary.non_finite);
        let fix = "find out which program made them; replace them";
        findings.push(Finding::new(
            Severity::Error,
            "data",
            "finite voxels",
            got,
            fix,
        ));
    }
    compare(header, summary, findings);
    Ok(Measured {
        minimum: summary.minimum,
        maximum: summary.maximum,
        mean: summary.mean,
        deviation: summary.rms(),
        non_finite: summary.non_finite,
    })
}

/// With the tolerances of `mrcfile`: extrema exact, mean and deviation to 1 %.
fn compare(header: &Header, summary: Summary, findings: &mut Vec<Finding>) {
    let stated = header.statistics;
    let complex = header.mode.is_complex();
    let found = if complex {
        statistics::<num_complex::Complex<f32>>(summary)
    } else {
        statistics::<f32>(summary)
    };
    let close = |a: f32, b: f32| (a - b).abs() <= 1e-8 + 0.01 * b.abs();
    let mut differs = |field: &str, stated: f32, found: f32| {
        let fix = "programs scale the display with it; write the file anew";
        let expected = format!("{found}, as the data");
        findings.push(warning(field, expected, stated.to_string(), fix));
    };
    if !complex && stated.minimum < stated.maximum {
        if stated.minimum != found.minimum {
            differs("dmin (byte 76)", stated.minimum, found.minimum);
        }
        if stated.maximum != found.maximum {
            differs("dmax (byte 80)", stated.maximum, found.maximum);
        }
    }
    let mean_known = stated.mean > stated.minimum.min(stated.maximum);
    if !complex && mean_known && !close(found.mean, stated.mean) {
        differs("dmean (byte 84)", stated.mean, found.mean);
    }
    if stated.rms >= 0.0 && !close(found.rms, stated.rms) && !header.is_old_style() {
        differs("rms (byte 216)", stated.rms, found.rms);
    }
}
