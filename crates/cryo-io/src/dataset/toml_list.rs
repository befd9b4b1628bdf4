use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::{
    Dataset, DatasetEntry,
    build::{Column, refuse_empty, set},
};
use crate::{Error, ErrorKind, text::shorten};

/// Every entry has a value for every kept key, so that many keys would take memory that the file
/// does not show.
const MAX_EXTRA: usize = 64;

/// Largest list in bytes, some 20 000 tomograms: a document of nothing but keys takes 300 times its length.
const MAX_BYTES: u64 = 8 << 20;

pub(super) fn parse(text: &str, base: &Path) -> Result<Dataset, Error> {
    let needed = text.len() as u64;
    if needed > MAX_BYTES {
        let what = "reading a list in TOML".to_owned();
        let limit = MAX_BYTES;
        let error = Error::new(ErrorKind::OverLimit {
            what,
            needed,
            limit,
        });
        return Err(error.fix("write the list as a table, separated by tabs"));
    }
    let breaks: Vec<usize> = text.match_indices('\n').map(|(byte, _)| byte).collect();
    let line_of = |byte: usize| breaks.partition_point(|&at| at < byte) + 1;
    let document = DeTable::parse(text).map_err(|error| {
        let line = error.span().map_or(1, |span| line_of(span.start));
        let got = error.message().lines().next().unwrap_or_default();
        Error::unexpected("list", "TOML", got).at_line(line)
    })?;
    let root = document.get_ref();
    let Some(list) = root.get("entry").and_then(|list| list.get_ref().as_array()) else {
        let names: Vec<&str> = root.keys().map(|key| key.get_ref().as_ref()).collect();
        return Err(Error::missing(
            "[[entry]]",
            shorten(&names.join(", ")).into_owned(),
        ));
    };
    let mut dataset = Dataset::default();
    for item in list {
        let line = line_of(item.span().start);
        let Some(table) = item.get_ref().as_table() else {
            let got = item.get_ref().type_str();
            return Err(Error::unexpected("entry", "a table", got).at_line(line));
        };
        let mut entry = DatasetEntry {
            line,
            extra: vec![String::new(); dataset.extra_columns.len()],
            ..DatasetEntry::default()
        };
        for (key, value) in table {
            let line = line_of(key.span().start);
            let text = scalar(key.get_ref(), value.get_ref(), Column::of(key.get_ref()));
            let text = text.map_err(|error| error.at_line(line))?;
            match Column::of(key.get_ref()) {
                Some(column) => {
                    refuse_second(table, key.get_ref(), column)
                        .and_then(|()| set(&mut entry, column, &text, base))
                        .map_err(|error| error.at_line(line))?;
                }
                None => keep(&mut dataset, &mut entry, key.get_ref(), text)
                    .map_err(|error| error.at_line(line))?,
            }
        }
        refuse_empty(&entry).map_err(|error| error.at_line(line))?;
        dataset.entries.push(entry);
    }
    let columns = dataset.extra_columns.len();
    for entry in &mut dataset.entries {
        entry.extra.resize(columns, String::new());
    }
    Ok(dataset)
}

fn refuse_second(table: &DeTable<'_>, key: &str, column: Column) -> Result<(), Error> {
    let mut others = table.keys().map(|other| other.get_ref().as_ref());
    match others.find(|&other| other != key && Column::of(other) == Some(column)) {
        Some(other) => {
            let got = format!("{key:?} and {other:?}");
            Err(Error::unexpected("keys", "each once", got))
        }
        None => Ok(()),
    }
}

fn keep(
    dataset: &mut Dataset,
    entry: &mut DatasetEntry,
    key: &str,
    text: String,
) -> Result<(), Error> {
    let known = dataset.extra_columns.iter().position(|name| name == key);
    let place = known.unwrap_or(dataset.extra_columns.len());
    if known.is_none() {
        if place == MAX_EXTRA {
            let expected = format!("at most {MAX_EXTRA} keys that are not known here");
            return Err(Error::unexpected("keys", expected, "more"));
        }
        dataset.extra_columns.push(key.to_owned());
    }
    if entry.extra.len() <= place {
        entry.extra.resize(place + 1, String::new());
    }
    entry.extra[place] = text;
    Ok(())
}

fn scalar(key: &str, value: &DeValue<'_>, column: Option<Column>) -> Result<String, Error> {
    let is_number = matches!(value, DeValue::Integer(_) | DeValue::Float(_));
    let fits = match column {
        Some(Column::VoxelSize) => is_number,
        Some(_) => matches!(value, DeValue::String(_)),
        None => true,
    };
    let text = match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => Some(number.as_str().replace('_', "")),
        DeValue::Float(number) => Some(number.as_str().replace('_', "")),
        DeValue::Boolean(truth) => Some(truth.to_string()),
        DeValue::Datetime(time) => Some(time.to_string()),
        DeValue::Array(_) | DeValue::Table(_) => None,
    };
    let expected = match column {
        Some(Column::VoxelSize) => "a number",
        Some(_) => "text in quotes",
        None => "one value, not a list or table",
    };
    text.filter(|_| fits)
        .ok_or_else(|| Error::unexpected(key, expected, value.type_str()))
}
