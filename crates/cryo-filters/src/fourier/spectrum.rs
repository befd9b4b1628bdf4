use ndarray::{Array3, ArrayView3, Axis, parallel::prelude::*};
use realfft::RealFftPlanner;
use rustfft::{Fft, FftDirection, FftPlanner, num_complex::Complex32};

use crate::{
    Error, check,
    lines::{BLOCK, gather, scatter, sheets},
    stats::statistics,
};

/// The half of a real volume's Fourier transform that determines it: `[z, y, x / 2 + 1]`, zero frequency first.
pub(super) struct Spectrum {
    pub(super) values: Array3<Complex32>,
    /// Length of the x axis of the volume.
    width: usize,
}

impl Spectrum {
    /// The transform, not normalized, as `numpy.fft.rfftn`.
    pub(super) fn of(volume: ArrayView3<'_, f32>) -> Result<Self, Error> {
        check::not_empty(&volume)?;
        statistics(volume)?;
        let (depth, height, width) = volume.dim();
        let fft = RealFftPlanner::<f32>::new().plan_fft_forward(width);
        let mut values = Array3::zeros((depth, height, width / 2 + 1));
        values
            .axis_iter_mut(Axis(0))
            .into_par_iter()
            .zip(volume.axis_iter(Axis(0)))
            .for_each_init(
                || (fft.make_input_vec(), fft.make_scratch_vec()),
                |(line, scratch), (mut target, source)| {
                    for (source, mut target) in source.outer_iter().zip(target.outer_iter_mut()) {
                        line.iter_mut()
                            .zip(source)
                            .for_each(|(to, from)| *to = *from);
                        let target = target
                            .as_slice_mut()
                            .expect("a fresh array has standard layout");
                        fft.process_with_scratch(line, target, scratch)
                            .expect("the buffers have the planned lengths");
                    }
                },
            );
        let mut spectrum = Self { values, width };
        spectrum.transform(1, FftDirection::Forward);
        spectrum.transform(0, FftDirection::Forward);
        Ok(spectrum)
    }

    /// The volume.
    pub(super) fn into_volume(mut self) -> Array3<f32> {
        self.transform(0, FftDirection::Inverse);
        self.transform(1, FftDirection::Inverse);
        let (depth, height, _) = self.values.dim();
        let fft = RealFftPlanner::<f32>::new().plan_fft_inverse(self.width);
        let mut volume = Array3::zeros((depth, height, self.width));
        let factor = 1.0 / volume.len() as f32;
        let even = self.width.is_multiple_of(2);
        let planes = volume.axis_iter_mut(Axis(0)).into_par_iter();
        planes
            .zip(self.values.axis_iter_mut(Axis(0)))
            .for_each_init(
                || fft.make_scratch_vec(),
                |scratch, (mut target, mut source)| {
                    for (mut source, mut target) in
                        source.outer_iter_mut().zip(target.outer_iter_mut())
                    {
                        let source = source
                            .as_slice_mut()
                            .expect("our array has standard layout");
                        let target = target
                            .as_slice_mut()
                            .expect("a fresh array has standard layout");
                        // What is real by symmetry is so but for rounding.
                        source[0].im = 0.0;
                        if even && let Some(last) = source.last_mut() {
                            last.im = 0.0;
                        }
                        fft.process_with_scratch(source, target, scratch)
                            .expect("the buffers have the planned lengths and the ends are real");
                        target.iter_mut().for_each(|value| *value *= factor);
                    }
                },
            );
        volume
    }

    fn transform(&mut self, axis: usize, direction: FftDirection) {
        let length = self.values.len_of(Axis(axis));
        let fft: std::sync::Arc<dyn Fft<f32>> = FftPlanner::new().plan_fft(length, direction);
        sheets(&mut self.values.view_mut(), axis)
            .into_par_iter()
            .for_each_init(
                || {
                    (
                        Vec::new(),
                        vec![Complex32::default(); fft.get_inplace_scratch_len()],
                    )
                },
                |(lines, scratch), mut sheet| {
                    for first in (0..sheet.ncols()).step_by(BLOCK) {
                        gather(&sheet.view(), first, lines);
                        fft.process_with_scratch(lines, scratch);
                        scatter(lines, first, &mut sheet);
                    }
                },
            );
    }

    /// Multiplies every value by the gain at its frequency `[z, y, x]` in cycles a voxel.
    pub(super) fn multiply(&mut self, gain: impl Fn([f64; 3]) -> f64 + Sync) {
        let (depth, height, columns) = self.values.dim();
        let width = self.width;
        self.values
            .axis_iter_mut(Axis(0))
            .into_par_iter()
            .enumerate()
            .for_each(|(z, mut plane)| {
                for ((y, x), value) in plane.indexed_iter_mut() {
                    let frequency = [
                        frequency(z, depth),
                        frequency(y, height),
                        x as f64 / width as f64,
                    ];
                    *value *= gain(frequency) as f32;
                }
            });
        debug_assert_eq!(columns, width / 2 + 1);
    }

    /// How often a value of column `x` stands in the whole transform: once, or twice with its conjugate.
    pub(super) fn multiplicity(&self, x: usize) -> u64 {
        if x == 0 || 2 * x == self.width { 1 } else { 2 }
    }

    /// Shape of the volume.
    pub(super) fn shape(&self) -> [usize; 3] {
        let (depth, height, _) = self.values.dim();
        [depth, height, self.width]
    }
}

/// Cycles a voxel of an index of a transform of `length` values: negative from the middle on, as `numpy.fft.fftfreq`.
pub(super) fn frequency(index: usize, length: usize) -> f64 {
    let signed = if index < length.div_ceil(2) {
        index as f64
    } else {
        index as f64 - length as f64
    };
    signed / length as f64
}

/// Length of a frequency.
pub(super) fn norm(frequency: [f64; 3]) -> f64 {
    frequency
        .iter()
        .map(|value| value * value)
        .sum::<f64>()
        .sqrt()
}
