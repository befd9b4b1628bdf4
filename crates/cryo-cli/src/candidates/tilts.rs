//! Whether the tilt series of a tomogram belongs to it, and its angles to its images.

use std::path::Path;

use cryo_candidates::{TiltAngleParams, TiltVerdict, check_extent, check_tilt_angles};
use cryo_core::{Grid, ParticleSet, Progress, TiltGeometry, TiltSeries, TiltSign};
use cryo_io::{
    dataset::DatasetEntry,
    mrc,
    tilt::{self, TiltTable},
};

use crate::{exit::Failure, options::Common};

/// Fields of view may differ by this much, as parts of tomograms do.
const EXTENT_TOLERANCE: f64 = 0.1;

/// The tilt series that the dataset list names beside a tomogram, if it also has angles.
///
/// Images and angles of another number, or of another field than the tomogram, are an error.
pub(crate) fn read(
    entry: &DatasetEntry,
    grid: &Grid,
    common: &Common,
) -> Result<Option<TiltSeries>, Failure> {
    let Some(path) = &entry.tilt_series else {
        return Ok(None);
    };
    let options = mrc::ReadOptions {
        permissive: true,
        max_bytes: common.memory_bytes(),
        ..Default::default()
    };
    let stack = mrc::read_image_stack(path, &options)?;
    let table = match (&entry.tilt_angles, &stack.tilt_angles_deg) {
        (Some(angles), _) => tilt::read(angles)?,
        (None, Some(angles)) => TiltTable::from_angles(angles),
        (None, None) => return Ok(None),
    };
    let (count, height, width) = stack.images.dim();
    let named = entry.tilt_angles.as_ref().unwrap_or(path);
    table
        .check_count(count)
        .map_err(|error| error.in_file(named))?;
    let pixel = stack.pixel_size_angstrom.unwrap_or(grid.voxel_size.x());
    let sign = TiltSign::Positive;
    let geometry = TiltGeometry::centred(table.tilts, sign, grid, [height, width], pixel);
    let series = TiltSeries::new(stack.images, geometry).expect("the number was checked");
    check_extent(&series, grid, EXTENT_TOLERANCE)
        .map_err(|error| Failure::Input(format!("{}: {error}", path.display())))?;
    Ok(Some(series))
}

/// Bytes that the images of a tilt series take.
pub(crate) fn bytes(path: &Path) -> Result<u64, Failure> {
    let options = mrc::ReadOptions {
        permissive: true,
        ..Default::default()
    };
    let [tilts, height, width] = mrc::Reader::open(path, &options)?.shape();
    Ok(4 * (tilts * height * width) as u64)
}

/// Says whether the angles explain the images where the candidates are.
pub(crate) fn check(
    series: &TiltSeries,
    set: &ParticleSet,
    common: &Common,
    progress: &dyn Progress,
) -> Result<(), Failure> {
    // The best are the most likely to be particles.
    let mut best = set.clone();
    best.items.truncate(500);
    let name = &set.tomogram;
    match check_tilt_angles(series, &best, &TiltAngleParams::default(), progress) {
        Err(cryo_candidates::Error::Cancelled) => Err(Failure::Interrupted),
        Err(error) => {
            common.say(&format!(
                "{name}: the tilt angles were not checked: {error}"
            ));
            Ok(())
        }
        Ok(found) => {
            let remedy = match found.verdict {
                TiltVerdict::Contradicted { .. } => {
                    "; correct the angle file before tilt images are used"
                }
                _ => "",
            };
            common.say(&format!("{name}: {found}{remedy}"));
            Ok(())
        }
    }
}
