//! Three passes of one dimension: x and y plane by plane, then z row by row.
//!
//! Two passes over memory instead of three: a plane after its x pass stays in the cache until its y pass is done. The passes
//! along y and z work on columns of 64 values that are packed one below the other, whatever the size of the plane: rows that lie a
//! power of two apart would push each other out of the cache.

use std::sync::atomic::{AtomicBool, Ordering};

use ndarray::{
    Array3, ArrayView2, ArrayView3, ArrayViewMut2, ArrayViewMut3, Axis, parallel::prelude::*,
};

use super::direct::{convolve_line, convolve_rows};
use crate::{
    Boundary, Error,
    boundary::Extension,
    check,
    lanes::{LANES, all_finite},
};

/// Bytes of packed columns that a core works on at a time: half of a usual second-level cache.
const CACHE_BYTES: usize = 512 << 10;

/// One axis: its kernel from the centre outwards, and what stands beyond its ends.
struct Pass<'a> {
    half: &'a [f32],
    extension: Extension,
}

impl<'a> Pass<'a> {
    fn new(half: &'a [f32], boundary: Boundary, length: usize) -> Self {
        let radius = half.len() - 1;
        Self {
            half,
            extension: Extension::new(boundary, length, radius, radius),
        }
    }

    fn radius(&self) -> usize {
        self.half.len() - 1
    }
}

/// Convolves `volume` with symmetric kernels, each given from its centre outwards, along z, y and x.
pub(super) fn separable_into(
    volume: ArrayView3<'_, f32>,
    halves: &[Vec<f32>; 3],
    boundary: Boundary,
    mut out: ArrayViewMut3<'_, f32>,
) -> Result<(), Error> {
    check::not_empty(&volume)?;
    check::same_shape("out", volume.shape(), out.shape())?;
    if !out.is_standard_layout() {
        let mut packed = Array3::zeros(volume.raw_dim());
        separable_into(volume, halves, boundary, packed.view_mut())?;
        out.assign(&packed);
        return Ok(());
    }
    let pass = |axis: usize, fill: f32| {
        let mut pass = Pass::new(&halves[axis], boundary, volume.len_of(Axis(axis)));
        pass.extension.fill = fill;
        pass
    };
    // What stands beyond the edge has gone through the earlier passes too; only a derivative's weights do not sum to 1.
    let along_x = pass(2, boundary.fill());
    let along_y = pass(1, along_x.extension.fill * sum(&halves[2]));
    let along_z = pass(0, along_y.extension.fill * sum(&halves[1]));

    let finite = AtomicBool::new(true);
    let planes = volume.axis_iter(Axis(0)).into_par_iter();
    let tasks = 4 * rayon::current_num_threads();
    planes
        .zip(out.axis_iter_mut(Axis(0)))
        .with_min_len(volume.len_of(Axis(0)).div_ceil(tasks))
        .for_each_init(PlaneScratch::default, |scratch, (source, target)| {
            if !convolve_plane(source, target, &along_y, &along_x, scratch) {
                finite.store(false, Ordering::Relaxed);
            }
        });
    if !finite.into_inner()
        && let Some(error) = check::first_not_finite(&volume)
    {
        return Err(error);
    }
    if along_z.radius() == 0 && along_z.half[0] == 1.0 {
        return Ok(());
    }
    out.axis_iter_mut(Axis(1))
        .into_par_iter()
        .with_min_len(volume.len_of(Axis(1)).div_ceil(tasks))
        .for_each_init(Vec::new, |block, sheet| {
            convolve_columns(sheet, &along_z, block);
        });
    Ok(())
}

/// Sum of a whole kernel; exactly 1 for a Gaussian, so that a constant stays what it is.
fn sum(half: &[f32]) -> f32 {
    let sum = 2.0 * half.iter().map(|&weight| f64::from(weight)).sum::<f64>() - f64::from(half[0]);
    if (sum - 1.0).abs() < 1e-6 {
        1.0
    } else {
        sum as f32
    }
}

#[derive(Default)]
struct PlaneScratch {
    line: Vec<f32>,
    block: Vec<f32>,
}

/// Convolves one plane along x and y; whether it was finite.
fn convolve_plane(
    source: ArrayView2<'_, f32>,
    mut target: ArrayViewMut2<'_, f32>,
    along_y: &Pass<'_>,
    along_x: &Pass<'_>,
    scratch: &mut PlaneScratch,
) -> bool {
    let width = source.ncols();
    let groups = width.div_ceil(LANES);
    let rows = along_y.extension.extended();
    let stride = rows * LANES;
    let before = along_x.radius();
    scratch.line.resize(groups * LANES + 2 * before, 0.0);
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
        along_x.extension.fill_ends(line);
        let start = (along_y.radius() + y) * LANES;
        convolve_line(line, along_x.half, &mut scratch.block[start..], stride);
    }

    for (group, block) in scratch.block.chunks_exact_mut(stride).enumerate() {
        along_y.extension.fill_end_rows(block, LANES);
        let columns = group * LANES..width.min((group + 1) * LANES);
        for (y, mut row) in target.outer_iter_mut().enumerate() {
            let row = row.as_slice_mut().expect("the output has standard layout");
            convolve_group(&block[y * LANES..], along_y.half, &mut row[columns.clone()]);
        }
    }
    finite
}

/// Convolves the rows of a sheet `[z, x]` along z, in place.
fn convolve_columns(mut sheet: ArrayViewMut2<'_, f32>, pass: &Pass<'_>, block: &mut Vec<f32>) {
    let width = sheet.ncols();
    let stride = pass.extension.extended() * LANES;
    let groups = (CACHE_BYTES / (stride * size_of::<f32>())).clamp(1, width.div_ceil(LANES));
    block.resize(groups * stride, 0.0);
    for first in (0..width).step_by(groups * LANES) {
        let last = width.min(first + groups * LANES);
        for (z, row) in sheet.outer_iter().enumerate() {
            let row = row.as_slice().expect("the output has standard layout");
            let start = (pass.radius() + z) * LANES;
            for (group, values) in row[first..last].chunks(LANES).enumerate() {
                block[group * stride + start..][..values.len()].copy_from_slice(values);
            }
        }
        for (columns, block) in (first..last)
            .step_by(LANES)
            .zip(block.chunks_exact_mut(stride))
        {
            pass.extension.fill_end_rows(block, LANES);
            for (z, mut row) in sheet.outer_iter_mut().enumerate() {
                let row = row.as_slice_mut().expect("the output has standard layout");
                let out = &mut row[columns..last.min(columns + LANES)];
                convolve_group(&block[z * LANES..], pass.half, out);
            }
        }
    }
}

/// One row of up to 64 outputs.
fn convolve_group(rows: &[f32], half: &[f32], out: &mut [f32]) {
    if let Ok(out) = <&mut [f32; LANES]>::try_from(&mut *out) {
        return convolve_rows(rows, half, out);
    }
    let mut group = [0.0; LANES];
    convolve_rows(rows, half, &mut group);
    out.copy_from_slice(&group[..out.len()]);
}
