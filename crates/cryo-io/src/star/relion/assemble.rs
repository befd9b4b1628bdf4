//! Columns into sets of particles.

use std::collections::{HashMap, HashSet};

use cryo_core::{AngstromPos, FilamentPoint, Orientation, Particle, ParticleSet, VoxelPos};

use super::{
    super::{ColumnView, Loop},
    Convention,
    fields::Fields,
    names::{OPTICS_GROUP, OPTICS_PREFIX},
    optics::Optics,
    space::{Space, Unit},
};
use crate::{Error, ExtraColumn, Picks, PicksOptions};

/// A particle table whose columns have been read.
pub(super) struct Table<'a> {
    pub table: &'a Loop,
    pub convention: Convention,
    pub unit: Unit,
    /// x, y, z.
    pub coordinates: [Vec<f64>; 3],
    pub pixel: Option<Vec<f64>>,
    pub angles: Option<[Vec<f64>; 3]>,
    pub subtomogram: Option<[Vec<f64>; 3]>,
    /// x, y, z.
    pub shifts: [Option<Vec<f64>>; 3],
    pub shifts_in_pixels: bool,
    pub names: Option<ColumnView<'a>>,
    /// The tomogram where no column names it.
    pub name: String,
    pub fields: Fields<'a>,
    pub optics: Option<Optics<'a>>,
    /// Columns that are not kept as text.
    pub used: HashSet<&'a str>,
}

pub(super) fn assemble(source: &Table<'_>, options: &PicksOptions) -> Result<Picks, Error> {
    let mut sets: Vec<ParticleSet> = Vec::new();
    let mut spaces: Vec<Space> = Vec::new();
    let mut rows: Vec<Vec<usize>> = Vec::new();
    let mut known: HashMap<&str, usize> = HashMap::new();
    let mut classes: HashMap<(usize, &str), u32> = HashMap::new();
    for row in 0..source.table.len() {
        let name = source.tomogram(row);
        let pixel = source.pixel.as_ref().map(|pixel| pixel[row]);
        let last = sets
            .len()
            .checked_sub(1)
            .filter(|&last| sets[last].tomogram == name);
        let set = match last.or_else(|| known.get(name).copied()) {
            Some(set) => set,
            None => {
                let space = Space::new(source.convention, source.unit, name, pixel, options, None)?;
                known.insert(name, sets.len());
                sets.push(ParticleSet::new(name, space.grid));
                spaces.push(space);
                rows.push(Vec::new());
                sets.len() - 1
            }
        };
        source.check_pixel(row, &rows[set])?;
        let particle = source.particle(row, &spaces[set]);
        source.name_class(row, &particle, &mut sets[set])?;
        let class = match source.class_name_alone(row) {
            Some(name) => {
                // Looking for the name in the set would take the longer the more names there are.
                let number = || {
                    let names = &mut sets[set].classes;
                    let number = u32::try_from(names.len() + 1).unwrap_or(u32::MAX);
                    names.insert(number, name.to_owned());
                    number
                };
                Some(*classes.entry((set, name)).or_insert_with(number))
            }
            None => particle.class,
        };
        sets[set].items.push(Particle { class, ..particle });
        rows[set].push(row);
    }
    let order: Vec<usize> = rows.into_iter().flatten().collect();
    Ok(Picks {
        sets,
        extra: source.extra(&order, options.max_bytes)?,
    })
}

impl Table<'_> {
    fn tomogram(&self, row: usize) -> &str {
        let Some(names) = &self.names else {
            return &self.name;
        };
        let name = names.get(row);
        match self.convention {
            Convention::Warp => name.strip_suffix(".tomostar").unwrap_or(name),
            _ => name,
        }
    }

    /// One tomogram has one pixel size.
    fn check_pixel(&self, row: usize, before: &[usize]) -> Result<(), Error> {
        let (Some(pixel), Some(&first)) = (&self.pixel, before.first()) else {
            return Ok(());
        };
        if (pixel[row] - pixel[first]).abs() <= 1e-6 * pixel[first].abs() {
            return Ok(());
        }
        let what = format!("pixel size in tomogram {:?}", self.tomogram(row));
        let error = Error::unexpected(what, pixel[first].to_string(), pixel[row].to_string());
        Err(match self.table.line(row) {
            Some(line) => error.at_line(line),
            None => error,
        })
    }

    fn particle(&self, row: usize, space: &Space) -> Particle {
        let [x, y, z] = &self.coordinates;
        let position = space.voxel_from_file([x[row], y[row], z[row]]);
        let orientation = |angles: &Option<[Vec<f64>; 3]>| {
            let [rot, tilt, psi] = angles.as_ref()?;
            Some(Orientation::from_zyz_deg(rot[row], tilt[row], psi[row]))
        };
        let subtomogram = orientation(&self.subtomogram);
        let particle = orientation(&self.angles);
        let shift = self.shift_angstrom(row, space);
        let shift = subtomogram.map_or(shift, |subtomogram| subtomogram.rotate(shift));
        let size = space.grid.voxel_size;
        let fields = &self.fields;
        let tube = fields.tube.as_ref().and_then(|tubes| tubes[row]);
        Particle {
            position: VoxelPos {
                z: position.z - shift.z / size.z(),
                y: position.y - shift.y / size.y(),
                x: position.x - shift.x / size.x(),
            },
            score: fields.score.as_ref().and_then(|scores| scores[row]),
            class: fields.class.as_ref().and_then(|classes| classes[row]),
            orientation: match (subtomogram, particle) {
                (Some(subtomogram), Some(particle)) => Some(subtomogram.then_after(particle)),
                (subtomogram, particle) => subtomogram.or(particle),
            },
            filament: tube.map(|id| FilamentPoint {
                id,
                arc_length_angstrom: fields.track.as_ref().and_then(|tracks| tracks[row]),
            }),
        }
    }

    fn shift_angstrom(&self, row: usize, space: &Space) -> AngstromPos {
        let unit = if self.shifts_in_pixels {
            space.pixel
        } else {
            1.0
        };
        let [x, y, z] = &self.shifts;
        let of = |axis: &Option<Vec<f64>>| axis.as_ref().map_or(0.0, |values| values[row] * unit);
        AngstromPos {
            z: of(z),
            y: of(y),
            x: of(x),
        }
    }

    fn name_class(
        &self,
        row: usize,
        particle: &Particle,
        set: &mut ParticleSet,
    ) -> Result<(), Error> {
        let (Some(names), Some(class)) = (self.fields.class_name, particle.class) else {
            return Ok(());
        };
        let name = names.get(row);
        if name.is_empty() {
            return Ok(());
        }
        let known = set.classes.entry(class).or_insert_with(|| name.to_owned());
        if known == name {
            return Ok(());
        }
        let error = Error::unexpected(format!("name of class {class}"), known.as_str(), name)
            .fix("give each class number one name");
        Err(names.error_at(row, Some(error)))
    }

    /// The name of a particle's class in a table that does not number classes.
    fn class_name_alone(&self, row: usize) -> Option<&str> {
        let names = self
            .fields
            .class_name
            .filter(|_| self.fields.class.is_none())?;
        Some(names.get(row)).filter(|name| !name.is_empty())
    }

    fn extra(&self, order: &[usize], max_bytes: u64) -> Result<Vec<ExtraColumn>, Error> {
        let mut extra = Vec::new();
        for name in self.table.names().filter(|name| !self.used.contains(name)) {
            if let Some(column) = self.table.find(name) {
                let values = order
                    .iter()
                    .map(|&row| column.get(row).to_owned())
                    .collect();
                extra.push(ExtraColumn {
                    name: name.to_owned(),
                    values,
                });
            }
        }
        if let Some(optics) = &self.optics {
            optics.check_repeated(order.len(), max_bytes)?;
            for name in optics.table.names().filter(|name| *name != OPTICS_GROUP) {
                if let Some(column) = optics.table.find(name) {
                    let values = order
                        .iter()
                        .map(|&row| column.get(optics.row(row)).to_owned())
                        .collect();
                    extra.push(ExtraColumn {
                        name: format!("{OPTICS_PREFIX}{name}"),
                        values,
                    });
                }
            }
        }
        Ok(extra)
    }
}
