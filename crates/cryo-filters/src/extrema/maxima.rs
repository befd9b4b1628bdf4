use ndarray::{ArrayView3, Axis, parallel::prelude::*};

use super::maximum_filter;
use crate::{Boundary, Error, check};

/// A voxel that no neighbour exceeds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LocalMaximum {
    /// Its index `[z, y, x]`.
    pub voxel_zyx: [usize; 3],
    /// Its value.
    pub value: f32,
}

/// The voxels above `threshold` that are the largest of the box of `radius_vox` voxels `[z, y, x]` to either side, in the order of memory.
///
/// Boxes end at the edge of the volume. Of voxels with the same value within one box only the first in memory counts, so that
/// a plateau gives a point instead of many. A larger radius gives fewer maxima and costs the same. Needs one more volume of memory.
///
/// # Errors
///
/// [`Error::Parameter`] for a radius above 32767 or a threshold that is NaN, [`Error::Empty`], [`Error::NotFinite`].
///
/// # Examples
///
/// ```
/// use cryo_filters::local_maxima;
/// use ndarray::Array3;
///
/// let mut volume = Array3::zeros((4, 9, 12));
/// volume[[1, 2, 7]] = 5.0;
/// volume[[1, 3, 8]] = 4.0;
/// let maxima = local_maxima(volume.view(), [1, 2, 2], 1.0)?;
/// assert_eq!(maxima.len(), 1);
/// assert_eq!((maxima[0].voxel_zyx, maxima[0].value), ([1, 2, 7], 5.0));
/// # Ok::<(), cryo_filters::Error>(())
/// ```
pub fn local_maxima(
    volume: ArrayView3<'_, f32>,
    radius_vox: [usize; 3],
    threshold: f32,
) -> Result<Vec<LocalMaximum>, Error> {
    if threshold.is_nan() {
        return Err(check::parameter(
            "threshold",
            threshold.into(),
            "expected a number",
        ));
    }
    if let Some(&radius) = radius_vox.iter().find(|&&radius| radius > 32_767) {
        return Err(check::parameter(
            "radius",
            radius as f64,
            "expected at most 32767 voxels",
        ));
    }
    // The nearest voxel of the edge is in the box itself: nothing is added.
    let largest = maximum_filter(
        volume,
        radius_vox.map(|radius| 2 * radius + 1),
        Boundary::Nearest,
    )?;
    let planes = volume
        .axis_iter(Axis(0))
        .into_par_iter()
        .zip(largest.axis_iter(Axis(0)));
    let maxima: Vec<Vec<LocalMaximum>> =
        planes
            .enumerate()
            .map(|(z, (plane, largest))| {
                let peaks = plane.indexed_iter().zip(&largest).filter_map(
                    |(((y, x), &value), &largest)| {
                        let voxel_zyx = [z, y, x];
                        let peak = value == largest
                            && value > threshold
                            && is_first(&volume, voxel_zyx, value, radius_vox);
                        peak.then_some(LocalMaximum { voxel_zyx, value })
                    },
                );
                peaks.collect()
            })
            .collect();
    Ok(maxima.concat())
}

/// Whether no voxel before this one, within the box, has the same value.
fn is_first(
    volume: &ArrayView3<'_, f32>,
    voxel: [usize; 3],
    value: f32,
    radius: [usize; 3],
) -> bool {
    let shape = volume.shape();
    let range = |axis: usize| {
        voxel[axis].saturating_sub(radius[axis])..=(voxel[axis] + radius[axis]).min(shape[axis] - 1)
    };
    // From the nearest backwards: on a plateau the neighbour decides at once.
    for z in (*range(0).start()..=voxel[0]).rev() {
        for y in range(1).rev() {
            for x in range(2).rev() {
                if [z, y, x] < voxel && volume[[z, y, x]] == value {
                    return false;
                }
            }
        }
    }
    true
}
