//! Filters in Fourier space against numpy and scipy.

mod common;

use common::{assert_close, golden, volume};
use cryo_filters::{
    PassParams, apply_missing_wedge, band_pass, fourier_crop, high_pass, low_pass,
    missing_wedge_mask, radial_power, whiten,
};
use ndarray::{Array1, Array3};
use proptest::prelude::*;

fn pass(cutoff_per_vox: f64, edge_per_vox: f64) -> PassParams {
    PassParams {
        cutoff_per_vox,
        edge_per_vox,
    }
}

#[test]
fn passes_match_numpy() {
    let low = low_pass(volume().view(), pass(0.2, 0.1)).unwrap();
    assert_close(&low, &golden("low_pass"), 1e-5, "low");
    let high = high_pass(volume().view(), pass(0.1, 0.05)).unwrap();
    assert_close(&high, &golden("high_pass"), 1e-5, "high");
    let band = band_pass(volume().view(), pass(0.08, 0.04), pass(0.3, 0.1)).unwrap();
    assert_close(&band, &golden("band_pass"), 1e-5, "band");
}

#[test]
fn radial_power_matches_numpy() {
    let shells = radial_power(volume().view()).unwrap();
    let power: Array1<f64> = golden("radial_power");
    let counts: Array1<i64> = golden("radial_counts");
    assert_eq!(shells.len(), power.len());
    for (shell, (power, &count)) in shells.iter().zip(power.iter().zip(&counts)) {
        assert!(
            (shell.power - power).abs() <= 1e-5 * power,
            "{shell:?} {power}"
        );
        assert_eq!(shell.count as i64, count);
    }
}

#[test]
fn whitening_matches_numpy_and_flattens_the_power() {
    let white = whiten(volume().view()).unwrap();
    assert_close(&white, &golden("whitened"), 1e-5, "white");
    let shells = radial_power(white.view()).unwrap();
    for shell in &shells[1..] {
        assert!(
            (shell.power / shells[5].power - 1.0).abs() < 1e-3,
            "{shell:?}"
        );
    }
}

#[test]
fn cropping_matches_scipy() {
    let odd = fourier_crop(volume().view(), [5, 8, 33]).unwrap();
    assert_close(&odd, &golden("cropped_odd"), 1e-5, "odd");
    let even = fourier_crop(volume().view(), [4, 13, 50]).unwrap();
    assert_close(&even, &golden("cropped_even"), 1e-5, "even");
    assert_eq!(
        fourier_crop(volume().view(), [7, 13, 70]).unwrap(),
        volume()
    );
}

#[test]
fn wedge_matches_numpy() {
    let mask = missing_wedge_mask([9, 3, 14], -60.0, 50.0).unwrap();
    assert_eq!(mask, golden("wedge"));
}

#[test]
fn tilt_measures_the_projection_along_its_direction() {
    // A wave along x' = x cos θ + z sin θ, the x axis of the image at θ, is measured at θ and not at -θ.
    let wave = Array3::from_shape_fn((24, 3, 24), |(z, _, x)| {
        (std::f32::consts::TAU * (x as f32 * 4.0 + z as f32 * 3.0) / 24.0).cos()
    });
    let seen = apply_missing_wedge(wave.view(), 30.0, 40.0).unwrap();
    assert_close(&seen, &wave, 1e-5, "atan(3/4) = 36.9 degrees");
    let unseen = apply_missing_wedge(wave.view(), -40.0, -30.0).unwrap();
    assert!(unseen.iter().all(|value| value.abs() < 1e-5));
}

#[test]
fn threads_do_not_change_a_bit() {
    let results = [1, 4].map(|threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| {
            (
                whiten(volume().view()).unwrap(),
                fourier_crop(volume().view(), [3, 10, 31]).unwrap(),
            )
        })
    });
    assert_eq!(results[0], results[1]);
}

#[test]
fn bad_input_is_refused() {
    let volume = volume();
    let view = volume.view();
    let text = |result: Result<Array3<f32>, cryo_filters::Error>| result.unwrap_err().to_string();
    for (got, expected) in [
        (
            text(low_pass(view, pass(0.0, 0.0))),
            "cutoff_per_vox is 0; expected above 0 and finite, in cycles a voxel",
        ),
        (
            text(high_pass(view, pass(0.1, 0.3))),
            "edge_per_vox is 0.3; expected 0 to twice the cutoff",
        ),
        (
            text(band_pass(view, pass(0.3, 0.0), pass(0.2, 0.0))),
            "cutoff_per_vox is 0.3; expected a high-pass cutoff below the low-pass cutoff",
        ),
        (
            text(fourier_crop(view, [7, 14, 70])),
            "length along y is 14; expected 1 to the length of the axis",
        ),
        (
            text(missing_wedge_mask([4, 5, 6], -91.0, 60.0)),
            "first_deg is -91; expected -90 to 90 degrees",
        ),
        (
            text(missing_wedge_mask([4, 5, 6], 60.0, -60.0)),
            "last_deg is -60; expected above first_deg",
        ),
        (
            text(missing_wedge_mask([4, 0, 6], -60.0, 60.0)),
            "array of shape [4, 0, 6] is empty; every axis needs at least one voxel",
        ),
        (
            text(whiten(Array3::from_elem((2, 3, 4), 1.5).view())),
            "all values are 1.5; whitening needs some spread",
        ),
    ] {
        assert_eq!(got, expected);
    }
    let mut holed = volume.clone();
    holed[[1, 2, 3]] = f32::INFINITY;
    for error in [
        low_pass(holed.view(), pass(0.2, 0.0)).unwrap_err(),
        radial_power(holed.view()).unwrap_err(),
        fourier_crop(holed.view(), [3, 3, 3]).unwrap_err(),
        apply_missing_wedge(holed.view(), -60.0, 60.0).unwrap_err(),
    ] {
        assert!(
            error.to_string().starts_with("voxel [1, 2, 3] is inf;"),
            "{error}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn low_and_high_pass_add_up(
        shape in prop::array::uniform3(1_usize..12),
        cutoff in 0.05_f64..0.6,
        seed in any::<u32>(),
    ) {
        let volume = Array3::from_shape_fn(shape, |(z, y, x)| {
            let index = ((z * 31 + y) * 31 + x) as u32;
            (index.wrapping_mul(2_654_435_761).wrapping_add(seed) >> 16) as f32 / 65_536.0
        });
        let both = low_pass(volume.view(), pass(cutoff, cutoff)).unwrap()
            + high_pass(volume.view(), pass(cutoff, cutoff)).unwrap();
        assert_close(&both, &volume, 1e-5, "sum");
    }
}
