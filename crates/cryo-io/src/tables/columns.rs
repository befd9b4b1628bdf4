use std::collections::HashSet;

use crate::{Error, IndexBase};

/// What the places of the columns mean.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Columns {
    pub(super) tomogram: Option<usize>,
    pub(super) place: [usize; 3],
    pub(super) unit: Unit,
    pub(super) score: Option<usize>,
    pub(super) class: Option<usize>,
    pub(super) class_name: Option<usize>,
    pub(super) label: Option<usize>,
    pub(super) angles: Option<[usize; 3]>,
    pub(super) quaternion: Option<[usize; 4]>,
    pub(super) filament: Option<usize>,
    pub(super) arc_length: Option<usize>,
    pub(super) voxel_size: Option<usize>,
    /// Place and name of those that are kept as text.
    pub(super) extra: Vec<(usize, String)>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Unit {
    Voxels,
    Angstroms,
}

/// What comment lines say of plain `x, y, z`.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Remarks {
    pub(super) unit: Option<Unit>,
    pub(super) first_voxel: Option<IndexBase>,
}

impl Remarks {
    /// Out of the comment lines before the header.
    pub(super) fn of(text: &str) -> Result<Self, Error> {
        let mut remarks = Self::default();
        for (index, line) in text.lines().enumerate() {
            let Some(comment) = line.strip_prefix('#') else {
                if line.trim().is_empty() {
                    continue;
                }
                break;
            };
            let comment = comment.to_lowercase();
            if let Some((_, unit)) = comment.split_once("unit:") {
                let unit = unit.split([',', ';']).next().unwrap_or_default().trim();
                remarks.unit = Some(match unit {
                    "voxel" | "voxels" | "pixel" | "pixels" => Unit::Voxels,
                    "angstrom" | "angstroms" | "ångström" | "å" => Unit::Angstroms,
                    other => {
                        let got = format!("{other:?}");
                        return Err(Error::unexpected("unit", "voxel or angstrom", got)
                            .at_line(index + 1)
                            .fix("write # unit: voxel or # unit: angstrom"));
                    }
                });
            }
            if let Some((_, first)) = comment.split_once("first voxel ") {
                let number = first.split([',', ';', ' ']).next().unwrap_or_default();
                remarks.first_voxel = Some(match number {
                    "0" => IndexBase::Zero,
                    "1" => IndexBase::One,
                    "0.5" => IndexBase::Corner,
                    other => {
                        let got = format!("{other:?}");
                        return Err(Error::unexpected("first voxel", "0, 0.5 or 1", got)
                            .at_line(index + 1)
                            .fix("write # first voxel 0"));
                    }
                });
            }
        }
        Ok(remarks)
    }
}

impl Columns {
    /// Out of the fields of the header line.
    pub(super) fn of(header: &[&str], remarks: Remarks) -> Result<Self, Error> {
        let names: Vec<String> = header.iter().map(|name| name.to_lowercase()).collect();
        let mut known = HashSet::new();
        for (index, name) in names.iter().enumerate() {
            if !name.is_empty() && !known.insert(name.as_str()) {
                let got = format!("{:?} twice", header[index]);
                return Err(Error::unexpected("header", "names that differ", got)
                    .fix("rename one of the columns"));
            }
        }
        let mut finder = Finder {
            names: &names,
            used: vec![false; names.len()],
        };
        let voxels = ["", "_voxel", "_voxels", "_vox", "_coord", "_px", "_pixel"];
        let angstroms = ["_angstrom", "_ang", "_a"];
        let mut place = finder.triple(&voxels).map(|(place, suffix)| {
            let plain = suffix.is_empty().then_some(remarks.unit).flatten();
            (place, plain.unwrap_or(Unit::Voxels))
        });
        if place.is_none() {
            let found = finder.triple(&angstroms);
            place = found.map(|(place, _)| (place, Unit::Angstroms));
        }
        let Some((place, unit)) = place else {
            return Err(no_place(header));
        };
        let tomogram = finder.one(&[
            "tomogram",
            "tomo",
            "tomogram_name",
            "tomo_name",
            "image_name",
            "run_name",
        ]);
        let angles = finder.all(["rot", "tilt", "psi"]);
        let quaternion = match angles {
            Some(_) => None,
            None => finder.all(["qw", "qx", "qy", "qz"]),
        };
        let columns = Self {
            tomogram,
            place,
            unit,
            score: finder.one(&["score", "confidence"]),
            class: finder.one(&["class"]),
            class_name: finder.one(&["class_name"]),
            // Kept besides, as it may mean something else.
            label: names.iter().position(|name| name == "label"),
            angles,
            quaternion,
            filament: finder.one(&["filament", "filament_id"]),
            arc_length: finder.one(&["arc_length_angstrom"]),
            voxel_size: finder.one(&["voxel_size_angstrom"]),
            extra: Vec::new(),
        };
        let used = finder.used;
        let rest = header.iter().enumerate().filter(|(index, _)| !used[*index]);
        let extra = rest.map(|(index, name)| (index, (*name).to_owned()));
        Ok(Self {
            extra: extra.collect(),
            ..columns
        })
    }
}

fn no_place(header: &[&str]) -> Error {
    let numbers = header.iter().all(|name| name.parse::<f64>().is_ok());
    if numbers {
        let got = format!("numbers from {:?} on", header.first().unwrap_or(&""));
        let fix = "add a line like tomogram,x,y,z at the top";
        return Error::unexpected("header", "names of columns", got).fix(fix);
    }
    let names: Vec<String> = header.iter().map(|name| format!("{name:?}")).collect();
    let available = match names.len() {
        0..=12 => names.join(", "),
        n => format!("{} and {} more", names[..12].join(", "), n - 12),
    };
    Error::missing("columns x, y, z (or x_angstrom, …)", available)
        .fix("name the coordinate columns in the header")
}

struct Finder<'a> {
    names: &'a [String],
    used: Vec<bool>,
}

impl Finder<'_> {
    fn place(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|known| known == name)
    }

    fn one(&mut self, aliases: &[&str]) -> Option<usize> {
        let place = aliases.iter().find_map(|alias| self.place(alias))?;
        self.used[place] = true;
        Some(place)
    }

    fn all<const N: usize>(&mut self, names: [&str; N]) -> Option<[usize; N]> {
        let mut places = [0; N];
        for (place, name) in places.iter_mut().zip(names) {
            *place = self.place(name)?;
        }
        places.iter().for_each(|&place| self.used[place] = true);
        Some(places)
    }

    fn triple<'s>(&mut self, suffixes: &[&'s str]) -> Option<([usize; 3], &'s str)> {
        suffixes.iter().find_map(|suffix| {
            let names = ["x", "y", "z"].map(|axis| format!("{axis}{suffix}"));
            let places = self.all([&*names[0], &*names[1], &*names[2]])?;
            Some((places, *suffix))
        })
    }
}
