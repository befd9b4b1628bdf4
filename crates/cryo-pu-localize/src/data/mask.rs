use ndarray::{Array3, ArrayView3};

use crate::Error;

/// Refuses a mask of another shape than its tomogram, and one that leaves nothing.
pub(super) fn check(
    name: &str,
    mask: ArrayView3<'_, bool>,
    shape_zyx: &[usize],
) -> Result<(), Error> {
    let refused = |expected: String, got: String| Error::Mask {
        tomogram: name.to_owned(),
        expected,
        got,
    };
    if mask.shape() != shape_zyx {
        let of = |shape: &[usize]| format!("{} × {} × {}", shape[2], shape[1], shape[0]);
        return Err(refused(
            format!("the tomogram's {} voxels (x, y, z)", of(shape_zyx)),
            of(mask.shape()),
        ));
    }
    if !mask.iter().any(|inside| *inside) {
        return Err(refused("voxels above 0".into(), "none".into()));
    }
    Ok(())
}

/// The mask's value at the centre of each voxel of a grid of `shape` whose voxels are `factor` (z, y, x) as large.
pub(super) fn on_grid(
    mask: ArrayView3<'_, bool>,
    shape: [usize; 3],
    factor: [f64; 3],
) -> Array3<bool> {
    let nearest: [Vec<usize>; 3] = std::array::from_fn(|axis| {
        let last = mask.shape()[axis] - 1;
        let at = |index: usize| (index as f64 * factor[axis]).round() as usize;
        (0..shape[axis]).map(|index| at(index).min(last)).collect()
    });
    Array3::from_shape_fn(shape, |(z, y, x)| {
        mask[[nearest[0][z], nearest[1][y], nearest[2][x]]]
    })
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
