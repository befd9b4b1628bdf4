//! EM motive lists and volumes: files of emfile, conversions and malformed files.

mod points_common;

use std::collections::BTreeMap;

use cryo_core::{FilamentPoint, Grid, Orientation, Particle, ParticleSet, VoxelPos, VoxelSize};
use cryo_io::{
    IndexBase, Overwrite, Picks, PicksOptions, Severity,
    em::{self, MotiveList},
};
use points_common::{assert_close, fixture, mutations, options_with_voxel};
use serde_json::Value;

fn numbers(value: &Value) -> Vec<f64> {
    value
        .as_array()
        .expect("array")
        .iter()
        .flat_map(Value::as_f64)
        .collect()
}

fn bytes_of(name: &str) -> Vec<u8> {
    std::fs::read(fixture("em", name)).expect("golden")
}

#[test]
fn lists_of_emfile_match_copick() {
    let expected: Value = serde_json::from_slice(&bytes_of("expected.json")).expect("JSON");
    let voxel = expected["voxel_size"].as_f64().expect("number");
    for name in ["motl.em", "motl_transposed.em", "motl_big_endian.em"] {
        let picks = em::read(fixture("em", name), &options_with_voxel(voxel)).expect(name);
        let names: Vec<&str> = picks.sets.iter().map(|set| set.tomogram.as_str()).collect();
        assert_eq!(names, ["4", "17"], "{name}");
        assert_eq!((picks.sets[0].len(), picks.sets[1].len()), (5, 3), "{name}");
        let items = picks.sets.iter().flat_map(|set| &set.items);
        for (row, item) in items.enumerate() {
            let centre = numbers(&expected["centre_angstrom_xyz"][row]);
            let centre = VoxelPos::xyz(centre[0], centre[1], centre[2]);
            let place = picks.sets[0].grid.angstrom_from_voxel(item.position);
            // copick computes in f32.
            assert_close(VoxelPos::xyz(place.x, place.y, place.z), centre, 1e-4);
            let rows = expected["rotation"][row].as_array().expect("rows");
            let orientation = item.orientation.expect("told");
            for (ours, theirs) in orientation.matrix().iter().zip(rows) {
                for (ours, theirs) in ours.iter().zip(numbers(theirs)) {
                    assert!((ours - theirs).abs() < 1e-5);
                }
            }
            let score = expected["score"][row].as_f64().expect("number") as f32;
            assert_eq!(item.score, Some(score));
            let class = expected["class"][row].as_i64().filter(|&class| class > 0);
            assert_eq!(item.class.map(i64::from), class);
        }
        let extra: Vec<&str> = picks
            .extra
            .iter()
            .map(|column| column.name.as_str())
            .collect();
        let kept = ["row_4", "row_6", "row_11", "row_12", "row_13", "row_20"];
        assert_eq!(extra, kept, "{name}");
    }
}

#[test]
fn list_of_emfile_round_trips_in_all_rows() {
    let list = MotiveList::parse(&bytes_of("motl.em")).expect("readable");
    let (ours, theirs) = (list.to_bytes().expect("writes"), bytes_of("motl.em"));
    // emfile fills the comments of the header with the letter A.
    assert!(ours[..16] == theirs[..16] && ours[512..] == theirs[512..]);
    let options = options_with_voxel(5.44);
    let picks = list.to_picks(&options).expect("readable");
    let back = MotiveList::from_picks(&picks, &options).expect("writes");
    for (back, list) in back.particles.iter().zip(&list.particles) {
        for (row, (back, list)) in back.iter().zip(list).enumerate() {
            assert!(
                (back - list).abs() < 1e-6 * list.abs().max(1.0),
                "row {}: {list} {back}",
                row + 1
            );
        }
    }
}

#[test]
fn first_voxel_is_one_unless_told() {
    let mut rows = [0.0; em::ROWS];
    rows[4] = 3.0;
    rows[7..10].copy_from_slice(&[1.0, 2.0, 3.0]);
    rows[10..13].copy_from_slice(&[0.5, 0.0, -0.25]);
    let list = MotiveList {
        particles: vec![rows],
        transposed: false,
    };
    let read = |base| {
        let options = PicksOptions {
            index_base: base,
            ..options_with_voxel(3.0)
        };
        list.to_picks(&options).expect("readable").sets[0].items[0].clone()
    };
    assert_eq!(read(None).position, VoxelPos::xyz(0.5, 1.0, 1.75));
    assert_eq!(read(None).orientation, None);
    assert_eq!(
        read(Some(IndexBase::Zero)).position,
        VoxelPos::xyz(1.5, 2.0, 2.75)
    );
}

#[test]
fn phi_is_applied_first() {
    let mut rows = [0.0; em::ROWS];
    (rows[16], rows[17], rows[18]) = (40.0, 0.0, 90.0);
    let list = MotiveList {
        particles: vec![rows],
        transposed: false,
    };
    let picks = list.to_picks(&options_with_voxel(3.0)).expect("readable");
    // phi turns about the particle's own z, theta about x takes z to −y.
    let axis = picks.sets[0].items[0].orientation.expect("told").tangent();
    assert!((axis.y + 1.0).abs() < 1e-12, "{axis:?}");
}

#[test]
fn particles_round_trip() {
    for voxel in [1.0, 5.44, 13.48] {
        let grid = Grid::new([29, 999, 1023], VoxelSize::new(voxel).expect("positive"));
        let mut sets = Vec::new();
        for tomogram in ["ts_01", "31"] {
            let mut set = ParticleSet::new(tomogram, grid);
            for n in 0..6_u32 {
                set.items.push(Particle {
                    score: Some(n as f32 / 7.0),
                    class: (n > 0).then_some(n),
                    orientation: Some(Orientation::from_zyz_deg(
                        f64::from(n) * 61.0,
                        f64::from(n) * 36.0,
                        12.0,
                    )),
                    filament: (n > 3).then_some(FilamentPoint {
                        id: 5,
                        arc_length_angstrom: None,
                    }),
                    ..Particle::at(VoxelPos::xyz(
                        1022.4 - f64::from(n),
                        998.1,
                        f64::from(n) * 4.7,
                    ))
                });
            }
            sets.push(set);
        }
        let picks = Picks {
            sets,
            extra: Vec::new(),
        };
        let options = PicksOptions {
            numbers: BTreeMap::from([(8, "/data/ts_01.mrc".to_owned())]),
            ..options_with_voxel(voxel)
        };
        let dir = tempfile::tempdir().expect("dir");
        let path = dir.path().join("motl.em");
        em::write(&path, &picks, &options, Overwrite::Never).expect("writes");
        let list = MotiveList::read(&path, u64::MAX).expect("readable");
        assert_eq!(list.particles[0][3..6], [1.0, 8.0, 0.0]);
        assert_eq!(list.particles[11][3..6], [12.0, 31.0, 5.0]);
        let back = em::read(&path, &options).expect("readable");
        for (back, set) in back.sets.iter().zip(&picks.sets) {
            assert_eq!(back.tomogram, set.tomogram);
            for (ours, item) in back.items.iter().zip(&set.items) {
                assert!(ours.position.distance_to(item.position) * voxel < 1e-3);
                assert_eq!((ours.score, ours.class), (item.score, item.class));
                let (a, b) = (
                    ours.orientation.expect("told"),
                    item.orientation.expect("set"),
                );
                assert!(a.angle_to_deg(b) < 1e-4);
            }
        }
    }
}

#[test]
fn volume_of_emfile_keeps_its_axes() {
    let voxel_size = VoxelSize::new(4.0).expect("positive");
    let volume = em::read_volume(fixture("em", "volume_i16.em"), voxel_size, u64::MAX);
    let volume = volume.expect("readable");
    assert_eq!(volume.grid().shape, [3, 4, 5]);
    assert_eq!(volume.data()[[2, 1, 3]], (2 * 20 + 5 + 3) as f32);
    let error = em::parse(&bytes_of("volume_i16.em"), &options_with_voxel(1.0));
    assert_eq!(
        error.expect_err("no list").to_string(),
        "byte 4: size of a motive list: expected 20 × N × 1 (x, y, z), got 5 × 4 × 3; read it as a volume"
    );
}

fn refusal(bytes: &[u8]) -> String {
    em::parse(bytes, &options_with_voxel(2.0))
        .expect_err("malformed")
        .to_string()
}

#[test]
fn short_file_is_refused() {
    let bytes = bytes_of("motl.em");
    let fix = "check that it is an EM file and complete";
    assert_eq!(
        refusal(&bytes[..300]),
        format!("expected 512 bytes, the file has 300; {fix}")
    );
    assert_eq!(
        refusal(&bytes[..900]),
        format!("expected 1152 bytes, the file has 900; {fix}")
    );
}

#[test]
fn impossible_sizes_are_refused() {
    let mut bytes = bytes_of("motl.em");
    bytes[4..16].copy_from_slice(&[0xff; 12]);
    assert_eq!(
        refusal(&bytes),
        "byte 4: sizes: expected 0 or more, and possible, got [-1, -1, -1]; check that it is an EM file and complete"
    );
    bytes[4..16].copy_from_slice(&[0x7f; 12]);
    assert_eq!(
        refusal(&bytes),
        "byte 4: sizes: expected 0 or more, and possible, got [2139062143, 2139062143, 2139062143]; check that it is an EM file and complete"
    );
}

#[test]
fn other_machine_and_type_are_refused() {
    let mut bytes = bytes_of("motl.em");
    bytes[0] = 1;
    assert_eq!(
        refusal(&bytes),
        "byte 0: machine code: expected 6 (PC), or 0, 3, 4, 5 (big-endian), got 1; check that it is an EM file and complete"
    );
    bytes[0] = 6;
    bytes[3] = 8;
    assert_eq!(refusal(&bytes), "byte 3: complex data is not supported");
    bytes[3] = 77;
    assert_eq!(
        refusal(&bytes),
        "byte 3: data type: expected 1, 2, 4, 5 or 9, got 77; check that it is an EM file and complete"
    );
}

#[test]
fn list_with_a_value_that_is_no_number_is_refused() {
    let mut list = MotiveList::parse(&bytes_of("motl.em")).expect("readable");
    list.particles[2][8] = f64::NAN;
    assert_eq!(
        refusal(&list.to_bytes().expect("writes")),
        "row 9 of particle 3: expected a finite number, got NaN; check that it is a motive list"
    );
    list.particles[2][8] = 4.0;
    list.particles[1][4] = -2.0;
    assert_eq!(
        refusal(&list.to_bytes().expect("writes")),
        "row 5 of particle 2: expected the number of a tomogram, got -2; check that it is a motive list"
    );
}

#[test]
fn kept_value_that_is_no_number_is_refused() {
    let options = options_with_voxel(2.0);
    let mut picks = em::parse(&bytes_of("motl.em"), &options).expect("readable");
    picks.extra[0].values[3] = "four".to_owned();
    let error = MotiveList::from_picks(&picks, &options).expect_err("text");
    assert_eq!(
        error.to_string(),
        "column row_4, particle 4: expected a number, got \"four\""
    );
}

#[test]
fn machine_code_of_the_other_order_is_warned_of() {
    let mut bytes = bytes_of("motl.em");
    bytes[0] = 0;
    assert_eq!(
        em::parse(&bytes, &options_with_voxel(2.0))
            .expect("readable")
            .len(),
        8
    );
    let findings = em::validate(&bytes);
    assert_eq!(
        (findings[0].severity, &*findings[0].place),
        (Severity::Warning, "byte 0")
    );
    assert_eq!(findings[1].place, "row 20");
    let transposed = em::validate(&bytes_of("motl_transposed.em"));
    assert_eq!(transposed[0].got, "N × 20");
    assert_eq!(em::validate(&bytes_of("volume_i16.em")), []);
}

#[test]
fn arbitrary_bytes_do_no_harm() {
    let options = options_with_voxel(2.0);
    let size = VoxelSize::new(1.0).expect("positive");
    let mut readable = 0;
    for bytes in mutations(&bytes_of("motl.em"), 3000) {
        readable += usize::from(em::parse(&bytes, &options).is_ok());
        let _ = em::parse_volume(&bytes, size);
        let _ = em::validate(&bytes);
    }
    assert!(readable > 0, "the mutations spare nothing");
}
