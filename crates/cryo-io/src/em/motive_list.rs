use std::path::Path;

use cryo_core::{Orientation, Particle};

use super::{DataType, Header, header::LENGTH};
use crate::{
    Error, ExtraColumn, IndexBase, Picks, PicksOptions,
    points::{Gather, name_of_number, position_from_counted},
    text::read_bytes,
};

/// Numbers a particle.
pub const ROWS: usize = 20;

// Rows, counted from 0.
pub(super) const SCORE: usize = 0;
pub(super) const TOMOGRAM: usize = 4;
pub(super) const OBJECT: usize = 5;
pub(super) const POSITION: usize = 7;
pub(super) const SHIFT: usize = 10;
pub(super) const PHI: usize = 16;
pub(super) const PSI: usize = 17;
pub(super) const THETA: usize = 18;
pub(super) const CLASS: usize = 19;

/// A motive list as stored: rows 1 to 20 of each particle.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MotiveList {
    /// The particles.
    pub particles: Vec<[f64; ROWS]>,
    /// Whether the file held N × 20 instead of 20 × N.
    pub transposed: bool,
}

impl MotiveList {
    /// The list in a file of at most `max_bytes`.
    ///
    /// # Errors
    /// As [`MotiveList::parse`], and if the file cannot be opened.
    pub fn read(path: impl AsRef<Path>, max_bytes: u64) -> Result<Self, Error> {
        let path = path.as_ref();
        let bytes = read_bytes(path, max_bytes)?;
        Self::parse(&bytes).map_err(|error| error.in_file(path))
    }

    /// The list in the bytes of a file. One that was written transposed, N × 20, is read all the same.
    ///
    /// # Errors
    /// As [`Header::parse`], and if neither size is 20 or the file holds a volume.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let (header, data) = Header::parse(bytes)?;
        let [x, y, z] = header.size_xyz;
        // One dimension may have been given as a row or as a column.
        let (transposed, count) = match (x, y, z) {
            (ROWS, n, 1) | (ROWS, 1, n) => (false, n),
            (n, ROWS, 1) => (true, n),
            _ => {
                let got = format!("{x} × {y} × {z}");
                let expected = "20 × N × 1 (x, y, z)";
                return Err(Error::unexpected("size of a motive list", expected, got)
                    .at_byte(4)
                    .fix("read it as a volume"));
            }
        };
        let numbers: Vec<f64> = header.numbers(data).collect();
        let particles = (0..count).map(|particle| {
            std::array::from_fn(|row| {
                let place = if transposed {
                    row * count + particle
                } else {
                    particle * ROWS + row
                };
                numbers[place]
            })
        });
        Ok(Self {
            particles: particles.collect(),
            transposed,
        })
    }

    /// The bytes of a file of f32, 20 × N.
    ///
    /// # Errors
    /// [`Parameter`](crate::ErrorKind::Parameter) for more particles than the header's 31 bits can say.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        let count = self.particles.len();
        let n = i32::try_from(count)
            .map_err(|_| Error::parameter("particles", "at most 2147483647", count.to_string()))?;
        let mut bytes = Vec::with_capacity(LENGTH + count * ROWS * DataType::F32.size());
        bytes.extend_from_slice(&Header::bytes(5, [ROWS as i32, n, 1]));
        for value in self.particles.as_flattened() {
            bytes.extend_from_slice(&(*value as f32).to_le_bytes());
        }
        Ok(bytes)
    }

    /// The particles, as [`read`](super::read) says.
    ///
    /// # Errors
    /// As [`read`](super::read).
    pub fn to_picks(&self, options: &PicksOptions) -> Result<Picks, Error> {
        let mut gather = Gather::default();
        let base = options.index_base.unwrap_or(IndexBase::One);
        for (index, rows) in self.particles.iter().enumerate() {
            let wrong = |row: usize, expected: &str| {
                let what = format!("row {} of particle {}", row + 1, index + 1);
                Error::unexpected(what, expected, rows[row].to_string())
                    .fix("check that it is a motive list")
            };
            let needed = [POSITION, SHIFT, PHI].map(|first| first..first + 3);
            if let Some(row) = needed
                .into_iter()
                .flatten()
                .find(|&row| !rows[row].is_finite())
            {
                return Err(wrong(row, "a finite number"));
            }
            let tomogram =
                whole(rows[TOMOGRAM]).ok_or_else(|| wrong(TOMOGRAM, "the number of a tomogram"))?;
            let name = name_of_number(&options.numbers, tomogram);
            let slot = gather.slot(&name, || options.frames.get(&name).grid(&name))?;
            let centre = [0, 1, 2].map(|axis| rows[POSITION + axis] + rows[SHIFT + axis]);
            let angles = [rows[PSI], rows[THETA], rows[PHI]];
            let particle = Particle {
                score: (!rows[SCORE].is_nan()).then_some(rows[SCORE] as f32),
                class: whole(rows[CLASS]).filter(|&class| class > 0),
                orientation: Some(Orientation::from_intrinsic_zxz_deg(angles)),
                ..Particle::at(position_from_counted(centre, base))
            };
            gather.push(slot, particle);
        }
        let told = |rows: &[f64; ROWS]| rows[PHI..=THETA] != [0.0; 3];
        if !self.particles.iter().any(told) {
            gather.forget_orientations();
        }
        Ok(gather.finish(self.extra()))
    }

    fn extra(&self) -> Vec<ExtraColumn> {
        let known = |row: usize| {
            let class_is_told = || {
                let mut classes = self.particles.iter().map(|rows| rows[CLASS]);
                classes.all(|class| whole(class).is_some())
            };
            match row {
                SCORE | TOMOGRAM => true,
                CLASS => class_is_told(),
                _ => (POSITION..SHIFT).contains(&row) || (PHI..=THETA).contains(&row),
            }
        };
        let kept = (0..ROWS).filter(|&row| !known(row));
        let kept = kept.filter(|&row| self.particles.iter().any(|rows| rows[row] != 0.0));
        kept.map(|row| ExtraColumn {
            name: format!("row_{}", row + 1),
            values: (self.particles.iter())
                // Files hold f32, whose shortest decimals these are.
                .map(|rows| text_of(rows[row]))
                .collect(),
        })
        .collect()
    }
}

fn text_of(value: f64) -> String {
    let single = value as f32;
    let tiny_or_huge = value != 0.0 && !(1e-5..1e16).contains(&value.abs());
    match (f64::from(single) == value, tiny_or_huge) {
        (true, false) => single.to_string(),
        (true, true) => format!("{single:e}"),
        (false, false) => value.to_string(),
        (false, true) => format!("{value:e}"),
    }
}

pub(super) fn whole(value: f64) -> Option<u32> {
    let fits = value.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&value);
    fits.then_some(value as u32)
}
