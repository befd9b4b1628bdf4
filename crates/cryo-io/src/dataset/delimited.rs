use std::{collections::HashMap, path::Path};

use super::{
    Dataset, DatasetEntry,
    build::{Column, refuse_empty, set},
};
use crate::{Error, text::shorten};

pub(super) fn parse(text: &str, base: &Path) -> Result<Dataset, Error> {
    let lines = text
        .lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line));
    let mut rows = lines.filter(|(_, line)| {
        let line = line.trim();
        !line.is_empty() && !line.starts_with('#')
    });
    let Some((header_line, header)) = rows.next() else {
        return Err(Error::unexpected("list", "a header line", "an empty file"));
    };
    let separator = if header.contains('\t') { '\t' } else { ',' };
    let names = split(header, separator).map_err(|error| error.at_line(header_line))?;
    let columns: Vec<Option<Column>> = names.iter().map(|name| Column::of(name)).collect();
    check_header(&names, &columns).map_err(|error| error.at_line(header_line))?;
    let mut dataset = Dataset {
        extra_columns: extra(&columns, names),
        ..Dataset::default()
    };
    for (line, row) in rows {
        let entry = split(row, separator).and_then(|fields| read_row(fields, &columns, base));
        let mut entry = entry.map_err(|error| error.at_line(line))?;
        entry.line = line;
        dataset.entries.push(entry);
    }
    Ok(dataset)
}

fn extra(columns: &[Option<Column>], values: Vec<String>) -> Vec<String> {
    let pairs = columns.iter().zip(values);
    pairs
        .filter(|(column, _)| column.is_none())
        .map(|(_, value)| value)
        .collect()
}

fn check_header(names: &[String], columns: &[Option<Column>]) -> Result<(), Error> {
    for wanted in [Column::Name, Column::Tomogram] {
        if columns.contains(&Some(wanted)) {
            continue;
        }
        let what = match wanted {
            Column::Name => "column name (or image_name)",
            _ => "column tomogram (or rec_path)",
        };
        let available = shorten(&names.join(", ")).into_owned();
        return Err(
            Error::missing(what, available).fix("the first line names the columns; add this one")
        );
    }
    let mut seen = HashMap::new();
    for (name, column) in names.iter().zip(columns) {
        if let Some(other) = seen.insert(column.ok_or(name), name) {
            let got = format!("{other:?} and {name:?}");
            return Err(Error::unexpected("columns", "each once", got));
        }
    }
    Ok(())
}

fn read_row(
    fields: Vec<String>,
    columns: &[Option<Column>],
    base: &Path,
) -> Result<DatasetEntry, Error> {
    if fields.len() != columns.len() {
        let expected = format!("{} fields, as the header has", columns.len());
        return Err(Error::unexpected("row", expected, fields.len().to_string())
            .fix("separate all fields as in the header line"));
    }
    let mut entry = DatasetEntry::default();
    for (&column, field) in columns.iter().zip(&fields) {
        if let Some(column) = column {
            set(&mut entry, column, field, base)?;
        }
    }
    refuse_empty(&entry)?;
    entry.extra = extra(columns, fields);
    Ok(entry)
}

/// The fields of a line, trimmed; with commas a field may be quoted, a quote in it doubled.
fn split(line: &str, separator: char) -> Result<Vec<String>, Error> {
    let mut fields = Vec::new();
    let mut rest = line;
    loop {
        let start = rest.trim_start_matches([' ', '\r']);
        if separator == ',' && start.starts_with('"') {
            let (field, behind) = quoted(&start[1..])?;
            fields.push(field);
            match behind.trim().strip_prefix(',') {
                Some(behind) => rest = behind,
                None if behind.trim().is_empty() => return Ok(fields),
                None => {
                    let got = format!("{:?}", shorten(behind));
                    return Err(Error::unexpected("quoted field", "a comma behind it", got));
                }
            }
            continue;
        }
        let Some((field, behind)) = rest.split_once(separator) else {
            fields.push(rest.trim().to_owned());
            return Ok(fields);
        };
        fields.push(field.trim().to_owned());
        rest = behind;
    }
}

fn quoted(text: &str) -> Result<(String, &str), Error> {
    let mut field = String::new();
    let mut rest = text;
    while let Some((inside, behind)) = rest.split_once('"') {
        field.push_str(inside);
        match behind.strip_prefix('"') {
            Some(behind) => {
                field.push('"');
                rest = behind;
            }
            None => return Ok((field, behind)),
        }
    }
    let got = format!("{:?}", shorten(text));
    Err(Error::unexpected(
        "quoted field",
        "a closing quote on the same line",
        got,
    ))
}
