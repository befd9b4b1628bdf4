//! Curves over slabs.

use cryo_core::VoxelPos;
use cryo_embed_viz::{CurvesParams, Error, SlicesParams, slabs_with_curves};
use ndarray::Array3;

fn plain(slabs: usize) -> CurvesParams {
    let slices = SlicesParams {
        saturated_percent: 0.0,
        least_width_px: 0,
        gap_px: 2,
    };
    CurvesParams {
        slabs,
        colour: None,
        slices,
    }
}

fn is_grey([r, g, b]: [u8; 3]) -> bool {
    r == g && g == b
}

#[test]
fn a_curve_appears_only_in_the_slabs_that_it_runs_through() {
    // Sizes 4, 7, 9; two slabs of slices 0, 1 and 2, 3 fill one row.
    let volume = Array3::zeros((4, 7, 9));
    let curve = vec![VoxelPos::xyz(1.0, 2.0, 0.0), VoxelPos::xyz(6.0, 2.0, 0.0)];
    let picture = slabs_with_curves(volume.view(), &[curve], &plain(2)).unwrap();
    assert_eq!((picture.width(), picture.height()), (9 + 2 + 9, 7));
    for x in 0..9 {
        let on = (1..=6).contains(&x);
        assert_eq!(is_grey(picture.pixel(x, 2).unwrap()), !on, "{x}");
        assert!(is_grey(picture.pixel(x + 11, 2).unwrap()), "the other slab");
        assert!(is_grey(picture.pixel(x, 3).unwrap()));
    }
}

#[test]
fn slabs_show_the_mean_of_their_slices() {
    let volume = Array3::from_shape_fn((4, 2, 3), |(z, _, _)| [0.0, 2.0, 3.0, 3.0][z]);
    let picture = slabs_with_curves(volume.view(), &[], &plain(2)).unwrap();
    // Means of 1 and 3 are the ends of the grey scale, from 1 to 3.
    assert_eq!(picture.pixel(0, 0), Some([0; 3]));
    let last = picture.pixel(picture.width() - 1, picture.height() - 1);
    assert_eq!(last, Some([255; 3]));
}

#[test]
fn curves_outside_of_the_volume_and_not_finite_ones_are_left_out() {
    let volume = Array3::zeros((4, 7, 9));
    let far = vec![VoxelPos::xyz(1.0, 2.0, 9.0), VoxelPos::xyz(6.0, 2.0, 9.0)];
    let beside = vec![VoxelPos::xyz(-5.0, 2.0, 1.0), VoxelPos::xyz(-2.0, 2.0, 1.0)];
    let broken = vec![
        VoxelPos::xyz(f64::NAN, 2.0, 1.0),
        VoxelPos::xyz(3.0, 2.0, 1.0),
    ];
    let endless = vec![
        VoxelPos::xyz(-1e300, 2.0, 1.0),
        VoxelPos::xyz(1e300, 2.0, 1.0),
    ];
    let picture =
        slabs_with_curves(volume.view(), &[far, beside, broken, endless], &plain(1)).unwrap();
    for y in 0..7 {
        for x in 0..9 {
            assert!(is_grey(picture.pixel(x, y).unwrap()));
        }
    }
}

#[test]
fn neighbours_have_different_colours() {
    let volume = Array3::zeros((1, 9, 3));
    let line = |y: f64| vec![VoxelPos::xyz(0.0, y, 0.0), VoxelPos::xyz(2.0, y, 0.0)];
    let curves: Vec<_> = (0..9).map(|y| line(f64::from(y))).collect();
    let picture = slabs_with_curves(volume.view(), &curves, &plain(1)).unwrap();
    for y in 1..9 {
        let (one, other) = (
            picture.pixel(1, y - 1).unwrap(),
            picture.pixel(1, y).unwrap(),
        );
        let apart: u32 = one
            .iter()
            .zip(other)
            .map(|(&a, b)| u32::from(a.abs_diff(b)))
            .sum();
        assert!(apart > 150, "{one:?} {other:?}");
    }
}

#[test]
fn no_slabs_and_no_voxels_are_refused() {
    let volume = Array3::zeros((4, 7, 9));
    let error = slabs_with_curves(volume.view(), &[], &plain(0)).unwrap_err();
    assert_eq!(error.to_string(), "slabs: expected 1 or more, got 0");
    let error = slabs_with_curves(Array3::zeros((0, 2, 3)).view(), &[], &plain(1)).unwrap_err();
    assert!(matches!(error, Error::Empty { .. }));
}
