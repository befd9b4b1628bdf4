use super::{
    super::{self as star, Document},
    TiltSeriesSet, TiltSeriesTable,
    table::first_table,
};
use crate::{Error, Finding, Severity};

/// What a reader should know about the bytes of a tilt-series table, a `.tomostar` or a set of tilt series.
///
/// The findings of [`star::validate`](super::super::validate) come first.
#[must_use]
pub fn validate(bytes: &[u8]) -> Vec<Finding> {
    let mut findings = star::validate(bytes);
    let Ok(document) = Document::parse(bytes) else {
        return findings;
    };
    let checked = first_table(&document).and_then(|(_, table)| {
        if table.has("wrpAngleTilt") {
            return TiltSeriesTable::from_tomostar(&document, 1.0).map(|series| of_series(&series));
        }
        if table.has("rlnTomoName") {
            return TiltSeriesSet::from_document(&document).map(|set| of_set(&set));
        }
        TiltSeriesTable::from_relion(&document, 1.0).map(|series| of_series(&series))
    });
    match checked {
        Ok(more) => findings.extend(more),
        Err(error) => findings.push(Finding::from_error(&error)),
    }
    findings
}

fn of_series(series: &TiltSeriesTable) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut add = |severity, place: &str, expected: &str, got: String, fix: &str| {
        findings.push(Finding::new(severity, place, expected, got, fix));
    };
    if series.tilts.is_empty() {
        add(
            Severity::Warning,
            "table",
            "images",
            "none".to_owned(),
            "check where the rows went",
        );
    }
    if series.details.iter().any(|details| !details.aligned) {
        let fix = "align the tilt series before points are projected";
        add(
            Severity::Note,
            "rlnTomoYTilt",
            "an alignment",
            "the angles of the stage".to_owned(),
            fix,
        );
    }
    for (index, tilt) in series.tilts.iter().enumerate() {
        if tilt.angle_deg.abs() > 90.0 {
            let got = format!("{}° of image {}", tilt.angle_deg, index + 1);
            add(
                Severity::Warning,
                "angles",
                "-90° to 90°",
                got,
                "check the column",
            );
            break;
        }
    }
    if let Some(index) = series
        .tilts
        .iter()
        .position(|tilt| tilt.dose_before.is_some_and(|dose| dose < 0.0))
    {
        let got = format!("less for image {}", index + 1);
        add(
            Severity::Warning,
            "dose",
            "at least 0 e/Å²",
            got,
            "check the column",
        );
    }
    if series.tilts.iter().any(|tilt| tilt.dose_before.is_none()) {
        let fix = "give rlnMicrographPreExposure or wrpDose: RELION and Warp demand it";
        add(
            Severity::Warning,
            "dose",
            "a dose for each image",
            "none".to_owned(),
            fix,
        );
    }
    findings
}

fn of_set(set: &TiltSeriesSet) -> Vec<Finding> {
    let missing = |what: &str, severity, fix: &str| {
        Finding::new(
            severity,
            what,
            "a value for each tilt series",
            "no such column",
            fix,
        )
    };
    let mut findings = Vec::new();
    if set
        .entries
        .iter()
        .any(|entry| entry.pixel_size_angstrom.is_none())
    {
        let fix = "without it shifts and coordinates have no unit";
        findings.push(missing(
            "rlnTomoTiltSeriesPixelSize",
            Severity::Warning,
            fix,
        ));
    }
    if set
        .entries
        .iter()
        .any(|entry| entry.unbinned_shape.is_none())
    {
        let fix = "centred coordinates need it; a set without tomograms has none";
        findings.push(missing("rlnTomoSize{X,Y,Z}", Severity::Note, fix));
    }
    if let Some(entry) = set
        .entries
        .iter()
        .find(|entry| entry.hand.is_some_and(|hand| hand.abs() != 1.0))
    {
        let error = Error::unexpected(
            "rlnTomoHand",
            "1 or -1",
            format!("another value for {:?}", entry.name),
        );
        findings.push(Finding::from_error(&error));
    }
    findings
}
