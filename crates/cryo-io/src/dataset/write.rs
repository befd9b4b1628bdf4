use std::{
    io::Write,
    path::{Path, PathBuf},
};

use super::{AxisOrder, Dataset, DatasetEntry, Syntax};
use crate::{Error, Overwrite, write_atomic};

const NAMES: [&str; 7] = [
    "name",
    "tomogram",
    "tilt_series",
    "tilt_angles",
    "mask",
    "voxel_size",
    "axis_order",
];

/// Writes a list: TOML for `.toml`, comma-separated for `.csv`, else tab-separated.
///
/// Paths below the list's folder become relative to it, others absolute. Optional columns that no
/// entry fills are left out.
///
/// # Errors
/// [`Parameter`](crate::ErrorKind::Parameter) for a value that a table cannot hold (a line break,
/// or a tab between tabs) or a path that is not UTF-8; else as [`write_atomic`].
pub fn write(path: impl AsRef<Path>, overwrite: Overwrite, dataset: &Dataset) -> Result<(), Error> {
    let path = path.as_ref();
    let rows = rows(dataset, path)?;
    let is_csv = path
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("csv"));
    let lines = match Syntax::of(path) {
        Syntax::Toml => toml_lines(&rows),
        Syntax::Delimited if is_csv => rows.iter().map(|row| csv_line(row)).collect(),
        Syntax::Delimited => rows.iter().map(|row| row.join("\t")).collect(),
    };
    if Syntax::of(path) == Syntax::Delimited {
        let cell = |text: &&String| text.contains(['\n', '\r']) || (!is_csv && text.contains('\t'));
        if let Some(bad) = rows.iter().flatten().find(cell) {
            let expected = "no tab and no line break";
            return Err(Error::parameter("value", expected, format!("{bad:?}")));
        }
    }
    write_atomic(path, overwrite, |out| {
        for line in &lines {
            writeln!(out, "{line}")?;
        }
        Ok(())
    })
}

/// The header and one row an entry, columns that are empty throughout left out.
fn rows(dataset: &Dataset, list: &Path) -> Result<Vec<Vec<String>>, Error> {
    let folder = list.parent().unwrap_or(Path::new(""));
    let absolute = |path: &Path| {
        std::path::absolute(path).map_err(|error| Error::io("find the current folder", error))
    };
    let folder = if folder.as_os_str().is_empty() {
        absolute(Path::new("."))?
    } else {
        absolute(folder)?
    };
    let name = |path: &PathBuf| {
        let path = absolute(path)?;
        let short = path.strip_prefix(&folder).unwrap_or(&path);
        short
            .to_str()
            .map(str::to_owned)
            .ok_or_else(|| Error::parameter("path", "UTF-8", short.display().to_string()))
    };
    let optional = |path: &Option<PathBuf>| path.as_ref().map_or(Ok(String::new()), name);
    let row = |entry: &DatasetEntry| -> Result<Vec<String>, Error> {
        let mut row = vec![
            entry.name.clone(),
            name(&entry.tomogram)?,
            optional(&entry.tilt_series)?,
            optional(&entry.tilt_angles)?,
            optional(&entry.mask)?,
            entry
                .voxel_size_angstrom
                .map_or(String::new(), |size| size.to_string()),
            match entry.axis_order {
                AxisOrder::Zyx => String::new(),
                other => other.to_string(),
            },
        ];
        row.extend(entry.extra.iter().cloned());
        row.resize(NAMES.len() + dataset.extra_columns.len(), String::new());
        Ok(row)
    };
    let header = NAMES.iter().map(|&name| name.to_owned());
    let header = header.chain(dataset.extra_columns.iter().cloned());
    let mut rows = vec![header.collect::<Vec<String>>()];
    for entry in &dataset.entries {
        rows.push(row(entry)?);
    }
    let used = |column: &usize| {
        let optional = (2..NAMES.len()).contains(column);
        !optional || rows[1..].iter().any(|row| !row[*column].is_empty())
    };
    let columns: Vec<usize> = (0..rows[0].len()).filter(used).collect();
    let pick = |row: &Vec<String>| columns.iter().map(|&i| row[i].clone()).collect();
    Ok(rows.iter().map(pick).collect())
}

fn csv_line(row: &[String]) -> String {
    let field = |text: &String| {
        if text.contains([',', '"']) || text.trim() != text {
            format!("\"{}\"", text.replace('"', "\"\""))
        } else {
            text.clone()
        }
    };
    row.iter().map(field).collect::<Vec<String>>().join(",")
}

fn toml_lines(rows: &[Vec<String>]) -> Vec<String> {
    let Some((header, rows)) = rows.split_first() else {
        return Vec::new();
    };
    let mut lines = Vec::new();
    for row in rows {
        lines.push("[[entry]]".to_owned());
        for (name, text) in header.iter().zip(row).filter(|(_, text)| !text.is_empty()) {
            let key = toml::Value::from(name.as_str());
            let value = match name.as_str() {
                "voxel_size" => text.clone(),
                _ => toml::Value::from(text.as_str()).to_string(),
            };
            lines.push(format!("{key} = {value}"));
        }
        lines.push(String::new());
    }
    lines
}
