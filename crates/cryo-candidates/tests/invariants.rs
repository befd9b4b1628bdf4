//! What the result may not depend on, and what it must.

mod common;

use cryo_candidates::{
    CandidateParams, Contrast, Polarity, PreprocessParams, Scales, Threshold, find_candidates,
    find_candidates_with_report,
};
use cryo_core::{Grid, ParticleSet, Volume, VoxelPos, VoxelSize};
use cryo_filters::{GaussianParams, difference_of_gaussians, local_maxima, z_score};
use ndarray::{Array3, s};

/// Noise of one voxel, the same on every machine.
fn noise(z: usize, y: usize, x: usize) -> f32 {
    let mut state = (z as u64) << 40 | (y as u64) << 20 | x as u64;
    state = (state ^ 0x9e37_79b9_7f4a_7c15).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    state = (state ^ (state >> 29)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((state >> 40) as f32) / 16_777_216.0 - 0.5
}

fn volume_of(data: Array3<f32>) -> Volume {
    let (depth, height, width) = data.dim();
    let grid = Grid::new([depth, height, width], VoxelSize::new(10.0).unwrap());
    Volume::new(data, grid).unwrap()
}

/// Dark balls at `places` (x, y, z, radius) in noise.
fn balls(shape: [usize; 3], places: &[[f64; 4]]) -> Volume {
    volume_of(Array3::from_shape_fn(shape, |(z, y, x)| {
        let inside = |[bx, by, bz, radius]: &[f64; 4]| {
            let place = VoxelPos::xyz(x as f64, y as f64, z as f64);
            place.distance_to(VoxelPos::xyz(*bx, *by, *bz)) < *radius
        };
        noise(z, y, x) - if places.iter().any(inside) { 0.7 } else { 0.0 }
    }))
}

const PLACES: [[f64; 4]; 5] = [
    [20.0, 15.0, 12.0, 6.0],
    [60.3, 40.6, 30.2, 9.0],
    [90.0, 20.0, 45.0, 6.0],
    [30.0, 50.0, 40.0, 14.0],
    // Half outside.
    [99.0, 58.0, 20.0, 6.0],
];

fn search(volume: &Volume, params: &CandidateParams) -> ParticleSet {
    find_candidates(volume, params, None, &()).unwrap()
}

#[test]
fn result_is_the_same_for_any_memory_and_threads() {
    let volume = balls([58, 64, 104], &PLACES);
    let equalized = CandidateParams {
        preprocess: PreprocessParams::paper(),
        ..CandidateParams::default()
    };
    for params in [
        CandidateParams::default(),
        equalized,
        CandidateParams::cet_pick(),
    ] {
        let expected = search(&volume, &params);
        assert!(!expected.is_empty());
        let plane = 64 * 104 * 4;
        for planes in [75, 90, 110, 140, 1000] {
            for threads in [1, 4] {
                let pool = rayon::ThreadPoolBuilder::new()
                    .num_threads(threads)
                    .build()
                    .unwrap();
                let found =
                    pool.install(|| find_candidates(&volume, &params, Some(planes * plane), &()));
                assert_eq!(
                    found.unwrap(),
                    expected,
                    "{planes} planes, {threads} threads"
                );
            }
        }
    }
}

#[test]
fn balls_are_found_where_they_are_the_best_first() {
    let found = search(&balls([58, 64, 104], &PLACES), &CandidateParams::default());
    for [x, y, z, radius] in PLACES {
        let place = VoxelPos::xyz(x, y, z);
        let off = found
            .items
            .iter()
            .take(PLACES.len())
            .map(|item| item.position.distance_to(place));
        let off = off.fold(f64::INFINITY, f64::min);
        // The one that the edge cuts in half seems to lie where its inner half does.
        let allowed = if x > 98.0 { radius } else { 1.0 };
        assert!(off < allowed, "({x}, {y}, {z}): {off}");
    }
    let scores: Vec<f32> = found.items.iter().filter_map(|item| item.score).collect();
    assert!(scores.windows(2).all(|pair| pair[0] >= pair[1]));
}

#[test]
fn bright_particles_of_the_negative_are_the_dark_ones() {
    let volume = balls([58, 64, 104], &PLACES);
    let negative = volume_of(volume.data().mapv(|value| -value));
    let bright = CandidateParams {
        polarity: Polarity::BrightParticles,
        ..CandidateParams::default()
    };
    let (dark, bright) = (
        search(&volume, &CandidateParams::default()),
        search(&negative, &bright),
    );
    assert_eq!(dark.len(), bright.len());
    for (a, b) in dark.items.iter().zip(&bright.items).take(PLACES.len()) {
        assert!(a.position.distance_to(b.position) < 1e-3);
    }
}

#[test]
fn scale_and_offset_of_the_values_do_not_matter() {
    let volume = balls([58, 64, 104], &PLACES);
    let scaled = volume_of(volume.data().mapv(|value| 4096.0 * value - 512.0));
    let params = CandidateParams::default();
    let (a, b) = (search(&volume, &params), search(&scaled, &params));
    assert_eq!(a.len(), b.len());
    for (a, b) in a.items.iter().zip(&b.items) {
        assert!(a.position.distance_to(b.position) < 1e-2);
        assert!((a.score.unwrap() - b.score.unwrap()).abs() < 1e-3);
    }
}

#[test]
fn one_level_matches_brute_force() {
    let volume = balls([58, 64, 104], &PLACES);
    let params = CandidateParams {
        preprocess: PreprocessParams {
            denoise_sigma_vox: 0.0,
            contrast: Contrast::Clip { sigmas: 100.0 },
        },
        scales: Scales::Sigmas(vec![2.0, 3.2]),
        normalize_levels: false,
        min_distance_vox: Some(0.0),
        threshold: Threshold::Score(0.0),
        empty_below: 0.0,
        gold_ratio: f64::INFINITY,
        ..CandidateParams::default()
    };
    let found = search(&volume, &params);
    let score = z_score(volume.data().view()).unwrap();
    let [narrow, wide] = [2.0, 3.2].map(GaussianParams::isotropic);
    let blobs = difference_of_gaussians(score.view(), &wide, &narrow).unwrap();
    let expected = local_maxima(blobs.view(), [1; 3], 0.0).unwrap();
    assert_eq!(found.len(), expected.len());
    for maximum in expected {
        let [z, y, x] = maximum.voxel_zyx;
        let same = found.items.iter().find(|item| {
            let at = item.position;
            [at.z, at.y, at.x].map(|place| place.round() as usize) == [z, y, x]
        });
        let score = same
            .unwrap_or_else(|| panic!("{maximum:?} is missing"))
            .score
            .unwrap();
        // Between the voxels it is a little higher.
        assert!(
            score > maximum.value - 1e-4 && score < 1.5 * maximum.value + 1e-2,
            "{maximum:?} {score}"
        );
    }
}

/// The same ball, at twice the voxels, goes through the next octave.
#[test]
fn octaves_agree() {
    let small = balls([58, 64, 104], &[[60.3, 40.6, 30.2, 7.0]]);
    let large = balls([116, 128, 208], &[[121.1, 81.7, 60.9, 14.0]]);
    let one = |diameter: f64| CandidateParams {
        scales: Scales::Diameters(vec![diameter]),
        ..CandidateParams::default()
    };
    let small = search(&small, &one(140.0)).items[0].clone();
    let large = search(&large, &one(280.0)).items[0].clone();
    let halved = VoxelPos::zyx(
        (large.position.z - 0.5) / 2.0,
        (large.position.y - 0.5) / 2.0,
        (large.position.x - 0.5) / 2.0,
    );
    assert!(
        small.position.distance_to(halved) < 0.5,
        "{small:?} {large:?}"
    );
    assert!(small.position.distance_to(VoxelPos::xyz(60.3, 40.6, 30.2)) < 0.5);
}

#[test]
fn padding_and_margins_hold_no_candidates_and_do_not_disturb() {
    let volume = balls([58, 64, 104], &PLACES);
    let mut padded = Array3::from_elem((58, 84, 136), 77.0);
    padded
        .slice_mut(s![.., 13..77, 20..124])
        .assign(volume.data());
    let padded = volume_of(padded);
    let params = CandidateParams::default();
    let (plain, found) = (search(&volume, &params), search(&padded, &params));
    for item in &found.items {
        let at = item.position;
        assert!(
            (12.5..76.5).contains(&at.y) && (19.5..123.5).contains(&at.x),
            "{at:?}"
        );
    }
    let inner = plain.items.iter().take(PLACES.len());
    for item in inner.filter(|item| item.position.x < 95.0) {
        let at = item.position;
        let moved = VoxelPos::zyx(at.z, at.y + 13.0, at.x + 20.0);
        assert!(
            found
                .items
                .iter()
                .any(|other| other.position.distance_to(moved) < 1.5),
            "{at:?}"
        );
    }
    let margin = CandidateParams {
        margin_vox: [5, 10, 20],
        ..params
    };
    for item in search(&volume, &margin).items {
        let at = item.position;
        assert!(
            at.z > 4.4 && at.z < 52.6 && at.y > 9.4 && at.y < 53.6 && at.x > 19.4 && at.x < 83.6
        );
    }
}

#[test]
fn empty_ends_are_found_and_left_out() {
    let mut places = Vec::new();
    for (number, x) in (8..100).step_by(12).enumerate() {
        for y in (8..60).step_by(13) {
            let z = 32.0 + 7.0 * (number % 3) as f64;
            places.push([f64::from(x), f64::from(y), z, 5.0]);
        }
    }
    let (found, report) = find_candidates_with_report(
        &balls([80, 64, 104], &places),
        &CandidateParams::default(),
        None,
        &(),
    )
    .unwrap();
    assert!(
        (23..=27).contains(&report.specimen.start),
        "{:?}",
        report.specimen
    );
    assert!(
        (51..=56).contains(&report.specimen.end),
        "{:?}",
        report.specimen
    );
    assert!(
        found
            .items
            .iter()
            .all(|item| item.position.z > 19.0 && item.position.z < 62.0)
    );
}

#[test]
fn an_edge_is_left_out_where_asked() {
    // A dark half: its edge, uneven by noise, answers everywhere.
    let data = Array3::from_shape_fn((40, 64, 90), |(z, y, x)| {
        let ball = VoxelPos::xyz(x as f64, y as f64, z as f64)
            .distance_to(VoxelPos::xyz(70.0, 30.0, 20.0))
            < 6.0;
        0.1 * noise(z, y, x) - if x < 30 || ball { 1.0 } else { 0.0 }
    });
    let params = CandidateParams {
        max_elongation: 10.0,
        ..CandidateParams::default()
    };
    let volume = volume_of(data);
    let near_edge = |set: &ParticleSet| {
        set.items
            .iter()
            .filter(|item| item.position.x < 32.0)
            .count()
    };
    let (all, (some, report)) = (
        search(&volume, &CandidateParams::default()),
        find_candidates_with_report(&volume, &params, None, &()).unwrap(),
    );
    assert!(
        report.edges > 0 && near_edge(&some) < near_edge(&all) / 2,
        "{} {}",
        near_edge(&some),
        near_edge(&all)
    );
    assert!(
        some.items
            .iter()
            .any(|item| item.position.distance_to(VoxelPos::xyz(70.0, 30.0, 20.0)) < 1.0)
    );
}
