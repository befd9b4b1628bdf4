//! Tilt series of RELION 5 and Warp against numpy and themselves.

use std::{fs, path::PathBuf};

use cryo_core::{
    AngstromPos, Grid, ImagePos, ImageTransform, Tilt, TiltGeometry, TiltSign, VoxelSize,
};
use cryo_io::{
    Overwrite,
    star::{
        Document,
        tilt::{self, TiltSeriesEntry, TiltSeriesSet, TiltSeriesTable},
    },
};
use proptest::prelude::*;
use serde_json::Value;

fn data(name: &str) -> PathBuf {
    PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../fixtures/data/star"
    ))
    .join(name)
}

fn pairs(value: &Value) -> Vec<Vec<f64>> {
    let numbers = |row: &Value| {
        row.as_array()
            .unwrap()
            .iter()
            .map(|n| n.as_f64().unwrap())
            .collect()
    };
    value.as_array().unwrap().iter().map(numbers).collect()
}

const PIXEL: f64 = 2.25;

fn assert_projects(
    series: &TiltSeriesTable,
    rotation_centre: AngstromPos,
    image_centre: ImagePos,
    key: &str,
) {
    let expected: Value =
        serde_json::from_str(&fs::read_to_string(data("expected.json")).unwrap()).unwrap();
    let geometry = TiltGeometry {
        tilts: series.tilts.clone(),
        sign: series.sign,
        rotation_centre,
        image_centre,
        pixel_size_angstrom: PIXEL,
    };
    let points = pairs(&expected["tilts"]["points_xyz"]);
    for tilt in 0..geometry.tilts.len() {
        let seen = pairs(&expected["tilts"][key][tilt]);
        for (point, seen) in points.iter().zip(seen) {
            let found = geometry.project(tilt, AngstromPos::xyz(point[0], point[1], point[2]));
            assert!(
                found.distance_to(ImagePos::yx(seen[1], seen[0])) < 1e-9,
                "{key} {tilt}: {found:?} is not {seen:?}"
            );
        }
    }
}

#[test]
fn projections_of_relion_match_numpy() {
    let series = TiltSeriesTable::read_relion(data("tilt_series.star"), PIXEL, 1 << 20).unwrap();
    assert_eq!(series.name, "ts_odd");
    let grid = Grid::new([257, 601, 403], VoxelSize::new(PIXEL).unwrap());
    let centred = TiltGeometry::centred(
        series.tilts.clone(),
        series.sign,
        &grid,
        [1443, 1021],
        PIXEL,
    );
    assert_projects(
        &series,
        centred.rotation_centre,
        centred.image_centre,
        "relion_xy",
    );
    let turned = series.with_sign(TiltSign::Negative);
    assert_projects(
        &turned,
        centred.rotation_centre,
        centred.image_centre,
        "relion_xy",
    );
}

#[test]
fn projections_of_warp_match_numpy() {
    let series = TiltSeriesTable::read_tomostar(data("ts_odd.tomostar"), PIXEL, 1 << 20).unwrap();
    assert_eq!(series.sign, TiltSign::Negative);
    let centre = AngstromPos::xyz(403.0, 601.0, 257.0);
    let centre = AngstromPos::xyz(
        centre.x / 2.0 * PIXEL,
        centre.y / 2.0 * PIXEL,
        centre.z / 2.0 * PIXEL,
    );
    assert_projects(
        &series,
        centre,
        ImagePos::yx(1443.0 / 2.0, 1021.0 / 2.0),
        "warp_xy",
    );
}

#[test]
fn columns_of_relion_become_fields() {
    let series = TiltSeriesTable::read_relion(data("tilt_series.star"), PIXEL, 1 << 20).unwrap();
    let tilt = &series.tilts[1];
    assert_eq!(tilt.angle_deg, -18.5);
    assert_eq!(
        (tilt.dose_before, tilt.acquisition_index),
        (Some(3.0), Some(1))
    );
    assert_eq!(tilt.defocus_angstrom, Some(30_500.0));
    let details = &series.details[1];
    assert_eq!(details.nominal_angle_deg, Some(-19.99));
    assert_eq!(details.nominal_axis_deg, Some(85.0));
    assert_eq!(details.astigmatism, Some([31_000.0, 30_000.0, 20.0]));
    assert_eq!(details.movie.as_deref(), Some("frames/t_1.eer"));
    assert_eq!(details.image.as_deref(), Some("MotionCorr/t_1.mrc"));
    let extra: Vec<&str> = series
        .extra
        .iter()
        .map(|column| column.name.as_str())
        .collect();
    assert_eq!(extra, ["rlnTomoTiltMovieFrameCount", "rlnCtfScalefactor"]);
}

fn assert_same(found: &TiltSeriesTable, wanted: &TiltSeriesTable) {
    assert_eq!(
        (found.sign, found.tilts.len()),
        (wanted.sign, wanted.tilts.len())
    );
    for (a, b) in found.tilts.iter().zip(&wanted.tilts) {
        assert!((a.angle_deg - b.angle_deg).abs() < 1e-9);
        assert_eq!(
            (a.dose_before, a.defocus_angstrom),
            (b.dose_before, b.defocus_angstrom)
        );
        for place in [ImagePos::yx(0.0, 0.0), ImagePos::yx(500.0, -300.0)] {
            let moved = a
                .image_from_aligned
                .apply(place)
                .distance_to(b.image_from_aligned.apply(place));
            assert!(moved < 1e-6, "{moved}");
        }
    }
}

#[test]
fn tables_round_trip() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.star");
    let series = TiltSeriesTable::read_relion(data("tilt_series.star"), PIXEL, 1 << 20).unwrap();
    series.write_relion(&path, PIXEL, Overwrite::Never).unwrap();
    assert!(series.write_relion(&path, PIXEL, Overwrite::Never).is_err());
    let again = TiltSeriesTable::read_relion(&path, PIXEL, 1 << 20).unwrap();
    assert_same(&again, &series);
    assert_eq!(
        (&again.details, &again.extra, &again.name),
        (&series.details, &series.extra, &series.name)
    );

    let warp = TiltSeriesTable::read_tomostar(data("ts_odd.tomostar"), PIXEL, 1 << 20).unwrap();
    warp.write_tomostar(&path, PIXEL, Overwrite::Replace)
        .unwrap();
    let again = TiltSeriesTable::read_tomostar(&path, PIXEL, 1 << 20).unwrap();
    assert_same(&again, &warp);
    assert_eq!((&again.details, &again.extra), (&warp.details, &warp.extra));
}

#[test]
fn relion_and_warp_agree_on_where_a_point_is_seen() {
    let series = TiltSeriesTable::read_relion(data("tilt_series.star"), PIXEL, 1 << 20).unwrap();
    let document = series.to_tomostar(PIXEL).unwrap();
    let table = document.require("").unwrap().require_table().unwrap();
    assert_eq!(table.column_f64("wrpAngleTilt").unwrap()[0], 38.5);
    let warp = TiltSeriesTable::from_tomostar(&document, PIXEL).unwrap();
    let mut back = warp.with_sign(TiltSign::Positive);
    for (tilt, wanted) in back.tilts.iter_mut().zip(&series.tilts) {
        // Warp keeps the defocus in its XML.
        tilt.defocus_angstrom = wanted.defocus_angstrom;
    }
    assert_same(&back, &series);
}

#[test]
fn tables_before_alignment_have_the_stages_angles() {
    let text = "data_ts\nloop_\n_rlnMicrographMovieName\n_rlnTomoNominalStageTiltAngle\n_rlnTomoNominalTiltAxisAngle\n_rlnMicrographPreExposure\na.eer -3 85 2\nb.eer 0 85 0\n";
    let series = TiltSeriesTable::from_relion(&Document::parse(text).unwrap(), 1.0).unwrap();
    assert!(!series.details[0].aligned);
    assert_eq!(series.tilts[0].angle_deg, -3.0);
    assert_eq!(
        series.tilts[0].image_from_aligned,
        ImageTransform::rotated_deg(85.0, ImagePos::default())
    );
    let table = series.to_relion(1.0).unwrap();
    let table = table.require("ts").unwrap().require_table().unwrap();
    assert!(!table.has("rlnTomoYTilt"));
    assert_eq!(
        table.column_f64("rlnTomoNominalStageTiltAngle").unwrap(),
        [-3.0, 0.0]
    );
}

#[test]
fn part_of_an_alignment_is_refused() {
    let text = "data_ts\nloop_\n_rlnTomoYTilt\n_rlnTomoZRot\n1 2\n";
    let message = TiltSeriesTable::from_relion(&Document::parse(text).unwrap(), 1.0)
        .unwrap_err()
        .to_string();
    assert_eq!(
        message,
        "no column rlnTomoXShiftAngst; there is rlnTomoYTilt, rlnTomoZRot"
    );
    let text = "data_ts\nloop_\n_rlnDefocusU\n1\n";
    let message = TiltSeriesTable::from_relion(&Document::parse(text).unwrap(), 1.0)
        .unwrap_err()
        .to_string();
    assert_eq!(
        message,
        "no column rlnTomoYTilt or rlnTomoNominalStageTiltAngle; there is rlnDefocusU"
    );
}

#[test]
fn what_cannot_be_written_is_refused() {
    let series = TiltSeriesTable::new("ts", vec![Tilt::at(1.0), Tilt::at(2.0)], TiltSign::Positive);
    let message = |series: &TiltSeriesTable| series.to_tomostar(1.0).unwrap_err().to_string();
    assert_eq!(
        message(&series),
        "wrpMovieName is needed and is not in the file; Warp reads no tilt series without movies and doses"
    );
    assert_eq!(
        series.to_relion(0.0).unwrap_err().to_string(),
        "pixel size: expected a length above 0 Å, got 0"
    );
    let mut some = series.clone();
    some.tilts[0].dose_before = Some(1.0);
    assert_eq!(
        some.to_relion(1.0).unwrap_err().to_string(),
        "images with rlnMicrographPreExposure: expected all 2 or none, got 1"
    );
    let mut large = series.clone();
    large.tilts[0].image_from_aligned.matrix = [[1.01, 0.0], [0.0, 1.01]];
    assert!(
        large
            .to_relion(1.0)
            .unwrap_err()
            .to_string()
            .starts_with("an image transform that is not a rotation and a shift is not supported")
    );
    let mut short = series;
    short.details.pop();
    assert_eq!(
        short.to_relion(1.0).unwrap_err().to_string(),
        "values of details: expected 2, got 1"
    );
}

#[test]
fn sets_are_read_and_written() {
    let set = TiltSeriesSet::read(data("tomograms.star"), 1 << 20).unwrap();
    let entry = &set.entries[0];
    assert_eq!(
        (entry.name.as_str(), entry.hand, entry.binning),
        ("ts_odd", Some(-1.0), Some(4.0))
    );
    assert_eq!(entry.unbinned_shape, Some([257, 601, 403]));
    assert_eq!(entry.voltage_kv, Some(300.0));
    let frame = entry.frame();
    assert_eq!(frame.shape, Some([64, 150, 101]));
    assert_eq!(frame.voxel_size, VoxelSize::new(9.0));
    assert_eq!(set.extra[0].name, "rlnMicrographOriginalPixelSize");
    let document = set.to_document().unwrap();
    let again =
        TiltSeriesSet::from_document(&Document::parse(document.to_string()).unwrap()).unwrap();
    assert_eq!(again, set);

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("set.star");
    set.write(&path, Overwrite::Never).unwrap();
    assert_eq!(TiltSeriesSet::read(&path, 1 << 20).unwrap(), set);
}

#[test]
fn bad_sets_are_refused() {
    let refusal = |text: &str| {
        let document = Document::parse(text).unwrap();
        TiltSeriesSet::from_document(&document)
            .unwrap_err()
            .to_string()
    };
    let message = refusal("data_global\nloop_\n_rlnTomoName\na\na\n");
    assert_eq!(
        message,
        "line 5: rlnTomoName: expected each name once, got \"a\" again"
    );
    let message = refusal("data_global\nloop_\n_rlnTomoName\n_rlnTomoSizeX\na 0\n");
    assert_eq!(
        message,
        "line 5: rlnTomoSizeX: expected a number of voxels from 1 to 2^32 - 1, got 0"
    );
    let message = refusal("data_global\nloop_\n_rlnTomoName\n_rlnTomoTiltSeriesPixelSize\na -1\n");
    assert_eq!(
        message,
        "line 5: rlnTomoTiltSeriesPixelSize: expected a number above 0, got -1"
    );
    let message = refusal("data_global\nloop_\n_rlnTomoHand\n1\n");
    assert_eq!(message, "no column rlnTomoName; there is rlnTomoHand");
    let some = TiltSeriesSet {
        entries: vec![
            TiltSeriesEntry {
                hand: Some(1.0),
                ..TiltSeriesEntry::default()
            },
            TiltSeriesEntry::default(),
        ],
        extra: Vec::new(),
    };
    assert_eq!(
        some.to_document().unwrap_err().to_string(),
        "images with rlnTomoHand: expected all 2 or none, got 1"
    );
}

#[test]
fn validate_tells_what_is_missing() {
    let all = |text: &[u8]| -> Vec<String> {
        tilt::validate(text)
            .iter()
            .map(ToString::to_string)
            .collect()
    };
    for file in ["tilt_series.star", "ts_odd.tomostar", "tomograms.star"] {
        assert_eq!(all(&fs::read(data(file)).unwrap()), [""; 0]);
    }
    let found = all(b"data_ts\nloop_\n_rlnTomoNominalStageTiltAngle\n-95\n");
    let wanted = [
        "note: rlnTomoYTilt",
        "warning: angles: expected -90",
        "warning: dose: expected a dose for each image",
    ];
    assert_eq!(found.len(), wanted.len(), "{found:?}");
    for (found, wanted) in found.iter().zip(wanted) {
        assert!(found.starts_with(wanted), "{found}");
    }
    let found = all(b"data_global\nloop_\n_rlnTomoName\n_rlnTomoHand\na 2\n");
    let wanted = [
        "warning: rlnTomoTiltSeriesPixelSize",
        "note: rlnTomoSize",
        "error: file",
    ];
    assert_eq!(found.len(), wanted.len(), "{found:?}");
    for (found, wanted) in found.iter().zip(wanted) {
        assert!(found.starts_with(wanted), "{found}");
    }
    assert!(
        all(b"data_a\n_x 1\n")[0]
            .starts_with("error: file: expected a readable file, got no table")
    );
}

proptest! {
    #[test]
    fn any_aligned_series_round_trips(
        images in proptest::collection::vec((-70.0..70.0_f64, -180.0..180.0_f64, [-90.0..90.0_f64, -90.0..90.0]), 1..6),
        pixel in 0.5..20.0_f64,
    ) {
        let tilts = images.iter().enumerate().map(|(n, (angle, turn, [y, x]))| Tilt {
            dose_before: Some(n as f64),
            image_from_aligned: ImageTransform::rotated_deg(*turn, ImagePos::yx(*y, *x)),
            ..Tilt::at(*angle)
        });
        let mut series = TiltSeriesTable::new("ts", tilts.collect(), TiltSign::Negative);
        for details in &mut series.details {
            details.movie = Some("a movie.eer".to_owned());
        }
        let text = series.to_relion(pixel).unwrap().to_string();
        let again = TiltSeriesTable::from_relion(&Document::parse(text).unwrap(), pixel).unwrap();
        assert_same(&again.with_sign(TiltSign::Negative), &series);
        let text = series.to_tomostar(pixel).unwrap().to_string();
        let again = TiltSeriesTable::from_tomostar(&Document::parse(text).unwrap(), pixel).unwrap();
        assert_same(&again, &series);
        prop_assert_eq!(&again.details, &series.details);
    }

    #[test]
    fn mutated_tables_never_panic(cuts in proptest::collection::vec((0_usize..1500, any::<u8>()), 1..6)) {
        for file in ["tilt_series.star", "ts_odd.tomostar", "tomograms.star"] {
            let mut bytes = fs::read(data(file)).unwrap();
            for &(at, byte) in &cuts {
                let at = at % bytes.len();
                bytes[at] = byte;
            }
            let _ = tilt::validate(&bytes);
            if let Ok(document) = Document::parse(bytes) {
                let _ = TiltSeriesTable::from_relion(&document, 1.0).map(|series| series.to_relion(1.0).is_ok());
                let _ = TiltSeriesTable::from_tomostar(&document, 1.0).map(|series| series.to_tomostar(1.0).is_ok());
                let _ = TiltSeriesSet::from_document(&document).map(|set| (set.frames(), set.to_document().is_ok()));
            }
        }
    }
}
