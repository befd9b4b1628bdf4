//! Statistics, normalization, equalization and binning against numpy and scikit-image.

mod common;

use common::{assert_close, golden, volume};
use cryo_filters::{
    AdaptiveParams, Histogram, bin_max, bin_mean, clip, clip_sigma, equalize_adaptive,
    equalize_adaptive_slices, equalize_histogram, histogram, min_max, percentiles, quantize_u8,
    statistics, z_score,
};
use ndarray::{Array1, Array3, array, s};
use proptest::prelude::*;

#[test]
fn statistics_match_numpy() {
    let found = statistics(volume().view()).unwrap();
    let expected: Array1<f64> = golden("mean_std");
    assert!((found.mean / expected[0] - 1.0).abs() < 1e-12);
    assert!((found.std / expected[1] - 1.0).abs() < 1e-12);
    assert_eq!(
        [found.minimum, found.maximum],
        [expected[2] as f32, expected[3] as f32]
    );
}

#[test]
fn spread_survives_a_large_offset() {
    // Three blocks; single precision holds 1e6 + 0..4 exactly.
    let values = Array1::from_iter((0..200_000).map(|index| 1e6 + (index % 5) as f32));
    let found = statistics(values.view()).unwrap();
    assert!((found.mean - 1_000_002.0).abs() < 1e-6);
    assert!((found.std - 2.0_f64.sqrt()).abs() < 1e-9);
}

#[test]
fn percentiles_match_numpy() {
    let found = percentiles(volume().view(), &[0.0, 1.0, 25.0, 50.0, 73.21, 99.9, 100.0]).unwrap();
    let expected: Array1<f64> = golden("percentiles");
    for (found, expected) in found.iter().zip(&expected) {
        assert!((f64::from(*found) - expected).abs() < 1e-6 * expected.abs());
    }
}

#[test]
fn histogram_matches_numpy() {
    let found = histogram(volume().view(), 37, None).unwrap();
    let counts: Array1<i64> = golden("histogram_counts");
    assert!(
        found
            .counts
            .iter()
            .zip(&counts)
            .all(|(&got, &expected)| got as i64 == expected)
    );
    let edges: Array1<f64> = golden("histogram_edges");
    assert!(
        found
            .edges()
            .iter()
            .zip(&edges)
            .all(|(got, edge)| (got - edge).abs() < 1e-6)
    );
}

#[test]
fn histogram_leaves_out_what_lies_outside() {
    let values = array![-1.0, 0.0, 0.25, 0.5, 1.0, 7.0];
    let found = histogram(values.view(), 2, Some([0.0, 1.0])).unwrap();
    assert_eq!(
        found,
        Histogram {
            counts: vec![2, 2],
            minimum: 0.0,
            maximum: 1.0
        }
    );
    assert_eq!(found.cumulative(), [0.5, 1.0]);
    assert_eq!(found.centres(), [0.25, 0.75]);
    let constant = histogram(array![3.0, 3.0].view(), 4, None).unwrap();
    assert_eq!((constant.minimum, constant.maximum), (2.5, 3.5));
}

#[test]
fn normalization_matches_numpy() {
    let score = z_score(volume().view()).unwrap();
    assert_close(&score, &golden("z_score"), 1e-6, "z-score");
    assert_eq!(
        quantize_u8(score.view(), -2.5, 2.0).unwrap(),
        golden("quantized")
    );
    assert_close(
        &min_max(volume().view()).unwrap(),
        &golden("unit"),
        1e-6,
        "min-max",
    );
}

#[test]
fn any_layout_is_normalized_alike() {
    let every_other = volume().slice_move(s![..;2, .., ..;-3]);
    let copied = every_other.as_standard_layout().into_owned();
    assert_eq!(
        z_score(every_other.view()).unwrap(),
        z_score(copied.view()).unwrap()
    );
    assert_eq!(
        quantize_u8(every_other.t().view(), 0.0, 4.0).unwrap(),
        quantize_u8(copied.view(), 0.0, 4.0)
            .unwrap()
            .reversed_axes()
    );
}

#[test]
fn equalization_matches_skimage() {
    let even = equalize_histogram(volume().view(), 256).unwrap();
    assert_close(&even, &golden("equalized"), 1e-5, "equalized");
}

#[test]
fn adaptive_equalization_matches_skimage() {
    let unit = golden::<f32, ndarray::Ix3>("unit");
    let params = AdaptiveParams {
        region_vox: Some([3, 5, 16]),
        clip_limit: 0.02,
        bins: 128,
    };
    let even = equalize_adaptive(unit.view(), &params).unwrap();
    assert_close(&even, &golden("clahe_3d"), 1e-5, "3D");
    let coarse = AdaptiveParams {
        clip_limit: 0.1,
        bins: 12,
        ..params
    };
    let even = equalize_adaptive(unit.view(), &coarse).unwrap();
    assert_close(&even, &golden("clahe_3d_coarse"), 1e-5, "3D, coarse");
    let even = equalize_adaptive(unit.view(), &AdaptiveParams::default()).unwrap();
    assert_close(&even, &golden("clahe_3d_default"), 1e-5, "3D, defaults");
}

#[test]
fn adaptive_equalization_of_slices_matches_skimage() {
    let unit = golden::<f32, ndarray::Ix3>("unit");
    let params = AdaptiveParams {
        region_vox: Some([1, 4, 9]),
        clip_limit: 0.03,
        bins: 256,
    };
    let even = equalize_adaptive_slices(unit.view(), &params).unwrap();
    assert_close(&even, &golden("clahe_2d"), 1e-5, "2D");
}

#[test]
fn binning_matches_numpy() {
    let mean = bin_mean(volume().view(), [2, 3, 3]).unwrap();
    assert_close(&mean, &golden("binned_mean"), 1e-6, "mean");
    assert_eq!(
        bin_max(volume().view(), [2, 3, 3]).unwrap(),
        golden("binned_max")
    );
}

#[test]
fn threads_do_not_change_a_bit() {
    let long = Array1::from_iter(
        (0_u32..300_000).map(|index| (index.wrapping_mul(2_654_435_761) >> 8) as f32),
    );
    let results = [1, 4].map(|threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| {
            (
                statistics(long.view()).unwrap(),
                percentiles(long.view(), &[3.0, 50.0]).unwrap(),
                equalize_histogram(long.view(), 64).unwrap(),
                equalize_adaptive(volume().view(), &AdaptiveParams::default()).unwrap(),
            )
        })
    });
    assert_eq!(results[0], results[1]);
}

#[test]
fn constant_volumes_are_refused() {
    let flat = Array3::from_elem((3, 4, 5), 2.5);
    let refused = |error: cryo_filters::Error, needs: &str| {
        assert_eq!(error.to_string(), format!("all values are 2.5; {needs}"));
    };
    refused(
        z_score(flat.view()).unwrap_err(),
        "a z-score needs some spread",
    );
    refused(
        min_max(flat.view()).unwrap_err(),
        "min-max scaling needs some spread",
    );
    refused(
        clip_sigma(flat.view(), 3.0).unwrap_err(),
        "clipping by sigma needs some spread",
    );
    refused(
        equalize_histogram(flat.view(), 256).unwrap_err(),
        "equalization needs some spread",
    );
    let params = AdaptiveParams::default();
    refused(
        equalize_adaptive(flat.view(), &params).unwrap_err(),
        "min-max scaling needs some spread",
    );
}

#[test]
fn nan_is_refused_everywhere() {
    let mut volume = volume();
    volume[[6, 1, 69]] = f32::NAN;
    let view = volume.view();
    let errors = [
        statistics(view).unwrap_err(),
        percentiles(view, &[50.0]).unwrap_err(),
        histogram(view, 8, Some([0.0, 1.0])).unwrap_err(),
        z_score(view).unwrap_err(),
        min_max(view).unwrap_err(),
        clip(view, 0.0, 1.0).unwrap_err(),
        quantize_u8(view, 0.0, 1.0).unwrap_err(),
        equalize_histogram(view, 8).unwrap_err(),
        equalize_adaptive(view, &AdaptiveParams::default()).unwrap_err(),
        equalize_adaptive_slices(view, &AdaptiveParams::default()).unwrap_err(),
        // The last column belongs to no box.
        bin_mean(view, [2, 3, 3]).unwrap_err(),
    ];
    for error in errors {
        assert_eq!(
            error.to_string(),
            "voxel [6, 1, 69] is NaN; replace values that are not finite before filtering"
        );
    }
}

#[test]
fn empty_arrays_are_refused() {
    let empty = Array3::<f32>::zeros((3, 4, 0));
    let errors = [
        statistics(empty.view()).unwrap_err(),
        percentiles(empty.view(), &[50.0]).unwrap_err(),
        quantize_u8(empty.view(), 0.0, 1.0).unwrap_err(),
        equalize_adaptive(empty.view(), &AdaptiveParams::default()).unwrap_err(),
        bin_max(empty.view(), [1, 1, 1]).unwrap_err(),
    ];
    for error in errors {
        assert_eq!(
            error.to_string(),
            "array of shape [3, 4, 0] is empty; every axis needs at least one voxel"
        );
    }
}

#[test]
fn wrong_parameters_are_refused() {
    let volume = volume();
    let view = volume.view();
    let clahe = |params: AdaptiveParams| equalize_adaptive(view, &params).unwrap_err().to_string();
    let default = AdaptiveParams::default;
    for (got, expected) in [
        (
            percentiles(view, &[101.0]).unwrap_err().to_string(),
            "percentage is 101; expected 0 to 100",
        ),
        (
            histogram(view, 0, None).unwrap_err().to_string(),
            "bins is 0; expected 1 to 1048576",
        ),
        (
            histogram(view, 3, Some([2.0, 1.0]))
                .unwrap_err()
                .to_string(),
            "end of the range is 1; expected finite and above its start",
        ),
        (
            clip(view, 2.0, 2.0).unwrap_err().to_string(),
            "high is 2; expected finite and above low",
        ),
        (
            clip_sigma(view, -1.0).unwrap_err().to_string(),
            "sigmas is -1; expected above 0 and finite",
        ),
        (
            quantize_u8(view, 0.0, f64::NAN).unwrap_err().to_string(),
            "high is NaN; expected finite and above low",
        ),
        (
            clahe(AdaptiveParams {
                clip_limit: 1.5,
                ..default()
            }),
            "clip_limit is 1.5; expected 0 to 1",
        ),
        (
            clahe(AdaptiveParams {
                bins: 1,
                ..default()
            }),
            "bins is 1; expected 2 to 8192",
        ),
        (
            clahe(AdaptiveParams {
                region_vox: Some([4, 0, 4]),
                ..default()
            }),
            "region_vox is 0; expected 1 to 65536",
        ),
        (
            bin_mean(view, [1, 14, 1]).unwrap_err().to_string(),
            "factor along y is 14; expected 1 to the length of the axis",
        ),
    ] {
        assert_eq!(got, expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn percentiles_match_sorting(values in prop::collection::vec(-1e3_f32..1e3, 1..300), rank in 0_usize..300) {
        let rank = rank % values.len();
        let mut sorted = values.clone();
        sorted.sort_by(f32::total_cmp);
        let steps = (values.len() - 1).max(1) as f64;
        let found = percentiles(Array1::from(values).view(), &[100.0 * rank as f64 / steps]).unwrap();
        // The rank may come back from its percentage a rounding lower.
        prop_assert!((found[0] - sorted[rank]).abs() <= 1e-3);
    }

    #[test]
    fn equalized_values_keep_their_order(values in prop::collection::vec(-9.0_f32..9.0, 2..200)) {
        prop_assume!(values.iter().any(|value| *value != values[0]));
        let even = equalize_histogram(Array1::from(values.clone()).view(), 16).unwrap();
        for (i, a) in values.iter().enumerate() {
            for (j, b) in values.iter().enumerate() {
                prop_assert!(a > b || even[i] <= even[j]);
            }
        }
    }
}
