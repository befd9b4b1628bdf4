//! The Gaussian family against scipy, against brute force, and on bad input.

mod common;

use common::{assert_close, golden, volume};
use cryo_filters::{
    Boundary, Error, GaussianParams, difference_of_gaussians, gaussian, gaussian_into,
    laplacian_of_gaussian,
};
use ndarray::{Array3, Axis, s};
use proptest::prelude::*;

const BOUNDARIES: [(&str, Boundary); 5] = [
    ("reflect", Boundary::Reflect),
    ("mirror", Boundary::Mirror),
    ("nearest", Boundary::Nearest),
    ("wrap", Boundary::Wrap),
    ("constant", Boundary::Constant(1.25)),
];

fn params(sigma_vox: [f64; 3], boundary: Boundary) -> GaussianParams {
    GaussianParams {
        sigma_vox,
        boundary,
        ..GaussianParams::default()
    }
}

#[test]
fn gaussian_matches_scipy_in_every_mode() {
    for (name, boundary) in BOUNDARIES {
        let smooth = gaussian(volume().view(), &params([0.7, 2.0, 3.3], boundary)).unwrap();
        assert_close(&smooth, &golden(&format!("gaussian_{name}")), 1e-5, name);
    }
}

#[test]
fn kernel_longer_than_the_axes_matches_scipy() {
    for (name, boundary) in BOUNDARIES {
        let smooth = gaussian(volume().view(), &params([15.0; 3], boundary)).unwrap();
        assert_close(
            &smooth,
            &golden(&format!("gaussian_long_{name}")),
            1e-5,
            name,
        );
    }
}

#[test]
fn gaussian_through_fourier_space_matches_scipy() {
    for (name, boundary) in BOUNDARIES {
        let smooth = gaussian(volume().view(), &params([0.0, 33.0, 40.0], boundary)).unwrap();
        assert_close(
            &smooth,
            &golden(&format!("gaussian_spectral_{name}")),
            1e-5,
            name,
        );
    }
}

#[test]
fn laplacian_matches_scipy_in_every_mode() {
    for (name, boundary) in BOUNDARIES {
        let laplacian = laplacian_of_gaussian(volume().view(), &params([1.0, 1.5, 2.0], boundary));
        // Relative to the largest value: a Laplacian passes through zero.
        assert_close(
            &laplacian.unwrap(),
            &golden(&format!("laplacian_{name}")),
            1e-5,
            name,
        );
    }
}

#[test]
fn truncated_gaussian_matches_scipy() {
    let params = GaussianParams {
        truncate: 2.5,
        ..params([1.0, 0.0, 2.2], Boundary::Reflect)
    };
    let smooth = gaussian(volume().view(), &params).unwrap();
    assert_close(&smooth, &golden("gaussian_truncate"), 1e-5, "truncate");
}

#[test]
fn difference_of_gaussians_matches_scipy() {
    let [narrow, wide] = [1.0, 1.6].map(GaussianParams::isotropic);
    let difference = difference_of_gaussians(volume().view(), &narrow, &wide).unwrap();
    assert_close(&difference, &golden("difference"), 1e-5, "difference");
}

#[test]
fn zero_sigma_returns_the_volume() {
    assert_eq!(
        gaussian(volume().view(), &GaussianParams::default()).unwrap(),
        volume()
    );
}

#[test]
fn image_is_a_volume_of_one_plane() {
    let plane = volume().slice_move(s![2..3, .., ..]);
    let smooth = gaussian(plane.view(), &GaussianParams::in_plane(1.5)).unwrap();
    let whole = gaussian(volume().view(), &GaussianParams::in_plane(1.5)).unwrap();
    assert_eq!(smooth, whole.slice(s![2..3, .., ..]));
}

#[test]
fn laplacian_of_a_slice_ignores_the_axis_without_sigma() {
    let laplacian = laplacian_of_gaussian(volume().view(), &GaussianParams::in_plane(1.0)).unwrap();
    let constant = Array3::from_elem((3, 4, 5), 2.0);
    let flat = laplacian_of_gaussian(constant.view(), &GaussianParams::in_plane(3.0)).unwrap();
    assert!(laplacian.iter().any(|value| value.abs() > 0.1));
    assert!(flat.iter().all(|value| value.abs() < 1e-2), "{flat}");
}

#[test]
fn any_layout_gives_the_same() {
    let turned = volume().reversed_axes();
    let copied = turned.as_standard_layout().into_owned();
    let params = params([1.0, 2.0, 0.5], Boundary::Mirror);
    let expected = gaussian(copied.view(), &params).unwrap();
    assert_eq!(gaussian(turned.view(), &params).unwrap(), expected);
    let mut out = Array3::zeros(volume().raw_dim()).reversed_axes();
    gaussian_into(turned.view(), &params, out.view_mut()).unwrap();
    assert_eq!(out, expected);
}

#[test]
fn threads_do_not_change_a_bit() {
    for sigma in [[0.7, 2.0, 3.3], [36.0, 33.0, 40.0]] {
        let params = params(sigma, Boundary::Reflect);
        let results = [1, 3, 4].map(|threads| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            pool.install(|| gaussian(volume().view(), &params).unwrap())
        });
        assert_eq!(results[0], results[1]);
        assert_eq!(results[0], results[2]);
    }
}

#[test]
fn negative_sigma_is_refused() {
    let error = gaussian(
        volume().view(),
        &params([1.0, -2.0, 1.0], Boundary::Reflect),
    );
    assert_eq!(
        error.unwrap_err().to_string(),
        "sigma of axis y is -2 voxels; expected 0 or more and finite"
    );
}

#[test]
fn enormous_sigma_is_refused() {
    let error = gaussian(
        volume().view(),
        &params([1.0, 1.0, 1e12], Boundary::Reflect),
    );
    assert_eq!(
        error.unwrap_err().to_string(),
        "sigma of axis x is 1000000000000 voxels; expected sigma times truncate of at most 32768 voxels"
    );
}

#[test]
fn zero_truncate_is_refused() {
    let params = GaussianParams {
        truncate: 0.0,
        ..GaussianParams::isotropic(1.0)
    };
    assert_eq!(
        gaussian(volume().view(), &params).unwrap_err().to_string(),
        "truncate is 0; expected above 0 and finite"
    );
}

#[test]
fn laplacian_without_a_sigma_is_refused() {
    let error = laplacian_of_gaussian(volume().view(), &GaussianParams::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "sigma of axis x is 0 voxels; expected above 0 along some axis"
    );
}

#[test]
fn empty_volume_is_refused() {
    let error = gaussian(
        Array3::zeros((3, 0, 4)).view(),
        &GaussianParams::isotropic(1.0),
    );
    assert_eq!(
        error.unwrap_err().to_string(),
        "array of shape [3, 0, 4] is empty; every axis needs at least one voxel"
    );
}

#[test]
fn values_that_are_not_finite_are_refused() {
    for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let mut volume = volume();
        volume[[3, 11, 69]] = value;
        let error = gaussian(volume.view(), &GaussianParams::isotropic(1.0)).unwrap_err();
        assert!(matches!(&error, Error::NotFinite { index, .. } if index == &[3, 11, 69]));
        assert_eq!(
            error.to_string(),
            format!(
                "voxel [3, 11, 69] is {value}; replace values that are not finite before filtering"
            )
        );
    }
}

#[test]
fn output_of_another_shape_is_refused() {
    let mut out = Array3::zeros((7, 70, 13));
    let error = gaussian_into(
        volume().view(),
        &GaussianParams::isotropic(1.0),
        out.view_mut(),
    );
    assert_eq!(
        error.unwrap_err().to_string(),
        "out has shape [7, 70, 13]; expected [7, 13, 70]"
    );
}

/// The convolution as its definition says, in double precision.
fn brute_force(volume: &Array3<f32>, sigma: [f64; 3], boundary: Boundary) -> Array3<f32> {
    let source = |position: isize, length: usize| -> Option<usize> {
        let n = length as isize;
        match boundary {
            Boundary::Constant(_) => (0..n).contains(&position).then_some(position as usize),
            Boundary::Nearest => Some(position.clamp(0, n - 1) as usize),
            Boundary::Wrap => Some(position.rem_euclid(n) as usize),
            // One step at a time, unlike the closed form that is under test.
            _ => {
                let edge = isize::from(boundary == Boundary::Reflect);
                let mut position = position;
                while !(0..n).contains(&position) {
                    if n == 1 {
                        return Some(0);
                    }
                    if position < 0 {
                        position = -position - edge;
                    }
                    if position >= n {
                        position = 2 * n - 2 + edge - position;
                    }
                }
                Some(position as usize)
            }
        }
    };
    let fill = if let Boundary::Constant(value) = boundary {
        f64::from(value)
    } else {
        0.0
    };
    let kernels = sigma.map(|sigma| {
        let radius = (4.0 * sigma + 0.5) as isize;
        let weight = |x: isize| {
            if sigma == 0.0 {
                1.0
            } else {
                (-0.5 * (x as f64 / sigma).powi(2)).exp()
            }
        };
        let sum: f64 = (-radius..=radius).map(weight).sum();
        (-radius..=radius)
            .map(move |x| (x, weight(x) / sum))
            .collect::<Vec<_>>()
    });
    let (nz, ny, nx) = volume.dim();
    Array3::from_shape_fn(volume.raw_dim(), |(z, y, x)| {
        let mut sum = 0.0;
        for &(dz, wz) in &kernels[0] {
            for &(dy, wy) in &kernels[1] {
                for &(dx, wx) in &kernels[2] {
                    let place = (
                        source(z as isize + dz, nz),
                        source(y as isize + dy, ny),
                        source(x as isize + dx, nx),
                    );
                    let value = match place {
                        (Some(z), Some(y), Some(x)) => f64::from(volume[[z, y, x]]),
                        _ => fill,
                    };
                    sum += wz * wy * wx * value;
                }
            }
        }
        sum as f32
    })
}

fn any_volume() -> impl Strategy<Value = Array3<f32>> {
    (1_usize..5, 1_usize..8, 1_usize..11).prop_flat_map(|shape| {
        let values = prop::collection::vec(-3.0_f32..5.0, shape.0 * shape.1 * shape.2);
        values.prop_map(move |values| Array3::from_shape_vec(shape, values).unwrap())
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn passes_match_brute_force(
        volume in any_volume(),
        sigma in prop::array::uniform3(0.0_f64..1.2),
        mode in 0_usize..5,
    ) {
        let boundary = BOUNDARIES[mode].1;
        let smooth = gaussian(volume.view(), &params(sigma, boundary)).unwrap();
        assert_close(&smooth, &brute_force(&volume, sigma, boundary), 1e-5, "brute force");
    }

    #[test]
    fn translation_commutes(shift in prop::array::uniform3(0_usize..9), sigma in 0.3_f64..4.0) {
        let params = params([sigma; 3], Boundary::Wrap);
        let rolled = |volume: &Array3<f32>| {
            let mut rolled = volume.clone();
            for (axis, &shift) in shift.iter().enumerate() {
                let length = rolled.len_of(Axis(axis));
                let order: Vec<usize> = (0..length).map(|to| (to + length * 9 - shift) % length).collect();
                rolled = rolled.select(Axis(axis), &order);
            }
            rolled
        };
        let before = gaussian(rolled(&volume()).view(), &params).unwrap();
        let after = rolled(&gaussian(volume().view(), &params).unwrap());
        prop_assert_eq!(before, after);
    }
}
