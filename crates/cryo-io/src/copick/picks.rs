use cryo_core::{AngstromPos, FilamentPoint, Orientation, Particle, VoxelSize};

use serde_json::{Map, Value};

use super::{PicksFile, Point};
use crate::{
    Error, ExtraColumn, Frame, Picks, PicksOptions,
    points::{Gather, class_of_label, position_from_counted},
    text::shorten,
};

pub(super) const USER: &str = "copick_user_id";
pub(super) const SESSION: &str = "copick_session_id";
/// Unknown fields of the file as a JSON object, with its first particle.
pub(super) const FILE: &str = "copick_file";
/// Unknown fields of a point as a JSON object.
pub(super) const POINT: &str = "copick_point";
/// The identity, which stands for "no orientation".
pub(super) const NO_ROTATION: [[f64; 3]; 3] = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];

impl PicksFile {
    /// The points as particles, as [`read`](super::read) says.
    ///
    /// # Errors
    /// As [`read`](super::read).
    pub fn to_picks(&self, options: &PicksOptions) -> Result<Picks, Error> {
        if self.unit != "angstrom" {
            let got = format!("{:?}", self.unit);
            return Err(Error::unexpected("unit", "\"angstrom\"", got)
                .fix("write the locations in ångström"));
        }
        self.check_names()?;
        let tomogram = self.run_name.as_deref().or(options.tomogram.as_deref());
        let tomogram = tomogram.ok_or_else(|| {
            Error::needed("the name of the tomogram")
                .fix("set PicksOptions::tomogram, or keep the file in RUN/Picks/")
        })?;
        let of_file = Frame {
            voxel_size: self.voxel_spacing.and_then(VoxelSize::new),
            ..Frame::default()
        };
        let frame = options.frames.get(tomogram).or(of_file);
        let mut gather = Gather::default();
        let slot = gather.slot(tomogram, || frame.grid(tomogram))?;
        let class = gather.class_labelled(slot, &class_of_label(&self.pickable_object_name));
        let points = self.points.as_deref().unwrap_or_default();
        let trusted = self.trust_orientation.unwrap_or(true)
            && (points.iter()).any(|point| point.rotation() != NO_ROTATION);
        for (index, point) in points.iter().enumerate() {
            let particle = point.to_particle(index, trusted)?;
            // The grid of a tomogram starts at 0 Å.
            let grid = gather.grid(slot);
            let voxel = grid.voxel_from_angstrom(particle.1);
            let base = options.index_base.unwrap_or(crate::IndexBase::Zero);
            let position = position_from_counted([voxel.x, voxel.y, voxel.z], base);
            let particle = Particle {
                position,
                class,
                ..particle.0
            };
            gather.push(slot, particle);
        }
        Ok(gather.finish(self.extra_columns(points)))
    }

    fn extra_columns(&self, points: &[Point]) -> Vec<ExtraColumn> {
        let column = |name: &str, values: Vec<String>| ExtraColumn {
            name: name.to_owned(),
            values,
        };
        let mut extra = vec![
            column(USER, vec![self.user_id.clone(); points.len()]),
            column(SESSION, vec![self.session_id.clone(); points.len()]),
        ];
        if !self.other.is_empty() && !points.is_empty() {
            let mut values = vec![String::new(); points.len()];
            values[0] = text_of(&self.other);
            extra.push(column(FILE, values));
        }
        if points.iter().any(|point| !point.other.is_empty()) {
            let values = points.iter().map(|point| text_of(&point.other));
            extra.push(column(POINT, values.collect()));
        }
        extra
    }

    /// User and session are repeated for each particle and become part of a file name.
    fn check_names(&self) -> Result<(), Error> {
        let names = [("user_id", &self.user_id), ("session_id", &self.session_id)];
        match names.into_iter().find(|(_, name)| name.len() > 255) {
            Some((field, name)) => {
                let got = format!("{:?}", shorten(name));
                let expected = "at most 255 bytes, as a file name has";
                Err(Error::unexpected(field, expected, got).fix("shorten it"))
            }
            None => Ok(()),
        }
    }
}

fn text_of(fields: &Map<String, Value>) -> String {
    if fields.is_empty() {
        return String::new();
    }
    // A copy as a `Value` would take many times the memory of the text.
    serde_json::to_string(fields).expect("what was read from JSON can be written")
}

impl Point {
    fn rotation(&self) -> [[f64; 3]; 3] {
        self.transformation_.map_or(NO_ROTATION, |matrix| {
            [matrix[0], matrix[1], matrix[2]].map(|[x, y, z, _]| [x, y, z])
        })
    }

    fn to_particle(&self, index: usize, trusted: bool) -> Result<(Particle, AngstromPos), Error> {
        let of = |what: &str| format!("{what} of point {index}");
        let [tx, ty, tz] = match self.transformation_ {
            Some([x, y, z, [0.0, 0.0, 0.0, 1.0]]) => [x[3], y[3], z[3]],
            Some([_, _, _, last]) => {
                let got = format!("{last:?}");
                let what = of("last row of transformation_");
                return Err(Error::unexpected(what, "0, 0, 0, 1", got)
                    .fix("write the matrix as copick does, row by row"));
            }
            None => [0.0; 3],
        };
        let place = self.location;
        let centre = AngstromPos::xyz(place.x + tx, place.y + ty, place.z + tz);
        if !centre.is_finite() {
            let got = format!("({}, {}, {})", centre.x, centre.y, centre.z);
            return Err(Error::unexpected(of("location"), "finite numbers", got));
        }
        let orientation = if trusted {
            let orientation = Orientation::from_matrix(self.rotation()).ok_or_else(|| {
                let got = format!("{:?}", self.rotation());
                Error::unexpected(of("transformation_"), "a rotation", got)
                    .fix("set trust_orientation to false if the rotations mean nothing")
            })?;
            Some(orientation)
        } else {
            None
        };
        let filament = match self.instance_id {
            None | Some(0) => None,
            Some(id) => {
                let id = u32::try_from(id).map_err(|_| {
                    let expected = "0 to 4294967295";
                    Error::unexpected(of("instance_id"), expected, id.to_string())
                })?;
                Some(FilamentPoint {
                    id,
                    arc_length_angstrom: None,
                })
            }
        };
        let particle = Particle {
            score: self.score.map(|score| score as f32),
            orientation,
            filament,
            ..Particle::at(cryo_core::VoxelPos::default())
        };
        Ok((particle, centre))
    }
}
