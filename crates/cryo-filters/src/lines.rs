//! Lines along any axis, packed one after the other for Fourier transforms.

use ndarray::{ArrayView2, ArrayViewMut2, ArrayViewMut3, Axis};

/// Lines that are packed at a time: the values that share a cache line.
pub(crate) const BLOCK: usize = 16;

/// The planes of a volume that hold whole lines along `axis`, each turned so that its lines are its columns.
pub(crate) fn sheets<'a, T>(
    volume: &'a mut ArrayViewMut3<'_, T>,
    axis: usize,
) -> Vec<ArrayViewMut2<'a, T>> {
    let outer = usize::from(axis == 0);
    let turn = |sheet: ArrayViewMut2<'a, T>| {
        if axis == 2 {
            sheet.reversed_axes()
        } else {
            sheet
        }
    };
    volume.axis_iter_mut(Axis(outer)).map(turn).collect()
}

/// Packs up to [`BLOCK`] columns of `sheet`, from `first` on, one after the other.
pub(crate) fn gather<T: Copy + Default>(
    sheet: &ArrayView2<'_, T>,
    first: usize,
    lines: &mut Vec<T>,
) {
    let (length, width) = sheet.dim();
    let count = BLOCK.min(width - first);
    lines.resize(count * length, T::default());
    let columns = sheet.slice(ndarray::s![.., first..first + count]);
    for (place, row) in columns.outer_iter().enumerate() {
        for (line, value) in row.iter().enumerate() {
            lines[line * length + place] = *value;
        }
    }
}

/// Puts packed columns back.
pub(crate) fn scatter<T: Copy>(lines: &[T], first: usize, sheet: &mut ArrayViewMut2<'_, T>) {
    let length = sheet.nrows();
    let count = lines.len() / length;
    let mut columns = sheet.slice_mut(ndarray::s![.., first..first + count]);
    for (place, mut row) in columns.outer_iter_mut().enumerate() {
        for (line, value) in row.iter_mut().enumerate() {
            *value = lines[line * length + place];
        }
    }
}

/// The shortest even length from `length` on that has no prime factor above 5.
pub(crate) fn good_length(length: usize) -> usize {
    let smooth = |mut rest: usize| {
        for factor in [2, 3, 5] {
            while rest.is_multiple_of(factor) {
                rest /= factor;
            }
        }
        rest == 1
    };
    (length..)
        .find(|&length| length % 2 == 0 && smooth(length))
        .expect("powers of two go on")
}
