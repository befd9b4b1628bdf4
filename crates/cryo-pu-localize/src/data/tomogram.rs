use cryo_core::{VolumeView, VoxelPos};
use ndarray::ArrayView3;

use crate::Error;

/// A place that a person, or an earlier run, has looked at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Annotation {
    /// Where, in voxels of its tomogram.
    pub position: VoxelPos,
    /// Which class has a particle there, from 0; `None` says that no class has.
    pub class: Option<usize>,
}

/// A tomogram with some of its particles, from which a network learns.
pub struct AnnotatedTomogram<'a> {
    /// Name, for messages.
    pub name: String,
    /// The densities; their grid has the voxel size.
    pub volume: VolumeView<'a>,
    /// Where nothing is learned from what is unlabelled, `[z, y, x]` as the volume: false. `None` is nowhere.
    pub mask: Option<ArrayView3<'a, bool>>,
    /// Some of its particles, and places where there is none.
    pub annotations: Vec<Annotation>,
}

type Order = fn(VoxelPos) -> [f64; 3];

impl AnnotatedTomogram<'_> {
    /// Refuses what lies outside, and says which other reading of the columns would lie inside.
    pub(crate) fn check(&self, classes: usize) -> Result<(), Error> {
        let grid = self.volume.grid();
        for (number, annotation) in self.annotations.iter().enumerate() {
            let position = annotation.position;
            if let Some(class) = annotation.class.filter(|&class| class >= classes) {
                return Err(Error::Parameter {
                    field: "annotations",
                    expected: format!("of classes below {classes}"),
                    got: class.to_string(),
                });
            }
            if !grid.contains(position) {
                return Err(Error::Outside {
                    tomogram: self.name.clone(),
                    number: number + 1,
                    x: position.x,
                    y: position.y,
                    z: position.z,
                    shape: grid.shape,
                    advice: self.advice(),
                });
            }
        }
        Ok(())
    }

    fn inside(&self, reading: impl Fn(VoxelPos) -> VoxelPos) -> bool {
        let grid = self.volume.grid();
        let all = |annotation: &Annotation| grid.contains(reading(annotation.position));
        self.annotations.iter().all(all)
    }

    fn advice(&self) -> String {
        let voxel = self.volume.grid().voxel_size;
        let at = |x, y, z| VoxelPos { x, y, z };
        let orders: [(&str, Order); 5] = [
            ("x, z, y", |p| [p.x, p.z, p.y]),
            ("z, y, x", |p| [p.z, p.y, p.x]),
            ("y, x, z", |p| [p.y, p.x, p.z]),
            ("y, z, x", |p| [p.z, p.x, p.y]),
            ("z, x, y", |p| [p.y, p.z, p.x]),
        ];
        for (name, order) in orders {
            let reading = |p| {
                let [x, y, z] = order(p);
                at(x, y, z)
            };
            if self.inside(reading) {
                return format!("all lie inside if the columns are {name}: give their order");
            }
        }
        if self.inside(|p| at(p.x / voxel.x(), p.y / voxel.y(), p.z / voxel.z())) {
            return "all lie inside if the numbers are ångström: give their unit".into();
        }
        "are they of this tomogram, and of its binning?".into()
    }
}
