//! Running extrema and local maxima against scipy and brute force.

mod common;

use common::{golden, volume};
use cryo_filters::{Boundary, local_maxima, maximum_filter, maximum_filter_into, minimum_filter};
use ndarray::{Array3, s};
use proptest::prelude::*;

const BOUNDARIES: [(&str, Boundary); 5] = [
    ("reflect", Boundary::Reflect),
    ("mirror", Boundary::Mirror),
    ("nearest", Boundary::Nearest),
    ("wrap", Boundary::Wrap),
    ("constant", Boundary::Constant(1.25)),
];

#[test]
fn extrema_match_scipy_in_every_mode() {
    for (name, boundary) in BOUNDARIES {
        let largest = maximum_filter(volume().view(), [3, 6, 15], boundary).unwrap();
        assert_eq!(largest, golden(&format!("maximum_{name}")), "{name}");
        let smallest = minimum_filter(volume().view(), [9, 4, 1], boundary).unwrap();
        assert_eq!(smallest, golden(&format!("minimum_{name}")), "{name}");
    }
}

#[test]
fn window_longer_than_the_axes_matches_scipy() {
    let largest = maximum_filter(volume().view(), [31, 40, 201], Boundary::Reflect).unwrap();
    assert_eq!(largest, golden("maximum_long"));
}

#[test]
fn threads_do_not_change_a_bit() {
    let results = [1, 3].map(|threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| local_maxima(volume().view(), [1, 2, 3], 2.0).unwrap())
    });
    assert!(results[0].len() > 5);
    assert_eq!(results[0], results[1]);
}

#[test]
fn plateau_has_one_maximum() {
    let flat = Array3::from_elem((4, 6, 9), 2.0);
    let maxima = local_maxima(flat.view(), [1, 2, 3], 0.0).unwrap();
    assert_eq!(
        maxima.iter().map(|peak| peak.voxel_zyx).collect::<Vec<_>>(),
        [[0, 0, 0]]
    );
    let mut plateau = Array3::zeros((4, 6, 9));
    plateau.slice_mut(s![1..3, 2..5, 4..6]).fill(1.0);
    let maxima = local_maxima(plateau.view(), [1, 2, 3], 0.0).unwrap();
    assert_eq!(
        maxima.iter().map(|peak| peak.voxel_zyx).collect::<Vec<_>>(),
        [[1, 2, 4]]
    );
}

#[test]
fn size_zero_is_refused() {
    let error = maximum_filter(volume().view(), [3, 0, 3], Boundary::Reflect).unwrap_err();
    assert_eq!(
        error.to_string(),
        "size along y is 0; expected 1 to 65536 voxels"
    );
}

#[test]
fn constant_that_is_not_finite_is_refused() {
    let boundary = Boundary::Constant(f32::NAN);
    let error = minimum_filter(volume().view(), [3, 3, 3], boundary).unwrap_err();
    assert_eq!(
        error.to_string(),
        "boundary constant is NaN; expected finite"
    );
}

#[test]
fn threshold_that_is_no_number_is_refused() {
    let error = local_maxima(volume().view(), [1, 1, 1], f32::NAN).unwrap_err();
    assert_eq!(error.to_string(), "threshold is NaN; expected a number");
}

#[test]
fn enormous_radius_is_refused() {
    let error = local_maxima(volume().view(), [1, usize::MAX, 1], 0.0).unwrap_err();
    assert!(
        error.to_string().ends_with("expected at most 32767 voxels"),
        "{error}"
    );
}

#[test]
fn nan_is_refused() {
    let mut volume = volume();
    volume[[0, 12, 3]] = f32::NAN;
    let error = maximum_filter(volume.view(), [3, 3, 3], Boundary::Reflect).unwrap_err();
    assert!(
        error.to_string().starts_with("voxel [0, 12, 3] is NaN;"),
        "{error}"
    );
}

#[test]
fn output_of_another_shape_is_refused() {
    let mut out = Array3::zeros((7, 13, 71));
    let error = maximum_filter_into(
        volume().view(),
        [3, 3, 3],
        Boundary::Reflect,
        out.view_mut(),
    );
    assert_eq!(
        error.unwrap_err().to_string(),
        "out has shape [7, 13, 71]; expected [7, 13, 70]"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn local_maxima_match_brute_force(
        values in prop::collection::vec(0_u8..6, 3 * 5 * 8),
        radius in prop::array::uniform3(0_usize..4),
    ) {
        let volume = Array3::from_shape_vec((3, 5, 8), values).unwrap().map(|&value| f32::from(value));
        let mut expected = Vec::new();
        for ((z, y, x), &value) in volume.indexed_iter() {
            let beaten = volume.indexed_iter().any(|((oz, oy, ox), &other)| {
                let near = z.abs_diff(oz) <= radius[0] && y.abs_diff(oy) <= radius[1] && x.abs_diff(ox) <= radius[2];
                near && (other > value || (other == value && [oz, oy, ox] < [z, y, x]))
            });
            if value > 1.0 && !beaten {
                expected.push([z, y, x]);
            }
        }
        let maxima = local_maxima(volume.view(), radius, 1.0).unwrap();
        prop_assert_eq!(maxima.iter().map(|peak| peak.voxel_zyx).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn maximum_matches_brute_force(
        values in prop::collection::vec(-3.0_f32..3.0, 2 * 3 * 131),
        size in prop::array::uniform3(1_usize..9),
    ) {
        let volume = Array3::from_shape_vec((2, 3, 131), values).unwrap();
        let largest = maximum_filter(volume.view(), size, Boundary::Nearest).unwrap();
        let near = |centre: usize, other: usize, size: usize| {
            (centre as isize - (size / 2) as isize..centre as isize - (size / 2) as isize + size as isize).contains(&(other as isize))
        };
        for ((z, y, x), &got) in largest.indexed_iter() {
            let inside = volume.indexed_iter().filter(|((oz, oy, ox), _)| near(z, *oz, size[0]) && near(y, *oy, size[1]) && near(x, *ox, size[2]));
            prop_assert_eq!(got, inside.map(|(_, &value)| value).fold(f32::NEG_INFINITY, f32::max));
        }
    }
}
