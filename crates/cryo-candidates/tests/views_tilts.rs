//! Mean tilt images.

mod views_common;

use cryo_candidates::{
    Border, BoxSize, Combine, Error, LeftOutReason, NEIGHBOURS, Sampling, TiltSubset,
    TiltViewParams, ViewScale, check_extent, tilt_views,
};
use cryo_core::{
    Grid, ImagePos, ImageTransform, ParticleSet, Tilt, TiltGeometry, TiltSeries, TiltSign,
    VoxelPos, VoxelSize,
};
use ndarray::{Array3, s};
use views_common::{beyond, grid, near, noise, on_threads, particles, series};

fn raw(size: usize) -> TiltViewParams {
    TiltViewParams {
        size: BoxSize::Pixels(size),
        scale: ViewScale::Raw,
        ..TiltViewParams::default()
    }
}

fn all(series: &TiltSeries, set: &ParticleSet, params: &TiltViewParams) -> Vec<f32> {
    let views = tilt_views(series, set, params).unwrap().to_set(&());
    views.unwrap().views.into_raw_vec_and_offset().0
}

/// A pixel that says where it is.
fn coordinates(shape: (usize, usize, usize)) -> Array3<f32> {
    Array3::from_shape_fn(shape, |(_, y, x)| (y * shape.2 + x) as f32)
}

#[test]
fn projections_match_the_check_values_of_the_reference() {
    // milopyp-spec D.1: W = 512, D = 256.
    let grid = grid([256, 512, 512]);
    let cases = [
        ((300.0, 200.0, 60.0), 20.0, (320.0, 200.0)),
        ((300.0, 200.0, 60.0), -20.0, (274.0, 200.0)),
        ((100.0, 50.0, 200.0), 12.0, (88.0, 50.0)),
        ((256.0, 256.0, 128.0), 17.0, (256.0, 256.0)),
    ];
    let params = TiltViewParams {
        scale: ViewScale::Raw,
        size: BoxSize::Pixels(1),
        ..TiltViewParams::cet_pick()
    };
    for (place, angle, (x, y)) in cases {
        let series = series(coordinates((1, 512, 512)), &[angle], &grid);
        let value = all(&series, &particles(grid, &[place]), &params)[0];
        let got = ((value % 512.0), (value / 512.0).floor());
        assert_eq!(got, (x, y), "{place:?} at {angle}°");
    }
}

const SHAPE: [usize; 3] = [24, 30, 44];
const ANGLES: [f64; 7] = [-30.0, -15.0, -10.0, 0.0, 5.0, 15.1, 12.0];

/// Pixel by pixel from the definition, whole positions.
fn brute_force(series: &TiltSeries, set: &ParticleSet, size: usize, border: Border) -> Vec<f32> {
    let (_, height, width) = series.images().dim();
    let (cy, cx, cz) = (15.0, 22.0, 12.0);
    let mut out = Vec::new();
    for particle in &set.items {
        let VoxelPos { z, y, x } = particle.position;
        let mut sum = vec![0.0_f64; size * size];
        let mut count = 0.0;
        for (tilt, angle) in ANGLES.iter().enumerate() {
            if angle.abs() > 15.0 {
                continue;
            }
            let (sine, cosine) = angle.to_radians().sin_cos();
            let tx = ((x - cx) * cosine - (z - cz) * sine + cx + 0.5).floor() as i64;
            let ty = (y - cy + cy + 0.5).floor() as i64;
            if tx < 0 || tx >= width as i64 || ty < 0 || ty >= height as i64 {
                continue;
            }
            count += 1.0;
            for (pixel, sum) in sum.iter_mut().enumerate() {
                let row = ty - (size / 2) as i64 + (pixel / size) as i64;
                let column = tx - (size / 2) as i64 + (pixel % size) as i64;
                let index = [
                    tilt,
                    beyond(border, row, height),
                    beyond(border, column, width),
                ];
                *sum += f64::from(series.images()[index]);
            }
        }
        out.extend(sum.into_iter().map(|value| (value / count) as f32));
    }
    out
}

#[test]
fn means_match_brute_force() {
    let grid = grid(SHAPE);
    let series = series(noise((7, 30, 44), 1), &ANGLES, &grid);
    let set = particles(
        grid,
        &[
            (20.0, 15.0, 12.0),
            (0.0, 0.0, 0.0),
            (43.0, 29.0, 23.0),
            (1.3, 28.8, 22.0),
            (42.0, 3.0, 1.0),
        ],
    );
    for size in [1, 2, 5, 12, 31, 64] {
        for border in [Border::Reflect, Border::Clamp] {
            let params = TiltViewParams {
                border,
                ..raw(size)
            };
            let got = all(&series, &set, &params);
            near(&got, &brute_force(&series, &set, size, border), 1e-5);
        }
    }
}

#[test]
fn linear_sampling_is_exact_on_a_ramp() {
    let grid = grid(SHAPE);
    let images = Array3::from_shape_fn((7, 30, 44), |(_, y, x)| (3 * y) as f32 + x as f32);
    let series = series(images, &ANGLES, &grid);
    let set = particles(grid, &[(21.3, 14.6, 17.8)]);
    let params = TiltViewParams {
        sampling: Sampling::Linear,
        ..raw(3)
    };
    let got = all(&series, &set, &params);
    let low = ANGLES.iter().filter(|angle| angle.abs() <= 15.0);
    let seen = low.map(|angle| {
        let (sine, cosine) = angle.to_radians().sin_cos();
        (21.3 - 22.0) * cosine - (17.8 - 12.0) * sine + 22.0
    });
    let mean = seen.clone().sum::<f64>() / seen.count() as f64;
    for (pixel, got) in got.iter().enumerate() {
        let (dy, dx) = ((pixel / 3) as f64 - 1.0, (pixel % 3) as f64 - 1.0);
        let expected = 3.0 * (14.6 + dy) + mean + dx;
        assert!((f64::from(*got) - expected).abs() < 1e-4);
    }
}

#[test]
fn odd_and_even_tilts_share_no_electron() {
    let grid = grid(SHAPE);
    let set = particles(grid, &[(20.0, 15.0, 12.0), (30.0, 10.0, 20.0)]);
    // By angle: -30, -15, -10, 0, 5, 12, 15.1; within the window -15 (1), -10 (2), 0 (3), 5 (4), 12 (5).
    let (odd, even) = ([1, 3, 6], [2, 4]);
    let of = |images: &Array3<f32>, tilts| {
        let series = series(images.clone(), &ANGLES, &grid);
        all(&series, &set, &TiltViewParams { tilts, ..raw(6) })
    };
    let images = noise((7, 30, 44), 2);
    let before = [TiltSubset::Odd, TiltSubset::Even].map(|tilts| of(&images, tilts));
    assert_ne!(before[0], before[1]);
    let mut other = images.clone();
    for tilt in even {
        other.slice_mut(s![tilt, .., ..]).fill(7.0);
    }
    assert_eq!(of(&other, TiltSubset::Odd), before[0]);
    assert!(
        of(&other, TiltSubset::Even)
            .iter()
            .all(|&value| value == 7.0)
    );
    let mut other = images.clone();
    for tilt in odd {
        other.slice_mut(s![tilt, .., ..]).fill(7.0);
    }
    assert_eq!(of(&other, TiltSubset::Even), before[1]);
    // Together they are the view of all: 3 and 2 tilts of 5.
    let whole = of(&images, TiltSubset::All);
    let joined = before[0].iter().zip(&before[1]);
    let joined: Vec<f32> = joined.map(|(odd, even)| 0.6 * odd + 0.4 * even).collect();
    near(&whole, &joined, 1e-5);
}

#[test]
fn sum_and_mean_are_the_same_view_once_scaled() {
    let grid = grid(SHAPE);
    let series = series(noise((7, 30, 44), 3), &ANGLES, &grid);
    let set = particles(grid, &[(20.0, 15.0, 12.0)]);
    let of = |combine, scale| {
        let params = TiltViewParams {
            combine,
            scale,
            ..raw(8)
        };
        all(&series, &set, &params)
    };
    let five: Vec<f32> = of(Combine::Mean, ViewScale::Raw)
        .iter()
        .map(|v| 5.0 * v)
        .collect();
    near(&of(Combine::Sum, ViewScale::Raw), &five, 1e-5);
    near(
        &of(Combine::Sum, ViewScale::MinMax),
        &of(Combine::Mean, ViewScale::MinMax),
        1e-5,
    );
}

#[test]
fn a_tilt_that_does_not_see_the_position_is_left_out() {
    let grid = grid(SHAPE);
    let mut images = Array3::zeros((2, 30, 44));
    images.slice_mut(s![0, .., ..]).fill(1.0);
    images.slice_mut(s![1, .., ..]).fill(5.0);
    let series = series(images, &[-12.0, 12.0], &grid);
    // x' = (x − 22) cos 12° ∓ (z − 12) sin 12° + 22: (43, ·, 23) is seen at 44.8 and 40.3.
    let set = particles(
        grid,
        &[(43.0, 15.0, 23.0), (22.0, 15.0, 12.0), (43.0, 31.0, 12.0)],
    );
    let views = tilt_views(&series, &set, &raw(4)).unwrap();
    assert_eq!(views.source(), [0, 1]);
    let left = views.left_out()[0];
    assert_eq!((left.particle, left.reason), (2, LeftOutReason::NoTilt));
    let views = views.to_set(&()).unwrap().views;
    assert!(
        views
            .slice(s![0, .., .., ..])
            .iter()
            .all(|&value| value == 5.0)
    );
    assert!(
        views
            .slice(s![1, .., .., ..])
            .iter()
            .all(|&value| value == 3.0)
    );
}

#[test]
fn borders_decide_which_tilts_and_particles_are_left() {
    let grid = grid(SHAPE);
    let series = series(noise((1, 30, 44), 4), &[0.0], &grid);
    let places: Vec<_> = (0..44).map(|x| (f64::from(x), 15.0, 12.0)).collect();
    let set = particles(grid, &places);
    let of = |border, size| {
        let params = TiltViewParams {
            border,
            ..raw(size)
        };
        let views = tilt_views(&series, &set, &params).unwrap();
        let source = views.source();
        (source[0], source[source.len() - 1], views.left_out().len())
    };
    assert_eq!(of(Border::Reflect, 8), (0, 43, 0));
    assert_eq!(of(Border::Drop, 8), (4, 40, 7));
    assert_eq!(of(Border::Drop, 9), (4, 39, 8));
    // m = ⌊8 / 1.8⌋ = 4: 4 < x < 40.
    assert_eq!(of(Border::CetPick, 8), (5, 39, 9));
}

/// A smooth picture over the aligned plane, in pixels from the image centre.
fn picture(y: f64, x: f64) -> f64 {
    (0.21 * x + 0.4).sin() * (0.17 * y - 0.2).cos() + 0.02 * x - 0.01 * y
}

#[test]
fn turned_images_are_sampled_along_the_aligned_axes() {
    let grid = grid([24, 60, 70]);
    let set = particles(grid, &[(38.0, 33.0, 12.0), (30.0, 25.0, 12.0)]);
    let of = |transform: ImageTransform| {
        let back = transform.inverse().unwrap();
        let images = Array3::from_shape_fn((1, 60, 70), |(_, y, x)| {
            let aligned = back.apply(ImagePos::yx(y as f64 - 30.0, x as f64 - 35.0));
            picture(aligned.y, aligned.x) as f32
        });
        let tilt = Tilt {
            image_from_aligned: transform,
            ..Tilt::at(0.0)
        };
        let geometry = TiltGeometry::centred(vec![tilt], TiltSign::Positive, &grid, [60, 70], 10.0);
        let series = TiltSeries::new(images, geometry).unwrap();
        let params = TiltViewParams {
            sampling: Sampling::Linear,
            ..raw(15)
        };
        all(&series, &set, &params)
    };
    let mut expected = Vec::new();
    for (x, y) in [(38.0, 33.0), (30.0, 25.0)] {
        for pixel in 0..15 * 15 {
            let (dy, dx) = (f64::from(pixel / 15) - 7.0, f64::from(pixel % 15) - 7.0);
            expected.push(picture(y - 30.0 + dy, x - 35.0 + dx) as f32);
        }
    }
    near(&of(ImageTransform::IDENTITY), &expected, 1e-6);
    // Interpolation of the picture's curvature errs by 0.01 at most.
    near(
        &of(ImageTransform::shifted(ImagePos::yx(2.4, -3.7))),
        &expected,
        0.012,
    );
    near(
        &of(ImageTransform::rotated_deg(84.0, ImagePos::yx(1.5, 0.5))),
        &expected,
        0.012,
    );
}

#[test]
fn pixels_may_have_another_size_than_voxels() {
    let grid = grid([24, 30, 44]);
    let images = coordinates((1, 60, 88));
    let tilts = vec![Tilt::at(0.0)];
    let geometry = TiltGeometry::centred(tilts, TiltSign::Positive, &grid, [60, 88], 5.0);
    let series = TiltSeries::new(images, geometry).unwrap();
    let set = particles(grid, &[(20.0, 10.0, 3.0)]);
    let params = TiltViewParams {
        size: BoxSize::Angstrom(30.0),
        ..raw(1)
    };
    let views = tilt_views(&series, &set, &params).unwrap();
    assert_eq!(views.shape(), [1, 6, 6]);
    let value = views.to_set(&()).unwrap().views[[0, 0, 3, 3]];
    assert_eq!(value, 20.0 * 88.0 + 40.0);
}

#[test]
fn steps_beyond_the_border_exist() {
    let grid = grid(SHAPE);
    let series = series(noise((7, 30, 44), 5), &ANGLES, &grid);
    let set = particles(grid, &[(20.0, 15.0, 12.0), (0.0, 29.0, 12.0)]);
    for border in [Border::Reflect, Border::Clamp] {
        let params = TiltViewParams { border, ..raw(6) };
        let views = tilt_views(&series, &set, &params).unwrap();
        let mut got = vec![0.0; 4 * views.view_len()];
        views
            .fill_shifted(&[0, 0, 0, 0], &NEIGHBOURS, &mut got)
            .unwrap();
        let moved: Vec<_> = NEIGHBOURS
            .iter()
            .map(|step| (20.0 + step.dx, 15.0 + step.dy, 12.0 + step.dz))
            .collect();
        near(&got, &all(&series, &particles(grid, &moved), &params), 1e-5);
        // (0, 30, 11) is outside of every image.
        let mut edge = vec![0.0; views.view_len()];
        views
            .fill_shifted(&[1], &[NEIGHBOURS[3]], &mut edge)
            .unwrap();
        assert!(edge.iter().all(|value| value.is_finite()));
    }
}

#[test]
fn threads_do_not_change_a_bit() {
    let grid = grid(SHAPE);
    let series = series(noise((7, 30, 44), 6), &ANGLES, &grid);
    let places: Vec<_> = (0..300)
        .map(|i| {
            (
                f64::from(i % 44),
                f64::from(i * 7 % 30) * 0.9,
                f64::from(i % 24),
            )
        })
        .collect();
    let set = particles(grid, &places);
    for sampling in [Sampling::Nearest, Sampling::Linear] {
        let params = TiltViewParams {
            sampling,
            scale: ViewScale::ZScore,
            ..raw(10)
        };
        let of = |threads| on_threads(threads, || all(&series, &set, &params));
        assert_eq!(of(1), of(4));
    }
}

#[test]
fn bad_series_are_named() {
    let grid = grid(SHAPE);
    let set = particles(grid, &[(20.0, 15.0, 12.0)]);
    let text = |series: &TiltSeries, params: &TiltViewParams| {
        tilt_views(series, &set, params).err().unwrap().to_string()
    };
    // Count and angles.
    let tilts = vec![Tilt::at(0.0); 3];
    let geometry = TiltGeometry::centred(tilts, TiltSign::Positive, &grid, [30, 44], 10.0);
    let error = TiltSeries::new(Array3::zeros((4, 30, 44)), geometry).unwrap_err();
    let expected = "expected an array of shape [3, 30, 44], got [4, 30, 44]";
    assert_eq!(error.to_string(), expected);
    // Another binning.
    let binned = series(Array3::zeros((1, 15, 22)), &[0.0], &grid);
    let expected = "the images are 150 Å wide along y, the tomogram is 300 Å; expected the same within 10 %: \
        are the pixel sizes right, and do the two belong together?";
    assert_eq!(text(&binned, &raw(4)), expected);
    let any = TiltViewParams {
        extent_tolerance: f64::INFINITY,
        ..raw(4)
    };
    assert!(tilt_views(&binned, &set, &any).is_ok());
    let unknown = Grid::of_unknown_extent(VoxelSize::new(10.0).unwrap());
    assert!(check_extent(&binned, &unknown, 0.0).is_ok());
    // Another width alone.
    let wide = series(Array3::zeros((1, 30, 60)), &[0.0], &grid);
    assert!(text(&wide, &raw(4)).contains("600 Å wide along x, the tomogram is 440 Å"));
    // Angles.
    let steep = series(Array3::zeros((2, 30, 44)), &[-40.0, 31.0], &grid);
    let expected = "no tilt is within ±15°, the least tilted image is at 31°; raise the window";
    assert_eq!(text(&steep, &raw(4)), expected);
    let wild = series(Array3::zeros((2, 30, 44)), &[0.0, 300.0], &grid);
    let expected = "tilt 1: angle_deg is 300; expected an angle from -90 to 90°";
    assert_eq!(text(&wild, &raw(4)), expected);
    // Values.
    let mut images = noise((2, 30, 44), 1);
    images[[1, 29, 3]] = f32::INFINITY;
    let infinite = series(images, &[0.0, 1.0], &grid);
    let expected =
        "the tilt series has inf at [1, 29, 3]; replace values that are not finite first";
    assert_eq!(text(&infinite, &raw(4)), expected);
    let none = series(Array3::zeros((0, 30, 44)), &[], &grid);
    assert!(text(&none, &raw(4)).starts_with("the tilt series has shape [0, 30, 44]"));
    // Parameters.
    let good = series(Array3::zeros((1, 30, 44)), &[0.0], &grid);
    let window = TiltViewParams {
        max_angle_deg: -1.0,
        ..raw(4)
    };
    assert_eq!(
        text(&good, &window),
        "max_angle_deg is -1; expected an angle from 0 to 90°"
    );
    let (images, mut geometry) = good.into_parts();
    geometry.pixel_size_angstrom = 0.0;
    let error = tilt_views(&TiltSeries::new(images, geometry).unwrap(), &set, &raw(4)).err();
    assert!(matches!(
        error,
        Some(Error::Parameter {
            name: "pixel_size_angstrom",
            ..
        })
    ));
}
