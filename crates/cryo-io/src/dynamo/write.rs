use std::{collections::BTreeMap, fmt::Write as _, io::Write as _, path::Path};

use cryo_core::Particle;

use super::{
    columns::{ANGLES, CLASS, POSITION, REGION, SCORE, SHIFT, TOMOGRAM, place},
    write_map,
};
use crate::{
    Error, ErrorKind, IndexBase, Overwrite, Picks, PicksOptions,
    points::{Numbering, counted, intrinsic_zxz_deg},
    write_atomic,
};

/// Columns of a table that nothing else is known of.
const WIDTH: usize = 35;

/// Writes a table and, beside it with the extension `.doc`, its table map.
///
/// Columns come from what [`read`](super::read) kept, by name; the others are 0, but for a counted
/// `tag` and `aligned_value` 1. Positions are split into `x y z` and the `dx dy dz` that are kept. Tomograms
/// get their number from [`PicksOptions::numbers`], else from their name if it is one, else the next
/// free one. A filament's id goes into `reg` (column 21), unless that was kept. A missing score is
/// written as 0, like a missing class; class names and arc lengths have no place and are left out.
///
/// # Errors
/// [`Exists`](ErrorKind::Exists) if either file exists under [`Overwrite::Never`],
/// [`Parameter`](ErrorKind::Parameter) for positions that are not finite and kept values that do not fit into a
/// table; otherwise as [`write_atomic`].
pub fn write(
    path: impl AsRef<Path>,
    picks: &Picks,
    options: &PicksOptions,
    overwrite: Overwrite,
) -> Result<(), Error> {
    let path = path.as_ref();
    let map_path = path.with_extension("doc");
    if map_path == path {
        let error = Error::parameter("output", "another extension than .doc", ".doc");
        return Err(error.in_file(path));
    }
    for path in [path, &map_path] {
        if overwrite == Overwrite::Never && path.exists() {
            let error = Error::new(ErrorKind::Exists);
            let error = error.fix("choose another name or ask to overwrite");
            return Err(error.in_file(path));
        }
    }
    let (table, map) = table_of(picks, options).map_err(|error| error.in_file(path))?;
    write_atomic(path, overwrite, |out| {
        out.write_all(table.as_bytes())
            .map_err(|error| Error::io("write", error))
    })?;
    write_map(map_path, &map, overwrite)
}

fn table_of(
    picks: &Picks,
    options: &PicksOptions,
) -> Result<(String, BTreeMap<u32, String>), Error> {
    let kept: Vec<(usize, &[String])> = (picks.extra.iter())
        .filter_map(|column| Some((place(&column.name)?, column.values.as_slice())))
        .collect();
    let width = kept.iter().map(|(column, _)| column + 1).max();
    // A table that was read keeps its width.
    let width = width.unwrap_or(WIDTH).max(super::columns::LEAST);
    let mut numbering = Numbering::of(picks, &options.numbers);
    let mut map = BTreeMap::new();
    let mut text = String::new();
    let mut row = 0;
    for set in &picks.sets {
        let number = numbering.number(&set.tomogram);
        let known = options.numbers.get(&number);
        map.insert(number, known.unwrap_or(&set.tomogram).clone());
        for item in &set.items {
            let mut fields = vec!["0".to_owned(); width];
            fields[0] = (row + 1).to_string();
            fields[1] = "1".to_owned();
            if let Some(filament) = item.filament {
                fields[REGION] = filament.id.to_string();
            }
            if let Some(class) = item.class {
                fields[CLASS] = class.to_string();
            }
            for &(column, values) in &kept {
                let value = values.get(row).map_or("0", String::as_str);
                if value.is_empty() || value.contains(char::is_whitespace) {
                    let what = format!("value of column {} in row {}", column + 1, row + 1);
                    let got = format!("{value:?}");
                    return Err(Error::parameter(what, "one word", got));
                }
                // The class may have changed since it was read.
                if column != CLASS || item.class.is_none() {
                    fields[column] = value.to_owned();
                }
            }
            fields[TOMOGRAM] = number.to_string();
            computed(&mut fields, item, options)?;
            for (column, field) in fields.iter().enumerate() {
                let separator = if column == 0 { "" } else { " " };
                // Writing to a string does not fail.
                let _ = write!(text, "{separator}{field}");
            }
            text.push('\n');
            row += 1;
        }
    }
    Ok((text, map))
}

fn computed(fields: &mut [String], item: &Particle, options: &PicksOptions) -> Result<(), Error> {
    if !item.position.is_finite() {
        let got = format!("{:?}", item.position);
        return Err(Error::parameter("position", "finite numbers", got));
    }
    let base = options.index_base.unwrap_or(IndexBase::Zero);
    let centre = counted(item.position, base);
    for axis in 0..3 {
        let shift = &fields[SHIFT + axis];
        let shift: f64 = shift
            .parse()
            .ok()
            .filter(|s: &f64| s.is_finite())
            .ok_or_else(|| {
                Error::parameter("dx, dy, dz", "finite numbers", format!("{shift:?}"))
            })?;
        fields[POSITION + axis] = (centre[axis] - shift).to_string();
    }
    if let Some(score) = item.score.filter(|score| score.is_finite()) {
        fields[SCORE] = score.to_string();
    }
    if let Some(orientation) = item.orientation {
        let [narot, tilt, tdrot] = intrinsic_zxz_deg(orientation.inverse());
        for (axis, angle) in [tdrot, tilt, narot].into_iter().enumerate() {
            fields[ANGLES + axis] = angle.to_string();
        }
    }
    Ok(())
}
