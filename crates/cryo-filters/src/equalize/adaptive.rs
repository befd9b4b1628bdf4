use std::ops::Range;

use ndarray::{Array3, ArrayView3, Axis, parallel::prelude::*};
use rayon::slice::ParallelSliceMut;

use super::clip::{LEVELS, clip_histogram, mapping};
use crate::{Boundary, Error, check, normalize::min_max};

/// How contrast-limited adaptive histogram equalization works. The defaults are scikit-image's.
#[derive(Clone, Debug, PartialEq)]
pub struct AdaptiveParams {
    /// Size `[z, y, x]` of the regions that have a histogram of their own, in voxels; by default an eighth of every axis. Smaller
    /// regions bring out finer detail and more noise.
    pub region_vox: Option<[usize; 3]>,
    /// The part of a region's voxels that one bin may hold; more gives more contrast, 0 or 1 does not limit it.
    pub clip_limit: f64,
    /// Bins of a histogram, at most 8192.
    pub bins: usize,
}

impl Default for AdaptiveParams {
    fn default() -> Self {
        Self {
            region_vox: None,
            clip_limit: 0.01,
            bins: 256,
        }
    }
}

impl AdaptiveParams {
    /// Whether every field obeys its rule.
    ///
    /// # Errors
    ///
    /// [`Error::Parameter`] with the field, its value and the rule.
    pub fn validate(&self) -> Result<(), Error> {
        if !(0.0..=1.0).contains(&self.clip_limit) {
            return Err(check::parameter(
                "clip_limit",
                self.clip_limit,
                "expected 0 to 1",
            ));
        }
        if !(2..=LEVELS / 2).contains(&self.bins) {
            return Err(check::parameter(
                "bins",
                self.bins as f64,
                "expected 2 to 8192",
            ));
        }
        let sizes = self.region_vox.into_iter().flatten();
        match sizes.into_iter().find(|size| !(1..=65_536).contains(size)) {
            Some(size) => Err(check::parameter(
                "region_vox",
                size as f64,
                "expected 1 to 65536",
            )),
            None => Ok(()),
        }
    }
}

/// The volume with its contrast evened out region by region, from 0 to 1; `[z, y, x]` as `volume`.
///
/// Contrast-limited adaptive histogram equalization in three dimensions, as `skimage.exposure.equalize_adapthist`: values are
/// scaled to 16384 levels; the histogram of each region is cut at the limit, what was cut is spread; every voxel is mapped by the
/// eight regions about it, joined linearly; the result is scaled to 0 to 1. The edge is mirrored. scikit-image takes values
/// from 0 to 1, here any range is scaled first. Parallel; bit for bit the same for any number of threads.
///
/// Pizer et al. 1987, doi 10.1016/S0734-189X(87)80186-X; Zuiderveld, Graphics Gems IV, 1994.
///
/// # Errors
///
/// [`Error::Parameter`] by [`AdaptiveParams::validate`], [`Error::Constant`], [`Error::Empty`], [`Error::NotFinite`].
///
/// # Examples
///
/// ```
/// use cryo_filters::{AdaptiveParams, equalize_adaptive};
/// use ndarray::Array3;
///
/// // Detail of the same size, ten times weaker on the right.
/// let volume = Array3::from_shape_fn((6, 32, 64), |(z, y, x)| {
///     let detail = ((z * 7 + y * 5 + x * 3) % 8) as f32;
///     if x < 32 { detail } else { 20.0 + 0.1 * detail }
/// });
/// let even = equalize_adaptive(volume.view(), &AdaptiveParams { clip_limit: 0.5, ..Default::default() })?;
/// assert!((even[[3, 16, 50]] - even[[3, 16, 51]]).abs() > 0.05);
/// # Ok::<(), cryo_filters::Error>(())
/// ```
pub fn equalize_adaptive(
    volume: ArrayView3<'_, f32>,
    params: &AdaptiveParams,
) -> Result<Array3<f32>, Error> {
    params.validate()?;
    let unit = min_max(volume)?;
    let shape = [unit.dim().0, unit.dim().1, unit.dim().2];
    let region = params
        .region_vox
        .unwrap_or(shape.map(|length| (length / 8).max(1)));
    Ok(equalize(&unit.view(), region, params, true))
}

/// Every slice with its contrast evened out region by region, as [`equalize_adaptive`] of each slice as an image of its own.
///
/// A slice whose values are all equal becomes 0. `region_vox[0]` has no meaning.
///
/// # Errors
///
/// As [`equalize_adaptive`].
///
/// # Examples
///
/// ```
/// use cryo_filters::{AdaptiveParams, equalize_adaptive_slices};
/// use ndarray::Array3;
///
/// let tilts = Array3::from_shape_fn((3, 20, 30), |(t, y, x)| (t * (y * 31 + x * 17) % 101) as f32);
/// let even = equalize_adaptive_slices(tilts.view(), &AdaptiveParams::default())?;
/// assert!(even.iter().all(|value| (0.0..=1.0).contains(value)));
/// # Ok::<(), cryo_filters::Error>(())
/// ```
pub fn equalize_adaptive_slices(
    volume: ArrayView3<'_, f32>,
    params: &AdaptiveParams,
) -> Result<Array3<f32>, Error> {
    params.validate()?;
    crate::stats::statistics(volume)?;
    let mut even = Array3::zeros(volume.raw_dim());
    let slices = volume.axis_chunks_iter(Axis(0), 1).into_par_iter();
    slices
        .zip(even.axis_chunks_iter_mut(Axis(0), 1))
        .for_each(|(slice, mut even)| {
            if let Ok(unit) = min_max(slice) {
                let [height, width] = [unit.dim().1, unit.dim().2];
                let default = [1, (height / 8).max(1), (width / 8).max(1)];
                let [_, y, x] = params.region_vox.unwrap_or(default);
                even.assign(&equalize(&unit.view(), [1, y, x], params, false));
            }
        });
    Ok(even)
}

/// One axis cut into regions.
struct Regions {
    length: usize,
    size: usize,
    count: usize,
}

impl Regions {
    fn new(length: usize, size: usize) -> Self {
        Self {
            length,
            size,
            count: length.div_ceil(size),
        }
    }

    /// The voxels of a region, mirrored beyond the end.
    fn members(&self, region: usize) -> impl Iterator<Item = usize> + Clone + '_ {
        let all = region * self.size..(region + 1) * self.size;
        all.filter_map(|place| Boundary::Mirror.source(place as isize, self.length))
    }

    /// The regions before and after a voxel, and how near it is to the second: 0 to 1.
    fn around(&self, voxel: usize) -> ([usize; 2], f64) {
        let place = voxel + self.size / 2;
        let after = place / self.size;
        let part = (place % self.size) as f64 / self.size as f64;
        ([after.saturating_sub(1), after.min(self.count - 1)], part)
    }
}

fn equalize(
    unit: &ArrayView3<'_, f32>,
    region: [usize; 3],
    params: &AdaptiveParams,
    parallel: bool,
) -> Array3<f32> {
    let (nz, ny, nx) = unit.dim();
    let [along_z, along_y, along_x] = [
        Regions::new(nz, region[0]),
        Regions::new(ny, region[1]),
        Regions::new(nx, region[2]),
    ];
    let bin_size = 1 + LEVELS / params.bins;
    // Sixteen bits, then fourteen, each rounded: the way of scikit-image.
    let bins = unit.map(|&value| {
        let wide = (f64::from(value) * 65_535.0).round_ties_even();
        let level = (wide / 65_535.0 * (LEVELS - 1) as f64).round_ties_even();
        (level as usize / bin_size) as u16
    });
    let voxels: usize = region.iter().product();
    let limit = if params.clip_limit > 0.0 {
        ((params.clip_limit * voxels as f64).max(1.0)) as i64
    } else {
        voxels as i64
    };
    let mapping_of = |number: usize| {
        let [z, rest] = [
            number / (along_y.count * along_x.count),
            number % (along_y.count * along_x.count),
        ];
        let [y, x] = [rest / along_x.count, rest % along_x.count];
        let mut counts = vec![0_i64; params.bins];
        for z in along_z.members(z) {
            for y in along_y.members(y) {
                for x in along_x.members(x) {
                    counts[usize::from(bins[[z, y, x]])] += 1;
                }
            }
        }
        clip_histogram(&mut counts, limit);
        mapping(&counts, voxels)
    };
    let all: Range<usize> = 0..along_z.count * along_y.count * along_x.count;
    let mappings: Vec<Vec<u16>> = if parallel {
        all.into_par_iter().map(mapping_of).collect()
    } else {
        all.map(mapping_of).collect()
    };

    let mut out = Array3::zeros(unit.raw_dim());
    let map_plane = |z: usize, plane: &mut [f32]| {
        let (planes, part_z) = along_z.around(z);
        for (place, out) in plane.iter_mut().enumerate() {
            let [y, x] = [place / nx, place % nx];
            let (rows, part_y) = along_y.around(y);
            let (columns, part_x) = along_x.around(x);
            let bin = usize::from(bins[[z, y, x]]);
            let mut sum = 0.0_f32;
            for (plane, weight_z) in planes.into_iter().zip([1.0 - part_z, part_z]) {
                for (row, weight_y) in rows.into_iter().zip([1.0 - part_y, part_y]) {
                    for (column, weight_x) in columns.into_iter().zip([1.0 - part_x, part_x]) {
                        let number = (plane * along_y.count + row) * along_x.count + column;
                        let weight = weight_x * weight_y * weight_z;
                        sum += (f64::from(mappings[number][bin]) * weight) as f32;
                    }
                }
            }
            *out = sum.trunc();
        }
    };
    let planes = out
        .as_slice_mut()
        .expect("a fresh array has standard layout");
    if parallel {
        planes
            .par_chunks_mut(ny * nx)
            .enumerate()
            .for_each(|(z, plane)| map_plane(z, plane));
    } else {
        planes
            .chunks_mut(ny * nx)
            .enumerate()
            .for_each(|(z, plane)| map_plane(z, plane));
    }
    // Fails only where all levels are equal.
    min_max(out.view()).unwrap_or_else(|_| Array3::zeros(unit.raw_dim()))
}
