//! Sums over short symmetric kernels, 64 outputs at a time.

use crate::lanes::{LANES, add_product, for_each_processor, lanes};

for_each_processor! {
    /// Convolves an extended line. The outputs `64 c ..` go to `block[c * stride ..]`.
    ///
    /// `line` is the line with `half.len() - 1` values before it and enough after it to fill whole groups of 64.
    pub(super) fn convolve_line(line: &[f32], half: &[f32], block: &mut [f32], stride: usize) {
        let radius = half.len() - 1;
        let groups = (line.len() - 2 * radius) / LANES;
        for group in 0..groups {
            let window = &line[group * LANES..][..LANES + 2 * radius];
            let mut sum = lanes(window, radius).map(|value| half[0] * value);
            for (k, &weight) in half.iter().enumerate().skip(1) {
                let left = lanes(window, radius - k);
                let right = lanes(window, radius + k);
                for lane in 0..LANES {
                    sum[lane] = add_product::<FMA>(weight, left[lane] + right[lane], sum[lane]);
                }
            }
            block[group * stride..][..LANES].copy_from_slice(&sum);
        }
    }
}

for_each_processor! {
    /// One row of 64 outputs from the `2 * radius + 1` rows of `rows`.
    pub(super) fn convolve_rows(rows: &[f32], half: &[f32], out: &mut [f32; LANES]) {
        let radius = half.len() - 1;
        let rows = &rows[..(2 * radius + 1) * LANES];
        let mut sum = lanes(rows, radius * LANES).map(|value| half[0] * value);
        for (k, &weight) in half.iter().enumerate().skip(1) {
            let above = lanes(rows, (radius - k) * LANES);
            let below = lanes(rows, (radius + k) * LANES);
            for lane in 0..LANES {
                sum[lane] = add_product::<FMA>(weight, above[lane] + below[lane], sum[lane]);
            }
        }
        *out = sum;
    }
}
