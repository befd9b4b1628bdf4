//! The columns that become fields of particles.

use std::collections::{HashMap, HashSet};

use super::{
    super::{ColumnView, Loop},
    convention::has_all,
    names::{CLASS, CLASS_NAME, CORRELATION, GROUP_NAME, SCORE, TRACK, TUBE},
};
use crate::{Error, text::shorten};

/// Columns by row of the table, with the names of those that need not be kept as text.
pub(super) struct Fields<'a> {
    pub score: Option<Vec<Option<f32>>>,
    pub class: Option<Vec<Option<u32>>>,
    pub class_name: Option<ColumnView<'a>>,
    pub tube: Option<Vec<Option<u32>>>,
    pub track: Option<Vec<Option<f64>>>,
    pub used: HashSet<&'static str>,
}

impl<'a> Fields<'a> {
    pub(super) fn of(table: &'a Loop) -> Result<Self, Error> {
        let mut used = HashSet::new();
        let score = match table.find(SCORE) {
            Some(column) => {
                used.insert(SCORE);
                Some(column)
            }
            None => table.find(CORRELATION),
        };
        let class = table.find(CLASS);
        let mut class_name = table.find(CLASS_NAME);
        if class.is_some() {
            used.insert(CLASS);
        }
        if class_name.is_some() {
            used.insert(CLASS_NAME);
        } else {
            class_name = class.and_then(|class| group_names(table, class));
        }
        let tube = table.find(TUBE);
        let track = tube.and_then(|_| table.find(TRACK));
        if tube.is_some() {
            used.insert(TUBE);
        }
        if track.is_some() {
            used.insert(TRACK);
        }
        Ok(Self {
            score: score.map(|column| optional_f32(&column)).transpose()?,
            class: class.map(|column| number(&column)).transpose()?,
            class_name,
            tube: tube.map(|column| number(&column)).transpose()?,
            track: track.map(|column| optional(&column)).transpose()?,
            used,
        })
    }
}

/// Three columns of numbers, row by row.
pub(super) fn triple(table: &Loop, names: &[&'static str; 3]) -> Result<[Vec<f64>; 3], Error> {
    table.columns_f64(*names)
}

/// Three columns if all are there.
pub(super) fn triple_if(
    table: &Loop,
    names: &[&'static str; 3],
) -> Result<Option<[Vec<f64>; 3]>, Error> {
    has_all(table, names)
        .then(|| triple(table, names))
        .transpose()
}

/// `rlnGroupName` if it tells classes apart: one name a class, and another for each.
fn group_names<'a>(table: &'a Loop, class: ColumnView<'a>) -> Option<ColumnView<'a>> {
    let names = table.find(GROUP_NAME)?;
    let mut name_of = HashMap::new();
    let mut class_of = HashMap::new();
    for (class, name) in class.iter().zip(names.iter()) {
        if *name_of.entry(class).or_insert(name) != name
            || *class_of.entry(name).or_insert(class) != class
        {
            return None;
        }
    }
    Some(names)
}

/// Whole numbers, below 0 none.
fn number(column: &ColumnView<'_>) -> Result<Vec<Option<u32>>, Error> {
    let values = column.to_i64()?;
    let each = values
        .into_iter()
        .enumerate()
        .map(|(row, value)| match u32::try_from(value) {
            Ok(value) => Ok(Some(value)),
            Err(_) if value < 0 => Ok(None),
            Err(_) => {
                let error = Error::unexpected(
                    column.name(),
                    "a whole number below 2^32",
                    value.to_string(),
                );
                Err(column.error_at(row, Some(error)))
            }
        });
    each.collect()
}

/// Finite numbers, `nan` none.
fn optional(column: &ColumnView<'_>) -> Result<Vec<Option<f64>>, Error> {
    let read = |field: &str| match field.parse::<f64>() {
        Ok(value) if value.is_finite() => Some(Some(value)),
        Ok(value) if value.is_nan() => Some(None),
        Err(_) if field == "<NA>" => Some(None),
        _ => None,
    };
    column.map(read).map_err(|row| {
        let got = format!("{:?}", shorten(column.get(row)));
        let error = Error::unexpected(column.name(), "a finite number or nan", got);
        column.error_at(row, Some(error))
    })
}

fn optional_f32(column: &ColumnView<'_>) -> Result<Vec<Option<f32>>, Error> {
    let values = optional(column)?
        .into_iter()
        .enumerate()
        .map(|(row, value)| match value {
            None => Ok(None),
            Some(value) if (value as f32).is_finite() => Ok(Some(value as f32)),
            Some(value) => {
                let error =
                    Error::unexpected(column.name(), "a number below 3e38", value.to_string());
                Err(column.error_at(row, Some(error)))
            }
        });
    values.collect()
}
