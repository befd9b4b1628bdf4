//! Long kernels: every line is extended, transformed, multiplied and transformed back.

use ndarray::{ArrayViewMut3, Axis, parallel::prelude::*};
use realfft::{RealFftPlanner, num_complex::Complex32};

use crate::{
    boundary::Extension,
    lines::{gather, good_length, scatter, sheets},
};

/// Convolves all lines along one axis, in place.
pub(super) fn convolve_axis(
    mut volume: ArrayViewMut3<'_, f32>,
    axis: usize,
    half: &[f32],
    extension: &Extension,
) {
    let length = volume.len_of(Axis(axis));
    // The circular convolution is wrong within a radius of its ends, which are not kept.
    let size = good_length(extension.extended());
    let mut planner = RealFftPlanner::new();
    let forward = planner.plan_fft_forward(size);
    let inverse = planner.plan_fft_inverse(size);
    let gains = gains(half, size, &*forward);
    let before = extension.before.len();

    sheets(&mut volume, axis).into_par_iter().for_each_init(
        || Scratch {
            lines: Vec::new(),
            line: forward.make_input_vec(),
            spectrum: forward.make_output_vec(),
            forward: forward.make_scratch_vec(),
            inverse: inverse.make_scratch_vec(),
        },
        |scratch, mut sheet| {
            for first in (0..sheet.ncols()).step_by(crate::lines::BLOCK) {
                gather(&sheet.view(), first, &mut scratch.lines);
                for values in scratch.lines.chunks_exact_mut(length) {
                    let line = &mut scratch.line[..];
                    line[before..before + length].copy_from_slice(values);
                    extension.fill_end_rows(line, 1);
                    line[extension.extended()..].fill(0.0);
                    forward
                        .process_with_scratch(line, &mut scratch.spectrum, &mut scratch.forward)
                        .expect("the buffers have the planned lengths");
                    for (value, gain) in scratch.spectrum.iter_mut().zip(&gains) {
                        *value *= gain;
                    }
                    inverse
                        .process_with_scratch(&mut scratch.spectrum, line, &mut scratch.inverse)
                        .expect("a real line times a real, even kernel stays real");
                    values.copy_from_slice(&line[before..before + length]);
                }
                scatter(&scratch.lines, first, &mut sheet);
            }
        },
    );
}

struct Scratch {
    lines: Vec<f32>,
    line: Vec<f32>,
    spectrum: Vec<Complex32>,
    forward: Vec<Complex32>,
    inverse: Vec<Complex32>,
}

/// The transform of a symmetric kernel, which is real, divided by the length.
fn gains(half: &[f32], size: usize, forward: &dyn realfft::RealToComplex<f32>) -> Vec<f32> {
    let mut line = forward.make_input_vec();
    for (k, &weight) in half.iter().enumerate() {
        line[k] = weight;
        line[(size - k) % size] = weight;
    }
    let mut spectrum = forward.make_output_vec();
    forward
        .process(&mut line, &mut spectrum)
        .expect("the buffers have the planned lengths");
    spectrum
        .iter()
        .map(|value| value.re / size as f32)
        .collect()
}
