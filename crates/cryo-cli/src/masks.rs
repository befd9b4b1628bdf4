//! Masks of a dataset's tomograms: where particles are sought and learned from.

use cryo_candidates::PlaneSource as _;
use cryo_core::VoxelPos;
use cryo_io::dataset::DatasetEntry;
use ndarray::{Array3, s};

use crate::{exit::Failure, options::Common, tomograms::Tomogram};

/// A tomogram's mask, of as many voxels; `None` without one.
pub(crate) fn open(
    entry: &DatasetEntry,
    shape: [usize; 3],
    common: &Common,
) -> Result<Option<Tomogram>, Failure> {
    let Some(path) = &entry.mask else {
        return Ok(None);
    };
    let of_mask = DatasetEntry {
        tomogram: path.clone(),
        // Only its voxels count; programs that make masks often leave their size out.
        voxel_size_angstrom: Some(1.0),
        ..entry.clone()
    };
    let mask = Tomogram::open(&of_mask, common)?;
    let own = mask.grid().shape;
    if own != shape {
        let of = |[z, y, x]: [usize; 3]| format!("{x} × {y} × {z}");
        return Err(Failure::Input(format!(
            "{}: expected a mask of the {} voxels (x, y, z) of {}, got {}",
            path.display(),
            of(shape),
            entry.tomogram.display(),
            of(own)
        )));
    }
    Ok(Some(mask))
}

/// The failure that a tomogram's mask does not say where particles are sought.
pub(crate) fn refused(entry: &DatasetEntry, expected: &str, got: &str) -> Failure {
    let path = entry.mask.as_ref().unwrap_or(&entry.tomogram);
    Failure::Input(format!(
        "{}: expected {expected}, where particles are sought, got {got}",
        path.display()
    ))
}

/// Where a tomogram's mask is above 0, `[z, y, x]`; `None` without one.
pub(crate) fn read(
    entry: &DatasetEntry,
    shape: [usize; 3],
    common: &Common,
) -> Result<Option<Array3<bool>>, Failure> {
    let Some(volume) = open(entry, shape, common)? else {
        return Ok(None);
    };
    let mut mask = Array3::from_elem(shape, false);
    for z in 0..shape[0] {
        let plane = volume.reader().part([z, 0, 0], [1, shape[1], shape[2]])?;
        mask.slice_mut(s![z..=z, .., ..])
            .assign(&plane.mapv(|value| value > 0.0));
    }
    if !mask.iter().any(|inside| *inside) {
        return Err(refused(entry, "voxels above 0", "none"));
    }
    Ok(Some(mask))
}

/// Whether the voxel nearest to a position is inside.
pub(crate) fn holds(mask: &Array3<bool>, position: VoxelPos) -> bool {
    let index = [position.z, position.y, position.x].map(|place| place.round().max(0.0) as usize);
    mask.get(index).copied().unwrap_or(false)
}
