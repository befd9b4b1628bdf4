use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    Error,
    text::{decode, read_bytes},
};

/// What a picks file holds, field by field (`CopickPicksFile` of copick's `models.py`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PicksFile {
    /// The object.
    pub pickable_object_name: String,
    /// Person or program that picked.
    pub user_id: String,
    /// Session; "0" stands for a program.
    #[serde(deserialize_with = "text_or_number")]
    pub session_id: String,
    /// Run, that is tomogram.
    #[serde(default)]
    pub run_name: Option<String>,
    /// Voxel size of the tomogram in ångström.
    #[serde(default)]
    pub voxel_spacing: Option<f64>,
    /// Always "angstrom".
    #[serde(default = "angstrom")]
    pub unit: String,
    /// The points.
    #[serde(default)]
    pub points: Option<Vec<Point>>,
    /// Whether the rotations mean something.
    #[serde(default = "trusted")]
    pub trust_orientation: Option<bool>,
    /// Fields that copick does not define.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// A point of a [`PicksFile`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Where it was picked.
    pub location: Location,
    /// From the object to the tomogram, rows of x, y, z, 1; its translation is added to the location.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transformation_: Option<[[f64; 4]; 4]>,
    /// Filament from 1, 0 for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance_id: Option<i64>,
    /// Score.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
    /// Fields that copick does not define.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// A place in ångström.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Location {
    /// Along x.
    pub x: f64,
    /// Along y.
    pub y: f64,
    /// Along z.
    pub z: f64,
}

impl PicksFile {
    /// The picks in a file of at most `max_bytes`.
    ///
    /// # Errors
    /// As [`PicksFile::parse`], and if the file cannot be opened.
    pub fn read(path: impl AsRef<Path>, max_bytes: u64) -> Result<Self, Error> {
        let path = path.as_ref();
        let bytes = read_bytes(path, max_bytes)?;
        Self::parse(&bytes).map_err(|error| error.in_file(path))
    }

    /// The picks in the text of a file.
    ///
    /// # Errors
    /// If it is not JSON or lacks a field that copick needs, with the line.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let text = decode(bytes)?;
        serde_json::from_str(&text).map_err(|error| {
            let got = error.to_string();
            let got = got.rsplit_once(" at line ").map_or(&*got, |(what, _)| what);
            Error::unexpected("copick picks", "JSON with the fields of copick", got)
                .at_line(error.line())
                .fix("check that it is a picks file of copick")
        })
    }
}

fn angstrom() -> String {
    "angstrom".to_owned()
}

fn trusted() -> Option<bool> {
    Some(true)
}

fn text_or_number<'de, D: serde::Deserializer<'de>>(input: D) -> Result<String, D::Error> {
    match Value::deserialize(input)? {
        Value::String(text) => Ok(text),
        Value::Number(number) => Ok(number.to_string()),
        other => {
            let message = format!("session_id: expected text, got {other}");
            Err(serde::de::Error::custom(message))
        }
    }
}
