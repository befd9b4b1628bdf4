use cryo_core::VoxelSize;

use super::{
    Separator,
    columns::{Columns, Remarks, Unit},
    parse,
    rows::{for_each_row, header_line},
};
use crate::{Error, Finding, Frame, Frames, PicksOptions, Severity, text::decode};

/// What is odd about a table, or why it cannot be read.
#[must_use]
pub fn validate(bytes: &[u8]) -> Vec<Finding> {
    let options = PicksOptions {
        frames: Frames::all(Frame {
            voxel_size: VoxelSize::new(1.0),
            ..Frame::default()
        }),
        tomogram: Some("tomogram".to_owned()),
        ..PicksOptions::default()
    };
    let picks = match parse(bytes, &options) {
        Ok(picks) => picks,
        Err(error) => return vec![Finding::from_error(&error)],
    };
    let mut findings = match header(bytes) {
        Ok(columns) => notes(&columns),
        Err(error) => return vec![Finding::from_error(&error)],
    };
    if picks.is_empty() {
        findings.push(Finding::new(
            Severity::Warning,
            "rows",
            "particles",
            "none",
            "check that it is the table you mean",
        ));
    }
    findings
}

fn header(bytes: &[u8]) -> Result<Columns, Error> {
    let text = decode(bytes)?;
    let line = header_line(&text).unwrap_or_default();
    let remarks = Remarks::of(&text)?;
    let mut columns = Err(Error::missing("header line", "nothing"));
    let mut first = true;
    for_each_row(&text, Separator::of_header(line), |_, fields| {
        if std::mem::take(&mut first) {
            columns = Columns::of(fields, remarks);
        }
        Ok(())
    })?;
    columns
}

fn notes(columns: &Columns) -> Vec<Finding> {
    let note = |place: &str, expected: &str, got: &str, fix: &str| {
        Finding::new(Severity::Note, place, expected, got, fix)
    };
    let mut findings = Vec::new();
    if columns.tomogram.is_none() {
        let fix = "give the name when reading, or name the file as the tomogram";
        findings.push(note("header", "a column tomogram", "none", fix));
    }
    if columns.unit == Unit::Angstroms && columns.voxel_size.is_none() {
        let fix = "give the voxel size when reading";
        let got = "none, with coordinates in ångström";
        findings.push(note("header", "a column voxel_size_angstrom", got, fix));
    }
    if !columns.extra.is_empty() {
        let names: Vec<&str> = columns.extra.iter().map(|(_, name)| &**name).collect();
        let expected = "columns that mean something here";
        let got = names.join(", ");
        findings.push(note("header", expected, &got, "they are kept as text"));
    }
    findings
}
