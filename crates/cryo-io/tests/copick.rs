//! copick picks: files of copick's own model, conversions and malformed files.

mod points_common;

use cryo_core::{FilamentPoint, Grid, Orientation, Particle, ParticleSet, VoxelPos, VoxelSize};
use cryo_io::{
    IndexBase, Overwrite, Picks, PicksOptions, Severity,
    copick::{self, FileName, PicksFile},
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

#[test]
fn centres_and_rotations_match_copick() {
    let text = std::fs::read(fixture("copick", "expected.json")).expect("golden");
    let expected: serde_json::Map<String, Value> = serde_json::from_slice(&text).expect("JSON");
    assert_eq!(expected.len(), 2);
    for (name, expected) in expected {
        let path = fixture("copick", &format!("{name}.json"));
        let picks = copick::read(&path, &PicksOptions::default()).expect(&name);
        let set = &picks.sets[0];
        assert_eq!(set.tomogram, "TS_01");
        assert_eq!(set.grid.voxel_size.isotropic(), Some(13.48));
        let centres = expected["centres_angstrom_xyz"].as_array().expect("array");
        assert_eq!(set.len(), centres.len());
        for (index, item) in set.items.iter().enumerate() {
            let centre = numbers(&centres[index]);
            let expected_vox = VoxelPos::xyz(centre[0], centre[1], centre[2]);
            let place = set.grid.angstrom_from_voxel(item.position);
            assert_close(VoxelPos::xyz(place.x, place.y, place.z), expected_vox, 1e-9);
            let score = expected["scores"][index].as_f64().map(|score| score as f32);
            assert_eq!(item.score, score);
            let instance = expected["instances"][index].as_u64().filter(|&id| id > 0);
            assert_eq!(item.filament.map(|point| u64::from(point.id)), instance);
            if let Some(orientation) = item.orientation {
                let rows = expected["rotations"][index].as_array().expect("rows");
                for (row, expected) in orientation.matrix().iter().zip(rows) {
                    for (ours, theirs) in row.iter().zip(numbers(expected)) {
                        assert!((ours - theirs).abs() < 1e-12);
                    }
                }
            }
        }
        let oriented = set.items.iter().all(|item| item.orientation.is_some());
        assert_eq!(oriented, name.starts_with("ana"));
        let class = set.items[0].class.and_then(|class| set.classes.get(&class));
        let expected_class = name.starts_with("ana").then_some("ribosome-80s");
        assert_eq!(class.map(String::as_str), expected_class);
    }
}

#[test]
fn file_round_trips_with_unknown_fields() {
    let json = r#"{"pickable_object_name":"ribosome","user_id":"ana","session_id":"1","run_name":"TS_1",
        "voxel_spacing":10.012444,"unit":"angstrom","trust_orientation":true,"lab":{"room":7},
        "points":[{"location":{"x":0.1,"y":1e-7,"z":1234.5678901234567},"score":null,"seen":[1,2]},
                  {"location":{"x":1,"y":2,"z":3},"instance_id":4,"score":0.25}]}"#;
    let file = PicksFile::parse(json.as_bytes()).expect("readable");
    let again = serde_json::to_vec(&file).expect("writes");
    assert_eq!(PicksFile::parse(&again).expect("readable"), file);
    assert_eq!(file.other["lab"]["room"], 7);

    // And through particles, where they are columns.
    let picks = copick::parse(json.as_bytes(), &PicksOptions::default()).expect("readable");
    let names: Vec<&str> = picks
        .extra
        .iter()
        .map(|column| column.name.as_str())
        .collect();
    assert_eq!(
        names,
        [
            "copick_user_id",
            "copick_session_id",
            "copick_file",
            "copick_point"
        ]
    );
    assert_eq!(picks.extra[3].values, ["{\"seen\":[1,2]}", ""]);
    let dir = tempfile::tempdir().expect("dir");
    let path = dir.path().join("x.json");
    copick::write(&path, &picks, &PicksOptions::default(), Overwrite::Never).expect("writes");
    let back = PicksFile::read(&path, u64::MAX).expect("readable");
    assert_eq!(back.other, file.other);
    let points = back.points.expect("points");
    assert_eq!(points[0].other["seen"], serde_json::json!([1, 2]));
    assert_eq!(points[0].location, file.points.expect("points")[0].location);
    assert_eq!((points[0].score, points[1].score), (None, Some(0.25)));
    assert_eq!(
        (points[0].instance_id, points[1].instance_id),
        (Some(0), Some(4))
    );
    assert_eq!(
        (back.user_id.as_str(), back.session_id.as_str()),
        ("ana", "1")
    );
}

#[test]
fn first_voxel_is_centred_on_zero_unless_told() {
    let json = br#"{"pickable_object_name":"a","user_id":"u","session_id":0,"voxel_spacing":4.0,
        "points":[{"location":{"x":8.0,"y":0.0,"z":2.0}}]}"#;
    let mut options = PicksOptions {
        tomogram: Some("t".to_owned()),
        ..PicksOptions::default()
    };
    let position = |options: &PicksOptions| {
        let picks = copick::parse(json, options).expect("readable");
        picks.sets[0].items[0].position
    };
    assert_eq!(position(&options), VoxelPos::xyz(2.0, 0.0, 0.5));
    options.index_base = Some(IndexBase::Corner);
    assert_eq!(position(&options), VoxelPos::xyz(1.5, -0.5, 0.0));
    options.frames = options_with_voxel(2.0).frames;
    assert_eq!(position(&options), VoxelPos::xyz(3.5, -0.5, 0.5));
}

#[test]
fn particles_round_trip_through_a_project() {
    for voxel in [1.0, 7.84, 13.48] {
        let grid = Grid::new([29, 83, 61], VoxelSize::new(voxel).expect("positive"));
        let mut sets = Vec::new();
        for tomogram in ["TS_01", "TS_02"] {
            let mut set = ParticleSet::new(tomogram, grid);
            set.classes.insert(4, "micro tubule".to_owned());
            for n in 0..9_u32 {
                let position = VoxelPos::xyz(f64::from(n) * 6.7, 80.0 - f64::from(n), 3.25);
                let angle = f64::from(n) * 17.0;
                let filament = (n % 3 == 1).then_some(FilamentPoint {
                    id: n / 4,
                    arc_length_angstrom: None,
                });
                set.items.push(Particle {
                    position,
                    score: (n != 2).then_some(0.1 + n as f32),
                    class: [None, Some(4), Some(9)][n as usize % 3],
                    orientation: (n % 3 == 2)
                        .then(|| Orientation::from_zyz_deg(angle, 30.0, -angle)),
                    filament,
                });
            }
            sets.push(set);
        }
        let picks = Picks {
            sets,
            extra: Vec::new(),
        };
        let dir = tempfile::tempdir().expect("dir");
        copick::write(
            dir.path(),
            &picks,
            &PicksOptions::default(),
            Overwrite::Never,
        )
        .expect("writes");
        for set in &picks.sets {
            let folder = dir
                .path()
                .join("ExperimentRuns")
                .join(&set.tomogram)
                .join("Picks");
            let objects = [
                ("cryo_0_particle.json", None),
                ("cryo_0_micro-tubule.json", Some(4)),
                ("cryo_0_class-9.json", Some(9)),
            ];
            for (name, class) in objects {
                let back = copick::read(folder.join(name), &PicksOptions::default());
                let back = back.expect("readable").sets.remove(0);
                assert_eq!(back.tomogram, set.tomogram);
                let expected: Vec<&Particle> = set
                    .items
                    .iter()
                    .filter(|item| item.class == class)
                    .collect();
                assert_eq!(back.len(), expected.len());
                for (item, expected) in back.items.iter().zip(expected) {
                    let off = item.position.distance_to(expected.position) * voxel;
                    assert!(off < 1e-9, "{off} Å");
                    assert_eq!(item.score, expected.score);
                    assert_eq!(item.orientation.is_some(), expected.orientation.is_some());
                    if let (Some(ours), Some(theirs)) = (item.orientation, expected.orientation) {
                        assert!(ours.angle_to_deg(theirs) < 1e-6);
                    }
                    // Ids from 0 are raised by one.
                    let id = |item: &Particle| item.filament.map(|point| point.id);
                    assert_eq!(id(item), id(expected).map(|id| id + 1));
                }
            }
        }
        let error = copick::write(
            dir.path(),
            &picks,
            &PicksOptions::default(),
            Overwrite::Never,
        );
        let message = error.expect_err("there already").to_string();
        assert!(
            message.ends_with(
                "the file exists and is not overwritten; choose another folder or overwrite"
            ),
            "{message}"
        );
    }
}

#[test]
fn run_is_known_from_the_folder() {
    let dir = tempfile::tempdir().expect("dir");
    let folder = dir.path().join("TS_77/Picks");
    std::fs::create_dir_all(&folder).expect("folder");
    let path = folder.join("u_0_a.json");
    let json = r#"{"pickable_object_name":"a","user_id":"u","session_id":"0","points":[]}"#;
    std::fs::write(&path, json).expect("writes");
    let picks = copick::read(&path, &options_with_voxel(5.0)).expect("readable");
    assert_eq!(picks.sets[0].tomogram, "TS_77");
}

#[test]
fn names_become_what_copick_allows() {
    let name = |text: &str| FileName::sanitized(text);
    assert_eq!(
        name("26S proteasome_cap").as_deref(),
        Some("26S-proteasome-cap")
    );
    assert_eq!(name("a/b:c*").as_deref(), Some("a-b-c"));
    assert_eq!(name("__"), None);
}

#[test]
fn classes_that_would_share_a_name_are_refused() {
    let grid = Grid::of_unknown_extent(VoxelSize::new(4.0).expect("positive"));
    let mut set = ParticleSet::new("t", grid);
    for (class, name) in [(1, "a b"), (2, "a_b")] {
        set.classes.insert(class, name.to_owned());
        let item = Particle::at(VoxelPos::default());
        set.items.push(Particle {
            class: Some(class),
            ..item
        });
    }
    let picks = Picks {
        sets: vec![set],
        extra: Vec::new(),
    };
    let dir = tempfile::tempdir().expect("dir");
    let error = copick::write(
        dir.path(),
        &picks,
        &PicksOptions::default(),
        Overwrite::Never,
    );
    let message = error.expect_err("one name").to_string();
    assert!(
        message.ends_with("classes: expected names that differ in more than what copick does not allow, got two called \"a-b\"; rename one"),
        "{message}"
    );
    let one = dir.path().join("one.json");
    let mut picks = picks;
    picks.sets[0].classes.insert(2, "c".to_owned());
    let error = copick::write(&one, &picks, &PicksOptions::default(), Overwrite::Never);
    let message = error.expect_err("two objects").to_string();
    assert!(
        message.ends_with("objects: expected one object of one tomogram in a .json file, got 2 of them; give a folder instead"),
        "{message}"
    );
}

#[test]
fn tomogram_that_is_no_folder_name_is_refused() {
    let grid = Grid::of_unknown_extent(VoxelSize::new(4.0).expect("positive"));
    let mut set = ParticleSet::new("../../x", grid);
    set.items.push(Particle::at(VoxelPos::default()));
    let picks = Picks {
        sets: vec![set],
        extra: Vec::new(),
    };
    let dir = tempfile::tempdir().expect("dir");
    let error = copick::write(
        dir.path(),
        &picks,
        &PicksOptions::default(),
        Overwrite::Never,
    );
    assert_eq!(
        error.expect_err("leaves the folder").to_string(),
        "tomogram: expected a name for a folder, got \"../../x\""
    );
}

fn refusal(json: &str) -> String {
    let options = PicksOptions {
        tomogram: Some("t".to_owned()),
        ..options_with_voxel(2.0)
    };
    copick::parse(json.as_bytes(), &options)
        .expect_err("malformed")
        .to_string()
}

fn with_point(point: &str) -> String {
    format!(r#"{{"pickable_object_name":"a","user_id":"u","session_id":"0","points":[{point}]}}"#)
}

#[test]
fn text_that_is_no_picks_file_is_refused() {
    assert_eq!(
        refusal("{\n\"user_id\": 3}"),
        "line 2: copick picks: expected JSON with the fields of copick, got invalid type: integer `3`, expected a string; check that it is a picks file of copick"
    );
    assert_eq!(
        refusal(r#"{"user_id": "u", "session_id": "1"}"#),
        "line 1: copick picks: expected JSON with the fields of copick, got missing field `pickable_object_name`; check that it is a picks file of copick"
    );
}

#[test]
fn other_unit_is_refused() {
    let json = r#"{"pickable_object_name":"a","user_id":"u","session_id":"0","unit":"nm"}"#;
    assert_eq!(
        refusal(json),
        "unit: expected \"angstrom\", got \"nm\"; write the locations in ångström"
    );
}

#[test]
fn matrix_that_is_no_rotation_is_refused() {
    let place = r#""location":{"x":1,"y":2,"z":3}"#;
    let scaled =
        format!(r#"{{{place},"transformation_":[[2,0,0,0],[0,1,0,0],[0,0,1,0],[0,0,0,1]]}}"#);
    assert_eq!(
        refusal(&with_point(&scaled)),
        "transformation_ of point 0: expected a rotation, got [[2.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]; set trust_orientation to false if the rotations mean nothing"
    );
    let turned =
        format!(r#"{{{place},"transformation_":[[1,0,0,0],[0,1,0,0],[0,0,1,0],[5,0,0,1]]}}"#);
    assert_eq!(
        refusal(&with_point(&turned)),
        "last row of transformation_ of point 0: expected 0, 0, 0, 1, got [5.0, 0.0, 0.0, 1.0]; write the matrix as copick does, row by row"
    );
}

#[test]
fn negative_instance_is_refused() {
    let point = r#"{"location":{"x":1,"y":2,"z":3},"instance_id":-2}"#;
    assert_eq!(
        refusal(&with_point(point)),
        "instance_id of point 0: expected 0 to 4294967295, got -2"
    );
}

#[test]
fn user_longer_than_a_file_name_is_refused() {
    let json = with_point("").replace("\"u\"", &format!("\"{}\"", "u".repeat(300)));
    let got = "u".repeat(60);
    assert_eq!(
        refusal(&json),
        format!(
            "user_id: expected at most 255 bytes, as a file name has, got \"{got}…\"; shorten it"
        )
    );
}

#[test]
fn fields_of_many_names_do_not_multiply() {
    let points: Vec<String> = (0..5000)
        .map(|n| format!(r#"{{"location":{{"x":1,"y":2,"z":3}},"f{n}":{n}}}"#))
        .collect();
    let json = with_point(&points.join(","));
    let options = PicksOptions {
        tomogram: Some("t".to_owned()),
        ..options_with_voxel(2.0)
    };
    let picks = copick::parse(json.as_bytes(), &options).expect("readable");
    assert_eq!(picks.extra.len(), 3);
    assert_eq!(picks.extra[2].values[4999], "{\"f4999\":4999}");
}

#[test]
fn unnamed_run_is_asked_for() {
    let error = copick::parse(with_point("").as_bytes(), &options_with_voxel(1.0));
    assert_eq!(
        error.expect_err("no run").to_string(),
        "the name of the tomogram is needed and is not in the file; set PicksOptions::tomogram, or keep the file in RUN/Picks/"
    );
}

#[test]
fn names_with_underscores_are_warned_of() {
    let json = with_point("").replace("\"a\"", "\"a_b\"");
    let findings = copick::validate(json.as_bytes());
    assert_eq!(findings[0].severity, Severity::Warning);
    assert_eq!(findings[0].place, "pickable_object_name");
    assert_eq!(findings[1].severity, Severity::Note);
    let clean = std::fs::read(fixture("copick", "ana_3_ribosome-80s.json")).expect("golden");
    assert_eq!(copick::validate(&clean), []);
}

#[test]
fn arbitrary_bytes_do_no_harm() {
    let seed = std::fs::read(fixture("copick", "ana_3_ribosome-80s.json")).expect("golden");
    let options = PicksOptions {
        tomogram: Some("t".to_owned()),
        ..options_with_voxel(2.0)
    };
    let mut readable = 0;
    for bytes in mutations(&seed, 3000) {
        readable += usize::from(copick::parse(&bytes, &options).is_ok());
        let _ = copick::validate(&bytes);
    }
    assert!(readable > 0, "the mutations spare nothing");
    let deep = "[".repeat(100_000);
    assert!(copick::parse(deep.as_bytes(), &options).is_err());
}
