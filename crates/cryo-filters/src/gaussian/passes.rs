use ndarray::{ArrayView3, ArrayViewMut3};

use super::{
    direct::{convolve_line, convolve_rows},
    spectral,
};
use crate::{
    Boundary, Error,
    boundary::Extension,
    lanes::LANES,
    separable::{AxisFilter, separable_into},
};

/// The longest kernel that is summed directly. Its cost grows with the radius; that of a Fourier transform of the
/// extended line does not, but starts where a direct sum of about 140 terms ends (measured on 128 x 512 x 512 voxels).
const LONGEST_DIRECT: usize = 128;

/// Convolves `volume` with symmetric kernels, each given from its centre outwards, along z, y and x.
///
/// Short kernels first, x before y before z, then the long ones in the same order.
pub(super) fn convolve_into(
    volume: ArrayView3<'_, f32>,
    halves: &[Vec<f32>; 3],
    boundary: Boundary,
    mut out: ArrayViewMut3<'_, f32>,
) -> Result<(), Error> {
    let shape = volume.dim();
    let lengths = [shape.0, shape.1, shape.2];
    let long = |axis: usize| halves[axis].len() - 1 > LONGEST_DIRECT;
    // What stands beyond the edge has gone through the earlier passes too; only a derivative's weights do not sum to 1.
    let mut fill = boundary.fill();
    let mut pass = |axis: usize| {
        let half = if long(axis) {
            &[1.0][..]
        } else {
            &halves[axis][..]
        };
        let pass = Convolution::new(half, boundary, lengths[axis], fill);
        fill *= sum(half);
        pass
    };
    let along_x = pass(2);
    let along_y = pass(1);
    let along_z = pass(0);
    separable_into(volume, &[along_z, along_y, along_x], out.view_mut())?;
    for axis in [2, 1, 0].into_iter().filter(|&axis| long(axis)) {
        let radius = halves[axis].len() - 1;
        let mut extension = Extension::new(boundary, lengths[axis], radius, radius);
        extension.fill = fill;
        fill *= sum(&halves[axis]);
        spectral::convolve_axis(out.view_mut(), axis, &halves[axis], &extension);
    }
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

/// A kernel from its centre outwards, and what stands beyond the ends of the axis.
pub(super) struct Convolution<'a> {
    half: &'a [f32],
    extension: Extension,
}

impl<'a> Convolution<'a> {
    pub(super) fn new(half: &'a [f32], boundary: Boundary, length: usize, fill: f32) -> Self {
        let radius = half.len() - 1;
        let mut extension = Extension::new(boundary, length, radius, radius);
        extension.fill = fill;
        Self { half, extension }
    }
}

impl AxisFilter for Convolution<'_> {
    fn extension(&self) -> &Extension {
        &self.extension
    }

    fn is_identity(&self) -> bool {
        self.half == [1.0]
    }

    fn line(&self, line: &mut [f32], block: &mut [f32], stride: usize) {
        convolve_line(line, self.half, block, stride);
    }

    fn row(&self, rows: &[f32], out: &mut [f32; LANES]) {
        convolve_rows(rows, self.half, out);
    }
}
