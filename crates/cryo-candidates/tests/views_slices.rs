//! Slices of a tomogram.

mod views_common;

use cryo_candidates::{
    Border, BoxSize, Combine, Error, LeftOutReason, NEIGHBOURS, Plane, Sampling, SliceViewParams,
    ViewScale, VoxelOffset, slice_views,
};
use cryo_core::{Grid, Volume, VoxelPos, VoxelSize};
use ndarray::{Array3, s};
use views_common::{Cancelled, beyond, grid, near, noise, on_threads, particles, volume};

const SHAPE: [usize; 3] = [9, 14, 17];

fn raw(size: usize) -> SliceViewParams {
    SliceViewParams {
        size: BoxSize::Pixels(size),
        scale: ViewScale::Raw,
        ..SliceViewParams::default()
    }
}

/// Every value of a view by itself, from the definition: trilinear, which at whole positions is the voxel.
fn brute_force(volume: &Volume, position: VoxelPos, params: &SliceViewParams) -> Vec<f32> {
    let BoxSize::Pixels(size) = params.size else {
        panic!("pixels")
    };
    let shape = volume.grid().shape;
    let at = |place: [f64; 3]| {
        let low = place.map(f64::floor);
        let mut sum = 0.0;
        for corner in 0..8 {
            let (mut weight, mut index) = (1.0, [0; 3]);
            for axis in 0..3 {
                let up = f64::from(corner >> axis & 1);
                let part = place[axis] - low[axis];
                weight *= if up > 0.0 { part } else { 1.0 - part };
                index[axis] = beyond(params.border, (low[axis] + up) as i64, shape[axis]);
            }
            sum += weight * f64::from(volume.data()[index]);
        }
        sum
    };
    let place = [position.z, position.y, position.x].map(|c| match params.sampling {
        Sampling::Nearest => (c + 0.5).floor(),
        Sampling::Truncated => c.trunc(),
        Sampling::Linear => c,
    });
    let half = (size / 2) as f64;
    let mut out = Vec::new();
    for plane in &params.planes {
        let [normal, rows, columns] = match plane {
            Plane::Xy => [0, 1, 2],
            Plane::Xz => [1, 0, 2],
            Plane::Yz => [2, 0, 1],
        };
        let mut slices = Vec::new();
        for slice in 0..params.slices {
            let mut one = Vec::new();
            for pixel in 0..size * size {
                let mut there = place;
                there[normal] += slice as f64 - (params.slices / 2) as f64;
                there[rows] += (pixel / size) as f64 - half;
                there[columns] += (pixel % size) as f64 - half;
                one.push(at(there));
            }
            slices.push(one);
        }
        let Some(combine) = params.combine else {
            out.extend(slices.concat());
            continue;
        };
        for pixel in 0..size * size {
            let sum: f64 = slices.iter().map(|one| one[pixel]).sum();
            let count = params.slices as f64;
            out.push(if combine == Combine::Mean {
                sum / count
            } else {
                sum
            });
        }
    }
    out.into_iter().map(|value| value as f32).collect()
}

const PLACES: [(f64, f64, f64); 6] = [
    (8.0, 6.0, 4.0),
    (0.0, 0.0, 0.0),
    (16.0, 13.0, 8.0),
    (16.4, -0.4, 3.3),
    (7.25, 6.75, 4.5),
    (3.0, 12.6, 0.2),
];

#[test]
fn slices_match_brute_force() {
    let volume = volume(SHAPE, 1);
    let set = particles(grid(SHAPE), &PLACES);
    for (size, slices) in [(1, 1), (4, 2), (5, 3), (8, 1), (21, 4), (40, 12)] {
        for combine in [Some(Combine::Mean), Some(Combine::Sum), None] {
            for sampling in [Sampling::Nearest, Sampling::Linear, Sampling::Truncated] {
                for border in [Border::Reflect, Border::Clamp] {
                    let params = SliceViewParams {
                        planes: vec![Plane::Yz, Plane::Xy, Plane::Xz],
                        slices,
                        combine,
                        sampling,
                        border,
                        ..raw(size)
                    };
                    let views = slice_views(&volume, &set, &params).unwrap();
                    assert_eq!(views.shape(), [params.channels(), size, size]);
                    let all = views.to_set(&()).unwrap();
                    for (view, particle) in all.views.outer_iter().zip(&set.items) {
                        let expected = brute_force(&volume, particle.position, &params);
                        near(view.as_slice().unwrap(), &expected, 2e-5);
                    }
                }
            }
        }
    }
}

#[test]
fn the_middle_pixel_is_the_position_for_any_parity() {
    let volume = volume(SHAPE, 2);
    let set = particles(grid(SHAPE), &[(8.0, 6.0, 4.0)]);
    for size in 1..7 {
        let params = SliceViewParams {
            slices: 1,
            ..raw(size)
        };
        let views = slice_views(&volume, &set, &params).unwrap().to_set(&());
        let middle = views.unwrap().views[[0, 0, size / 2, size / 2]];
        assert_eq!(middle, volume.data()[[4, 6, 8]]);
    }
}

#[test]
fn no_particle_is_dropped_without_a_word() {
    let volume = volume(SHAPE, 3);
    let places = [
        (0.0, 0.0, 0.0),
        (8.0, 7.0, 4.0),
        (17.0, 7.0, 4.0),
        (8.0, 7.0, 0.0),
        (2.0, 7.0, 4.0),
        (8.0, 12.0, 4.0),
    ];
    let set = particles(grid(SHAPE), &places);
    let survivors = |border, slices| {
        let params = SliceViewParams {
            border,
            slices,
            ..raw(5)
        };
        let views = slice_views(&volume, &set, &params).unwrap();
        let mut all: Vec<_> = views.source().to_vec();
        all.extend(views.left_out().iter().map(|left| left.particle));
        all.sort_unstable();
        assert_eq!(all, [0, 1, 2, 3, 4, 5]);
        let outside = views.left_out().iter().find(|left| left.particle == 2);
        assert_eq!(outside.unwrap().reason, LeftOutReason::Outside);
        assert_eq!(views.view_of(2), None);
        assert_eq!(
            views.view_of(1),
            views.source().iter().position(|&n| n == 1)
        );
        views.source().to_vec()
    };
    assert_eq!(survivors(Border::Reflect, 3), [0, 1, 3, 4, 5]);
    assert_eq!(survivors(Border::Clamp, 3), [0, 1, 3, 4, 5]);
    // 5 voxels reach 2 to both sides, three slices 1.
    assert_eq!(survivors(Border::Drop, 3), [1, 4]);
    assert_eq!(survivors(Border::Drop, 1), [1, 3, 4]);
    // m = 2: 2 < x < 15 and 2 ≤ y ≤ 12.
    assert_eq!(survivors(Border::CetPick, 1), [1, 3, 5]);
}

#[test]
fn positions_of_another_binning_are_converted() {
    let fine = volume([18, 28, 34], 4);
    let coarse = fine.grid().binned([2, 2, 2]).unwrap();
    let set = particles(coarse, &[(5.0, 4.0, 3.0)]);
    let params = SliceViewParams {
        sampling: Sampling::Linear,
        ..raw(4)
    };
    let views = slice_views(&fine, &set, &params)
        .unwrap()
        .to_set(&())
        .unwrap();
    // The middle of a block of two voxels.
    let expected = brute_force(&fine, VoxelPos::xyz(10.5, 8.5, 6.5), &params);
    near(views.views.as_slice().unwrap(), &expected, 2e-5);
}

#[test]
fn a_box_in_angstrom_needs_cubes() {
    let volume = volume(SHAPE, 5);
    let set = particles(grid(SHAPE), &[(8.0, 6.0, 4.0)]);
    let params = SliceViewParams {
        size: BoxSize::Angstrom(63.0),
        ..raw(1)
    };
    assert_eq!(
        slice_views(&volume, &set, &params).unwrap().shape(),
        [1, 6, 6]
    );
    let flat = Grid::new(SHAPE, VoxelSize::zyx(20.0, 10.0, 10.0).unwrap());
    let flat = Volume::new(volume.into_data(), flat).unwrap();
    let error = slice_views(&flat, &set, &params).err().unwrap();
    assert!(matches!(error, Error::Anisotropic { .. }));
    assert!(slice_views(&flat, &set, &raw(6)).is_ok());
}

#[test]
fn constant_views_have_no_nan() {
    let flat = Volume::new(Array3::from_elem((9, 14, 17), 0.1), grid(SHAPE)).unwrap();
    let set = particles(grid(SHAPE), &[(8.0, 6.0, 4.0), (0.0, 0.0, 0.0)]);
    for scale in [ViewScale::MinMax, ViewScale::ZScore] {
        let params = SliceViewParams {
            scale,
            sampling: Sampling::Linear,
            ..raw(6)
        };
        let views = slice_views(&flat, &set, &params).unwrap();
        let normalization = cryo_candidates::ViewNormalization::of(&views, &()).unwrap();
        let views = views.normalized(normalization).unwrap();
        let set = views.to_set(&()).unwrap();
        assert!(set.views.iter().all(|&value| value == 0.0));
        assert!(
            views
                .to_set_u8(&())
                .unwrap()
                .views
                .iter()
                .all(|&value| value == 0)
        );
    }
}

#[test]
fn scales_match_their_definition() {
    let volume = volume(SHAPE, 6);
    let set = particles(grid(SHAPE), &[(8.0, 6.0, 4.0), (2.0, 3.0, 1.0)]);
    let of = |scale| {
        let params = SliceViewParams {
            scale,
            combine: None,
            ..raw(7)
        };
        slice_views(&volume, &set, &params)
            .unwrap()
            .to_set(&())
            .unwrap()
    };
    let (raw, unit, score) = (
        of(ViewScale::Raw),
        of(ViewScale::MinMax),
        of(ViewScale::ZScore),
    );
    for view in 0..2 {
        let raw = raw.views.slice(s![view, .., .., ..]);
        let (low, high) = raw.iter().fold((f32::MAX, f32::MIN), |(low, high), &v| {
            (low.min(v), high.max(v))
        });
        let expected: Vec<f32> = raw.iter().map(|v| (v - low) / (high - low)).collect();
        near(
            unit.views.slice(s![view, .., .., ..]).as_slice().unwrap(),
            &expected,
            1e-6,
        );
        let mean = raw.mean().unwrap();
        let std = raw.std(0.0);
        let expected: Vec<f32> = raw.iter().map(|v| (v - mean) / std).collect();
        near(
            score.views.slice(s![view, .., .., ..]).as_slice().unwrap(),
            &expected,
            1e-5,
        );
    }
}

#[test]
fn bytes_are_the_scaled_view_within_half_a_step() {
    let volume = volume(SHAPE, 7);
    let set = particles(grid(SHAPE), &PLACES);
    let params = SliceViewParams {
        scale: ViewScale::MinMax,
        ..raw(9)
    };
    let views = slice_views(&volume, &set, &params).unwrap();
    let (floats, bytes) = (views.to_set(&()).unwrap(), views.to_set_u8(&()).unwrap());
    assert_eq!(floats.source, bytes.source);
    let back: Vec<f32> = bytes.views.iter().map(|&b| f32::from(b) / 255.0).collect();
    near(&back, floats.views.as_slice().unwrap(), 0.5 / 255.0 + 1e-6);
    for view in bytes.views.outer_iter() {
        assert_eq!(
            (view.iter().min(), view.iter().max()),
            (Some(&0), Some(&255))
        );
    }
}

#[test]
fn a_shifted_view_is_that_of_the_shifted_particle() {
    let volume = volume(SHAPE, 8);
    let places = [(8.0, 6.0, 4.0), (0.0, 13.0, 0.0), (16.0, 0.0, 8.0)];
    let set = particles(grid(SHAPE), &places);
    for params in [
        SliceViewParams { ..raw(6) },
        SliceViewParams {
            border: Border::Clamp,
            ..raw(5)
        },
    ] {
        let views = slice_views(&volume, &set, &params).unwrap();
        let order = [2, 0, 1, 0];
        let mut got = vec![0.0; 4 * views.view_len()];
        views.fill_shifted(&order, &NEIGHBOURS, &mut got).unwrap();
        let mut expected = Vec::new();
        for (&view, step) in order.iter().zip(NEIGHBOURS) {
            let (x, y, z) = places[view];
            let moved = VoxelPos::xyz(x + step.dx, y + step.dy, z + step.dz);
            expected.extend(brute_force(&volume, moved, &params));
        }
        near(&got, &expected, 2e-5);
    }
}

#[test]
fn threads_and_batches_do_not_change_a_bit() {
    let volume = volume([12, 40, 50], 9);
    let places: Vec<_> = (0..700)
        .map(|i| {
            (
                f64::from(i * 7 % 50),
                f64::from(i * 11 % 40) * 0.97,
                f64::from(i % 12),
            )
        })
        .collect();
    let set = particles(*volume.grid(), &places);
    let params = SliceViewParams {
        sampling: Sampling::Linear,
        scale: ViewScale::ZScore,
        ..raw(11)
    };
    let all = |threads| {
        on_threads(threads, || {
            let views = slice_views(&volume, &set, &params).unwrap();
            let normalization = cryo_candidates::ViewNormalization::of(&views, &()).unwrap();
            let views = views.normalized(normalization.clone()).unwrap();
            (
                views.to_set(&()).unwrap(),
                views.to_set_u8(&()).unwrap(),
                normalization,
            )
        })
    };
    let one = all(1);
    assert_eq!(one, all(4));
    // One by one and in another order, too.
    let views = slice_views(&volume, &set, &params).unwrap();
    let views = views.normalized(one.2.clone()).unwrap();
    let mut pair = vec![0.0; 2 * views.view_len()];
    views.fill(&[599, 3], &mut pair).unwrap();
    let (first, second) = pair.split_at(views.view_len());
    let view = |n: usize| one.0.views.slice(s![n, .., .., ..]).to_owned();
    assert_eq!(first, view(599).as_slice().unwrap());
    assert_eq!(second, view(3).as_slice().unwrap());
}

#[test]
fn bad_input_is_named() {
    let volume = volume(SHAPE, 10);
    let set = particles(grid(SHAPE), &[(8.0, 6.0, 4.0)]);
    let text = |params: &SliceViewParams| {
        let result = slice_views(&volume, &set, params);
        result.err().unwrap().to_string()
    };
    assert_eq!(text(&raw(0)), "size is 0; expected 1 to 4096 pixels");
    let none = SliceViewParams {
        planes: vec![],
        ..raw(3)
    };
    assert_eq!(text(&none), "planes is 0; expected at least one plane");
    let none = SliceViewParams {
        slices: 0,
        ..raw(3)
    };
    assert_eq!(text(&none), "slices is 0; expected 1 to 4096 slices");

    let mut data = noise((9, 14, 17), 1);
    data[[7, 2, 16]] = f32::NAN;
    let wrong = Volume::new(data, grid(SHAPE)).unwrap();
    let error = slice_views(&wrong, &set, &raw(3)).err().unwrap();
    assert!(
        matches!(error, Error::NotFinite { what: "tomogram", index: [7, 2, 16], value } if value.is_nan())
    );
    let empty = Volume::new(Array3::zeros((0, 4, 5)), grid([0, 4, 5])).unwrap();
    let error = slice_views(&empty, &set, &raw(3)).err().unwrap();
    assert!(matches!(
        error,
        Error::Empty {
            what: "tomogram",
            ..
        }
    ));
    let nowhere = particles(grid(SHAPE), &[(1.0, 1.0, 1.0), (1.0, f64::NAN, 1.0)]);
    let error = slice_views(&volume, &nowhere, &raw(3)).err().unwrap();
    assert!(matches!(
        error,
        Error::NonFinitePosition { particle: 1, .. }
    ));

    let views = slice_views(&volume, &set, &raw(3)).unwrap();
    let error = views.fill(&[0], &mut [0.0; 8]).unwrap_err();
    assert_eq!(error.to_string(), "out has 8 values; expected 9");
    let error = views.fill(&[1], &mut [0.0; 9]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "expected the number of a view below 1, got 1"
    );
    let error = views.fill_shifted(&[0], &[], &mut [0.0; 9]).unwrap_err();
    assert_eq!(error.to_string(), "offsets has 0 values; expected 1");
    let far = [VoxelOffset::zyx(0.0, f64::INFINITY, 0.0)];
    assert!(views.fill_shifted(&[0], &far, &mut [0.0; 9]).is_err());
    assert!(matches!(views.to_set(&Cancelled), Err(Error::Cancelled)));
}

#[test]
fn no_particles_are_no_views() {
    let volume = volume(SHAPE, 11);
    let views = slice_views(&volume, &particles(grid(SHAPE), &[]), &raw(4)).unwrap();
    assert!(views.is_empty());
    assert_eq!(views.to_set(&()).unwrap().views.dim(), (0, 1, 4, 4));
    views.fill(&[], &mut []).unwrap();
}
