use std::{collections::HashMap, path::Path};

use cryo_core::{Orientation, Particle, ParticleSet};

use super::{
    super::{Document, Loop},
    Convention,
    names::{
        ANGLES, CENTRED, CLASS, CLASS_NAME, DETECTOR, FLIP_RATIO, MAGNIFICATION, MICROGRAPH,
        OPTICS_GROUP, OPTICS_GROUP_NAME, OPTICS_PREFIX, PARTICLE, PIXELS, PRIORS, SCORE,
        SERIES_PIXEL, SUBTOMOGRAM, TOMOGRAM, TRACK, TUBE,
    },
    space::{Space, Unit},
    tomograms,
};
use crate::{Error, ExtraColumn, Overwrite, Picks, PicksOptions};

/// Writes particles; the header says what the coordinates count.
///
/// Positions are rounded to 1e-9 of the file's unit. Particles without an orientation among others get
/// angles of 0. Names of classes that no particle has are not written.
///
/// # Errors
/// As [`document_from`] and [`write_atomic`](crate::write_atomic).
pub fn write(
    path: impl AsRef<Path>,
    picks: &Picks,
    convention: Convention,
    options: &PicksOptions,
    overwrite: Overwrite,
) -> Result<(), Error> {
    let path = path.as_ref();
    let document =
        document_from(picks, convention, options).map_err(|error| error.in_file(path))?;
    document.write(path, overwrite)
}

/// Particles as a STAR document.
///
/// RELION 4 and 5 need the tilt-series pixel size of each tomogram, and RELION 5 its unbinned shape: from
/// the frame, else the pixel from a column `optics.rlnTomoTiltSeriesPixelSize`, the shape from the grid.
///
/// # Errors
/// [`Needed`](crate::ErrorKind::Needed) where one is missing; [`Parameter`](crate::ErrorKind::Parameter) for a
/// frame of another voxel size than the positions are counted on, an extra column with a wrong number of
/// values or a name that STAR cannot hold, a position that is not finite, and filament points of which
/// only some know their arc length.
pub fn document_from(
    picks: &Picks,
    convention: Convention,
    options: &PicksOptions,
) -> Result<Document, Error> {
    let table = Rows::new(picks, convention, options)?;
    let mut document = Document::new();
    document.add_comment(&header(convention, options));
    match convention {
        Convention::Relion4 | Convention::Relion5 => {
            let (optics, groups) = table.optics()?;
            let mut particles = table.particles()?;
            particles.set_column(OPTICS_GROUP, groups)?;
            table.add_extra(&mut particles, false)?;
            document.add_block("optics")?.add_table(optics);
            document.add_block("particles")?.add_table(particles);
            document
                .add_block(tomograms::BLOCK)?
                .add_table(table.tomograms()?);
        }
        Convention::Relion3 | Convention::Warp => {
            let mut particles = table.particles()?;
            table.add_extra(&mut particles, true)?;
            document.add_block("")?.add_table(particles);
        }
    }
    Ok(document)
}

fn header(convention: Convention, options: &PicksOptions) -> String {
    let rule = match options.binning {
        crate::BinningRule::FirstVoxel => {
            "voxel i of a tomogram binned b times is centred on pixel b*i"
        }
        crate::BinningRule::BlockCentre => {
            "voxel i of a tomogram binned b times is centred on pixels b*i to b*i + b - 1"
        }
    };
    let base = options.index_base.map_or(0.0, crate::IndexBase::offset);
    let pixels = format!("the centre of the first voxel is {base}");
    let text = match convention {
        Convention::Relion5 => {
            format!(
                "RELION 5 particles: x, y, z in Angstrom from the tomogram's centre, which is the unbinned pixel n/2 by rule {}; {rule}",
                options.centre
            )
        }
        Convention::Relion4 => {
            format!("RELION 4 particles: x, y, z in unbinned pixels; {pixels}; {rule}")
        }
        Convention::Relion3 => {
            format!("RELION 3 particles: x, y, z in voxels of the tomogram; {pixels}")
        }
        Convention::Warp => format!("Warp particles: x, y, z in voxels of the tomogram; {pixels}"),
    };
    format!("{text}\nangles: RELION's rot, tilt, psi (intrinsic ZYZ); written by cryo-io")
}

/// All particles of all sets, one after the other.
struct Rows<'a> {
    picks: &'a Picks,
    convention: Convention,
    /// One for each set that has particles.
    spaces: Vec<Space>,
}

impl<'a> Rows<'a> {
    fn new(
        picks: &'a Picks,
        convention: Convention,
        options: &PicksOptions,
    ) -> Result<Self, Error> {
        for column in &picks.extra {
            if column.values.len() != picks.len() {
                let what = format!("values of column {:?}", column.name);
                return Err(Error::parameter(
                    what,
                    picks.len().to_string(),
                    column.values.len().to_string(),
                ));
            }
        }
        let unit = match convention {
            Convention::Relion5 => Unit::Centred,
            _ => Unit::Pixels,
        };
        let mut spaces = Vec::with_capacity(picks.sets.len());
        let mut first = 0;
        let series = optics_column(picks, SERIES_PIXEL);
        for set in picks.sets.iter().filter(|set| !set.is_empty()) {
            let pixel = match convention {
                Convention::Relion4 | Convention::Relion5 => {
                    series.and_then(|column| column.values[first].parse().ok())
                }
                // Voxels of the tomogram itself.
                Convention::Relion3 | Convention::Warp => set.grid.voxel_size.isotropic(),
            };
            spaces.push(Space::new(
                convention,
                unit,
                &set.tomogram,
                pixel,
                options,
                Some(&set.grid),
            )?);
            first += set.len();
        }
        let rows = Self {
            picks,
            convention,
            spaces,
        };
        rows.check()?;
        Ok(rows)
    }

    fn check(&self) -> Result<(), Error> {
        for (row, (_, particle, _)) in self.each().enumerate() {
            if !particle.position.is_finite() {
                let got = format!("{:?}", particle.position);
                return Err(Error::parameter(
                    format!("position of particle {row}"),
                    "finite numbers",
                    got,
                ));
            }
        }
        Ok(())
    }

    fn each(&self) -> impl Iterator<Item = (&'a ParticleSet, &'a Particle, &Space)> {
        let sets = self
            .picks
            .sets
            .iter()
            .filter(|set| !set.is_empty())
            .zip(&self.spaces);
        sets.flat_map(|(set, space)| set.items.iter().map(move |particle| (set, particle, space)))
    }

    fn tomograms(&self) -> Result<Loop, Error> {
        let sets = self.picks.sets.iter().filter(|set| !set.is_empty());
        let names = sets.map(|set| set.tomogram.as_str());
        tomograms::table(names.zip(&self.spaces))
    }

    fn any(&self, has: impl Fn(&Particle) -> bool) -> bool {
        self.each().any(|(_, particle, _)| has(particle))
    }

    fn particles(&self) -> Result<Loop, Error> {
        let mut table = Loop::new();
        let tomo = matches!(self.convention, Convention::Relion4 | Convention::Relion5);
        let names = self.each().map(|(set, _, _)| match self.convention {
            Convention::Warp => format!("{}.tomostar", set.tomogram),
            _ => set.tomogram.clone(),
        });
        table.set_column(if tomo { TOMOGRAM } else { MICROGRAPH }, names)?;
        if tomo
            && !self
                .picks
                .extra
                .iter()
                .any(|column| column.name == PARTICLE)
        {
            let sets = self.picks.sets.iter();
            let numbered =
                sets.flat_map(|set| (1..=set.len()).map(|n| format!("{}/{n}", set.tomogram)));
            table.set_column(PARTICLE, numbered)?;
        }
        let names = if self.convention == Convention::Relion5 {
            CENTRED
        } else {
            PIXELS
        };
        for (axis, name) in names.into_iter().enumerate() {
            let values = self
                .each()
                .map(|(_, particle, space)| space.file_from_voxel(particle.position)[axis]);
            table.set_column(name, values.map(rounded))?;
        }
        self.add_angles(&mut table, tomo)?;
        self.add_fields(&mut table)?;
        if !tomo {
            table.set_column(MAGNIFICATION, self.each().map(|_| 10_000))?;
            table.set_column(DETECTOR, self.each().map(|(_, _, space)| space.pixel))?;
        }
        Ok(table)
    }

    fn add_angles(&self, table: &mut Loop, tomo: bool) -> Result<(), Error> {
        if !self.any(|particle| particle.orientation.is_some()) {
            return Ok(());
        }
        let framed = |particle: &Particle| {
            tomo && particle.filament.is_some() && particle.orientation.is_some()
        };
        let has_frames = self.any(framed);
        // RELION's filament picker keeps the filament's frame in the subtomogram, turned by 90° about y.
        let turn = Orientation::from_intrinsic_zyz_deg([0.0, 90.0, 0.0]);
        let particle_angles: Vec<[f64; 3]> = self
            .each()
            .map(|(_, particle, _)| match particle.orientation {
                Some(_) if framed(particle) => [0.0, 90.0, 0.0],
                Some(orientation) => orientation.to_zyz_deg(),
                None => [0.0; 3],
            })
            .collect();
        for (axis, name) in ANGLES[0].into_iter().enumerate() {
            table.set_column(
                name,
                particle_angles.iter().map(|angles| rounded(angles[axis])),
            )?;
        }
        if !has_frames {
            return Ok(());
        }
        let frames: Vec<[f64; 3]> = self
            .each()
            .map(|(_, particle, _)| match particle.orientation {
                Some(orientation) if framed(particle) => orientation.then_after(turn).to_zyz_deg(),
                _ => [0.0; 3],
            })
            .collect();
        for (axis, name) in SUBTOMOGRAM.into_iter().enumerate() {
            table.set_column(name, frames.iter().map(|angles| rounded(angles[axis])))?;
        }
        for (prior, name) in PRIORS.into_iter().enumerate() {
            table.set_column(
                name,
                particle_angles
                    .iter()
                    .map(|angles| rounded(angles[prior + 1])),
            )?;
        }
        if !self
            .picks
            .extra
            .iter()
            .any(|column| column.name == FLIP_RATIO)
        {
            table.set_column(FLIP_RATIO, self.each().map(|_| 0.5))?;
        }
        Ok(())
    }

    fn add_fields(&self, table: &mut Loop) -> Result<(), Error> {
        if self.any(|particle| particle.score.is_some()) {
            let scores = self.each().map(|(_, particle, _)| {
                particle
                    .score
                    .map_or("nan".to_owned(), |score| score.to_string())
            });
            table.set_column(SCORE, scores)?;
        }
        let number = |value: Option<u32>| value.map_or(-1, i64::from);
        if self.any(|particle| particle.class.is_some()) {
            table.set_column(
                CLASS,
                self.each().map(|(_, particle, _)| number(particle.class)),
            )?;
        }
        let name = |set: &'a ParticleSet, particle: &Particle| {
            particle.class.and_then(|class| set.classes.get(&class))
        };
        if self
            .each()
            .any(|(set, particle, _)| name(set, particle).is_some())
        {
            let names = self
                .each()
                .map(|(set, particle, _)| name(set, particle).map_or("", String::as_str));
            table.set_column(CLASS_NAME, names)?;
        }
        if !self.any(|particle| particle.filament.is_some()) {
            return Ok(());
        }
        let tubes = self
            .each()
            .map(|(_, particle, _)| number(particle.filament.map(|point| point.id)));
        table.set_column(TUBE, tubes)?;
        let arc = |particle: &Particle| particle.filament.map(|point| point.arc_length_angstrom);
        let known = self
            .each()
            .filter_map(|(_, particle, _)| arc(particle))
            .filter(Option::is_some)
            .count();
        let points = self
            .each()
            .filter_map(|(_, particle, _)| arc(particle))
            .count();
        if known > 0 && known < points {
            let got = format!("{known} of {points}");
            return Err(
                Error::parameter("filament points with an arc length", "all or none", got)
                    .fix("compute the arc lengths, or leave them all out"),
            );
        }
        if known > 0 {
            let lengths = self
                .each()
                .map(|(_, particle, _)| rounded(arc(particle).flatten().unwrap_or(0.0)));
            table.set_column(TRACK, lengths)?;
        }
        Ok(())
    }

    /// The optics block, one group for each combination of pixel size and other values, and the group of
    /// each particle.
    fn optics(&self) -> Result<(Loop, Vec<usize>), Error> {
        let columns: Vec<(&str, &ExtraColumn)> = self
            .picks
            .extra
            .iter()
            .filter_map(|column| Some((column.name.strip_prefix(OPTICS_PREFIX)?, column)))
            .filter(|(name, _)| *name != SERIES_PIXEL && *name != OPTICS_GROUP)
            .collect();
        let mut known: HashMap<(u64, Vec<&str>), usize> = HashMap::new();
        let mut groups = Vec::with_capacity(self.picks.len());
        let mut firsts: Vec<(f64, usize)> = Vec::new();
        for (row, (_, _, space)) in self.each().enumerate() {
            let values = columns
                .iter()
                .map(|(_, column)| column.values[row].as_str())
                .collect();
            let group = *known
                .entry((space.pixel.to_bits(), values))
                .or_insert_with(|| {
                    firsts.push((space.pixel, row));
                    firsts.len()
                });
            groups.push(group);
        }
        let mut table = Loop::new();
        table.set_column(OPTICS_GROUP, 1..=firsts.len())?;
        if !columns.iter().any(|(name, _)| *name == OPTICS_GROUP_NAME) {
            table.set_column(
                OPTICS_GROUP_NAME,
                (1..=firsts.len()).map(|group| format!("opticsGroup{group}")),
            )?;
        }
        for (name, column) in columns {
            table.set_column(name, firsts.iter().map(|&(_, row)| &column.values[row]))?;
        }
        table.set_column(SERIES_PIXEL, firsts.iter().map(|&(pixel, _)| pixel))?;
        Ok((table, groups))
    }

    /// The other columns, where the table does not have them yet.
    fn add_extra(&self, table: &mut Loop, with_optics: bool) -> Result<(), Error> {
        for column in &self.picks.extra {
            let name = match column.name.strip_prefix(OPTICS_PREFIX) {
                Some(name) if with_optics => name,
                Some(_) => continue,
                None => &column.name,
            };
            // A name of RELION 4 and 5, by which a table is known as theirs.
            let foreign = self.convention == Convention::Relion3 && name == PARTICLE;
            if !table.has(name) && !foreign {
                table.set_column(name, &column.values)?;
            }
        }
        Ok(())
    }
}

fn optics_column<'a>(picks: &'a Picks, name: &str) -> Option<&'a ExtraColumn> {
    let bare = |column: &'a ExtraColumn| {
        column
            .name
            .strip_prefix(OPTICS_PREFIX)
            .unwrap_or(&column.name)
    };
    picks.extra.iter().find(|column| bare(column) == name)
}

/// To 1e-9, which large values have anyway, and without the sign of zero.
fn rounded(value: f64) -> f64 {
    let value = if value.abs() < 9e6 {
        (value * 1e9).round() / 1e9
    } else {
        value
    };
    if value == 0.0 { 0.0 } else { value }
}
