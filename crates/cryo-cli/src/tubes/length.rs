use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A length as a user states it: in voxels, or in a unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Length {
    Voxels(f64),
    Angstrom(f64),
}

impl Length {
    /// In edges of a voxel of `voxel_angstrom`.
    pub(crate) fn voxels(self, voxel_angstrom: f64) -> f64 {
        match self {
            Self::Voxels(voxels) => voxels,
            Self::Angstrom(angstrom) => angstrom / voxel_angstrom,
        }
    }
}

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Voxels(voxels) => write!(f, "{voxels}"),
            Self::Angstrom(angstrom) => write!(f, "{angstrom}A"),
        }
    }
}

impl FromStr for Length {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        type Unit = fn(f64) -> Length;
        let units: [(&str, Unit); 4] = [
            ("nm", |value| Self::Angstrom(10.0 * value)),
            ("Å", Self::Angstrom),
            ("A", Self::Angstrom),
            ("vox", Self::Voxels),
        ];
        let text = text.trim();
        let (number, unit) = units
            .into_iter()
            .find_map(|(ending, unit)| Some((text.strip_suffix(ending)?, unit)))
            .unwrap_or((text, Self::Voxels));
        let value: Option<f64> = number
            .trim()
            .parse()
            .ok()
            .filter(|value: &f64| value.is_finite());
        value.map(unit).ok_or_else(|| {
            format!("expected a length like 12 (voxels), 82A or 8.2nm, got {text:?}")
        })
    }
}

impl Serialize for Length {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Voxels(voxels) => serializer.serialize_f64(*voxels),
            Self::Angstrom(_) => serializer.collect_str(self),
        }
    }
}

impl<'de> Deserialize<'de> for Length {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Stated {
            Number(f64),
            Text(String),
        }
        match Stated::deserialize(deserializer)? {
            Stated::Number(voxels) => Ok(Self::Voxels(voxels)),
            Stated::Text(text) => text.parse().map_err(de::Error::custom),
        }
    }
}
