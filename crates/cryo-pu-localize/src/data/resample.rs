use cryo_filters::{GaussianParams, gaussian};
use ndarray::{Array3, ArrayView3, Axis, Zip};

use crate::Error;

/// A volume on a grid whose voxels are `factor` (z, y, x) times as large; voxel 0 stays where it is.
///
/// Where voxels grow, a Gaussian of σ = ½ √(factor² − 1) voxels comes first, so that an input voxel's own blur and this
/// one make up that of the larger voxel; then values are interpolated linearly.
pub(crate) fn resample(
    volume: ArrayView3<'_, f32>,
    factor: [f64; 3],
) -> Result<Array3<f32>, Error> {
    if factor.iter().all(|factor| (factor - 1.0).abs() < 1e-6) {
        return Ok(volume.to_owned());
    }
    let sigma_vox = factor.map(|factor| 0.5 * (factor * factor - 1.0).max(0.0).sqrt());
    let smooth;
    let mut view = volume;
    if sigma_vox.iter().any(|&sigma| sigma > 0.0) {
        let params = GaussianParams {
            sigma_vox,
            ..GaussianParams::default()
        };
        smooth = gaussian(volume, &params)?;
        view = smooth.view();
    }
    let mut shape = [0; 3];
    for axis in 0..3 {
        shape[axis] = resampled_extent(view.len_of(Axis(axis)), factor[axis]);
    }
    let taps: [Vec<Tap>; 3] = std::array::from_fn(|axis| {
        let extent = view.len_of(Axis(axis));
        (0..shape[axis])
            .map(|index| Tap::at(index as f64 * factor[axis], extent))
            .collect()
    });
    let mut out = Array3::zeros(shape);
    Zip::indexed(out.axis_iter_mut(Axis(0))).par_for_each(|z, mut plane| {
        let planes = taps[0][z];
        for (y, mut row) in plane.axis_iter_mut(Axis(0)).enumerate() {
            let rows = taps[1][y];
            for (x, value) in row.iter_mut().enumerate() {
                let columns = taps[2][x];
                let line = |z, y| {
                    let (a, b) = (view[[z, y, columns.low]], view[[z, y, columns.high]]);
                    a + columns.part * (b - a)
                };
                let area = |z| {
                    let (a, b) = (line(z, rows.low), line(z, rows.high));
                    a + rows.part * (b - a)
                };
                let (a, b) = (area(planes.low), area(planes.high));
                *value = a + planes.part * (b - a);
            }
        }
    });
    Ok(out)
}

/// As many voxels as have their centres within the old ones.
pub(crate) fn resampled_extent(extent: usize, factor: f64) -> usize {
    ((extent as f64 - 1.0) / factor + 1e-9).floor() as usize + 1
}

#[derive(Clone, Copy)]
struct Tap {
    low: usize,
    high: usize,
    part: f32,
}

impl Tap {
    fn at(place: f64, extent: usize) -> Self {
        let low = (place.floor() as usize).min(extent - 1);
        Self {
            low,
            high: (low + 1).min(extent - 1),
            part: (place - low as f64) as f32,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ramp_keeps_its_slope_and_its_first_voxel_away_from_the_ends() {
        let ramp = Array3::from_shape_fn((20, 24, 30), |(z, y, x)| (z + 2 * y + 3 * x) as f32);
        let coarse = resample(ramp.view(), [1.5, 2.0, 2.5]).unwrap();
        assert_eq!(coarse.shape(), [13, 12, 12]);
        for index in [[4, 5, 5], [6, 4, 6]] {
            let [z, y, x] = index.map(|i| i as f32);
            let expected = 1.5 * z + 4.0 * y + 7.5 * x;
            assert!(
                (coarse[index] - expected).abs() < 0.05,
                "{} {expected}",
                coarse[index]
            );
        }
    }

    #[test]
    fn finer_voxels_interpolate_and_equal_ones_copy() {
        let volume = Array3::from_shape_fn((3, 4, 5), |(z, y, x)| (z * 20 + y * 5 + x) as f32);
        assert_eq!(resample(volume.view(), [1.0; 3]).unwrap(), volume);
        let fine = resample(volume.view(), [1.0, 1.0, 0.5]).unwrap();
        assert_eq!(fine.shape(), [3, 4, 9]);
        assert_eq!(fine[[1, 2, 3]], volume[[1, 2, 1]] + 0.5);
    }
}
