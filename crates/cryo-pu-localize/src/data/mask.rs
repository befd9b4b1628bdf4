use ndarray::{Array3, ArrayView3};

use crate::Error;

fn refused(name: &str, expected: String, got: String) -> Error {
    Error::Mask {
        tomogram: name.to_owned(),
        expected,
        got,
    }
}

/// Refuses a mask of another shape than its tomogram, and one that leaves nothing.
pub(super) fn check(
    name: &str,
    mask: ArrayView3<'_, bool>,
    shape_zyx: &[usize],
) -> Result<(), Error> {
    check_shape(name, mask.shape(), shape_zyx)?;
    check_inside(name, mask, "voxels above 0")
}

/// Refuses a mask of another shape than its tomogram.
pub(super) fn check_shape(name: &str, mask: &[usize], tomogram: &[usize]) -> Result<(), Error> {
    if mask == tomogram {
        return Ok(());
    }
    let of = |shape: &[usize]| format!("{} × {} × {}", shape[2], shape[1], shape[0]);
    let expected = format!("the tomogram's {} voxels (x, y, z)", of(tomogram));
    Err(refused(name, expected, of(mask)))
}

/// Refuses a mask that leaves nothing, of which something else was `expected`.
pub(super) fn check_inside(
    name: &str,
    mask: ArrayView3<'_, bool>,
    expected: &str,
) -> Result<(), Error> {
    match mask.iter().any(|inside| *inside) {
        true => Ok(()),
        false => Err(refused(name, expected.into(), "none".into())),
    }
}

/// Along one axis of `from` voxels, those nearest to the centres of `to` voxels that are `factor` as large.
pub(super) fn nearest(from: usize, to: usize, factor: f64) -> Vec<usize> {
    let at = |index: usize| (index as f64 * factor).round() as usize;
    (0..to).map(|index| at(index).min(from - 1)).collect()
}

/// The mask's value at the centre of each voxel of a grid of `shape` whose voxels are `factor` (z, y, x) as large.
pub(super) fn on_grid(
    mask: ArrayView3<'_, bool>,
    shape: [usize; 3],
    factor: [f64; 3],
) -> Array3<bool> {
    let [z, y, x] =
        std::array::from_fn(|axis| nearest(mask.shape()[axis], shape[axis], factor[axis]));
    Array3::from_shape_fn(shape, |at| mask[[z[at.0], y[at.1], x[at.2]]])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_coarser_grid_takes_what_lies_at_its_centres() {
        let mask = Array3::from_shape_fn((4, 6, 9), |(z, y, x)| z >= 2 && y < 3 && x != 4);
        let coarse = on_grid(mask.view(), [2, 3, 5], [2.0; 3]);
        let expected = |(z, y, x): (usize, usize, usize)| z >= 1 && y < 2 && x != 2;
        assert_eq!(coarse, Array3::from_shape_fn((2, 3, 5), expected));
        assert_eq!(on_grid(mask.view(), [4, 6, 9], [1.0; 3]), mask);
    }

    #[test]
    fn another_shape_and_an_empty_mask_are_refused() {
        let mask = Array3::from_elem((2, 3, 4), false);
        let message = |shape: &[usize]| check("TS_01", mask.view(), shape).unwrap_err().to_string();
        assert_eq!(
            message(&[2, 3, 5]),
            "mask of TS_01: expected the tomogram's 5 × 3 × 2 voxels (x, y, z), got 4 × 3 × 2"
        );
        assert_eq!(
            message(&[2, 3, 4]),
            "mask of TS_01: expected voxels above 0, got none"
        );
    }
}
