use cryo_core::{Grid, VolumeView, VoxelPos};
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
    /// Of a class that has none here nothing else is learned in this tomogram than where it is not.
    pub annotations: Vec<Annotation>,
}

impl AnnotatedTomogram<'_> {
    /// Refuses classes that are not there, and positions outside by more than a voxel: a tomogram on a coarser grid ends a
    /// part of a voxel before the tomogram itself.
    pub(crate) fn check(&self, classes: usize) -> Result<(), Error> {
        let grid = self.volume.grid();
        for annotation in &self.annotations {
            if let Some(class) = annotation.class.filter(|&class| class >= classes) {
                return Err(Error::Parameter {
                    field: "annotations",
                    expected: format!("of classes below {classes}"),
                    got: class.to_string(),
                });
            }
            let position = annotation.position;
            let nearest = |place: f64, extent: usize| place.clamp(0.0, extent as f64 - 1.0);
            let [depth, height, width] = grid.shape;
            let beyond = [
                position.x - nearest(position.x, width),
                position.y - nearest(position.y, height),
                position.z - nearest(position.z, depth),
            ];
            // Also what is no number.
            if !beyond.iter().all(|beyond| beyond.abs() <= 1.5) {
                check_inside(&self.name, grid, &self.annotations)?;
            }
        }
        Ok(())
    }
}

/// Refuses annotations that lie outside their tomogram, and says which other reading of the columns would lie inside.
///
/// # Errors
/// [`Error::Outside`].
///
/// # Examples
/// ```
/// use cryo_core::{Grid, VoxelPos, VoxelSize};
/// use cryo_pu_localize::{Annotation, check_inside};
///
/// let grid = Grid::new([64, 128, 128], VoxelSize::new(10.0).expect("above 0")); // z, y, x
/// let click = Annotation { position: VoxelPos { x: 20.0, y: 30.0, z: 100.0 }, class: Some(0) };
/// let error = check_inside("TS_01", &grid, &[click]).unwrap_err();
/// assert!(error.to_string().ends_with("all lie inside if the columns are x, z, y: give their order"));
/// ```
pub fn check_inside(tomogram: &str, grid: &Grid, annotations: &[Annotation]) -> Result<(), Error> {
    let outside = |annotation: &Annotation| !grid.contains(annotation.position);
    let Some(number) = annotations.iter().position(outside) else {
        return Ok(());
    };
    let position = annotations[number].position;
    Err(Error::Outside {
        tomogram: tomogram.to_owned(),
        number: number + 1,
        x: position.x,
        y: position.y,
        z: position.z,
        shape: grid.shape,
        advice: advice(grid, annotations),
    })
}

type Order = fn(VoxelPos) -> [f64; 3];

fn advice(grid: &Grid, annotations: &[Annotation]) -> String {
    let voxel = grid.voxel_size;
    let inside = |reading: &dyn Fn(VoxelPos) -> VoxelPos| {
        let mut all = annotations.iter();
        all.all(|annotation| grid.contains(reading(annotation.position)))
    };
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
            VoxelPos { x, y, z }
        };
        if inside(&reading) {
            return format!("all lie inside if the columns are {name}: give their order");
        }
    }
    let in_angstrom = |p: VoxelPos| VoxelPos {
        x: p.x / voxel.x(),
        y: p.y / voxel.y(),
        z: p.z / voxel.z(),
    };
    if inside(&in_angstrom) {
        return "all lie inside if the numbers are ångström: give their unit".into();
    }
    "are they of this tomogram, and of its binning?".into()
}
