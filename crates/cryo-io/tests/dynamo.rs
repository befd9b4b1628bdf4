//! Dynamo tables: dynamotable's files, conversions and malformed files.

mod points_common;

use std::collections::BTreeMap;

use cryo_core::{Grid, Orientation, Particle, ParticleSet, VoxelPos, VoxelSize};
use cryo_io::{IndexBase, Overwrite, Picks, PicksOptions, Severity, dynamo};
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

fn column<'a>(picks: &'a Picks, name: &str) -> Option<&'a [String]> {
    let column = picks.extra.iter().find(|column| column.name == name)?;
    Some(&column.values)
}

#[test]
fn table_of_dynamotable_matches_copick() {
    let text = std::fs::read(fixture("dynamo", "expected.json")).expect("golden");
    let expected: Value = serde_json::from_slice(&text).expect("JSON");
    let voxel = expected["voxel_size"].as_f64().expect("number");
    let picks = dynamo::read(fixture("dynamo", "golden.tbl"), &options_with_voxel(voxel));
    let picks = picks.expect("readable");
    let names: Vec<&str> = picks.sets.iter().map(|set| set.tomogram.as_str()).collect();
    assert_eq!(names, ["ts_03", "ts_11"]);
    assert_eq!(picks.len(), 9);
    let tags = column(&picks, "tag").expect("kept");
    let items = picks
        .sets
        .iter()
        .flat_map(|set| set.items.iter().map(move |item| (set, item)));
    for ((set, item), tag) in items.zip(tags) {
        let tag: f64 = tag.parse().expect("number");
        let row = numbers(&expected["tag"])
            .iter()
            .position(|&t| t == tag)
            .expect("tag");
        assert_eq!(expected["tomogram"][row], set.tomogram);
        let centre = numbers(&expected["centre_angstrom_xyz"][row]);
        let place = set.grid.angstrom_from_voxel(item.position);
        let centre = VoxelPos::xyz(centre[0], centre[1], centre[2]);
        assert_close(VoxelPos::xyz(place.x, place.y, place.z), centre, 1e-9);
        let orientation = item.orientation.expect("told");
        let rows = expected["rotation"][row].as_array().expect("rows");
        for (ours, theirs) in orientation.matrix().iter().zip(rows) {
            for (ours, theirs) in ours.iter().zip(numbers(theirs)) {
                assert!((ours - theirs).abs() < 1e-9);
            }
        }
        let score = expected["score"][row].as_f64().expect("number") as f32;
        assert_eq!(item.score, Some(score));
        let class = expected["class"][row].as_u64().filter(|&class| class > 0);
        assert_eq!(item.class.map(u64::from), class);
    }
}

#[test]
fn table_of_dynamotable_round_trips_in_all_columns() {
    let source = fixture("dynamo", "golden.tbl");
    let mut options = options_with_voxel(7.84);
    options.numbers = dynamo::read_map(fixture("dynamo", "golden.doc"), u64::MAX).expect("map");
    let picks = dynamo::read(&source, &options).expect("readable");
    let dir = tempfile::tempdir().expect("dir");
    let path = dir.path().join("back.tbl");
    dynamo::write(&path, &picks, &options, Overwrite::Never).expect("writes");
    assert_eq!(
        dynamo::read_map(dir.path().join("back.doc"), u64::MAX).expect("map"),
        options.numbers
    );
    let rows = |path: &std::path::Path| {
        let text = std::fs::read_to_string(path).expect("text");
        let mut rows: Vec<Vec<f64>> = text
            .lines()
            .map(|line| {
                line.split(' ')
                    .map(|n| n.parse().expect("number"))
                    .collect()
            })
            .collect();
        rows.sort_by(|a, b| a[0].total_cmp(&b[0]));
        rows
    };
    let (before, after) = (rows(&source), rows(&path));
    assert_eq!(before.len(), after.len());
    for (before, after) in before.iter().zip(&after) {
        assert_eq!(before.len(), after.len(), "columns");
        for (index, (before, after)) in before.iter().zip(after).enumerate() {
            assert!(
                (before - after).abs() < 1e-9 * before.abs().max(1.0),
                "column {}: {before} {after}",
                index + 1
            );
        }
    }
}

fn row_with(changes: &[(usize, &str)]) -> String {
    let mut fields = ["0"; 26];
    fields[0] = "1";
    fields[19] = "1";
    for &(column, value) in changes {
        fields[column - 1] = value;
    }
    fields.join(" ")
}

#[test]
fn index_base_is_zero_unless_told() {
    let text = row_with(&[(24, "10"), (25, "20"), (26, "30"), (4, "0.25"), (6, "-1")]);
    let read = |base| {
        let options = PicksOptions {
            index_base: base,
            ..options_with_voxel(3.0)
        };
        dynamo::parse(text.as_bytes(), &options)
            .expect("readable")
            .sets[0]
            .items[0]
            .position
    };
    assert_eq!(read(None), VoxelPos::xyz(10.25, 20.0, 29.0));
    assert_eq!(read(Some(IndexBase::One)), VoxelPos::xyz(9.25, 19.0, 28.0));
    assert_eq!(
        read(Some(IndexBase::Corner)),
        VoxelPos::xyz(9.75, 19.5, 28.5)
    );
}

#[test]
fn angles_turn_clockwise_about_z_new_x_new_z() {
    // A particle along z, tilted by 90° about x: clockwise, its axis goes from z to y.
    let text = row_with(&[(8, "90")]);
    let picks = dynamo::parse(text.as_bytes(), &options_with_voxel(3.0)).expect("readable");
    let axis = picks.sets[0].items[0].orientation.expect("told").tangent();
    assert!((axis.y - 1.0).abs() < 1e-12, "{axis:?}");
    // narot, the last, is about the particle's own axis and leaves it where it is.
    let text = row_with(&[(7, "33"), (8, "70"), (9, "-120")]);
    let one = dynamo::parse(text.as_bytes(), &options_with_voxel(3.0)).expect("readable");
    let text = row_with(&[(7, "33"), (8, "70")]);
    let other = dynamo::parse(text.as_bytes(), &options_with_voxel(3.0)).expect("readable");
    let axis = |picks: &Picks| picks.sets[0].items[0].orientation.expect("told").tangent();
    assert!(axis(&one).distance_to(axis(&other)) < 1e-12);
}

#[test]
fn table_without_angles_tells_no_orientation() {
    let picks = dynamo::parse(row_with(&[]).as_bytes(), &options_with_voxel(3.0));
    assert_eq!(picks.expect("readable").sets[0].items[0].orientation, None);
}

#[test]
fn particles_round_trip() {
    for (voxel, base) in [
        (1.0, None),
        (7.84, Some(IndexBase::One)),
        (13.48, Some(IndexBase::Corner)),
    ] {
        let grid = Grid::new([29, 83, 61], VoxelSize::new(voxel).expect("positive"));
        let mut sets = Vec::new();
        for tomogram in ["ts_b", "007", "12"] {
            let mut set = ParticleSet::new(tomogram, grid);
            for n in 0..7_u32 {
                let tilt = [0.0, 1e-9, 45.0, 90.0, 135.0, 180.0, 20.0][n as usize];
                let orientation =
                    Orientation::from_intrinsic_zxz_deg([f64::from(n) * 50.0, tilt, -70.0]);
                set.items.push(Particle {
                    score: Some(0.125 * n as f32),
                    class: (n > 0).then_some(n),
                    orientation: Some(orientation),
                    ..Particle::at(VoxelPos::xyz(60.1 - f64::from(n), 80.3, f64::from(n) * 4.7))
                });
            }
            sets.push(set);
        }
        let picks = Picks {
            sets,
            extra: Vec::new(),
        };
        let options = PicksOptions {
            index_base: base,
            ..options_with_voxel(voxel)
        };
        let dir = tempfile::tempdir().expect("dir");
        let path = dir.path().join("t.tbl");
        dynamo::write(&path, &picks, &options, Overwrite::Never).expect("writes");
        let map = dynamo::read_map(dir.path().join("t.doc"), u64::MAX).expect("map");
        let expected = [(1, "ts_b"), (2, "007"), (12, "12")];
        assert_eq!(
            map,
            BTreeMap::from(expected.map(|(n, name)| (n, name.to_owned())))
        );
        let back = dynamo::read(&path, &options).expect("readable");
        assert_eq!(back.sets.len(), 3);
        for (back, set) in back.sets.iter().zip(&picks.sets) {
            assert_eq!(back.tomogram, set.tomogram);
            for (ours, item) in back.items.iter().zip(&set.items) {
                assert_close(ours.position, item.position, 1e-9);
                assert_eq!((ours.score, ours.class), (item.score, item.class));
                let (a, b) = (
                    ours.orientation.expect("told"),
                    item.orientation.expect("set"),
                );
                assert!(a.angle_to_deg(b) < 1e-5, "{}", a.angle_to_deg(b));
            }
        }
        let error = dynamo::write(&path, &picks, &options, Overwrite::Never).expect_err("exists");
        assert!(error.to_string().ends_with(
            "the file exists and is not overwritten; choose another name or ask to overwrite"
        ));
    }
}

#[test]
fn pixel_size_of_the_table_is_used_where_nothing_else_is_known() {
    let mut fields = vec!["0"; 36];
    fields[19] = "4";
    fields[35] = "2.5";
    let text = fields.join("\t");
    let picks = dynamo::parse(text.as_bytes(), &PicksOptions::default()).expect("readable");
    assert_eq!(picks.sets[0].grid.voxel_size.isotropic(), Some(2.5));
    assert_eq!(picks.sets[0].tomogram, "4");
}

fn refusal(text: &str) -> String {
    dynamo::parse(text.as_bytes(), &options_with_voxel(2.0))
        .expect_err("malformed")
        .to_string()
}

#[test]
fn rows_of_other_width_are_refused() {
    assert_eq!(
        refusal("1 2 3\n"),
        "line 1: columns: expected at least 26, up to z (first row 3), got 3; separate the columns by blanks; binary tables are not read"
    );
    let text = format!("{0}\n\n{0} 7\n", row_with(&[]));
    assert_eq!(
        refusal(&text),
        "line 3: columns: expected 26 as in the first row, got 27; separate the columns by blanks; binary tables are not read"
    );
}

#[test]
fn coordinate_that_is_no_number_is_refused() {
    assert_eq!(
        refusal(&row_with(&[(25, "NaN")])),
        "line 1: y: expected a finite number, got \"NaN\"; check that it is a Dynamo table in text form"
    );
    assert_eq!(
        refusal(&row_with(&[(20, "1.5")])),
        "line 1: column 20 (tomo): expected the number of a tomogram, got \"1.5\"; check that it is a Dynamo table in text form"
    );
}

#[test]
fn unknown_voxel_size_is_asked_for() {
    let error = dynamo::parse(row_with(&[]).as_bytes(), &PicksOptions::default());
    assert_eq!(
        error.expect_err("unknown").to_string(),
        "line 1: the voxel size of tomogram \"1\" is needed and is not in the file; give the tomogram, the dataset list or the voxel size"
    );
}

#[test]
fn malformed_map_is_refused() {
    let message = |text: &str| {
        dynamo::parse_map(text.as_bytes())
            .expect_err("malformed")
            .to_string()
    };
    let fix = "; write the tomogram's number and its path, separated by a blank";
    assert_eq!(
        message("1 a.rec\nb.rec 2"),
        format!("line 2: line of the table map: expected a number first, got \"b.rec\"{fix}")
    );
    assert_eq!(
        message("7"),
        format!("line 1: line of the table map: expected a path after the number, got \"7\"{fix}")
    );
    assert_eq!(
        message("7 a\n7 b"),
        format!("line 2: line of the table map: expected each number once, got \"7 b\"{fix}")
    );
    let map = dynamo::parse_map(b"3 my tomograms/ts 3.rec\r\n\n").expect("readable");
    assert_eq!(map[&3], "my tomograms/ts 3.rec");
}

#[test]
fn repeated_tags_are_warned_of() {
    let text = format!("{0}\n{0}\n", row_with(&[]));
    let findings = dynamo::validate(text.as_bytes());
    assert_eq!(findings[0].severity, Severity::Warning);
    assert_eq!(findings[0].got, "tag 1 again");
    let golden = std::fs::read(fixture("dynamo", "golden.tbl")).expect("golden");
    assert_eq!(dynamo::validate(&golden), []);
    let wrong = dynamo::validate(row_with(&[(24, "x")]).as_bytes());
    assert_eq!(wrong[0].severity, Severity::Error);
}

#[test]
fn arbitrary_bytes_do_no_harm() {
    let seed = std::fs::read(fixture("dynamo", "golden.tbl")).expect("golden");
    let options = options_with_voxel(2.0);
    let mut readable = 0;
    for bytes in mutations(&seed, 3000) {
        readable += usize::from(dynamo::parse(&bytes, &options).is_ok());
        let _ = dynamo::validate(&bytes);
        let _ = dynamo::parse_map(&bytes);
    }
    assert!(readable > 0, "the mutations spare nothing");
}
