use std::{collections::BTreeSet, io::Write as _, path::Path};

use cryo_core::{Particle, ParticleSet};

use super::Separator;
use crate::{Error, IndexBase, Overwrite, Picks, PicksOptions, points::counted, write_atomic};

/// Columns that are computed and not kept.
const OURS: [&str; 13] = [
    "tomogram",
    "x",
    "y",
    "z",
    "score",
    "class",
    "class_name",
    "rot",
    "tilt",
    "psi",
    "filament",
    "arc_length_angstrom",
    "voxel_size_angstrom",
];

/// Writes all particles as one table, with tabs if the name ends in `.tsv` or `.txt`, else commas.
///
/// Comment lines say unit and base, then come the header and a row a particle: `tomogram,x,y,z`, and as
/// far as any particle has them `score`, `class`, `class_name`, `rot,tilt,psi`, `filament`,
/// `arc_length_angstrom`, then `voxel_size_angstrom` and the kept columns. A kept column that has the name of
/// one of these gets `extra_` before it. `pandas.read_csv(path, comment="#", dtype={"tomogram": str})`
/// reads it.
///
/// # Errors
/// [`Parameter`](crate::ErrorKind::Parameter) for voxels that are not the same on all axes, positions that
/// are not finite; otherwise as [`write_atomic`].
pub fn write(
    path: impl AsRef<Path>,
    picks: &Picks,
    options: &PicksOptions,
    overwrite: Overwrite,
) -> Result<(), Error> {
    let path = path.as_ref();
    let base = options.index_base.unwrap_or(IndexBase::Zero);
    let text = table(picks, base, Separator::of_path(path)).map_err(|e| e.in_file(path))?;
    write_atomic(path, overwrite, |out| {
        out.write_all(&text)
            .map_err(|error| Error::io("write", error))
    })
}

/// Writes the coordinates as MiLoPYP reads them: tabs, `image_name x_coord y_coord z_coord` and `class` where
/// there is any, voxels from 0, rounded to whole ones, since MiLoPYP would cut the fraction off.
///
/// # Errors
/// As [`write()`].
pub fn write_milopyp(
    path: impl AsRef<Path>,
    picks: &Picks,
    overwrite: Overwrite,
) -> Result<(), Error> {
    let path = path.as_ref();
    let mut table = Table::new(Separator::Tab, &[]);
    let classes = items(picks).any(|item| item.class.is_some());
    let mut header = vec!["image_name", "x_coord", "y_coord", "z_coord"];
    header.extend(classes.then_some("class"));
    let filled = table.row(&header).and_then(|()| {
        for set in &picks.sets {
            for item in &set.items {
                let xyz = place(item, IndexBase::Zero)?.map(|n| n.round().to_string());
                let [x, y, z] = &xyz;
                let class = item.class.map(|class| class.to_string());
                let mut fields = vec![set.tomogram.as_str(), x, y, z];
                fields.extend(classes.then(|| class.as_deref().unwrap_or_default()));
                table.row(&fields)?;
            }
        }
        Ok(())
    });
    filled.map_err(|error| error.in_file(path))?;
    let text = table.finish()?;
    write_atomic(path, overwrite, |out| {
        out.write_all(&text)
            .map_err(|error| Error::io("write", error))
    })
}

fn table(picks: &Picks, base: IndexBase, separator: Separator) -> Result<Vec<u8>, Error> {
    let any = |has: fn(&Particle) -> bool| items(picks).any(has);
    let named = picks.sets.iter().any(|set| !set.classes.is_empty());
    let shown = [
        ("score", any(|item| item.score.is_some())),
        ("class", any(|item| item.class.is_some())),
        ("class_name", named),
        ("rot", any(|item| item.orientation.is_some())),
        ("tilt", any(|item| item.orientation.is_some())),
        ("psi", any(|item| item.orientation.is_some())),
        ("filament", any(|item| item.filament.is_some())),
        (
            "arc_length_angstrom",
            any(|item| arc_length(item).is_some()),
        ),
    ];
    let mut header: Vec<String> = ["tomogram", "x", "y", "z"].map(str::to_owned).to_vec();
    let optional = shown.iter().filter(|(_, shown)| *shown);
    header.extend(optional.map(|(name, _)| (*name).to_owned()));
    header.push("voxel_size_angstrom".to_owned());
    let mut taken: BTreeSet<String> = OURS.iter().map(|&name| name.to_owned()).collect();
    for column in &picks.extra {
        let mut name = column.name.clone();
        while !taken.insert(name.to_lowercase()) {
            name.insert_str(0, "extra_");
        }
        header.push(name);
    }
    let mut comments = vec![format!(
        "unit: voxel, first voxel {}; an integer is the centre of a voxel",
        base.offset()
    )];
    if base == IndexBase::Corner {
        comments[0] = "unit: voxel, first voxel 0.5".to_owned();
    }
    if any(|item| item.orientation.is_some()) {
        let angles = "rot, tilt, psi: degrees, as RELION's rlnAngleRot, rlnAngleTilt, rlnAnglePsi";
        comments.push(angles.to_owned());
    }
    let mut table = Table::new(separator, &comments);
    table.row(&header)?;
    let mut row = 0;
    for set in &picks.sets {
        let size = set.grid.voxel_size.isotropic().ok_or_else(|| {
            let got = set.grid.voxel_size.to_string();
            Error::parameter("voxel size", "the same on all axes", got)
        })?;
        for item in &set.items {
            let mut fields = vec![set.tomogram.clone()];
            fields.extend(place(item, base)?.map(|n| n.to_string()));
            let values = optional_fields(set, item);
            let shown = shown.iter().zip(values);
            fields.extend(
                shown
                    .filter(|((_, shown), _)| *shown)
                    .map(|(_, value)| value),
            );
            fields.push(size.to_string());
            let extra = picks.extra.iter();
            fields.extend(extra.map(|column| column.values.get(row).cloned().unwrap_or_default()));
            table.row(&fields)?;
            row += 1;
        }
    }
    table.finish()
}

fn optional_fields(set: &ParticleSet, item: &Particle) -> [String; 8] {
    let text = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
    let angles = item.orientation.map(cryo_core::Orientation::to_zyz_deg);
    let angle = |axis: usize| text(angles.map(|angles| angles[axis]));
    let name = item.class.and_then(|class| set.classes.get(&class));
    [
        item.score
            .map_or_else(String::new, |score| score.to_string()),
        item.class
            .map_or_else(String::new, |class| class.to_string()),
        name.cloned().unwrap_or_default(),
        angle(0),
        angle(1),
        angle(2),
        item.filament
            .map_or_else(String::new, |point| point.id.to_string()),
        text(arc_length(item)),
    ]
}

fn items(picks: &Picks) -> impl Iterator<Item = &Particle> {
    picks.sets.iter().flat_map(|set| &set.items)
}

fn arc_length(item: &Particle) -> Option<f64> {
    item.filament.and_then(|point| point.arc_length_angstrom)
}

fn place(item: &Particle, base: IndexBase) -> Result<[f64; 3], Error> {
    if !item.position.is_finite() {
        let got = format!("{:?}", item.position);
        return Err(Error::parameter("position", "finite numbers", got));
    }
    Ok(counted(item.position, base))
}

struct Table(csv::Writer<Vec<u8>>);

impl Table {
    fn new(separator: Separator, comments: &[String]) -> Self {
        let lines: String = comments.iter().map(|text| format!("# {text}\n")).collect();
        let mut builder = csv::WriterBuilder::new();
        // With a comment mark, fields that contain it are quoted.
        builder
            .delimiter(separator.byte())
            .comment(Some(b'#'))
            .flexible(true);
        Self(builder.from_writer(lines.into_bytes()))
    }

    fn row(&mut self, fields: &[impl AsRef<[u8]>]) -> Result<(), Error> {
        self.0.write_record(fields).map_err(failed)
    }

    fn finish(self) -> Result<Vec<u8>, Error> {
        self.0
            .into_inner()
            .map_err(|error| Error::io("write", error.into_error()))
    }
}

fn failed(error: csv::Error) -> Error {
    Error::io("write", std::io::Error::other(error))
}
