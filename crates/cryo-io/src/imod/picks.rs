use std::collections::BTreeMap;

use cryo_core::{FilamentPoint, Grid, Particle, ParticleSet, VoxelPos, VoxelSize};

use super::{
    Chunk, Contour, ContourKind, Header, Model, ModelPart, Object, ObjectHeader, ObjectPart,
    VolumeFromModel, header::decimal,
};
use crate::{
    Error, ExtraColumn, Frame, Picks, PicksOptions,
    points::{Gather, LabelMeaning, class_of_label, label_of_class, only_set},
};

const OBJECT: &str = "imod_object";
const CONTOUR: &str = "imod_contour";
const SIZE: &str = "imod_size";

impl Model {
    /// The voxel size of the image: of `MINX`, unless it is 1 as for an image without one, else of the
    /// header.
    #[must_use]
    pub fn voxel_size(&self) -> Option<VoxelSize> {
        let of_image = self.minx().map(|minx| minx.scale.map(decimal));
        of_image
            .filter(|scale| *scale != [1.0; 3])
            .and_then(|[x, y, z]| VoxelSize::zyx(z, y, x))
            .or_else(|| self.header.voxel_size())
    }

    /// The number of voxels along z, y, x of the image, if the whole of it was loaded.
    #[must_use]
    pub fn image_shape(&self) -> Option<[usize; 3]> {
        let transform = VolumeFromModel::of(self, None).ok()?;
        let [x, y, z] = self.header.size_xyz;
        let turned = transform.swap_yz || transform.rotated_from.is_some();
        let [y, z] = if turned { [z, y] } else { [y, z] };
        let shape = [z, y, x].map(|n| usize::try_from(n).unwrap_or(0));
        (transform.start_xyz == [0.0; 3] && !shape.contains(&0)).then_some(shape)
    }

    /// The points as particles, as [`read`](super::read) says.
    ///
    /// # Errors
    /// [`Unexpected`](crate::ErrorKind::Unexpected) for a point or a `MINX` that is not finite,
    /// [`Needed`](crate::ErrorKind::Needed) if nobody knows the voxel size.
    pub fn to_picks(&self, tomogram: &str, options: &PicksOptions) -> Result<Picks, Error> {
        let of_file = Frame {
            shape: self.image_shape(),
            voxel_size: self.voxel_size(),
            ..Frame::default()
        };
        let frame = options.frames.get(tomogram).or(of_file);
        let mut reader = ToPicks {
            transform: VolumeFromModel::of(self, options.index_base)?,
            gather: Gather::default(),
            slot: 0,
            columns: [OBJECT, CONTOUR, SIZE].map(|name| ExtraColumn {
                name: name.to_owned(),
                values: Vec::new(),
            }),
            sized: false,
            filaments: 0,
        };
        reader.slot = reader.gather.slot(tomogram, || frame.grid(tomogram))?;
        let single = self.objects().nth(1).is_none();
        for (index, object) in self.objects().enumerate() {
            reader.object(index, object, single)?;
        }
        let [objects, contours, sizes] = reader.columns;
        let mut extra = vec![objects, contours];
        if reader.sized {
            extra.push(sizes);
        }
        Ok(reader.gather.finish(extra))
    }
}

struct ToPicks {
    transform: VolumeFromModel,
    gather: Gather,
    slot: usize,
    columns: [ExtraColumn; 3],
    sized: bool,
    filaments: u32,
}

impl ToPicks {
    fn object(&mut self, index: usize, object: &Object, single: bool) -> Result<(), Error> {
        let name = object.header.name();
        let meaning = match name.trim() {
            "" if single => LabelMeaning::NoClass,
            "" => LabelMeaning::Number(u32::try_from(index + 1).unwrap_or(u32::MAX)),
            name => class_of_label(name),
        };
        let class = self.gather.class_labelled(self.slot, &meaning);
        for (number, contour) in object.contours().enumerate() {
            let sizes = contour.point_sizes().unwrap_or_default();
            let opened =
                object.kind() == ContourKind::Closed && contour.header.flags & Contour::OPEN != 0;
            let open = opened || object.kind() == ContourKind::Open;
            let is_filament = open && contour.points.len() > 1;
            self.filaments += u32::from(is_filament);
            let mut arc_length = 0.0;
            let mut last: Option<VoxelPos> = None;
            for (point, &stored) in contour.points.iter().enumerate() {
                let position = self.transform.apply(stored);
                if !position.is_finite() {
                    let what = format!(
                        "point {} of contour {} of object {}",
                        point + 1,
                        number + 1,
                        index + 1
                    );
                    return Err(
                        Error::unexpected(what, "finite numbers", format!("{stored:?}"))
                            .fix("delete the point in 3dmod"),
                    );
                }
                let grid = self.gather.grid(self.slot);
                if let Some(last) = last.replace(position) {
                    let (from, to) = (
                        grid.angstrom_from_voxel(last),
                        grid.angstrom_from_voxel(position),
                    );
                    arc_length += from.distance_to(to);
                }
                let filament = is_filament.then_some(FilamentPoint {
                    id: self.filaments,
                    arc_length_angstrom: Some(arc_length),
                });
                let particle = Particle {
                    class,
                    filament,
                    ..Particle::at(position)
                };
                self.gather.push(self.slot, particle);
                let size = sizes.get(point);
                self.sized |= size.is_some();
                let [objects, contours, column] = &mut self.columns;
                objects.values.push((index + 1).to_string());
                contours.values.push((number + 1).to_string());
                column
                    .values
                    .push(size.map(f32::to_string).unwrap_or_default());
            }
        }
        Ok(())
    }
}

impl Model {
    /// A model of the particles of one tomogram: for each class an object of scattered points and, if
    /// it has filaments, one of open contours, a filament each.
    ///
    /// Points are stored in f32, so exact to 3·10⁻⁵ voxel up to 1000 voxels. The header gets the
    /// shape, the voxel size in nanometres and the ratio of z to x as z scale. There is no `MINX`:
    /// without it, IMOD takes the coordinates as pixels of whatever image they are shown on, wherever
    /// its origin lies. The column `imod_size` becomes point sizes. Scores and orientations have no
    /// place in the format and are left out.
    ///
    /// # Errors
    /// [`Parameter`](crate::ErrorKind::Parameter) for more than one tomogram, for voxels that differ
    /// between x and y, which the header cannot say, and for positions that are not finite.
    pub fn from_picks(picks: &Picks, options: &PicksOptions) -> Result<Self, Error> {
        let mut model = Self::default();
        let Some(set) = only_set(picks, "an IMOD model")? else {
            return Ok(model);
        };
        model.header = header_of(&set.grid, &set.tomogram)?;
        let transform = VolumeFromModel::new(options.index_base);
        let sizes = picks.extra.iter().find(|column| column.name == SIZE);
        let mut classes: BTreeMap<Option<u32>, Vec<usize>> = BTreeMap::new();
        for (index, item) in set.items.iter().enumerate() {
            if !item.position.is_finite() {
                let what = format!("position of particle {index}");
                let got = format!("{:?}", item.position);
                return Err(Error::parameter(what, "finite numbers", got));
            }
            classes.entry(item.class).or_default().push(index);
        }
        for (class, members) in classes {
            let name = label_of_class(class, &set.classes, ' ');
            let colour = model.parts.len();
            let is_filament = |index: &usize| set.items[*index].filament.is_some();
            let (curves, points): (Vec<_>, Vec<_>) = members.into_iter().partition(is_filament);
            let contour_of = |indices: &[usize]| contour(set, indices, transform, sizes);
            if !points.is_empty() {
                let mut object = object_of(&name, colour, ObjectHeader::SCATTERED);
                let contour = contour_of(&points);
                object.parts.push(ObjectPart::Contour(contour));
                model.parts.push(ModelPart::Object(object));
            }
            if !curves.is_empty() {
                let mut object = object_of(&name, colour, ObjectHeader::OPEN);
                for indices in filaments(set, curves) {
                    let contour = contour_of(&indices);
                    object.parts.push(ObjectPart::Contour(contour));
                }
                model.parts.push(ModelPart::Object(object));
            }
        }
        Ok(model)
    }
}

/// The points of each filament in their order along it: by arc length where all have one.
fn filaments(set: &ParticleSet, members: Vec<usize>) -> Vec<Vec<usize>> {
    let mut by_id: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for index in members {
        if let Some(point) = set.items[index].filament {
            by_id.entry(point.id).or_default().push(index);
        }
    }
    let arc_length = |index: &usize| {
        let point = set.items[*index].filament;
        point.and_then(|point| point.arc_length_angstrom)
    };
    let mut curves: Vec<Vec<usize>> = by_id.into_values().collect();
    for curve in &mut curves {
        if curve.iter().all(|index| arc_length(index).is_some()) {
            curve.sort_by(|a, b| {
                let key = |index| arc_length(index).unwrap_or(f64::INFINITY);
                key(a).total_cmp(&key(b))
            });
        }
    }
    curves
}

fn contour(
    set: &ParticleSet,
    indices: &[usize],
    transform: VolumeFromModel,
    sizes: Option<&ExtraColumn>,
) -> Contour {
    let points = indices.iter();
    let points = points.map(|&index| transform.apply_inverse(set.items[index].position));
    let mut contour = Contour::new(points.collect());
    // −1 is the format's mark of a point without a size of its own.
    let size = |index: &usize| {
        let text = sizes.and_then(|column| column.values.get(*index));
        text.and_then(|text| text.parse::<f32>().ok())
    };
    if indices.iter().any(|index| size(index).is_some()) {
        let sizes: Vec<f32> = indices.iter().map(|i| size(i).unwrap_or(-1.0)).collect();
        contour.chunks.push(Chunk::from_point_sizes(&sizes));
    }
    contour
}

fn object_of(name: &str, index: usize, flags: u32) -> Object {
    // The first colours of 3dmod are as well told apart.
    const COLOURS: [[f32; 3]; 6] = [
        [0.0, 1.0, 0.0],
        [0.0, 1.0, 1.0],
        [1.0, 0.0, 1.0],
        [1.0, 1.0, 0.0],
        [1.0, 0.0, 0.0],
        [0.2, 0.4, 1.0],
    ];
    let mut header = ObjectHeader::named(name);
    header.flags = flags;
    header.colour = COLOURS[index % COLOURS.len()];
    if flags == ObjectHeader::SCATTERED {
        header.point_radius = 5;
        // A circle, so that points show on slices.
        header.style[0] = 0;
    }
    Object::new(header)
}

fn header_of(grid: &Grid, tomogram: &str) -> Result<Header, Error> {
    let size = grid.voxel_size;
    if (size.x() - size.y()).abs() > 1e-3 * size.x() {
        return Err(Error::parameter(
            "voxel size",
            "equal along x and y, as an IMOD model has one pixel size",
            size.to_string(),
        ));
    }
    let mut header = Header::default();
    let mut end = tomogram.len().min(127);
    while !tomogram.is_char_boundary(end) {
        end -= 1;
    }
    header.raw_name[..end].copy_from_slice(&tomogram.as_bytes()[..end]);
    let [z, y, x] = grid.shape.map(|n| i32::try_from(n).unwrap_or(i32::MAX));
    header.size_xyz = [x, y, z];
    header.pixel_size = (size.x() / 10.0) as f32;
    header.units = -9;
    header.scale = [1.0, 1.0, (size.z() / size.x()) as f32];
    Ok(header)
}
