use std::{io::Write as _, path::Path};

use cryo_core::Particle;

use super::{
    MotiveList, ROWS,
    motive_list::{CLASS, OBJECT, PHI, POSITION, PSI, SCORE, SHIFT, THETA, TOMOGRAM},
};
use crate::{
    Error, IndexBase, Overwrite, Picks, PicksOptions,
    points::{Numbering, counted, intrinsic_zxz_deg},
    write_atomic,
};

impl MotiveList {
    /// A list of all particles, those of several tomograms under their numbers.
    ///
    /// Rows that [`read`](super::read) kept are written again, so that a position keeps its split into
    /// position and shift; row 4 counts particles from 1 and row 6 holds a filament's id where nothing was
    /// kept. Numbers are f32: positions are exact to 3·10⁻⁵ voxel up to 1000 voxels. Class names
    /// and arc lengths have no place and are left out; a missing score or class is 0.
    ///
    /// # Errors
    /// [`Parameter`](crate::ErrorKind::Parameter) for positions that are not finite, tomogram numbers and classes
    /// above 2²⁴, which an f32 cannot hold, and kept values that are no numbers.
    pub fn from_picks(picks: &Picks, options: &PicksOptions) -> Result<Self, Error> {
        let kept: Vec<(usize, &[String])> = (picks.extra.iter())
            .filter_map(|column| Some((row_of(&column.name)?, column.values.as_slice())))
            .collect();
        let base = options.index_base.unwrap_or(IndexBase::One);
        let mut numbering = Numbering::of(picks, &options.numbers);
        let mut particles = Vec::with_capacity(picks.len());
        for set in &picks.sets {
            let tomogram = numbering.number(&set.tomogram);
            for item in &set.items {
                let index = particles.len();
                let mut rows = [0.0; ROWS];
                rows[3] = (index + 1) as f64;
                rows[OBJECT] = item.filament.map_or(0.0, |point| f64::from(point.id));
                for &(row, values) in &kept {
                    let value = values.get(index).map_or("", String::as_str);
                    rows[row] = value.parse().map_err(|_| {
                        let what = format!("column row_{}, particle {}", row + 1, index + 1);
                        Error::parameter(what, "a number", format!("{value:?}"))
                    })?;
                }
                rows[TOMOGRAM] = exact("tomogram number", tomogram)?;
                fill(&mut rows, item, base)?;
                particles.push(rows);
            }
        }
        Ok(Self {
            particles,
            transposed: false,
        })
    }
}

fn fill(rows: &mut [f64; ROWS], item: &Particle, base: IndexBase) -> Result<(), Error> {
    let centre = counted(item.position, base);
    for axis in 0..3 {
        // What is left of the shift after rounding to f32 belongs to the position.
        let shift = f64::from(rows[SHIFT + axis] as f32);
        rows[POSITION + axis] = centre[axis] - shift;
        if !rows[POSITION + axis].is_finite() {
            let got = format!("{:?}", item.position);
            return Err(Error::parameter("position", "finite numbers", got));
        }
    }
    let score = item.score.filter(|score| score.is_finite());
    rows[SCORE] = score.map_or(0.0, f64::from);
    if let Some(class) = item.class {
        rows[CLASS] = exact("class", class)?;
    }
    if let Some(orientation) = item.orientation {
        let [psi, theta, phi] = intrinsic_zxz_deg(orientation);
        (rows[PHI], rows[PSI], rows[THETA]) = (phi, psi, theta);
    }
    Ok(())
}

fn exact(what: &str, number: u32) -> Result<f64, Error> {
    if number > 1 << 24 {
        let error = Error::parameter(what, "at most 16777216", number.to_string());
        return Err(error.fix("number them anew"));
    }
    Ok(f64::from(number))
}

fn row_of(name: &str) -> Option<usize> {
    let number: usize = name.strip_prefix("row_")?.parse().ok()?;
    (1..=ROWS).contains(&number).then(|| number - 1)
}

/// Writes all particles as one motive list, see [`MotiveList::from_picks`].
///
/// # Errors
/// As [`MotiveList::from_picks`] and [`write_atomic`].
///
/// ```
/// use std::collections::BTreeMap;
/// use cryo_core::{Grid, Particle, ParticleSet, VoxelPos, VoxelSize};
/// use cryo_io::{Frame, Frames, Overwrite, Picks, PicksOptions, em};
/// # let dir = tempfile::tempdir().unwrap();
/// let grid = Grid::of_unknown_extent(VoxelSize::new(8.0).unwrap());
/// let mut set = ParticleSet::new("ts_01", grid);
/// set.items.push(Particle::at(VoxelPos::xyz(1.0, 2.0, 3.0)));
/// let picks = Picks { sets: vec![set], extra: Vec::new() };
///
/// let path = dir.path().join("allmotl.em");
/// let options = PicksOptions {
///     numbers: BTreeMap::from([(5, "ts_01".to_owned())]),
///     frames: Frames::all(Frame::of(&grid)),
///     ..PicksOptions::default()
/// };
/// em::write(&path, &picks, &options, Overwrite::Never)?;
/// let stored = em::MotiveList::read(&path, u64::MAX)?;
/// assert_eq!(stored.particles[0][7..10], [2.0, 3.0, 4.0]);
/// assert_eq!(em::read(&path, &options)?.sets[0].items[0].position, VoxelPos::xyz(1.0, 2.0, 3.0));
/// # Ok::<(), cryo_io::Error>(())
/// ```
pub fn write(
    path: impl AsRef<Path>,
    picks: &Picks,
    options: &PicksOptions,
    overwrite: Overwrite,
) -> Result<(), Error> {
    let path = path.as_ref();
    let list = MotiveList::from_picks(picks, options);
    let bytes = list
        .and_then(|list| list.to_bytes())
        .map_err(|error| error.in_file(path))?;
    write_atomic(path, overwrite, |out| {
        out.write_all(&bytes)
            .map_err(|error| Error::io("write", error))
    })
}
