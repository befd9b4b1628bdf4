use super::{Mdoc, parse};
use crate::{Finding, Severity, tilt::tlt};

/// What is odd about the bytes of an `.mdoc`.
#[must_use]
pub fn validate(bytes: &[u8]) -> Vec<Finding> {
    let document = match parse(bytes) {
        Ok(document) => document,
        Err(error) => return vec![Finding::from_error(&error)],
    };
    let table = match document.table() {
        Ok(table) => table,
        Err(error) => return vec![Finding::from_error(&error)],
    };
    let mut findings = tlt::odd_angles(&table.angles_deg());
    findings.extend(numbering(&document));
    let images = table.len();
    let dated = document
        .images()
        .filter(|section| {
            section
                .value("DateTime")
                .is_some_and(|text| super::Timestamp::parse(text).is_some())
        })
        .count();
    if dated < images {
        findings.push(Finding::new(
            Severity::Warning,
            "DateTime",
            "a time in every section, such as 06-Jun-23  23:19:46",
            format!("{dated} of {images}"),
            "the order of acquisition is taken from PriorRecordDose, if that is complete",
        ));
    }
    if table.tilts.iter().any(|tilt| tilt.dose_before.is_none()) {
        findings.push(Finding::new(
            Severity::Warning,
            "dose",
            "PriorRecordDose, or ExposureDose above 0 and times, in every section",
            "less than that",
            "give the dose of an exposure where it is needed",
        ));
    }
    findings
}

fn numbering(document: &Mdoc) -> Vec<Finding> {
    let mut seen = std::collections::BTreeSet::new();
    let mut findings = Vec::new();
    for section in document.images() {
        let place = format!("line {}", section.line);
        match section.name.trim().parse::<u32>() {
            Err(_) => findings.push(Finding::new(
                Severity::Warning,
                place,
                "a section number from 0",
                format!("{:?}", crate::text::shorten(&section.name)),
                "images are counted in the order of the file",
            )),
            Ok(number) if !seen.insert(number) => findings.push(Finding::new(
                Severity::Warning,
                place,
                "each section number once",
                format!("{} = {number} again", section.kind),
                "remove the section of the image that is not in the stack",
            )),
            Ok(_) => {}
        }
    }
    findings
}
