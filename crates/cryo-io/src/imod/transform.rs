use cryo_core::VoxelPos;

use super::{Header, Model};
use crate::{Error, IndexBase};

/// How the stored coordinates of a model become voxels of the whole image file: the three steps of
/// the [module](super).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct VolumeFromModel {
    /// `y` and `z` are exchanged first.
    pub swap_yz: bool,
    /// `y = this − z` and `z = y` instead, for a model that was rotated about x.
    pub rotated_from: Option<f64>,
    /// Then this is added to x, y, z: the start of the part of the image that was loaded.
    pub start_xyz: [f64; 3],
    /// And the coordinate of the first voxel's centre is subtracted.
    pub first_voxel_xyz: [f64; 3],
}

impl VolumeFromModel {
    /// The transform of a model, the first voxel by `base` where it is given.
    ///
    /// # Errors
    /// [`Unexpected`](crate::ErrorKind::Unexpected) if the origins in `MINX` are no numbers or its
    /// pixel size is 0.
    pub fn of(model: &Model, base: Option<IndexBase>) -> Result<Self, Error> {
        let header = &model.header;
        let rotated = header.has(Header::ROTATED_X);
        let first_voxel_xyz = match base {
            Some(base) => [base.offset(); 3],
            None => [0.5, 0.5, if is_old_beadtrack(model) { 0.5 } else { 0.0 }],
        };
        Ok(Self {
            swap_yz: !rotated && header.has(Header::FLIPPED_YZ),
            rotated_from: rotated.then(|| f64::from(header.size_xyz[2]) - 1.0),
            start_xyz: start(model)?,
            first_voxel_xyz,
        })
    }

    /// The transform of a model that is written here.
    #[must_use]
    pub fn new(base: Option<IndexBase>) -> Self {
        Self {
            swap_yz: false,
            rotated_from: None,
            start_xyz: [0.0; 3],
            first_voxel_xyz: base.map_or([0.5, 0.5, 0.0], |base| [base.offset(); 3]),
        }
    }

    /// The voxel of a stored point.
    #[must_use]
    pub fn apply(&self, [x, y, z]: [f32; 3]) -> VoxelPos {
        let [x, y, z] = [x, y, z].map(f64::from);
        let [y, z] = match self.rotated_from {
            Some(height) => [height - z, y],
            None if self.swap_yz => [z, y],
            None => [y, z],
        };
        let place = |axis: usize, coordinate: f64| {
            coordinate + self.start_xyz[axis] - self.first_voxel_xyz[axis]
        };
        VoxelPos::xyz(place(0, x), place(1, y), place(2, z))
    }

    /// The stored point of a voxel.
    #[must_use]
    pub fn apply_inverse(&self, position: VoxelPos) -> [f32; 3] {
        let place = |axis: usize, coordinate: f64| {
            coordinate - self.start_xyz[axis] + self.first_voxel_xyz[axis]
        };
        let [x, y, z] = [
            place(0, position.x),
            place(1, position.y),
            place(2, position.z),
        ];
        let [y, z] = match self.rotated_from {
            Some(height) => [z, height - y],
            None if self.swap_yz => [z, y],
            None => [y, z],
        };
        [x as f32, y as f32, z as f32]
    }
}

fn start(model: &Model) -> Result<[f64; 3], Error> {
    let Some(minx) = model.minx() else {
        return Ok([0.0; 3]);
    };
    if !model.header.has(Header::IMAGE_ORIGIN) {
        return Ok([0.0; 3]);
    }
    let mut start = [0.0; 3];
    for (axis, start) in start.iter_mut().enumerate() {
        let origin = f64::from(minx.image_origin[axis]) - f64::from(minx.translation[axis]);
        if origin == 0.0 {
            continue;
        }
        *start = origin / f64::from(minx.scale[axis]);
        if !start.is_finite() {
            let name = ["x", "y", "z"][axis];
            let got = format!(
                "otrans {}, ctrans {}, cscale {}",
                minx.image_origin[axis], minx.translation[axis], minx.scale[axis]
            );
            let expected = "numbers, and a scale above 0";
            return Err(
                Error::unexpected(format!("MINX along {name}"), expected, got)
                    .fix("load the model on its image in 3dmod and save it"),
            );
        }
    }
    Ok(start)
}

fn is_old_beadtrack(model: &Model) -> bool {
    let first = model.objects().next();
    !model.header.has(Header::Z_FROM_MINUS_HALF)
        && first.is_some_and(|object| object.header.name().contains("Wimp no."))
}
