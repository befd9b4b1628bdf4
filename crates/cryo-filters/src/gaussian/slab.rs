//! A few planes of a smoothed volume at a time.

use std::ops::Range;

use ndarray::{ArrayView3, ArrayViewMut2, ArrayViewMut3, Axis};
use rayon::prelude::*;

use super::{GaussianParams, passes::Convolution};
use crate::{
    Error, check,
    lanes::{LANES, all_finite},
    separable::{
        AxisFilter, PlaneScratch, filter_group, filter_plane_in_place, separable_in_place,
    },
};

/// Consecutive planes of a volume that need not be in memory as a whole.
#[derive(Clone, Copy, Debug)]
pub struct Slab<'a> {
    /// The planes, `[z, y, x]`.
    pub planes: ArrayView3<'a, f32>,
    /// Place of the first of them in the volume.
    pub first: usize,
    /// Number of planes of the volume.
    pub depth: usize,
}

impl<'a> Slab<'a> {
    /// All planes of a volume.
    #[must_use]
    pub fn whole(volume: ArrayView3<'a, f32>) -> Self {
        Self {
            planes: volume,
            first: 0,
            depth: volume.len_of(Axis(0)),
        }
    }
}

/// Writes the planes `wanted` of the smoothed volume to `out`, `[wanted.len(), y, x]`.
///
/// What [`gaussian`](super::gaussian) computes, up to the rounding of the last bit: z goes first, so that no plane is
/// smoothed that is not asked for, and a whole volume can be worked through in slabs that need little memory. A plane's values depend
/// neither on the slab nor on the range that it is asked for with, nor on the number of threads. Kernels of any radius are summed
/// directly. Values that are not finite are not looked for: they spread.
///
/// # Errors
///
/// [`Error::Sigma`] and [`Error::Parameter`] by [`GaussianParams::validate`], [`Error::Empty`]; [`Error::Parameter`] where
/// `slab` does not hold a plane that the kernel reaches, [`Error::Shape`] where `out` has another shape or is not of standard layout.
///
/// # Examples
///
/// ```
/// use cryo_filters::{GaussianParams, Slab, gaussian, gaussian_slab_into};
/// use ndarray::{Array3, s};
///
/// let volume = Array3::from_shape_fn((40, 9, 12), |(z, y, x)| (z * z + y * x) as f32);
/// let params = GaussianParams::isotropic(1.5);
/// // Planes 20 and 21 need six planes to either side.
/// let slab = Slab { planes: volume.slice(s![14..28, .., ..]), first: 14, depth: 40 };
/// let mut two = Array3::zeros((2, 9, 12));
/// gaussian_slab_into(slab, &params, 20..22, two.view_mut())?;
/// let all = gaussian(volume.view(), &params)?;
/// assert!((two[[1, 4, 5]] / all[[21, 4, 5]] - 1.0).abs() < 1e-5);
/// # Ok::<(), cryo_filters::Error>(())
/// ```
pub fn gaussian_slab_into(
    slab: Slab<'_>,
    params: &GaussianParams,
    wanted: Range<usize>,
    mut out: ArrayViewMut3<'_, f32>,
) -> Result<(), Error> {
    params.validate()?;
    check::not_empty(&slab.planes)?;
    let (_, height, width) = slab.planes.dim();
    let expected = [wanted.len(), height, width];
    if out.shape() != expected || !out.is_standard_layout() {
        return Err(Error::Shape {
            name: "out",
            expected: expected.to_vec(),
            got: out.shape().to_vec(),
        });
    }
    let kernels = params.kernels();
    let sources = sources(&slab, params, kernels[0].len() - 1, &wanted)?;
    let fill = params.boundary.fill();
    let along_x = Convolution::new(&kernels[2], params.boundary, width, fill);
    let along_y = Convolution::new(&kernels[1], params.boundary, height, fill);
    let along_z = Convolution::new(&kernels[0], params.boundary, slab.depth, fill);

    out.axis_iter_mut(Axis(1))
        .into_par_iter()
        .enumerate()
        .for_each_init(Vec::new, |block, (y, sheet)| {
            smooth_columns(&slab.planes, y, &sources, fill, &along_z, block, sheet);
        });
    out.axis_iter_mut(Axis(0)).into_par_iter().for_each_init(
        PlaneScratch::default,
        |scratch, plane| {
            filter_plane_in_place(plane, &along_y, &along_x, scratch);
        },
    );
    Ok(())
}

/// The row of the slab that stands at each plane the kernel reaches; `None` where the constant does.
fn sources(
    slab: &Slab<'_>,
    params: &GaussianParams,
    radius: usize,
    wanted: &Range<usize>,
) -> Result<Vec<Option<usize>>, Error> {
    let held = slab.first..slab.first + slab.planes.len_of(Axis(0));
    if wanted.end > slab.depth || held.end > slab.depth || wanted.is_empty() {
        return Err(check::parameter(
            "end of the wanted planes",
            wanted.end as f64,
            "expected some planes, at most those of the volume",
        ));
    }
    let signed = |place: usize| place as isize;
    let reached = signed(wanted.start) - signed(radius)..signed(wanted.end + radius);
    reached
        .map(|place| match params.boundary.source(place, slab.depth) {
            None => Ok(None),
            Some(plane) if held.contains(&plane) => Ok(Some(plane - slab.first)),
            Some(plane) => Err(check::parameter(
                "a plane that the kernel reaches",
                plane as f64,
                "expected a slab that holds it",
            )),
        })
        .collect()
}

/// Smooths the rows `y` of the planes along z into a sheet `[z, x]`.
fn smooth_columns(
    planes: &ArrayView3<'_, f32>,
    y: usize,
    sources: &[Option<usize>],
    fill: f32,
    along_z: &impl AxisFilter,
    block: &mut Vec<f32>,
    mut sheet: ArrayViewMut2<'_, f32>,
) {
    let width = sheet.ncols();
    block.resize(sources.len() * LANES, 0.0);
    for first in (0..width).step_by(LANES) {
        let last = width.min(first + LANES);
        for (values, source) in block.chunks_exact_mut(LANES).zip(sources) {
            let values = &mut values[..last - first];
            match *source {
                None => values.fill(fill),
                Some(plane) => {
                    let row = planes.slice(ndarray::s![plane, y, first..last]);
                    match row.as_slice() {
                        Some(row) => values.copy_from_slice(row),
                        None => values
                            .iter_mut()
                            .zip(&row)
                            .for_each(|(to, &from)| *to = from),
                    }
                }
            }
        }
        for (z, mut row) in sheet.outer_iter_mut().enumerate() {
            let row = row.as_slice_mut().expect("the output has standard layout");
            filter_group(along_z, &block[z * LANES..], &mut row[first..last]);
        }
    }
}

/// Smooths a volume in the memory that it stands in.
///
/// As [`gaussian`](super::gaussian), without a second volume; kernels of any radius are summed directly.
///
/// # Errors
///
/// As [`gaussian`](super::gaussian), with the values as they were; [`Error::Shape`] where the memory is not of
/// standard layout.
///
/// # Examples
///
/// ```
/// use cryo_filters::{GaussianParams, gaussian_in_place};
/// use ndarray::Array3;
///
/// let mut volume = Array3::zeros((9, 20, 31));
/// volume[[4, 7, 11]] = 1.0;
/// gaussian_in_place(volume.view_mut(), &GaussianParams::isotropic(1.0))?;
/// assert!((volume[[4, 7, 11]] - 0.0635).abs() < 1e-4); // (2 pi)^(-3/2)
/// # Ok::<(), cryo_filters::Error>(())
/// ```
pub fn gaussian_in_place(
    volume: ArrayViewMut3<'_, f32>,
    params: &GaussianParams,
) -> Result<(), Error> {
    params.validate()?;
    check::not_empty(&volume.view())?;
    if !volume.is_standard_layout() {
        return Err(Error::Shape {
            name: "volume",
            expected: volume.shape().to_vec(),
            got: volume
                .strides()
                .iter()
                .map(|stride| stride.unsigned_abs())
                .collect(),
        });
    }
    let finite = |values: &[f32]| values.par_chunks(1 << 16).all(all_finite);
    if !volume.as_slice().is_some_and(finite)
        && let Some(error) = check::first_not_finite(&volume.view())
    {
        return Err(error);
    }
    let kernels = params.kernels();
    let shape = [0, 1, 2].map(|axis| volume.len_of(Axis(axis)));
    let fill = params.boundary.fill();
    let filters =
        [0, 1, 2].map(|axis| Convolution::new(&kernels[axis], params.boundary, shape[axis], fill));
    separable_in_place(volume, &filters);
    Ok(())
}
