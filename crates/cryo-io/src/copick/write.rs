use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write as _,
    path::{Path, PathBuf},
};

use cryo_core::{Particle, ParticleSet};
use serde_json::{Map, Value};

use super::{
    Location, PicksFile, Point,
    picks::{FILE, NO_ROTATION, POINT, SESSION, USER},
};
use crate::{
    Error, ErrorKind, Overwrite, Picks, PicksOptions,
    points::{counted, label_of_class},
    write_atomic,
};

/// The parts of the name of a picks file, `USER_SESSION_OBJECT.json`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileName {
    /// `user_id`.
    pub user: String,
    /// `session_id`.
    pub session: String,
    /// `pickable_object_name`.
    pub object: String,
}

impl FileName {
    /// A name as copick's `sanitize_name` makes it: blanks, underscores and characters that file
    /// systems refuse become hyphens, hyphens at the ends go. `None` if nothing is left.
    #[must_use]
    pub fn sanitized(name: &str) -> Option<String> {
        let hyphen =
            |c: char| c.is_whitespace() || c.is_ascii_control() || "<>:\"/\\|?*_".contains(c);
        let name = name.replace(hyphen, "-");
        let name = name.trim_matches('-');
        (!name.is_empty()).then(|| name.to_owned())
    }

    /// The name of the file.
    #[must_use]
    pub fn file_name(&self) -> String {
        format!("{}_{}_{}.json", self.user, self.session, self.object)
    }
}

/// Writes picks, one file for each object of each tomogram.
///
/// A `path` that ends in `.json` is one file and takes one object of one tomogram. Any other is the
/// root of a copick project (its `overlay_root`): the files become
/// `ExperimentRuns/TOMOGRAM/Picks/USER_SESSION_OBJECT.json` in it. Under [`Overwrite::Never`] nothing
/// is written if one of them exists.
///
/// Objects are called as the classes, with hyphens for what copick does not allow; user and session
/// come from the columns `copick_user_id` and `copick_session_id`, else they are `cryo` and `0`, which
/// stands for a program. A particle without a score gets none, which copick reads as 1. Without any
/// orientation `trust_orientation` is false. Filament ids that start at 0 are raised by 1, as 0 means
/// "none"; points of a filament are written in the order along it.
///
/// # Errors
/// [`Parameter`](crate::ErrorKind::Parameter) for several objects in one file, anisotropic voxels,
/// names of which nothing is left, and two classes that get one name; otherwise as [`write_atomic`].
pub fn write(
    path: impl AsRef<Path>,
    picks: &Picks,
    options: &PicksOptions,
    overwrite: Overwrite,
) -> Result<(), Error> {
    let path = path.as_ref();
    let files = files_of(picks, options).map_err(|error| error.in_file(path))?;
    let is_file = path
        .extension()
        .is_some_and(|extension| extension == "json");
    if is_file {
        let [(_, file)] = files.as_slice() else {
            let got = format!("{} of them", files.len());
            let expected = "one object of one tomogram in a .json file";
            let error = Error::parameter("objects", expected, got);
            return Err(error.fix("give a folder instead").in_file(path));
        };
        return write_file(path, file, overwrite);
    }
    let mut placed = Vec::with_capacity(files.len());
    for (name, file) in &files {
        let run = file.run_name.as_deref().unwrap_or_default();
        let target = picks_folder(path, run)?.join(name.file_name());
        if overwrite == Overwrite::Never && target.exists() {
            let error = Error::new(ErrorKind::Exists).fix("choose another folder or overwrite");
            return Err(error.in_file(&target));
        }
        placed.push((target, file));
    }
    for (target, file) in placed {
        if let Some(folder) = target.parent() {
            std::fs::create_dir_all(folder)
                .map_err(|error| Error::io("create the folder", error).in_file(folder))?;
        }
        write_file(&target, file, overwrite)?;
    }
    Ok(())
}

fn picks_folder(root: &Path, run: &str) -> Result<PathBuf, Error> {
    if run.is_empty() || run == "." || run == ".." || run.contains(['/', '\\', '\0']) {
        let got = format!("{run:?}");
        return Err(Error::parameter("tomogram", "a name for a folder", got));
    }
    Ok(root.join("ExperimentRuns").join(run).join("Picks"))
}

fn write_file(path: &Path, file: &PicksFile, overwrite: Overwrite) -> Result<(), Error> {
    write_atomic(path, overwrite, |out| {
        serde_json::to_writer_pretty(&mut *out, file)
            .map_err(|error| Error::io("write", std::io::Error::from(error)))?;
        out.write_all(b"\n")
            .map_err(|error| Error::io("write", error))
    })
}

/// The files that picks become, in the order of tomograms and objects.
fn files_of(picks: &Picks, options: &PicksOptions) -> Result<Vec<(FileName, PicksFile)>, Error> {
    let mut files = Vec::new();
    let mut first = 0;
    for set in &picks.sets {
        let mut objects: BTreeMap<(FileName, Option<u32>), Vec<usize>> = BTreeMap::new();
        for (index, item) in set.items.iter().enumerate() {
            let row = first + index;
            let label = label_of_class(item.class, &set.classes, '-');
            let name = FileName {
                user: clean("user_id", column(picks, USER, row).unwrap_or("cryo"))?,
                session: clean("session_id", column(picks, SESSION, row).unwrap_or("0"))?,
                object: clean("object", &label)?,
            };
            objects.entry((name, item.class)).or_default().push(index);
        }
        let mut names = BTreeSet::new();
        for ((name, _), rows) in objects {
            if !names.insert(name.clone()) {
                let expected = "names that differ in more than what copick does not allow";
                let got = format!("two called {:?}", name.object);
                return Err(Error::parameter("classes", expected, got).fix("rename one"));
            }
            let file = file_of(picks, set, first, &rows, &name, options)?;
            files.push((name, file));
        }
        first += set.len();
    }
    Ok(files)
}

fn clean(what: &str, name: &str) -> Result<String, Error> {
    FileName::sanitized(name)
        .ok_or_else(|| Error::parameter(what, "a name with letters or digits", format!("{name:?}")))
}

fn column<'a>(picks: &'a Picks, name: &str, row: usize) -> Option<&'a str> {
    let column = picks.extra.iter().find(|column| column.name == name)?;
    let value = column.values.get(row)?;
    (!value.is_empty()).then_some(value)
}

fn file_of(
    picks: &Picks,
    set: &ParticleSet,
    first: usize,
    rows: &[usize],
    name: &FileName,
    options: &PicksOptions,
) -> Result<PicksFile, Error> {
    let spacing = set.grid.voxel_size.isotropic().ok_or_else(|| {
        let got = set.grid.voxel_size.to_string();
        Error::parameter("voxel size", "the same on all axes, as copick has one", got)
    })?;
    let mut rows = rows.to_vec();
    let filament = |row: &usize| set.items[*row].filament;
    if rows.iter().any(|row| filament(row).is_some()) {
        rows.sort_by(|a, b| {
            let key = |point: Option<cryo_core::FilamentPoint>| {
                let arc_length = point.and_then(|point| point.arc_length_angstrom);
                (point.map(|point| point.id), arc_length.unwrap_or(0.0))
            };
            let (a, b) = (key(filament(a)), key(filament(b)));
            a.0.cmp(&b.0).then(a.1.total_cmp(&b.1))
        });
    }
    let raised = rows
        .iter()
        .any(|row| filament(row).is_some_and(|point| point.id == 0));
    let oriented = rows.iter().any(|&row| set.items[row].orientation.is_some());
    let mut points = Vec::with_capacity(rows.len());
    for &row in &rows {
        let mut point = point_of(set, &set.items[row], i64::from(raised), options)?;
        point.other = others(picks, POINT, std::iter::once(first + row));
        points.push(point);
    }
    Ok(PicksFile {
        pickable_object_name: name.object.clone(),
        user_id: name.user.clone(),
        session_id: name.session.clone(),
        run_name: Some(set.tomogram.clone()),
        voxel_spacing: Some(spacing),
        unit: "angstrom".to_owned(),
        trust_orientation: Some(oriented),
        points: Some(points),
        other: others(picks, FILE, rows.iter().map(|row| first + row)),
    })
}

/// The fields that were kept of the first of these particles that has any.
fn others(picks: &Picks, name: &str, rows: impl Iterator<Item = usize>) -> Map<String, Value> {
    let Some(column) = picks.extra.iter().find(|column| column.name == name) else {
        return Map::new();
    };
    let values = rows.filter_map(|row| column.values.get(row));
    let mut objects = values.filter_map(|value| serde_json::from_str(value).ok());
    objects.next().unwrap_or_default()
}

fn point_of(
    set: &ParticleSet,
    item: &Particle,
    raise: i64,
    options: &PicksOptions,
) -> Result<Point, Error> {
    let base = options.index_base.unwrap_or(crate::IndexBase::Zero);
    let [x, y, z] = counted(item.position, base);
    let place = set
        .grid
        .angstrom_from_voxel(cryo_core::VoxelPos::xyz(x, y, z));
    if !place.is_finite() {
        let got = format!("{:?}", item.position);
        return Err(Error::parameter("position", "finite numbers", got));
    }
    let rotation = item
        .orientation
        .map_or(NO_ROTATION, cryo_core::Orientation::matrix);
    let row = |[x, y, z]: [f64; 3]| [x, y, z, 0.0];
    let [first, second, third] = rotation.map(row);
    Ok(Point {
        location: Location {
            x: place.x,
            y: place.y,
            z: place.z,
        },
        transformation_: Some([first, second, third, [0.0, 0.0, 0.0, 1.0]]),
        instance_id: Some(item.filament.map_or(0, |point| i64::from(point.id) + raise)),
        score: item.score.filter(|score| score.is_finite()).map(decimal),
        other: Map::new(),
    })
}

/// The f64 that is written as the shortest decimal of the f32.
fn decimal(score: f32) -> f64 {
    score.to_string().parse().unwrap_or(f64::from(score))
}
