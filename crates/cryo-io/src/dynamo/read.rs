use std::path::Path;

use cryo_core::{Orientation, Particle, VoxelSize};

use super::{
    columns::{ANGLES, CLASS, LEAST, PIXEL_SIZE, POSITION, SCORE, SHIFT, TOMOGRAM, name},
    read_map,
};
use crate::{
    Error, ExtraColumn, Frame, IndexBase, Picks, PicksOptions,
    points::{Gather, name_of_number, position_from_counted},
    text::{decode, finite, read_bytes, shorten},
};

/// The particles of a table; tomograms are named as the [module](super) says.
///
/// Column 10 becomes the score and column 22 the class, where it is above 0. The voxel size is that of
/// [`PicksOptions::frames`], else column 36 where it is above 0. Columns that have no field in a
/// particle are kept under the names of [`COLUMNS`](super::COLUMNS), except those that are 0 in
/// every row; `dx dy dz` are kept too, and what is written has the same split.
///
/// # Errors
/// If a row has fewer than 26 columns or another number than the first one, a needed column is no
/// finite number, or a voxel size is not known.
pub fn read(path: impl AsRef<Path>, options: &PicksOptions) -> Result<Picks, Error> {
    let path = path.as_ref();
    let bytes = read_bytes(path, options.max_bytes)?;
    let mut options = options.clone();
    let map = path.with_extension("doc");
    if options.numbers.is_empty() && map != path && map.is_file() {
        options.numbers = read_map(&map, options.max_bytes)?;
    }
    parse(&bytes, &options).map_err(|error| error.in_file(path))
}

/// [`read`] from bytes.
///
/// Tomograms that are not in [`PicksOptions::numbers`] are called by their number.
///
/// # Errors
/// As [`read`].
///
/// ```
/// use cryo_io::{Frame, Frames, PicksOptions, dynamo};
/// let row = "1 1 0 0.5 0 0 0 0 0 0.9 0 0 0 0 0 0 0 0 0 7 0 0 0 10 20 30\n";
/// let frame = Frame { voxel_size: cryo_core::VoxelSize::new(8.0), ..Frame::default() };
/// let options = PicksOptions { frames: Frames::all(frame), ..PicksOptions::default() };
/// let picks = dynamo::parse(row.as_bytes(), &options)?;
/// assert_eq!(picks.sets[0].tomogram, "7");
/// assert_eq!(picks.sets[0].items[0].position, cryo_core::VoxelPos::xyz(10.5, 20.0, 30.0));
/// # Ok::<(), cryo_io::Error>(())
/// ```
pub fn parse(bytes: &[u8], options: &PicksOptions) -> Result<Picks, Error> {
    let text = decode(bytes)?;
    let mut reader = Reader {
        options,
        gather: Gather::default(),
        columns: Vec::new(),
        width: 0,
        told: false,
        kept_class: false,
        rows: 0,
    };
    for row in rows(&text) {
        let (line, fields) = row?;
        reader.row(&fields).map_err(|error| {
            let known = error.fix.is_some();
            let error = error.at_line(line);
            if known {
                error
            } else {
                error.fix("check that it is a Dynamo table in text form")
            }
        })?;
    }
    Ok(reader.finish())
}

/// The rows with their lines, all of one width.
pub(super) fn rows(text: &str) -> impl Iterator<Item = Result<(usize, Vec<&str>), Error>> {
    let mut width = None;
    let lines = text.lines().enumerate();
    lines.filter_map(move |(index, line)| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        if fields.is_empty() {
            return None;
        }
        let expected = match *width.get_or_insert(fields.len()) {
            first if fields.len() < LEAST => {
                format!("at least {LEAST}, up to z (first row {first})")
            }
            first if fields.len() != first => format!("{first} as in the first row"),
            _ => return Some(Ok((index + 1, fields))),
        };
        let error = Error::unexpected("columns", expected, fields.len().to_string());
        let fix = "separate the columns by blanks; binary tables are not read";
        Some(Err(error.at_line(index + 1).fix(fix)))
    })
}

/// The number of a column that counts something.
pub(super) fn whole(field: &str) -> Option<u32> {
    let value: f64 = field.parse().ok()?;
    let fits = value.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&value);
    fits.then_some(value as u32)
}

struct Reader<'a> {
    options: &'a PicksOptions,
    gather: Gather,
    /// Values of a column once it is not 0.
    columns: Vec<Vec<String>>,
    width: usize,
    told: bool,
    kept_class: bool,
    rows: usize,
}

impl Reader<'_> {
    fn row(&mut self, fields: &[&str]) -> Result<(), Error> {
        if self.columns.is_empty() {
            self.width = fields.len();
            self.columns = vec![Vec::new(); fields.len()];
        }
        let number = |column: usize| finite(&name(column), fields[column]);
        let triple = |column: usize| -> Result<[f64; 3], Error> {
            Ok([number(column)?, number(column + 1)?, number(column + 2)?])
        };
        let tomogram = whole(fields[TOMOGRAM]).ok_or_else(|| {
            let got = format!("{:?}", shorten(fields[TOMOGRAM]));
            Error::unexpected("column 20 (tomo)", "the number of a tomogram", got)
        })?;
        let tomogram = name_of_number(&self.options.numbers, tomogram);
        let of_file = Frame {
            voxel_size: fields
                .get(PIXEL_SIZE)
                .and_then(|field| VoxelSize::new(field.parse().ok()?)),
            ..Frame::default()
        };
        let frame = self.options.frames.get(&tomogram).or(of_file);
        let slot = self.gather.slot(&tomogram, || frame.grid(&tomogram))?;

        let (xyz, shift, angles) = (triple(POSITION)?, triple(SHIFT)?, triple(ANGLES)?);
        let centre = [0, 1, 2].map(|axis| xyz[axis] + shift[axis]);
        let base = self.options.index_base.unwrap_or(IndexBase::Zero);
        self.told |= angles != [0.0; 3];
        let class = whole(fields[CLASS]);
        self.kept_class |= class.is_none();
        let particle = Particle {
            score: Some(number(SCORE)? as f32),
            class: class.filter(|&class| class > 0),
            orientation: Some(Orientation::from_intrinsic_zxz_deg(
                angles.map(|angle| -angle),
            )),
            ..Particle::at(position_from_counted(centre, base))
        };
        self.gather.push(slot, particle);
        self.keep(fields);
        Ok(())
    }

    fn keep(&mut self, fields: &[&str]) {
        for (column, field) in fields.iter().enumerate() {
            let known = match column {
                SCORE | TOMOGRAM => true,
                ANGLES..SCORE | POSITION..LEAST => true,
                CLASS => !self.kept_class,
                _ => false,
            };
            let values = &mut self.columns[column];
            let is_zero = field.parse() == Ok(0.0);
            // Columns that are counted up or 1 where nothing is said must keep their zeros.
            if (known || is_zero && column > 2) && values.is_empty() {
                continue;
            }
            values.resize(self.rows, "0".to_owned());
            values.push((*field).to_owned());
        }
        self.rows += 1;
    }

    fn finish(mut self) -> Picks {
        if !self.told {
            self.gather.forget_orientations();
        }
        let rows = self.rows;
        let columns = self.columns.into_iter().enumerate();
        let kept = columns.filter(|(_, values)| !values.is_empty());
        let mut extra: Vec<ExtraColumn> = kept
            .map(|(column, mut values)| {
                values.resize(rows, "0".to_owned());
                let name = name(column);
                ExtraColumn { name, values }
            })
            .collect();
        // The width is kept where the last columns are all 0.
        let last = name(self.width.saturating_sub(1));
        if self.width > 0 && extra.last().is_none_or(|column| column.name != last) {
            extra.push(ExtraColumn {
                name: last,
                values: vec!["0".to_owned(); rows],
            });
        }
        self.gather.finish(extra)
    }
}
