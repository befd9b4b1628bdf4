use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use super::DatasetEntry;
use crate::{Error, text::finite};

/// The columns that have a field, each with the names it goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Column {
    Name,
    Tomogram,
    TiltSeries,
    TiltAngles,
    Mask,
    VoxelSize,
    AxisOrder,
}

impl Column {
    pub(super) fn of(name: &str) -> Option<Self> {
        match name {
            "name" | "image_name" => Some(Self::Name),
            "tomogram" | "rec_path" => Some(Self::Tomogram),
            "tilt_series" | "tilt_path" => Some(Self::TiltSeries),
            "tilt_angles" | "angle_path" => Some(Self::TiltAngles),
            "mask" => Some(Self::Mask),
            "voxel_size" => Some(Self::VoxelSize),
            "axis_order" => Some(Self::AxisOrder),
            _ => None,
        }
    }
}

/// Sets one field from its text; an empty text leaves an optional field as it is.
pub(super) fn set(
    entry: &mut DatasetEntry,
    column: Column,
    text: &str,
    base: &Path,
) -> Result<(), Error> {
    let path = || (!text.is_empty()).then(|| base.join(text));
    match column {
        Column::Name => text.clone_into(&mut entry.name),
        Column::Tomogram => entry.tomogram = path().unwrap_or_default(),
        Column::TiltSeries => entry.tilt_series = path(),
        Column::TiltAngles => entry.tilt_angles = path(),
        Column::Mask => entry.mask = path(),
        Column::VoxelSize if text.is_empty() => {}
        Column::VoxelSize => entry.voxel_size_angstrom = Some(length(text)?),
        Column::AxisOrder if text.is_empty() => {}
        Column::AxisOrder => entry.axis_order = text.parse()?,
    }
    Ok(())
}

fn length(text: &str) -> Result<f64, Error> {
    let size = finite("voxel_size", text)?;
    if size > 0.0 {
        return Ok(size);
    }
    Err(Error::unexpected(
        "voxel_size",
        "a length above 0 in ångström",
        text,
    ))
}

pub(super) fn refuse_empty(entry: &DatasetEntry) -> Result<(), Error> {
    let what = if entry.name.is_empty() {
        "name"
    } else if entry.tomogram == PathBuf::new() {
        "tomogram"
    } else {
        return Ok(());
    };
    Err(Error::unexpected(what, "a value", "none"))
}

pub(super) fn refuse_duplicates(entries: &[DatasetEntry]) -> Result<(), Error> {
    let mut names = HashMap::new();
    let mut tomograms = HashMap::new();
    for entry in entries {
        let twice = |what: &str, which: String, first: usize| {
            let got = format!("{which}, as on line {first}");
            Error::unexpected(what, "each once in the list", got)
                .at_line(entry.line)
                .fix("rename or remove one of the two")
        };
        if let Some(first) = names.insert(entry.name.as_str(), entry.line) {
            return Err(twice("name", format!("{:?}", entry.name), first));
        }
        if let Some(first) = tomograms.insert(entry.tomogram.as_path(), entry.line) {
            let which = entry.tomogram.display().to_string();
            return Err(twice("tomogram", which, first));
        }
    }
    Ok(())
}
