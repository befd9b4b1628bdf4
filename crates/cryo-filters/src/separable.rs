//! Three passes of one dimension: x and y plane by plane, then z row by row.
//!
//! Two passes over memory instead of three: a plane after its x pass stays in the cache until its y pass is done. The passes
//! along y and z work on columns of 64 values that are packed one below the other, whatever the size of the plane: rows that lie a
//! power of two apart would push each other out of the cache.

use std::sync::atomic::{AtomicBool, Ordering};

use ndarray::{
    Array3, ArrayView2, ArrayView3, ArrayViewMut2, ArrayViewMut3, Axis, parallel::prelude::*,
};

use crate::{
    Error,
    boundary::Extension,
    check,
    lanes::{LANES, all_finite},
};

/// Bytes of packed columns that a core works on at a time: half of a usual second-level cache.
const CACHE_BYTES: usize = 512 << 10;

/// What is done along one axis.
pub(crate) trait AxisFilter: Sync {
    /// How the axis goes on beyond its ends, as far as the filter looks.
    fn extension(&self) -> &Extension;

    /// Whether every value stays what it is.
    fn is_identity(&self) -> bool;

    /// Filters an extended line; the outputs `64 c ..` go to `block[c * stride ..]`. May overwrite the line.
    fn line(&self, line: &mut [f32], block: &mut [f32], stride: usize);

    /// Prepares an extended block of rows of 64 values, once before its rows are asked for.
    fn prepare(&self, _block: &mut [f32]) {}

    /// One row of 64 outputs from the prepared rows that start with the first one it looks at.
    fn row(&self, rows: &[f32], out: &mut [f32; LANES]);
}

/// Filters `volume`, of standard layout, along x, y and z in place.
///
/// Whether all values were finite; if not, some are changed already.
pub(crate) fn separable_in_place<F: AxisFilter>(
    mut volume: ArrayViewMut3<'_, f32>,
    filters: &[F; 3],
) -> bool {
    let [along_z, along_y, along_x] = filters;
    let finite = AtomicBool::new(true);
    volume.axis_iter_mut(Axis(0)).into_par_iter().for_each_init(
        PlaneScratch::default,
        |scratch, plane| {
            if !filter_plane_in_place(plane, along_y, along_x, scratch) {
                finite.store(false, Ordering::Relaxed);
            }
        },
    );
    if !along_z.is_identity() {
        volume
            .axis_iter_mut(Axis(1))
            .into_par_iter()
            .for_each_init(Vec::new, |block, sheet| {
                filter_columns(sheet, along_z, block);
            });
    }
    finite.into_inner()
}

/// Filters `volume` along x, y and z, given as `[z, y, x]`.
pub(crate) fn separable_into<F: AxisFilter>(
    volume: ArrayView3<'_, f32>,
    filters: &[F; 3],
    mut out: ArrayViewMut3<'_, f32>,
) -> Result<(), Error> {
    check::not_empty(&volume)?;
    check::same_shape("out", volume.shape(), out.shape())?;
    if !out.is_standard_layout() {
        let mut packed = Array3::zeros(volume.raw_dim());
        separable_into(volume, filters, packed.view_mut())?;
        out.assign(&packed);
        return Ok(());
    }
    let [along_z, along_y, along_x] = filters;
    let finite = AtomicBool::new(true);
    let tasks = 4 * rayon::current_num_threads();
    volume
        .axis_iter(Axis(0))
        .into_par_iter()
        .zip(out.axis_iter_mut(Axis(0)))
        .with_min_len(volume.len_of(Axis(0)).div_ceil(tasks))
        .for_each_init(PlaneScratch::default, |scratch, (source, target)| {
            if !filter_plane(source, target, along_y, along_x, scratch) {
                finite.store(false, Ordering::Relaxed);
            }
        });
    if !finite.into_inner()
        && let Some(error) = check::first_not_finite(&volume)
    {
        return Err(error);
    }
    if along_z.is_identity() {
        return Ok(());
    }
    out.axis_iter_mut(Axis(1))
        .into_par_iter()
        .with_min_len(volume.len_of(Axis(1)).div_ceil(tasks))
        .for_each_init(Vec::new, |block, sheet| {
            filter_columns(sheet, along_z, block);
        });
    Ok(())
}

#[derive(Default)]
pub(crate) struct PlaneScratch {
    line: Vec<f32>,
    block: Vec<f32>,
}

/// Filters one plane along x and y; whether it was finite.
fn filter_plane(
    source: ArrayView2<'_, f32>,
    target: ArrayViewMut2<'_, f32>,
    along_y: &impl AxisFilter,
    along_x: &impl AxisFilter,
    scratch: &mut PlaneScratch,
) -> bool {
    let finite = load_plane(source, along_y, along_x, scratch);
    store_plane(target, along_y, scratch);
    finite
}

/// Filters one plane along x and y, in place; whether it was finite.
pub(crate) fn filter_plane_in_place(
    plane: ArrayViewMut2<'_, f32>,
    along_y: &impl AxisFilter,
    along_x: &impl AxisFilter,
    scratch: &mut PlaneScratch,
) -> bool {
    let finite = load_plane(plane.view(), along_y, along_x, scratch);
    store_plane(plane, along_y, scratch);
    finite
}

/// Filters a plane along x into packed columns; whether it was finite.
fn load_plane(
    source: ArrayView2<'_, f32>,
    along_y: &impl AxisFilter,
    along_x: &impl AxisFilter,
    scratch: &mut PlaneScratch,
) -> bool {
    let width = source.ncols();
    let groups = width.div_ceil(LANES);
    let stride = along_y.extension().extended() * LANES;
    let before = along_x.extension().before.len();
    let ends = along_x.extension().extended() - width;
    scratch.line.resize(groups * LANES + ends, 0.0);
    scratch.block.resize(groups * stride, 0.0);
    let line = &mut scratch.line[..];

    let mut finite = true;
    for (y, row) in source.outer_iter().enumerate() {
        let inner = &mut line[before..before + width];
        match row.as_slice() {
            Some(row) => inner.copy_from_slice(row),
            None => inner
                .iter_mut()
                .zip(&row)
                .for_each(|(to, from)| *to = *from),
        }
        finite &= all_finite(inner);
        along_x.extension().fill_end_rows(line, 1);
        let start = (along_y.extension().before.len() + y) * LANES;
        along_x.line(line, &mut scratch.block[start..], stride);
    }
    finite
}

/// Filters packed columns along y into a plane.
fn store_plane(
    mut target: ArrayViewMut2<'_, f32>,
    along_y: &impl AxisFilter,
    scratch: &mut PlaneScratch,
) {
    let width = target.ncols();
    let stride = along_y.extension().extended() * LANES;
    for (group, block) in scratch.block.chunks_exact_mut(stride).enumerate() {
        along_y.extension().fill_end_rows(block, LANES);
        along_y.prepare(block);
        let columns = group * LANES..width.min((group + 1) * LANES);
        for (y, mut row) in target.outer_iter_mut().enumerate() {
            let row = row.as_slice_mut().expect("the output has standard layout");
            filter_group(along_y, &block[y * LANES..], &mut row[columns.clone()]);
        }
    }
}

/// Filters the rows of a sheet `[z, x]` along z, in place.
fn filter_columns(
    mut sheet: ArrayViewMut2<'_, f32>,
    filter: &impl AxisFilter,
    block: &mut Vec<f32>,
) {
    let width = sheet.ncols();
    let stride = filter.extension().extended() * LANES;
    let groups = (CACHE_BYTES / (stride * size_of::<f32>())).clamp(1, width.div_ceil(LANES));
    block.resize(groups * stride, 0.0);
    for first in (0..width).step_by(groups * LANES) {
        let last = width.min(first + groups * LANES);
        for (z, row) in sheet.outer_iter().enumerate() {
            let row = row.as_slice().expect("the output has standard layout");
            let start = (filter.extension().before.len() + z) * LANES;
            for (group, values) in row[first..last].chunks(LANES).enumerate() {
                block[group * stride + start..][..values.len()].copy_from_slice(values);
            }
        }
        let groups = (first..last).step_by(LANES);
        for (columns, block) in groups.zip(block.chunks_exact_mut(stride)) {
            filter.extension().fill_end_rows(block, LANES);
            filter.prepare(block);
            for (z, mut row) in sheet.outer_iter_mut().enumerate() {
                let row = row.as_slice_mut().expect("the output has standard layout");
                let out = &mut row[columns..last.min(columns + LANES)];
                filter_group(filter, &block[z * LANES..], out);
            }
        }
    }
}

/// One row of up to 64 outputs.
pub(crate) fn filter_group(filter: &impl AxisFilter, rows: &[f32], out: &mut [f32]) {
    if let Ok(out) = <&mut [f32; LANES]>::try_from(&mut *out) {
        return filter.row(rows, out);
    }
    let mut group = [0.0; LANES];
    filter.row(rows, &mut group);
    out.copy_from_slice(&group[..out.len()]);
}
