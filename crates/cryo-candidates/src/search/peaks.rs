use cryo_core::VoxelPos;
use ndarray::{ArrayView3, Axis, parallel::prelude::*};

use super::{Neighbourhood, maxima::Around, refine::refine, suppress::suppress_within};
use crate::Error;

/// How peaks of a map are told from its slopes.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PeakParams {
    /// Values that do not exceed it are no peaks; 0 or more.
    pub threshold: f32,
    /// Two peaks are further apart than this; 0 keeps all maxima.
    pub min_distance_vox: f64,
}

/// A peak of a map.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Peak {
    /// Where it is, between voxels.
    pub position: VoxelPos,
    /// The map's value at its highest voxel.
    pub value: f32,
}

/// The peaks of a map `[z, y, x]` (a heat map, a score volume), best first.
///
/// Maxima of 3 × 3 × 3 voxels above the threshold, of equal neighbours the first in memory; a better one takes out all within
/// the least distance; the position is refined by a parabola along each axis. Linear in the voxels, parallel over planes, the same for any number of threads.
///
/// # Errors
///
/// [`Error::Parameter`] for a threshold below 0 or a distance that is negative or not finite; [`Error::NotFinite`].
///
/// # Examples
///
/// ```
/// use cryo_candidates::{PeakParams, find_peaks};
/// use ndarray::Array3;
///
/// let mut map = Array3::zeros((6, 9, 12));
/// map[[2, 3, 4]] = 0.9;
/// map[[2, 3, 5]] = 0.7;
/// map[[4, 7, 10]] = 0.8;
/// let peaks = find_peaks(map.view(), &PeakParams { threshold: 0.5, min_distance_vox: 3.0 })?;
/// assert_eq!(peaks.len(), 2);
/// assert!(peaks[0].value == 0.9 && peaks[0].position.x > 4.0);
/// # Ok::<(), cryo_candidates::Error>(())
/// ```
pub fn find_peaks(map: ArrayView3<'_, f32>, params: &PeakParams) -> Result<Vec<Peak>, Error> {
    if params.threshold.is_nan() || params.threshold < 0.0 {
        return Err(Error::Parameter {
            name: "threshold",
            got: params.threshold.into(),
            rule: "expected 0 or more",
        });
    }
    let map = map.as_standard_layout();
    let bad = map.indexed_iter().find(|(_, value)| !value.is_finite());
    if let Some(((z, y, x), &value)) = bad {
        return Err(Error::NotFinite {
            what: "map",
            index: [z, y, x],
            value,
        });
    }
    let planes: Vec<Vec<Peak>> = (0..map.len_of(Axis(0)))
        .into_par_iter()
        .map(|z| peaks_of_plane(map.view(), z, params.threshold))
        .collect();
    let mut peaks = planes.concat();
    peaks.sort_by(|a, b| b.value.total_cmp(&a.value));
    let places: Vec<[f64; 3]> = peaks
        .iter()
        .map(|peak| [peak.position.z, peak.position.y, peak.position.x])
        .collect();
    let kept = suppress_within(&places, params.min_distance_vox)?;
    Ok(kept.into_iter().map(|number| peaks[number]).collect())
}

fn peaks_of_plane(map: ArrayView3<'_, f32>, z: usize, threshold: f32) -> Vec<Peak> {
    let around = Around::new(map, z);
    let mut peaks = Vec::new();
    around.maxima(Neighbourhood::Volume, |y, x| {
        let value = map[[z, y, x]];
        if value <= threshold {
            return;
        }
        let line = |axis: usize| {
            [-1, 0, 1].map(|step| {
                let mut steps = [0; 3];
                steps[axis] = step;
                around.value(y, x, steps)
            })
        };
        let ([dz, dy, dx], _) = refine([line(0), line(1), line(2)]);
        peaks.push(Peak {
            position: VoxelPos::zyx(z as f64 + dz, y as f64 + dy, x as f64 + dx),
            value,
        });
    });
    peaks
}
