use std::ops::Range;

use cryo_filters::{GaussianParams, Slab, gaussian_in_place, gaussian_slab_into};
use ndarray::{Array3, ArrayView3, Axis, Zip, s};

use crate::Error;

/// A volume, some planes after the others, onto a grid whose voxels are `factor` (z, y, x) times as large; voxel 0 stays where
/// it is.
///
/// Where voxels grow, a Gaussian of σ = ½ √(factor² − 1) voxels comes first, so that an input voxel's own blur and this
/// one make up that of the larger voxel; then values are interpolated linearly. Both work axis by axis, so planes are made small
/// before they are summed along z, and no more of the volume than some planes is ever needed.
pub(super) struct Resampling {
    /// Of the Gaussian in the plane.
    in_plane: Option<GaussianParams>,
    taps: [Vec<Tap>; 2],
    /// What each plane of the result is made of.
    sums: Vec<Sum>,
}

/// Planes of the volume, and how much of each.
struct Sum {
    planes: Range<usize>,
    weights: Vec<f32>,
}

impl Resampling {
    pub(super) fn new(from: [usize; 3], factor: [f64; 3]) -> Result<Self, Error> {
        let shape = std::array::from_fn(|axis| resampled_extent(from[axis], factor[axis]));
        Self::onto(shape, from, factor)
    }

    /// Onto so many voxels; those beyond the last old one are as that.
    fn onto(shape: [usize; 3], from: [usize; 3], factor: [f64; 3]) -> Result<Self, Error> {
        let sigma = factor.map(|factor| 0.5 * (factor * factor - 1.0).max(0.0).sqrt());
        let taps: [Vec<Tap>; 3] = std::array::from_fn(|axis| {
            (0..shape[axis])
                .map(|index| Tap::at(index as f64 * factor[axis], from[axis]))
                .collect()
        });
        let [along_z, taps_y, taps_x] = taps;
        let in_plane = [0.0, sigma[1], sigma[2]];
        Ok(Self {
            in_plane: (in_plane.iter().any(|&sigma| sigma > 0.0)).then(|| GaussianParams {
                sigma_vox: in_plane,
                ..GaussianParams::default()
            }),
            taps: [taps_y, taps_x],
            sums: (along_z.iter())
                .map(|tap| Sum::at(tap, from[0], sigma[0]))
                .collect::<Result<_, _>>()?,
        })
    }

    /// `[z, y, x]` of the result.
    pub(super) fn shape(&self) -> [usize; 3] {
        [self.sums.len(), self.taps[0].len(), self.taps[1].len()]
    }

    /// Adds to `out`, which begins as zeros, what comes of the planes from `first` on. The result does not depend on how
    /// many come at once.
    pub(super) fn add(
        &self,
        first: usize,
        mut planes: Array3<f32>,
        out: &mut Array3<f32>,
    ) -> Result<(), Error> {
        if let Some(params) = &self.in_plane {
            gaussian_in_place(planes.view_mut(), params)?;
        }
        let [_, height, width] = self.shape();
        let mut small = Array3::zeros([planes.len_of(Axis(0)), height, width]);
        Zip::from(small.axis_iter_mut(Axis(0)))
            .and(planes.axis_iter(Axis(0)))
            .par_for_each(|mut small, plane| {
                for (mut row, rows) in small.axis_iter_mut(Axis(0)).zip(&self.taps[0]) {
                    for (value, columns) in row.iter_mut().zip(&self.taps[1]) {
                        let line = |y: usize| {
                            let (a, b) = (plane[[y, columns.low]], plane[[y, columns.high]]);
                            a + columns.part * (b - a)
                        };
                        let (a, b) = (line(rows.low), line(rows.high));
                        *value = a + rows.part * (b - a);
                    }
                }
            });
        Zip::indexed(out.axis_iter_mut(Axis(0))).par_for_each(|index, mut sum| {
            let Sum { planes, weights } = &self.sums[index];
            for (z, small) in (first..).zip(small.axis_iter(Axis(0))) {
                if planes.contains(&z) {
                    sum.scaled_add(weights[z - planes.start], &small);
                }
            }
        });
        Ok(())
    }
}

impl Sum {
    /// Of the plane at a tap: the Gaussian's answers to single planes near it, interpolated.
    fn at(tap: &Tap, extent: usize, sigma: f64) -> Result<Self, Error> {
        let reach = (REACH * sigma).ceil() as usize;
        let planes = tap.low.saturating_sub(reach)..(tap.high + reach + 1).min(extent);
        let count = planes.len();
        let single = |(z, _, of)| f32::from(u8::from(z == of));
        let singles = Array3::from_shape_fn([count, 1, count], single);
        let wanted = tap.low..tap.high + 1;
        let mut answers = Array3::zeros([wanted.len(), 1, count]);
        if sigma > 0.0 {
            let params = GaussianParams {
                sigma_vox: [sigma, 0.0, 0.0],
                ..GaussianParams::default()
            };
            let slab = Slab {
                planes: singles.view(),
                first: planes.start,
                depth: extent,
            };
            gaussian_slab_into(slab, &params, wanted, answers.view_mut())?;
        } else {
            answers.assign(&singles);
        }
        let (low, high) = (answers.slice(s![0, 0, ..]), answers.slice(s![-1, 0, ..]));
        let weight = |(a, b): (&f32, &f32)| a + tap.part * (b - a);
        Ok(Self {
            weights: low.iter().zip(high).map(weight).collect(),
            planes,
        })
    }
}

/// Deviations that the Gaussian reaches, and some room.
const REACH: f64 = 4.5;

/// The whole of a volume in memory, as [`Resampling`] does it.
pub(super) fn resample(
    volume: ArrayView3<'_, f32>,
    factor: [f64; 3],
) -> Result<Array3<f32>, Error> {
    if factor.iter().all(|factor| (factor - 1.0).abs() < 1e-6) {
        return Ok(volume.to_owned());
    }
    let (depth, height, width) = volume.dim();
    through(volume, &Resampling::new([depth, height, width], factor)?)
}

/// What remains of a volume that went through voxels so many times as large: its own voxels, interpolated from those.
pub(super) fn as_if_coarser(
    volume: ArrayView3<'_, f32>,
    factor: f64,
) -> Result<Array3<f32>, Error> {
    let (depth, height, width) = volume.dim();
    let coarse = resample(volume, [factor; 3])?;
    let from = std::array::from_fn(|axis| coarse.shape()[axis]);
    through(
        coarse.view(),
        &Resampling::onto([depth, height, width], from, [1.0 / factor; 3])?,
    )
}

fn through(volume: ArrayView3<'_, f32>, resampling: &Resampling) -> Result<Array3<f32>, Error> {
    let (depth, height, width) = volume.dim();
    let mut out = Array3::zeros(resampling.shape());
    let at_once = planes_at_once(height * width);
    for first in (0..depth).step_by(at_once) {
        let planes = s![first..(first + at_once).min(depth), .., ..];
        resampling.add(first, volume.slice(planes).to_owned(), &mut out)?;
    }
    Ok(out)
}

/// As many planes of so many voxels as take 64 MiB, at least one.
pub(super) fn planes_at_once(voxels: usize) -> usize {
    ((1 << 24) / voxels.max(1)).clamp(1, 64)
}

/// As many voxels as have their centres within the old ones.
pub(super) fn resampled_extent(extent: usize, factor: f64) -> usize {
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
    use cryo_filters::gaussian;

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
    fn some_planes_after_the_others_give_the_same_as_all_at_once() {
        let volume = Array3::from_shape_fn((17, 12, 14), |(z, y, x)| {
            ((z * 31 + y * 17 + x * 7) as f32).sin()
        });
        let resampling = Resampling::new([17, 12, 14], [2.6, 1.7, 0.8]).unwrap();
        let in_parts = |at_once: usize| {
            let mut out = Array3::zeros(resampling.shape());
            for first in (0..17).step_by(at_once) {
                let planes = volume.slice(s![first..(first + at_once).min(17), .., ..]);
                resampling.add(first, planes.to_owned(), &mut out).unwrap();
            }
            out
        };
        assert_eq!(in_parts(1), in_parts(17));
        assert_eq!(in_parts(5), in_parts(17));
        // The order of the steps does not matter but for rounding.
        let params = GaussianParams {
            sigma_vox: [2.6, 1.7, 0.8].map(|f: f64| 0.5 * (f * f - 1.0).max(0.0).sqrt()),
            ..GaussianParams::default()
        };
        let smooth = gaussian(volume.view(), &params).unwrap();
        // Voxel 4, 5, 6 of the result lies at 10.4, 8.5, 4.8.
        let along = |from: f32, to: f32, part: f32| from + part * (to - from);
        let line = |z, y| along(smooth[[z, y, 4]], smooth[[z, y, 5]], 0.8);
        let area = |z| along(line(z, 8), line(z, 9), 0.5);
        let expected = along(area(10), area(11), 0.4);
        assert!((in_parts(5)[[4, 5, 6]] - expected).abs() < 1e-6);
    }

    #[test]
    fn finer_voxels_interpolate_and_equal_ones_copy() {
        let volume = Array3::from_shape_fn((3, 4, 5), |(z, y, x)| (z * 20 + y * 5 + x) as f32);
        assert_eq!(resample(volume.view(), [1.0; 3]).unwrap(), volume);
        let fine = resample(volume.view(), [1.0, 1.0, 0.5]).unwrap();
        assert_eq!(fine.shape(), [3, 4, 9]);
        assert_eq!(fine[[1, 2, 3]], volume[[1, 2, 1]] + 0.5);
    }

    #[test]
    fn what_went_through_larger_voxels_keeps_its_place_and_loses_what_is_finer() {
        let wave = |period: f64| {
            Array3::from_shape_fn((20, 25, 31), |(z, y, x)| {
                let along = |n: usize| (std::f64::consts::TAU * n as f64 / period).cos();
                (along(z) * along(y) * along(x)) as f32
            })
        };
        let kept = |wave: &Array3<f32>| {
            let seen = as_if_coarser(wave.view(), 1.5).unwrap();
            assert_eq!(seen.dim(), wave.dim());
            let inner = s![4..16, 4..21, 4..27];
            let (own, seen) = (wave.slice(inner), seen.slice(inner));
            (&own * &seen).sum() / (&own * &own).sum()
        };
        let [slow, fast] = [12.0, 2.0].map(|period| kept(&wave(period)));
        assert!((0.7..1.0).contains(&slow), "{slow}");
        assert!(fast.abs() < 0.1, "{fast}");
        let constant = Array3::from_elem((6, 7, 8), 2.5);
        let seen = as_if_coarser(constant.view(), 1.5).unwrap();
        assert!(seen.iter().all(|value| (value - 2.5_f32).abs() < 1e-5));
    }
}
