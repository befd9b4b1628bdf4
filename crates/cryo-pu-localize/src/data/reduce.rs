use std::ops::Range;

use cryo_candidates::PlaneSource;
use cryo_core::{Grid, Volume};
use ndarray::{Array3, s};

use super::{
    mask,
    prepare::{check_finite, factor, working_grid},
    resample::{Resampling, planes_at_once},
};
use crate::Error;

/// A tomogram on the grid on which a model looks at it.
pub struct Reduced {
    /// Its values, smoothed and interpolated.
    pub volume: Volume,
    /// Where it is looked at, `[z, y, x]` as the volume; `None` is everywhere.
    pub mask: Option<Array3<bool>>,
}

/// A tomogram with voxels of `voxel_angstrom`, read a few planes at a time: it may be larger than memory, which takes what
/// comes out and 64 MiB of planes, or one plane where that is more.
///
/// What [`predict`](crate::predict) and [`fit`](crate::fit) make of the result is what they make of the tomogram, of which they
/// would do the same to the whole. Positions are then on the result's grid;
/// [`ParticleSet::resampled_to`](cryo_core::ParticleSet::resampled_to) takes them back. Of the `mask` values above
/// 0 count; it has the tomogram's voxels, and each of the result is inside where the nearest of those is.
///
/// # Errors
/// [`Error::Source`] where planes cannot be read, [`Error::NotFinite`], [`Error::Mask`].
///
/// # Examples
/// ```
/// use cryo_core::{Grid, Volume, VoxelSize};
/// use cryo_pu_localize::reduce;
/// use ndarray::Array3;
///
/// // Any `cryo_candidates::PlaneSource`, such as a file.
/// let grid = Grid::new([40, 60, 80], VoxelSize::new(2.0).expect("above 0"));
/// let source = Volume::new(Array3::from_shape_fn((40, 60, 80), |(z, y, x)| (x + y + z) as f32), grid)?;
/// let reduced = reduce("TS_01", &source, None, 8.0)?;
/// assert_eq!(reduced.volume.grid().shape, [10, 15, 20]);
/// assert_eq!(reduced.volume.grid().voxel_size.x(), 8.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn reduce(
    name: &str,
    source: &dyn PlaneSource,
    mask: Option<&dyn PlaneSource>,
    voxel_angstrom: f64,
) -> Result<Reduced, Error> {
    let from = source.grid();
    let grid = working_grid(&from, voxel_angstrom);
    let factor = factor(&from, voxel_angstrom);
    let resampling = Resampling::new(from.shape, factor)?;
    let [depth, height, width] = from.shape;
    let mut values = Array3::zeros(grid.shape);
    let at_once = planes_at_once(height * width);
    for first in (0..depth).step_by(at_once) {
        let planes = first..(first + at_once).min(depth);
        let mut values_read = Array3::zeros([planes.len(), height, width]);
        read(name, source, planes.clone(), &mut values_read)?;
        check_finite(name, values_read.view(), first)?;
        if factor == [1.0; 3] {
            values.slice_mut(s![planes, .., ..]).assign(&values_read);
        } else {
            resampling.add(first, values_read, &mut values)?;
        }
    }
    let mask = mask
        .map(|mask| reduced_mask(name, mask, from.shape, grid.shape, factor))
        .transpose()?;
    Ok(Reduced {
        volume: on_grid(values, grid),
        mask,
    })
}

/// Bytes that [`reduce`] takes at its highest point beside what comes out: the planes that are read at once, and again as they
/// are made smaller.
#[must_use]
pub fn reduce_bytes(grid: &Grid) -> u64 {
    let [depth, height, width] = grid.shape;
    let planes = planes_at_once(height * width).min(depth);
    2 * 4 * (planes * height * width) as u64
}

fn read(
    name: &str,
    source: &dyn PlaneSource,
    planes: Range<usize>,
    out: &mut Array3<f32>,
) -> Result<(), Error> {
    let failed = |source| Error::Source {
        tomogram: name.to_owned(),
        source,
    };
    source.read_planes(planes, out.view_mut()).map_err(failed)
}

fn on_grid(values: Array3<f32>, grid: Grid) -> Volume {
    Volume::new(values, grid).expect("values of the grid's shape")
}

fn reduced_mask(
    name: &str,
    source: &dyn PlaneSource,
    from: [usize; 3],
    to: [usize; 3],
    factor: [f64; 3],
) -> Result<Array3<bool>, Error> {
    mask::check_shape(name, &source.grid().shape, &from)?;
    let [along_z, along_y, along_x] =
        std::array::from_fn(|axis| mask::nearest(from[axis], to[axis], factor[axis]));
    let mut out = Array3::from_elem(to, false);
    let mut plane = Array3::zeros([1, from[1], from[2]]);
    for (z, mut inside) in along_z.into_iter().zip(out.outer_iter_mut()) {
        read(name, source, z..z + 1, &mut plane)?;
        for ((y, x), inside) in inside.indexed_iter_mut() {
            *inside = plane[[0, along_y[y], along_x[x]]] > 0.0;
        }
    }
    mask::check_inside(
        name,
        out.view(),
        "voxels above 0 in the middle of the network's",
    )?;
    Ok(out)
}
