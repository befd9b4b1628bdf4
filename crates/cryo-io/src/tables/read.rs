use std::path::Path;

use cryo_core::{AngstromPos, FilamentPoint, Orientation, Particle, VoxelPos, VoxelSize};

use super::{
    Separator,
    columns::{Columns, Remarks, Unit},
    rows::{for_each_row, header_line},
};
use crate::{
    Error, ExtraColumn, Frame, IndexBase, Picks, PicksOptions,
    points::{Gather, position_from_counted, tomogram_for},
    text::{decode, finite, read_bytes, shorten},
};

/// The particles of a table, as the [module](super) says.
///
/// # Errors
/// If the header does not name coordinates, a row has another number of fields or one that is no
/// number where one is needed, or a voxel size is not known.
pub fn read(path: impl AsRef<Path>, options: &PicksOptions) -> Result<Picks, Error> {
    let path = path.as_ref();
    let bytes = read_bytes(path, options.max_bytes)?;
    parse(&bytes, &tomogram_for(options, path)).map_err(|error| error.in_file(path))
}

/// [`read`] from bytes.
///
/// # Errors
/// As [`read`], and [`Needed`](crate::ErrorKind::Needed) for a table without a tomogram column if the
/// options do not name the tomogram either.
///
/// ```
/// use cryo_io::{PicksOptions, tables};
/// let text = "tomogram,x_angstrom,y_angstrom,z_angstrom,voxel_size_angstrom,class\n\
///             007,10,20,35,10,ribosome\n";
/// let picks = tables::parse(text.as_bytes(), &PicksOptions::default())?;
/// assert_eq!(picks.sets[0].tomogram, "007");
/// assert_eq!(picks.sets[0].items[0].position, cryo_core::VoxelPos::xyz(1.0, 2.0, 3.5));
/// # Ok::<(), cryo_io::Error>(())
/// ```
pub fn parse(bytes: &[u8], options: &PicksOptions) -> Result<Picks, Error> {
    let text = decode(bytes)?;
    let Some(header) = header_line(&text) else {
        return Err(Error::missing("header line", "nothing but comments")
            .fix("write the names of the columns in the first line"));
    };
    let separator = Separator::of_header(header);
    let mut reader = Reader {
        options,
        remarks: Remarks::of(&text)?,
        columns: None,
        gather: Gather::default(),
        extra: Vec::new(),
    };
    for_each_row(&text, separator, |_, fields| reader.row(fields))?;
    Ok(reader.gather.finish(reader.extra))
}

struct Reader<'a> {
    options: &'a PicksOptions,
    remarks: Remarks,
    columns: Option<Columns>,
    gather: Gather,
    extra: Vec<ExtraColumn>,
}

impl Reader<'_> {
    fn row(&mut self, fields: &[&str]) -> Result<(), Error> {
        let Some(columns) = &self.columns else {
            let columns = Columns::of(fields, self.remarks)?;
            let empty = |(_, name): &(usize, String)| ExtraColumn {
                name: name.clone(),
                values: Vec::new(),
            };
            self.extra = columns.extra.iter().map(empty).collect();
            self.columns = Some(columns);
            return Ok(());
        };
        let tomogram = match columns.tomogram {
            Some(column) => fields[column],
            None => self.options.tomogram.as_deref().ok_or_else(|| {
                Error::needed("the name of the tomogram")
                    .fix("add a column tomogram, or give the name")
            })?,
        };
        let slot = self.gather.slot(tomogram, || {
            let size = columns.voxel_size.map(|column| fields[column]);
            let of_file = Frame {
                voxel_size: size
                    .map(|size| voxel_size("voxel_size_angstrom", size))
                    .transpose()?
                    .flatten(),
                ..Frame::default()
            };
            self.options.frames.get(tomogram).or(of_file).grid(tomogram)
        })?;
        let [x, y, z] = columns.place;
        let xyz = [
            finite("x", fields[x])?,
            finite("y", fields[y])?,
            finite("z", fields[z])?,
        ];
        let base = self.options.index_base.or(self.remarks.first_voxel);
        let base = base.unwrap_or(IndexBase::Zero);
        let position = match columns.unit {
            Unit::Voxels => position_from_counted(xyz, base),
            Unit::Angstroms => {
                let place = AngstromPos::xyz(xyz[0], xyz[1], xyz[2]);
                let voxel = self.gather.grid(slot).voxel_from_angstrom(place);
                position_from_counted([voxel.x, voxel.y, voxel.z], base)
            }
        };
        let particle = Particle {
            class: class(columns, fields, slot, &mut self.gather)?,
            ..particle(columns, fields, position)?
        };
        self.gather.push(slot, particle);
        for ((column, _), extra) in columns.extra.iter().zip(&mut self.extra) {
            extra.values.push(fields[*column].to_owned());
        }
        Ok(())
    }
}

fn particle(columns: &Columns, fields: &[&str], position: VoxelPos) -> Result<Particle, Error> {
    let score = columns
        .score
        .map(|column| optional("score", fields[column]))
        .transpose()?
        .flatten();
    let filament = match columns.filament.map(|column| fields[column]) {
        None => None,
        Some(id) if is_missing(id) => None,
        Some(id) => {
            let arc_length = columns.arc_length.map(|column| fields[column]);
            Some(FilamentPoint {
                id: whole("filament", id)?,
                arc_length_angstrom: arc_length
                    .map(|field| optional("arc_length_angstrom", field))
                    .transpose()?
                    .flatten(),
            })
        }
    };
    Ok(Particle {
        score: score.map(|score| score as f32),
        orientation: orientation(columns, fields)?,
        filament,
        ..Particle::at(position)
    })
}

fn orientation(columns: &Columns, fields: &[&str]) -> Result<Option<Orientation>, Error> {
    if let Some(angles) = columns.angles {
        let angles = angles.map(|column| fields[column]);
        if angles.iter().all(|angle| is_missing(angle)) {
            return Ok(None);
        }
        let [rot, tilt, psi] = angles;
        let (rot, tilt, psi) = (
            finite("rot", rot)?,
            finite("tilt", tilt)?,
            finite("psi", psi)?,
        );
        return Ok(Some(Orientation::from_zyz_deg(rot, tilt, psi)));
    }
    let Some(quaternion) = columns.quaternion else {
        return Ok(None);
    };
    let fields = quaternion.map(|column| fields[column]);
    if fields.iter().all(|part| is_missing(part)) {
        return Ok(None);
    }
    let mut parts = [0.0; 4];
    for ((part, field), name) in parts.iter_mut().zip(fields).zip(["qw", "qx", "qy", "qz"]) {
        *part = finite(name, field)?;
    }
    let orientation = Orientation::from_quaternion(parts).ok_or_else(|| {
        let got = format!("{parts:?}");
        Error::unexpected("qw, qx, qy, qz", "a quaternion longer than 0", got)
    })?;
    Ok(Some(orientation))
}

fn class(
    columns: &Columns,
    fields: &[&str],
    slot: usize,
    gather: &mut Gather,
) -> Result<Option<u32>, Error> {
    let field = |column: Option<usize>| {
        let field = column.map(|column| fields[column]);
        field.filter(|field| !is_missing(field))
    };
    let class = field(columns.class);
    let number = class.and_then(parse_whole);
    let (number, name) = match (class, number) {
        (None, _) => (None, field(columns.class_name)),
        (Some(_), Some(number)) => (Some(number), field(columns.class_name)),
        // The class is a name, so its number can only be the label.
        (Some(name), None) => (field(columns.label).and_then(parse_whole), Some(name)),
    };
    match (number, name) {
        (Some(number), Some(name)) => gather.class_numbered(slot, number, name)?,
        (None, Some(name)) => return Ok(Some(gather.class_named(slot, name))),
        _ => {}
    }
    Ok(number)
}

fn is_missing(field: &str) -> bool {
    field.is_empty() || field.eq_ignore_ascii_case("nan")
}

fn optional(what: &str, field: &str) -> Result<Option<f64>, Error> {
    if is_missing(field) {
        return Ok(None);
    }
    finite(what, field).map(Some)
}

fn voxel_size(what: &str, field: &str) -> Result<Option<VoxelSize>, Error> {
    let Some(size) = optional(what, field)? else {
        return Ok(None);
    };
    let size = VoxelSize::new(size)
        .ok_or_else(|| Error::unexpected(what, "a length above 0", size.to_string()))?;
    Ok(Some(size))
}

/// A whole number, also as pandas writes it in a column with gaps: `3.0`.
fn parse_whole(field: &str) -> Option<u32> {
    let digits = field.strip_suffix(".0").unwrap_or(field);
    digits.parse().ok()
}

fn whole(what: &str, field: &str) -> Result<u32, Error> {
    parse_whole(field).ok_or_else(|| {
        let got = format!("{:?}", shorten(field));
        Error::unexpected(what, "a whole number from 0", got)
    })
}
