use crate::{
    Boundary,
    boundary::Extension,
    lanes::{LANES, for_each_processor, lanes},
    separable::AxisFilter,
};

/// The largest value of a window along one axis, or the smallest: the largest of the negated values.
pub(super) struct RunningMaximum {
    extension: Extension,
    window: usize,
    sign: f32,
}

impl RunningMaximum {
    pub(super) fn new(boundary: Boundary, length: usize, window: usize, sign: f32) -> Self {
        let before = window / 2;
        let extension = Extension::new(boundary, length, before, window - 1 - before);
        Self {
            extension,
            window,
            sign,
        }
    }
}

impl AxisFilter for RunningMaximum {
    fn extension(&self) -> &Extension {
        &self.extension
    }

    fn is_identity(&self) -> bool {
        self.window == 1
    }

    fn line(&self, line: &mut [f32], block: &mut [f32], stride: usize) {
        running_maximum(line, self.window, 1, self.sign);
        for (group, values) in line
            .chunks_exact(LANES)
            .take(block.len().div_ceil(stride))
            .enumerate()
        {
            block[group * stride..][..LANES].copy_from_slice(values);
        }
    }

    fn prepare(&self, block: &mut [f32]) {
        running_maximum(block, self.window, LANES, self.sign);
    }

    fn row(&self, rows: &[f32], out: &mut [f32; LANES]) {
        *out = *lanes(rows, 0);
    }
}

for_each_processor! {
    /// Puts the largest of `sign` times `values[i + k * step]`, `k < window`, times `sign`, at `values[i]`; where the window runs
    /// over the end, anything.
    ///
    /// Windows of length 1, 2, 4, … and at last two that overlap: in place, since a place is only read before it is written.
    fn running_maximum(values: &mut [f32], window: usize, step: usize, sign: f32) {
        if window == 1 {
            return;
        }
        if sign < 0.0 {
            values.iter_mut().for_each(|value| *value = -*value);
        }
        let mut span = 1;
        while span < window {
            let shift = span.min(window - span) * step;
            let last = values.len() - shift;
            let mut place = 0;
            while place + LANES <= last {
                let ahead = *lanes(values, place + shift);
                let here: &mut [f32] = &mut values[place..place + LANES];
                for (here, ahead) in here.iter_mut().zip(ahead) {
                    *here = if ahead > *here { ahead } else { *here };
                }
                place += LANES;
            }
            for place in place..last {
                values[place] = values[place].max(values[place + shift]);
            }
            span *= 2;
        }
        if sign < 0.0 {
            values.iter_mut().for_each(|value| *value = -*value);
        }
    }
}
