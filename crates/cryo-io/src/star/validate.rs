use super::{
    document::Document,
    rows::line_number,
    table::Loop,
    token::{is_blank, skip_blanks},
};
use crate::{Finding, Severity};

/// Findings after which the rest of a file is not looked at.
const MAX_FINDINGS: usize = 100;

/// What a reader should know about the bytes of a STAR file.
///
/// An unreadable file gives its error. Warnings are for what RELION or Python `starfile` read
/// differently or not at all.
#[must_use]
pub fn validate(bytes: &[u8]) -> Vec<Finding> {
    let document = match Document::parse(bytes) {
        Ok(document) => document,
        Err(error) => return vec![Finding::from_error(&error)],
    };
    let mut findings = Vec::new();
    let mut add = |severity, place: String, expected: &str, got: &str, fix: &str| {
        findings.push(Finding::new(severity, place, expected, got, fix));
    };
    if matches!(bytes, [0xff, 0xfe, ..] | [0xfe, 0xff, ..]) {
        let fix = "save it as UTF-8";
        add(
            Severity::Warning,
            "file".to_owned(),
            "UTF-8 text",
            "UTF-16 text",
            fix,
        );
    }
    let text = document.text();
    if let Some(at) = text.find("\r\n") {
        let place = format!("line {}", line_number(text, at));
        add(
            Severity::Warning,
            place,
            "lines that end with LF",
            "CR LF, which RELION refuses",
            "convert the line ends",
        );
    }
    if !text.is_empty() && !text.ends_with('\n') {
        add(
            Severity::Note,
            "end of the file".to_owned(),
            "a line feed",
            "none",
            "add one",
        );
    }
    let mut are_more = false;
    'blocks: for block in document.blocks() {
        if findings.len() >= MAX_FINDINGS {
            are_more = true;
            break;
        }
        let mut add = |severity, place: String, expected: &str, got: &str, fix: &str| {
            findings.push(Finding::new(severity, place, expected, got, fix));
        };
        let place = || format!("block data_{}", block.name());
        if block.pairs().next().is_none() && block.table().is_none() {
            add(
                Severity::Warning,
                place(),
                "values or a table",
                "nothing",
                "remove the block",
            );
        }
        let (tables, pairs) = (block.tables().count(), block.pairs().count());
        if tables > 1 || (tables == 1 && pairs > 0) {
            let got = format!("{tables} tables and {pairs} single values");
            let fix =
                "give each table a block of its own: Python starfile reads the first of them only";
            add(
                Severity::Warning,
                place(),
                "one table or single values",
                &got,
                fix,
            );
        }
        for table in block.tables() {
            if findings.len() >= MAX_FINDINGS {
                are_more = true;
                break 'blocks;
            }
            let mut add = |severity, place: String, expected: &str, got: &str, fix: &str| {
                findings.push(Finding::new(severity, place, expected, got, fix));
            };
            if let Some(line) = first_gap(table) {
                let fix = "remove the blank line: RELION stops reading the table there";
                add(
                    Severity::Warning,
                    format!("line {line}"),
                    "rows without blank lines between",
                    "a blank line",
                    fix,
                );
            }
            if let Some(line) = first_text_block(table) {
                let fix = "put the value on one line: RELION and Python starfile do not read it";
                add(
                    Severity::Warning,
                    format!("line {line}"),
                    "values on one line",
                    "a ; text block",
                    fix,
                );
            }
        }
    }
    if are_more {
        findings.push(Finding::new(
            Severity::Note,
            "file",
            "a few findings",
            "too many to list",
            "mend these first",
        ));
    }
    findings
}

/// The first blank line between two rows.
fn first_gap(table: &Loop) -> Option<usize> {
    let body = &table.text[table.body.clone()];
    let bytes = body.as_bytes();
    let mut at = 0;
    let mut seen_row = false;
    while at < bytes.len() {
        let word = skip_blanks(bytes, at);
        match bytes.get(word) {
            Some(b'\n') if seen_row => {
                return Some(line_number(&table.text, table.body.start + at));
            }
            Some(byte) if *byte != b'\n' && *byte != b'#' => seen_row = true,
            _ => {}
        }
        at = super::token::next_line(body, word);
    }
    None
}

fn first_text_block(table: &Loop) -> Option<usize> {
    let body = &table.text[table.body.clone()];
    let at = match body.starts_with(';') {
        true => 0,
        false => body.find("\n;")? + 1,
    };
    debug_assert!(at == 0 || !is_blank(body.as_bytes()[at - 1]));
    Some(line_number(&table.text, table.body.start + at))
}
