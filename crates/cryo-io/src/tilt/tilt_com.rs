//! IMOD's command file of a reconstruction, `tilt.com`: which views, which angles, which offsets.
//!
//! A line an option, name first, case ignored (IMOD manual of `tilt`), up to `DONE`; lines with `$`
//! and `#` are for the shell. Views are numbered from 1 in `EXCLUDELIST` and `EXCLUDELIST2` (comma-separated
//! ranges) and from 0 here. The angles that the reconstruction uses are those of `TILTFILE` plus
//! `OFFSET`.

use std::path::Path;

use super::{MAX_BYTES, TiltTable};
use crate::{
    Error, Finding, Severity,
    text::{decode, finite, read_bytes, shorten},
};

/// The options of `tilt.com` that concern the geometry.
///
/// ```
/// let com = cryo_io::tilt::tilt_com::parse(b"$tilt\nTILTFILE a.tlt\nEXCLUDELIST2 1,4-5\n")?;
/// assert_eq!(com.tilt_file.as_deref(), Some("a.tlt"));
/// assert!(com.is_excluded(0) && !com.is_excluded(1) && com.is_excluded(4));
/// # Ok::<(), cryo_io::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TiltCom {
    /// `InputProjections`: the aligned stack.
    pub input: Option<String>,
    /// `OutputFile`: the tomogram.
    pub output: Option<String>,
    /// `TILTFILE`, relative to the command file.
    pub tilt_file: Option<String>,
    /// Ranges of excluded views from 0, both ends included.
    pub excluded: Vec<[usize; 2]>,
    /// `OFFSET`, first value: degrees added to all tilt angles.
    pub angle_offset_deg: f64,
    /// `OFFSET`, second value: shift of the tilt axis along x in pixels of the full image.
    pub axis_offset_px: f64,
    /// `XAXISTILT` in degrees.
    pub x_axis_tilt_deg: f64,
    /// `SHIFT` x, z of the tomogram in pixels of the full image.
    pub shift_xz_px: [f64; 2],
    /// `THICKNESS` in pixels of the full image.
    pub thickness_px: Option<f64>,
    /// `FULLIMAGE` as `[y, x]`.
    pub full_image: Option<[usize; 2]>,
    /// `IMAGEBINNED`: binning of the aligned stack.
    pub binning: Option<f64>,
}

impl TiltCom {
    /// Whether the view, counted from 0, is left out of the reconstruction.
    #[must_use]
    pub fn is_excluded(&self, view: usize) -> bool {
        let inside = |&[first, last]: &[usize; 2]| (first..=last).contains(&view);
        self.excluded.iter().any(inside)
    }

    /// The table of the angles in `TILTFILE` as the reconstruction uses it: views excluded, `OFFSET`
    /// added.
    #[must_use]
    pub fn applied_to(&self, table: &TiltTable) -> TiltTable {
        let mut used = table.clone();
        let mut ranges = self.excluded.clone();
        ranges.sort_unstable();
        let mut done = 0;
        for [first, last] in ranges {
            let end = last.saturating_add(1).min(used.excluded.len());
            // Nothing where an earlier range reached further.
            if let Some(views) = used.excluded.get_mut(first.max(done)..end) {
                views.fill(true);
            }
            done = done.max(end);
        }
        for tilt in &mut used.tilts {
            tilt.angle_deg += self.angle_offset_deg;
        }
        if self.x_axis_tilt_deg != 0.0 {
            used.x_axis_tilt_deg = Some(self.x_axis_tilt_deg);
        }
        used.image_shape = used.image_shape.or(self.full_image);
        used
    }
}

/// The options in the bytes of a command file.
///
/// # Errors
/// Bytes that are not text, a value that is not a number, or no option of `tilt` at all.
pub fn parse(bytes: &[u8]) -> Result<TiltCom, Error> {
    let text = decode(bytes)?;
    let mut com = TiltCom::default();
    let mut known = false;
    for (index, row) in text.lines().enumerate() {
        let row = row.trim();
        if row.starts_with(['$', '#']) {
            continue;
        }
        if row == "DONE" {
            break;
        }
        let (name, value) = row.split_once(char::is_whitespace).unwrap_or((row, ""));
        known |= option(&mut com, name, value.trim()).map_err(|error| error.at_line(index + 1))?;
    }
    if known {
        return Ok(com);
    }
    Err(
        Error::unexpected("file", "options of tilt such as TILTFILE", "none")
            .fix("check that it is a tilt.com"),
    )
}

fn option(com: &mut TiltCom, name: &str, value: &str) -> Result<bool, Error> {
    let name = name.to_ascii_uppercase();
    if value.is_empty() {
        // Templates leave EXCLUDELIST and FULLIMAGE to be filled in.
        return Ok(matches!(name.as_str(), "EXCLUDELIST" | "FULLIMAGE"));
    }
    match name.as_str() {
        "INPUTPROJECTIONS" => com.input = Some(value.to_owned()),
        "OUTPUTFILE" => com.output = Some(value.to_owned()),
        "TILTFILE" => com.tilt_file = Some(value.to_owned()),
        "EXCLUDELIST" | "EXCLUDELIST2" | "EXCLUDE" => com.excluded.extend(ranges(value)?),
        "OFFSET" => {
            let (angle, axis) = pair("OFFSET", value)?;
            com.angle_offset_deg = angle;
            com.axis_offset_px = axis.unwrap_or(0.0);
        }
        "XAXISTILT" => com.x_axis_tilt_deg = finite("XAXISTILT", value)?,
        "SHIFT" => {
            let (x, z) = pair("SHIFT", value)?;
            com.shift_xz_px = [x, z.unwrap_or(0.0)];
        }
        "THICKNESS" => com.thickness_px = Some(finite("THICKNESS", value)?),
        "IMAGEBINNED" => com.binning = Some(finite("IMAGEBINNED", value)?),
        "FULLIMAGE" => {
            let sizes: Vec<usize> = fields(value)
                .map_while(|field| field.parse().ok())
                .collect();
            let [x, y] = sizes[..] else {
                let got = format!("{:?}", shorten(value));
                return Err(Error::unexpected("FULLIMAGE", "two whole numbers", got));
            };
            com.full_image = Some([y, x]);
        }
        _ => return Ok(false),
    }
    Ok(true)
}

fn fields(value: &str) -> impl Iterator<Item = &str> {
    value
        .split([',', ' ', '\t'])
        .filter(|field| !field.is_empty())
}

fn pair(what: &str, value: &str) -> Result<(f64, Option<f64>), Error> {
    let mut fields = fields(value);
    let first = finite(what, fields.next().unwrap_or_default())?;
    let second = fields.next().map(|field| finite(what, field)).transpose()?;
    Ok((first, second))
}

fn ranges(value: &str) -> Result<Vec<[usize; 2]>, Error> {
    let view = |field: &str| field.parse::<usize>().ok()?.checked_sub(1);
    fields(value)
        .map(|field| {
            let (first, last) = field.split_once('-').unwrap_or((field, field));
            let bounds = view(first).zip(view(last));
            let Some((first, last)) = bounds.filter(|(first, last)| first <= last) else {
                let got = format!("{:?}", shorten(field));
                let expected = "views from 1 such as 3 or 5-8";
                return Err(Error::unexpected("EXCLUDELIST", expected, got));
            };
            Ok([first, last])
        })
        .collect()
}

/// The options in a command file.
///
/// # Errors
/// As [`parse`], and when the file cannot be read.
pub fn read(path: impl AsRef<Path>) -> Result<TiltCom, Error> {
    let path = path.as_ref();
    parse(&read_bytes(path, MAX_BYTES)?).map_err(|error| error.in_file(path))
}

/// The angles in `TILTFILE`, found beside the command file, as the reconstruction uses them.
///
/// # Errors
/// As [`read`] and [`tlt::read`](super::tlt::read); no `TILTFILE`; an excluded view beyond the last.
pub fn read_table(path: impl AsRef<Path>) -> Result<TiltTable, Error> {
    let path = path.as_ref();
    let com = read(path)?;
    let Some(tilt_file) = &com.tilt_file else {
        let error = Error::missing("TILTFILE", "options that give angles in other ways");
        return Err(error.in_file(path));
    };
    let angles = path.parent().unwrap_or(Path::new("")).join(tilt_file);
    let table = super::tlt::read(angles)?;
    if let Some(&[_, last]) = com.excluded.iter().find(|range| range[1] >= table.len()) {
        let expected = format!("views up to {}, as {tilt_file} has", table.len());
        let error = Error::unexpected("EXCLUDELIST", expected, last.saturating_add(1).to_string());
        return Err(error.in_file(path));
    }
    Ok(com.applied_to(&table))
}

/// What is odd about the bytes of a command file.
#[must_use]
pub fn validate(bytes: &[u8]) -> Vec<Finding> {
    let com = match parse(bytes) {
        Ok(com) => com,
        Err(error) => return vec![Finding::from_error(&error)],
    };
    let mut findings = Vec::new();
    if com.tilt_file.is_none() {
        findings.push(Finding::new(
            Severity::Warning,
            "TILTFILE",
            "the name of a .tlt",
            "none",
            "give the angles as a .tlt",
        ));
    }
    let tilted = com.x_axis_tilt_deg != 0.0 || com.shift_xz_px != [0.0; 2];
    if tilted || com.axis_offset_px != 0.0 {
        findings.push(Finding::new(
            Severity::Note,
            "XAXISTILT, SHIFT, OFFSET",
            "0",
            "a tomogram that is tilted or shifted",
            "a tilt table does not hold this: project positions accordingly",
        ));
    }
    findings
}
