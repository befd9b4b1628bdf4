use std::collections::BTreeSet;

use super::{
    columns::{ANGLES, COLUMNS, LEAST, POSITION, SHIFT, TOMOGRAM, name},
    read::{rows, whole},
};
use crate::{
    Finding, Severity,
    text::{decode, finite, shorten},
};

/// What is odd about a table, or why it cannot be read.
#[must_use]
pub fn validate(bytes: &[u8]) -> Vec<Finding> {
    let text = match decode(bytes) {
        Ok(text) => text,
        Err(error) => return vec![Finding::from_error(&error)],
    };
    let mut findings = Vec::new();
    let mut tags = BTreeSet::new();
    let mut repeated = None;
    let mut width = 0;
    let mut count = 0;
    for row in rows(&text) {
        let (line, fields) = match row {
            Ok(row) => row,
            Err(error) => {
                findings.push(Finding::from_error(&error));
                break;
            }
        };
        width = fields.len();
        count += 1;
        if !tags.insert(fields[0]) && repeated.is_none() {
            repeated = Some((line, fields[0]));
        }
        let needed = (SHIFT..=ANGLES + 3).chain(POSITION..LEAST);
        let wrong = needed
            .filter_map(|column| finite(&name(column), fields[column]).err())
            .next();
        if let Some(error) = wrong {
            findings.push(Finding::from_error(&error.at_line(line)));
            break;
        }
        if whole(fields[TOMOGRAM]).is_none() {
            let got = shorten(fields[TOMOGRAM]).into_owned();
            findings.push(Finding::new(
                Severity::Error,
                format!("line {line}, column 20"),
                "the number of a tomogram",
                got,
                "number the tomograms",
            ));
            break;
        }
    }
    if let Some((line, tag)) = repeated {
        findings.push(Finding::new(
            Severity::Warning,
            format!("line {line}, column 1"),
            "a tag of its own",
            format!("tag {} again", shorten(tag)),
            "number the particles anew",
        ));
    }
    if count == 0 {
        findings.push(Finding::new(
            Severity::Warning,
            "file",
            "rows",
            "none",
            "check that it is the table you mean",
        ));
    } else if width != 35 && width != 40 && width != COLUMNS.len() {
        findings.push(Finding::new(
            Severity::Note,
            "columns",
            "35, 40 or 42",
            width.to_string(),
            "all of them are kept",
        ));
    }
    findings
}
