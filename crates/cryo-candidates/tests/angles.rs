//! Whether tilt angles fit their images.

mod views_common;

use cryo_candidates::{
    AngleReading, Error, TiltAngleCheck, TiltAngleParams, TiltVerdict, check_tilt_angles,
};
use cryo_core::{ParticleSet, TiltGeometry, TiltSeries, TiltSign};
use cryo_fixtures::{
    Amount, ImagingParams, SceneParams, ShotNoise, Species, image, maps, say_skipped,
};
use views_common::{Cancelled, grid, noise, on_threads, particles, series};

/// A noisy series of a crowded scene, with its particles.
fn simulated(angles_deg: Vec<f64>) -> (TiltSeries, ParticleSet) {
    let species: Vec<Species> = maps::ALL
        .iter()
        .map(|(name, bytes)| {
            let map = cryo_io::mrc::parse(bytes, &cryo_io::mrc::ReadOptions::default());
            Species::new(*name, map.unwrap(), Amount::Count(25))
        })
        .collect();
    let params = SceneParams::new([80, 160, 180], 10.0);
    let scene = cryo_fixtures::Scene::new(&species, &params, &()).unwrap();
    let imaging = ImagingParams {
        angles_deg,
        shot_noise: ShotNoise::PerPixel(0.21),
        ..ImagingParams::default()
    };
    (image(&scene.density, &imaging, &()).unwrap(), scene.truth)
}

fn check(series: &TiltSeries, set: &ParticleSet) -> TiltAngleCheck {
    check_tilt_angles(series, set, &TiltAngleParams::default(), &()).unwrap()
}

fn changed(series: &TiltSeries, change: impl FnOnce(&mut TiltGeometry)) -> TiltSeries {
    let (images, mut geometry) = series.clone().into_parts();
    change(&mut geometry);
    TiltSeries::new(images, geometry).unwrap()
}

/// Gives the angles of one order to the images of another; their transforms stay.
fn reorder(geometry: &mut TiltGeometry, angles: &[f64]) {
    for (tilt, &angle) in geometry.tilts.iter_mut().zip(angles) {
        tilt.angle_deg = angle;
    }
}

#[test]
fn sign_and_order_of_a_simulated_series_are_found_out() {
    let angles: Vec<f64> = (-20..=20).map(|step| 3.0 * f64::from(step)).collect();
    let (series, set) = simulated(angles.clone());
    let right = check(&series, &set);
    assert_eq!(right.verdict, TiltVerdict::Confirmed, "{right}");
    // Symmetric about 0: the flipped sign and the reversed order are one reading.
    assert_eq!(right.others[0].contrast, right.others[1].contrast);

    let flipped = changed(&series, |geometry| geometry.sign = TiltSign::Negative);
    let flipped = check(&flipped, &set);
    let better = AngleReading::SignFlipped;
    assert_eq!(
        flipped.verdict,
        TiltVerdict::Contradicted { better },
        "{flipped}"
    );
    assert!((flipped.others[0].contrast - right.contrast).abs() < 1e-9);

    // Images by angle, angles as they were acquired: 0, 3, −3, 6, −6, …
    let mut acquired = angles;
    acquired.sort_by(|a, b| a.abs().total_cmp(&b.abs()).then(b.total_cmp(a)));
    let acquired = changed(&series, |geometry| reorder(geometry, &acquired));
    let acquired = check(&acquired, &set);
    let better = AngleReading::Ascending;
    assert_eq!(
        acquired.verdict,
        TiltVerdict::Contradicted { better },
        "{acquired}"
    );
}

#[test]
fn the_order_of_an_asymmetric_series_is_told_from_its_sign() {
    let angles: Vec<f64> = (-7..=20).map(|step| 3.0 * f64::from(step)).collect();
    let (series, set) = simulated(angles.clone());
    let right = check(&series, &set);
    assert_eq!(right.verdict, TiltVerdict::Confirmed, "{right}");
    let reversed: Vec<f64> = angles.iter().rev().copied().collect();
    let reversed = changed(&series, |geometry| reorder(geometry, &reversed));
    let reversed = check(&reversed, &set);
    let TiltVerdict::Contradicted { better } = reversed.verdict else {
        panic!("{reversed}");
    };
    // The angles descend now, so that their ascending order is the same reading.
    let order = [AngleReading::OrderReversed, AngleReading::Ascending];
    assert!(order.contains(&better), "{reversed}");
    assert!(
        reversed.to_string().starts_with("the angles in "),
        "{reversed}"
    );
}

#[test]
fn angles_of_the_shared_tomogram_are_checked() {
    let folder = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../shared/data/simulated/sim01"
    );
    let folder = std::path::Path::new(folder);
    if !folder.is_dir() {
        say_skipped(&format!("no folder {}", folder.display()));
        return;
    }
    let options = cryo_io::mrc::ReadOptions::default();
    let open = |name: &str| cryo_io::mrc::Reader::open(folder.join(name), &options).unwrap();
    let grid = open("sim01_rec.mrc").grid().unwrap();
    let stack = cryo_io::mrc::read_image_stack(folder.join("sim01_ts.mrc"), &options).unwrap();
    let angles = cryo_io::tilt::read(folder.join("sim01.tlt")).unwrap();
    let (_, height, width) = stack.images.dim();
    let geometry = TiltGeometry::centred(
        angles.tilts,
        TiltSign::Positive,
        &grid,
        [height, width],
        10.0,
    );
    let series = TiltSeries::new(stack.images, geometry).unwrap();
    let frames = cryo_io::Frames::all(cryo_io::Frame::of(&grid));
    let options = cryo_io::PicksOptions {
        frames,
        ..cryo_io::PicksOptions::default()
    };
    let path = folder.join("sim01_particles.csv");
    let set = cryo_io::read_picks(path, None, &options)
        .unwrap()
        .sets
        .remove(0);

    let right = check(&series, &set);
    assert_eq!(right.verdict, TiltVerdict::Confirmed, "{right}");
    let flipped = check(
        &changed(&series, |geometry| geometry.sign = TiltSign::Negative),
        &set,
    );
    let better = AngleReading::SignFlipped;
    assert_eq!(
        flipped.verdict,
        TiltVerdict::Contradicted { better },
        "{flipped}"
    );
    // The same on any number of threads.
    assert_eq!(right, on_threads(1, || check(&series, &set)));
    assert_eq!(right, on_threads(4, || check(&series, &set)));
}

#[test]
fn noise_decides_nothing() {
    let shape = [24, 90, 110];
    let angles: Vec<f64> = (-5..=5).map(|step| 3.0 * f64::from(step)).collect();
    let series = series(noise((11, 90, 110), 1), &angles, &grid(shape));
    let places: Vec<_> = (0..60)
        .map(|i| {
            (
                30.0 + f64::from(i * 7 % 50),
                25.0 + f64::from(i * 11 % 40),
                f64::from(i % 24),
            )
        })
        .collect();
    let check = check(&series, &particles(grid(shape), &places));
    assert_eq!(check.verdict, TiltVerdict::Undecided, "{check}");
    assert_eq!((check.candidates, check.tilts), (60, 11));
}

#[test]
fn what_cannot_be_checked_is_an_error() {
    let shape = [24, 90, 110];
    let places: Vec<_> = (0..60).map(|i| (55.0, 45.0, f64::from(i % 24))).collect();
    let set = particles(grid(shape), &places);
    let text = |series: &TiltSeries, set: &ParticleSet, params: &TiltAngleParams| {
        let result = check_tilt_angles(series, set, params, &());
        result.unwrap_err().to_string()
    };
    let usual = TiltAngleParams::default();
    let two = series(noise((3, 90, 110), 1), &[-40.0, 0.0, 3.0], &grid(shape));
    let expected = "expected at least 3 tilts within the window, got 2";
    assert_eq!(text(&two, &set, &usual), expected);
    let angles = [-6.0, -3.0, 0.0, 3.0, 6.0];
    let good = series(noise((5, 90, 110), 1), &angles, &grid(shape));
    let few = particles(grid(shape), &places[..7]);
    let expected = "expected at least 8 candidates that all low tilts see, got 7";
    assert_eq!(text(&good, &few, &usual), expected);
    let sigma = TiltAngleParams {
        sigma_px: f64::NAN,
        ..usual.clone()
    };
    let expected = "sigma_px is NaN; expected 0.5 to 100 pixels";
    assert_eq!(text(&good, &set, &sigma), expected);
    let window = TiltAngleParams {
        max_angle_deg: 0.0,
        ..usual.clone()
    };
    let expected = "max_angle_deg is 0; expected an angle above 0, at most 90°";
    assert_eq!(text(&good, &set, &window), expected);
    let cancelled = check_tilt_angles(&good, &set, &usual, &Cancelled);
    assert!(matches!(cancelled, Err(Error::Cancelled)));
}
