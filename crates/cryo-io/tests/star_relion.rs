//! Particle tables of RELION 3, 4, 5 and Warp against copick, numpy and themselves.

use std::{fs, path::PathBuf};

use cryo_core::{
    AngstromPos, CentreRule, Grid, Orientation, Particle, ParticleSet, VoxelPos, VoxelSize,
};
use cryo_io::{
    BinningRule, Frame, Frames, Overwrite, Picks, PicksOptions, Severity,
    star::{
        Document,
        relion::{self, Convention},
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

fn expected() -> Value {
    serde_json::from_str(&fs::read_to_string(data("expected.json")).unwrap()).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|number| number.as_f64().unwrap())
        .collect()
}

fn rows(value: &Value) -> Vec<Vec<f64>> {
    value.as_array().unwrap().iter().map(numbers).collect()
}

fn tomograms() -> PicksOptions {
    let frames = relion::frames_from_tomograms(data("tomograms.star")).unwrap();
    PicksOptions {
        frames,
        ..PicksOptions::default()
    }
}

/// The options for tomograms binned `by` times, of known unbinned size.
fn binned(by: f64) -> PicksOptions {
    let mut options = tomograms();
    for frame in options.frames.named.values_mut() {
        frame.voxel_size = VoxelSize::new(2.25 * by);
        frame.shape = None;
    }
    options
}

fn angstrom(picks: &Picks, tomogram: &str) -> Vec<AngstromPos> {
    let set = picks
        .sets
        .iter()
        .find(|set| set.tomogram == tomogram)
        .unwrap();
    set.items
        .iter()
        .map(|particle| set.grid.angstrom_from_voxel(particle.position))
        .collect()
}

fn assert_close(found: AngstromPos, xyz: &[f64], tolerance: f64) {
    let wanted = AngstromPos::xyz(xyz[0], xyz[1], xyz[2]);
    assert!(
        found.distance_to(wanted) < tolerance,
        "{found:?} is not {wanted:?}"
    );
}

fn assert_matrix(orientation: Orientation, wanted: &Value) {
    let wanted = rows(wanted);
    for (row, wanted) in orientation.matrix().iter().zip(wanted) {
        for (value, wanted) in row.iter().zip(wanted) {
            assert!((value - wanted).abs() < 1e-7, "{orientation:?}");
        }
    }
}

#[test]
fn four_conventions_match_copick() {
    let expected = expected();
    let poses = &expected["poses"];
    let names = poses["tomogram"].as_array().unwrap();
    for (file, convention, tolerance) in [
        ("relion5_poses.star", Convention::Relion5, 1e-5),
        ("relion4_poses.star", Convention::Relion4, 1e-5),
        ("relion3_poses.star", Convention::Relion3, 1e-5),
        ("warp_poses.star", Convention::Warp, 1e-5),
    ] {
        let document = Document::read(data(file), 1 << 20).unwrap();
        assert_eq!(Convention::detect(&document).unwrap(), convention);
        let picks = relion::read(data(file), &tomograms()).unwrap();
        assert_eq!(picks.len(), 5);
        for name in ["ts_odd", "ts_even"] {
            let set = picks
                .sets
                .iter()
                .find(|set| set.tomogram.contains(name))
                .unwrap();
            let wanted: Vec<usize> = (0..5).filter(|&row| names[row] == name).collect();
            assert_eq!(set.len(), wanted.len(), "{file}");
            for (particle, row) in set.items.iter().zip(wanted) {
                let found = set.grid.angstrom_from_voxel(particle.position);
                assert_close(found, &numbers(&poses["angstrom_xyz"][row]), tolerance);
                assert_matrix(particle.orientation.unwrap(), &poses["matrix"][row]);
            }
        }
    }
}

#[test]
fn particles_of_two_tomograms_keep_their_columns() {
    let picks = relion::read(data("relion5_poses.star"), &tomograms()).unwrap();
    let order: Vec<&str> = picks.sets.iter().map(|set| set.tomogram.as_str()).collect();
    assert_eq!(order, ["ts_odd", "ts_even"]);
    let scores: Vec<Option<f32>> = picks
        .sets
        .iter()
        .flat_map(|set| set.items.iter().map(|p| p.score))
        .collect();
    assert_eq!(
        scores,
        [Some(0.5), Some(2.0), Some(0.0), Some(0.25), Some(0.125)]
    );
    let classes: Vec<Option<u32>> = picks
        .sets
        .iter()
        .flat_map(|set| set.items.iter().map(|p| p.class))
        .collect();
    assert_eq!(classes, [Some(1), Some(1), Some(3), Some(2), Some(2)]);
    let names: Vec<&str> = picks
        .extra
        .iter()
        .map(|column| column.name.as_str())
        .collect();
    assert_eq!(
        names,
        [
            "rlnRandomSubset",
            "rlnTomoVisibleFrames",
            "optics.rlnOpticsGroupName",
            "optics.rlnSphericalAberration",
            "optics.rlnVoltage",
            "optics.rlnAmplitudeContrast",
            "optics.rlnTomoTiltSeriesPixelSize"
        ]
    );
    assert_eq!(
        picks.extra[1].values,
        ["[1,1,0]", "[0,1,0]", "[0,0,1]", "[1,0,0]", "[1,1,1]"]
    );

    let document = relion::document_from(&picks, Convention::Relion5, &tomograms()).unwrap();
    let optics = document.require("optics").unwrap().require_table().unwrap();
    assert_eq!(optics.column_f64("rlnVoltage").unwrap(), [300.0]);
    assert_eq!(
        optics.column_f64("rlnTomoTiltSeriesPixelSize").unwrap(),
        [2.25]
    );
    let table = document
        .require("particles")
        .unwrap()
        .require_table()
        .unwrap();
    assert_eq!(table.column_i64("rlnOpticsGroup").unwrap(), [1; 5]);
    assert_eq!(
        table.column_i64("rlnRandomSubset").unwrap(),
        [1, 2, 1, 2, 1]
    );
    assert!(document.to_string().starts_with(
        "# RELION 5 particles: x, y, z in Angstrom from the tomogram's centre, which is the unbinned pixel n/2 by rule half; voxel i of a tomogram binned b times is centred on pixel b*i\n"
    ));
    let again = relion::picks_from(&document, None, &tomograms()).unwrap();
    let column = |name: &str| {
        again
            .extra
            .iter()
            .find(|column| column.name == name)
            .unwrap()
    };
    for wanted in &picks.extra[..6] {
        assert_eq!(column(&wanted.name), wanted);
    }
}

#[test]
fn every_centre_and_binning_rule_matches_numpy() {
    let expected = expected();
    let table = Document::read(data("relion5_poses.star"), 1 << 20).unwrap();
    let table = table.require("particles").unwrap().require_table().unwrap();
    let names = table.column_str("rlnTomoName").unwrap();
    let mut document = Document::read(data("relion5_poses.star"), 1 << 20).unwrap();
    let plain = document
        .block_mut("particles")
        .unwrap()
        .table_mut()
        .unwrap();
    for axis in ["X", "Y", "Z"] {
        assert!(plain.remove_column(&format!("rlnOrigin{axis}Angst")));
    }
    let cases = expected["rules"].as_array().unwrap();
    assert_eq!(cases.len(), 24);
    for case in cases {
        let by = case["binning"].as_f64().unwrap();
        let mut options = binned(by);
        options.centre = case["centre"].as_str().unwrap().parse().unwrap();
        if case["rule"] == "block-centre" {
            options.binning = BinningRule::BlockCentre;
        }
        let picks = relion::picks_from(&document, None, &options).unwrap();
        let voxels = rows(&case["voxel_xyz"]);
        for set in &picks.sets {
            let rows = (0..5).filter(|&row| names[row] == set.tomogram);
            for (particle, row) in set.items.iter().zip(rows) {
                let wanted = VoxelPos::xyz(voxels[row][0], voxels[row][1], voxels[row][2]);
                assert!(particle.position.distance_to(wanted) < 1e-9, "{case}");
            }
        }
        // And back: the centred coordinates of the file, in the order of the sets.
        let written = relion::document_from(&picks, Convention::Relion5, &options).unwrap();
        let written = written
            .require("particles")
            .unwrap()
            .require_table()
            .unwrap();
        for name in ["rlnCenteredCoordinateXAngst", "rlnCenteredCoordinateZAngst"] {
            let values = table.column_f64(name).unwrap();
            let wanted = [0, 3, 4, 1, 2].map(|row| values[row]);
            for (found, wanted) in written.column_f64(name).unwrap().iter().zip(wanted) {
                assert!((found - wanted).abs() < 1e-6, "{case}: {name}");
            }
        }
    }
}

#[test]
fn particles_written_by_copick_are_read() {
    let expected = expected();
    for file in ["copick_particles.star", "copick_filaments.star"] {
        let picks = relion::read(data(file), &tomograms()).unwrap();
        for set in &picks.sets {
            let wanted = &expected["copick"][&set.tomogram];
            let tubes = numbers(&wanted["tube"]);
            let tracks = numbers(&wanted["track"]);
            for (row, found) in angstrom(&picks, &set.tomogram).into_iter().enumerate() {
                assert_close(found, &numbers(&wanted["angstrom_xyz"][row]), 1e-6);
                assert_matrix(set.items[row].orientation.unwrap(), &wanted["matrix"][row]);
                match set.items[row].filament {
                    Some(point) => {
                        assert_eq!(f64::from(point.id), tubes[row]);
                        assert!((point.arc_length_angstrom.unwrap() - tracks[row]).abs() < 1e-6);
                    }
                    None => assert_eq!(file, "copick_particles.star"),
                }
            }
        }
    }
}

#[test]
fn filaments_are_written_as_copick_writes_them() {
    let options = tomograms();
    let picks = relion::read(data("copick_filaments.star"), &options).unwrap();
    let ours = relion::document_from(&picks, Convention::Relion5, &options).unwrap();
    let ours = ours.require("particles").unwrap().require_table().unwrap();
    let theirs = Document::read(data("copick_filaments.star"), 1 << 20).unwrap();
    let theirs = theirs
        .require("particles")
        .unwrap()
        .require_table()
        .unwrap();
    for name in theirs
        .names()
        .filter(|name| name.starts_with("rln") && *name != "rlnTomoName")
    {
        let wanted = theirs.column_f64(name).unwrap();
        for (found, wanted) in ours.column_f64(name).unwrap().iter().zip(wanted) {
            assert!(
                (found - wanted).abs() < 1e-6,
                "{name}: {found} is not {wanted}"
            );
        }
    }
}

#[test]
fn without_tomograms_positions_count_the_files_pixels() {
    let options = PicksOptions::default();
    let picks = relion::read(data("relion4_poses.star"), &options).unwrap();
    assert_eq!(picks.sets[0].grid.voxel_size.isotropic(), Some(2.25));
    let found = angstrom(&picks, "ts_odd")[0];
    assert_close(
        found,
        &numbers(&expected()["poses"]["angstrom_xyz"][0]),
        1e-5,
    );
    // What was read can be written without knowing more.
    let document = relion::document_from(&picks, Convention::Relion4, &options).unwrap();
    let again = relion::picks_from(&document, None, &options).unwrap();
    assert!(angstrom(&again, "ts_odd")[0].distance_to(found) < 1e-6);
}

#[test]
fn positions_of_m_are_angstrom() {
    let text = "data_\nloop_\n_wrpCoordinateX1\n_wrpCoordinateY1\n_wrpCoordinateZ1\n_wrpAngleRot1\n_wrpAngleTilt1\n_wrpAnglePsi1\n_wrpRandomSubset\n_wrpSourceName\n100 200.5 30 10 20 30 1 TS_01.tomostar\n";
    let document = Document::parse(text).unwrap();
    assert_eq!(Convention::detect(&document).unwrap(), Convention::Warp);
    let frame = Frame {
        voxel_size: VoxelSize::new(5.0),
        ..Frame::default()
    };
    let options = PicksOptions {
        frames: Frames::all(frame),
        ..PicksOptions::default()
    };
    let picks = relion::picks_from(&document, None, &options).unwrap();
    assert_eq!(picks.sets[0].tomogram, "TS_01");
    assert_eq!(
        picks.sets[0].items[0].position,
        VoxelPos::xyz(20.0, 40.1, 6.0)
    );
    let wanted = Orientation::from_zyz_deg(10.0, 20.0, 30.0);
    assert!(
        picks.sets[0].items[0]
            .orientation
            .unwrap()
            .angle_to_deg(wanted)
            < 1e-9
    );
    assert_eq!(picks.extra[0].name, "wrpRandomSubset");
}

#[test]
fn pytom_match_pick_tables_are_read() {
    let text = "data_\nloop_\n_rlnCoordinateX\n_rlnCoordinateY\n_rlnCoordinateZ\n_rlnLCCmax\n_rlnDetectorPixelSize\n_rlnMicrographName\n10 20 30 0.25 13.5 tomo.mrc\n";
    let picks = relion::picks_from(
        &Document::parse(text).unwrap(),
        None,
        &PicksOptions::default(),
    )
    .unwrap();
    let set = &picks.sets[0];
    assert_eq!(set.grid.voxel_size.isotropic(), Some(13.5));
    assert_eq!(
        (set.tomogram.as_str(), set.items[0].score),
        ("tomo.mrc", Some(0.25))
    );
    assert_eq!(picks.extra[0].name, "rlnLCCmax");
}

#[test]
fn centred_coordinates_without_optics_need_the_tomogram_alone() {
    let text = "data_\nloop_\n_rlnCenteredCoordinateXAngst\n_rlnCenteredCoordinateYAngst\n_rlnCenteredCoordinateZAngst\n_rlnDetectorPixelSize\n_rlnTomoName\n15 -30 0 10 ts\n";
    let document = Document::parse(text).unwrap();
    let frame = Frame {
        shape: Some([51, 40, 31]),
        voxel_size: VoxelSize::new(10.0),
        ..Frame::default()
    };
    let mut options = PicksOptions {
        frames: Frames::all(frame),
        ..PicksOptions::default()
    };
    let picks = relion::picks_from(&document, None, &options).unwrap();
    assert_eq!(
        picks.sets[0].items[0].position,
        VoxelPos::xyz(17.0, 17.0, 25.5)
    );
    // Under another rule the centre depends on the unbinned pixel, which nobody said.
    options.centre = CentreRule::FloorHalf;
    let message = relion::picks_from(&document, None, &options)
        .unwrap_err()
        .to_string();
    assert!(
        message.starts_with("the tilt-series pixel size of tomogram \"ts\" is needed"),
        "{message}"
    );
}

const THREE: &str =
    "data_\nloop_\n_rlnMicrographName\n_rlnCoordinateX\n_rlnCoordinateY\n_rlnCoordinateZ\n";

#[test]
fn classes_that_are_only_named_get_numbers() {
    let text = format!("{THREE}_cryoClassName\na 1 2 3 p\na 1 2 3 q\na 1 2 3 \"\"\nb 1 2 3 q\n");
    let frame = Frame {
        voxel_size: VoxelSize::new(10.0),
        ..Frame::default()
    };
    let options = PicksOptions {
        frames: Frames::all(frame),
        ..PicksOptions::default()
    };
    let picks = relion::picks_from(&Document::parse(text).unwrap(), None, &options).unwrap();
    let classes: Vec<Option<u32>> = picks.sets[0]
        .items
        .iter()
        .map(|particle| particle.class)
        .collect();
    assert_eq!(classes, [Some(1), Some(2), None]);
    assert_eq!(picks.sets[0].classes.get(&2).map(String::as_str), Some("q"));
    assert_eq!(picks.sets[1].items[0].class, Some(1));
}

#[test]
fn validate_tells_what_relion_misses() {
    let text = b"data_particles\nloop_\n_rlnTomoName\n_rlnCoordinateX\n_rlnCoordinateY\n_rlnCoordinateZ\n_rlnAngleRot\nts 1 2 x 4\n";
    let findings = relion::validate(text);
    let all: Vec<String> = findings.iter().map(ToString::to_string).collect();
    assert_eq!(all.len(), 3, "{all:?}");
    assert!(all[0].starts_with(
        "warning: data_optics: expected rlnTomoTiltSeriesPixelSize, got no such column"
    ));
    assert!(all[1].starts_with(
        "warning: rlnAngleRot: expected rlnAngleRot, rlnAngleTilt, rlnAnglePsi, got rlnAngleRot"
    ));
    assert!(all[2].starts_with(
        "error: line 8: expected a readable file, got rlnCoordinateZ: expected a finite number"
    ));
    let good = fs::read(data("relion5_poses.star")).unwrap();
    assert!(
        relion::validate(&good)
            .iter()
            .all(|finding| finding.severity == Severity::Note)
    );
    assert_eq!(
        relion::validate(b"data_\n_x 1\n")[0].severity,
        Severity::Error
    );
    let several = b"data_\nloop_\n_rlnCoordinateX\n_rlnCoordinateY\n_rlnCoordinateZ\n_rlnPixelSize\n_rlnDetectorPixelSize\n1 2 3 4 5\n";
    assert!(
        relion::validate(several)[0]
            .to_string()
            .contains("expected one pixel size, got several that differ")
    );
}

fn shared(name: &str) -> Option<PathBuf> {
    let path =
        PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data")).join(name);
    if path.exists() {
        return Some(path);
    }
    cryo_fixtures::say_skipped(&format!("no {name} in the shared data"));
    None
}

#[test]
fn a_real_relion_4_list_is_read() {
    let Some(path) = shared("real/metadata_formats/cryocat_relion_4.0.star") else {
        return;
    };
    let document = Document::read(&path, 1 << 30).unwrap();
    assert_eq!(document.to_string(), fs::read_to_string(&path).unwrap());
    let picks = relion::read(&path, &PicksOptions::default()).unwrap();
    let table = document
        .require("particles")
        .unwrap()
        .require_table()
        .unwrap();
    assert_eq!(picks.len(), table.len());
    let first = &picks.sets[0].items[0];
    assert_eq!(picks.sets[0].tomogram, "TS_017");
    assert_eq!(picks.sets[0].grid.voxel_size.isotropic(), Some(1.971));
    assert!((first.position.x - (1700.0 - 1.260416 / 1.971)).abs() < 1e-9);
    assert!((first.position.z - (944.0 - 3.783296 / 1.971)).abs() < 1e-9);
    let written =
        relion::document_from(&picks, Convention::Relion4, &PicksOptions::default()).unwrap();
    let again = relion::picks_from(&written, None, &PicksOptions::default()).unwrap();
    for (a, b) in again.sets[0].items.iter().zip(&picks.sets[0].items) {
        assert!(a.position.distance_to(b.position) < 1e-6);
    }
    assert_eq!(again.extra.len(), picks.extra.len());
}

#[test]
fn the_simulated_scene_is_read() {
    let Some(path) = shared("simulated/sim01/sim01_particles.star") else {
        return;
    };
    let mut options = PicksOptions::default();
    options.frames.other = Frame {
        voxel_size: VoxelSize::new(10.0),
        tilt_series_pixel_size: Some(10.0),
        ..Frame::default()
    };
    let picks = relion::read(&path, &options).unwrap();
    assert_eq!(
        picks.sets[0].items[0].position,
        VoxelPos::xyz(118.614, 112.301, 107.464)
    );
    assert_eq!(
        picks.sets[0].classes.get(&2).map(String::as_str),
        Some("ribosome_80S_6qzp")
    );
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(Document::parse(text.as_str()).unwrap().to_string(), text);
}

#[test]
fn relion3_tables_from_relion5_are_known_as_relion3() {
    let grid = Grid::new([65, 150, 101], VoxelSize::new(10.0).unwrap());
    let mut set = ParticleSet::new("ts_1", grid);
    set.items
        .push(Particle::at(VoxelPos::xyz(3.25, 140.5, 60.75)));
    let picks = Picks {
        sets: vec![set.clone()],
        extra: Vec::new(),
    };
    let frame = Frame {
        tilt_series_pixel_size: Some(2.5),
        ..Frame::of(&grid)
    };
    let options = PicksOptions {
        frames: Frames::all(frame),
        ..PicksOptions::default()
    };
    let five = relion::document_from(&picks, Convention::Relion5, &options).unwrap();
    let read = relion::picks_from(&five, None, &options).unwrap();
    let three = relion::document_from(&read, Convention::Relion3, &options).unwrap();
    // The names of its particles would make it a table of RELION 4.
    assert_eq!(Convention::detect(&three).unwrap(), Convention::Relion3);
    let back = relion::picks_from(&three, None, &options).unwrap();
    assert_eq!(back.sets[0].items[0].position, set.items[0].position);
}

#[test]
fn what_a_particle_file_says_of_its_tomograms_fills_the_options() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ours.star");
    let grid = Grid::new([64, 150, 100], VoxelSize::new(10.0).unwrap());
    let mut set = ParticleSet::new("ts_1", grid);
    set.items.push(Particle::at(VoxelPos::xyz(1.0, 2.0, 3.0)));
    let picks = Picks {
        sets: vec![set],
        extra: Vec::new(),
    };
    let frame = Frame {
        unbinned_shape: Some([257, 601, 403]),
        tilt_series_pixel_size: Some(2.5),
        ..Frame::of(&grid)
    };
    let options = PicksOptions {
        frames: Frames::all(frame),
        ..PicksOptions::default()
    };
    relion::write(
        &path,
        &picks,
        Convention::Relion5,
        &options,
        Overwrite::Never,
    )
    .unwrap();
    let found = relion::options_with_tomograms(&path, &PicksOptions::default()).unwrap();
    assert_eq!(found.frames.get("ts_1"), frame);
}

proptest! {
    #[test]
    fn mutated_tables_never_panic(cuts in proptest::collection::vec((0_usize..1500, any::<u8>()), 1..6)) {
        let options = tomograms();
        for file in ["relion5_poses.star", "relion3_poses.star", "copick_filaments.star"] {
            let mut bytes = fs::read(data(file)).unwrap();
            for &(at, byte) in &cuts {
                let at = at % bytes.len();
                bytes[at] = byte;
            }
            let _ = relion::validate(&bytes);
            if let Ok(document) = Document::parse(bytes) {
                for convention in [Convention::Relion3, Convention::Relion4, Convention::Relion5, Convention::Warp] {
                    let _ = relion::picks_from(&document, Some(convention), &options);
                }
            }
        }
    }
}
