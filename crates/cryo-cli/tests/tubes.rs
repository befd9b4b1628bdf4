//! `cryo tubes`: points in, filaments out.

mod common;

use std::{fs, path::Path};

use common::{command, contents, fail, folder, run, succeed};
use cryo_core::{Grid, Orientation, Particle, ParticleSet, Volume, VoxelPos, VoxelSize};
use cryo_io::{
    Frame, Frames, Overwrite, Picks, PicksOptions, imod, mrc, read_picks, star::Document,
    write_picks,
};
use ndarray::Array3;

const VOXEL: f64 = 13.0;

fn grid() -> Grid {
    Grid::new([60, 160, 200], VoxelSize::new(VOXEL).expect("valid"))
}

/// A filament along x at z 30, one along z that crosses it, and three points beside.
fn set(tomogram: &str) -> ParticleSet {
    let mut set = ParticleSet::new(tomogram, grid());
    let mut add = |x: f64, y: f64, z: f64, score: f32| {
        let particle = Particle {
            score: Some(score),
            ..Particle::at(VoxelPos::xyz(x, y, z))
        };
        set.items.push(particle);
    };
    for n in 0..36 {
        add(20.0 + 4.0 * f64::from(n), 80.0, 30.0, 0.9);
    }
    for n in 0..14 {
        add(100.0, 80.0, 3.0 + 4.0 * f64::from(n), 0.7);
    }
    for x in [40.0, 90.0, 130.0] {
        add(x, 120.0, 12.0, 0.2);
    }
    set
}

fn write_csv(path: &Path, tomograms: &[&str]) {
    let picks = Picks {
        sets: tomograms.iter().map(|name| set(name)).collect(),
        extra: Vec::new(),
    };
    let format = cryo_io::CoordinateFormat::Csv;
    write_picks(
        path,
        format,
        &picks,
        &PicksOptions::default(),
        Overwrite::Never,
    )
    .expect("writable");
}

fn read(path: &Path) -> Picks {
    let options = PicksOptions {
        frames: Frames::all(Frame::of(&grid())),
        ..Default::default()
    };
    read_picks(path, None, &options).expect("coordinates")
}

const TOMOGRAM: [&str; 4] = ["--size", "200,160,60", "--tilt-pixel-size", "3.25"];

fn tubes<'a>(words: &[&'a str]) -> Vec<&'a str> {
    let mut all = vec!["tubes"];
    all.extend(words);
    all.extend(TOMOGRAM);
    all
}

#[test]
fn points_become_filaments_with_relion_columns() {
    let place = folder();
    let at = |name: &str| place.path().join(name);
    write_csv(&at("picks.csv"), &["ts_01", "ts_02"]);
    succeed(
        place.path(),
        &tubes(&["picks.csv", "-o", "out.star", "--spacing", "52A"]),
    );
    let document = Document::read(at("out.star"), u64::MAX).expect("STAR");
    let table = document
        .block("particles")
        .and_then(|block| block.table())
        .expect("particles");
    let column = |name: &str| table.column_f64(name).expect("numbers");
    let (ids, arcs) = (
        column("rlnHelicalTubeID"),
        column("rlnHelicalTrackLengthAngst"),
    );
    for name in [
        "rlnAngleTiltPrior",
        "rlnAnglePsiPrior",
        "rlnAutopickFigureOfMerit",
    ] {
        assert_eq!(column(name).len(), ids.len(), "{name}");
    }
    // 140 voxels of 13 Å every 52 Å, and 52 voxels.
    let of_first = (36 + 14) as usize;
    assert_eq!(ids.len(), 2 * of_first);
    assert_eq!(
        (ids[0], ids[35], ids[36], ids[49], ids[50]),
        (1.0, 1.0, 2.0, 2.0, 1.0)
    );
    for (n, arc) in arcs[..36].iter().enumerate() {
        assert!((arc - 52.0 * n as f64).abs() < 1e-6, "{arc}");
    }
    let picks = read(&at("out.star"));
    assert_eq!(picks.sets.len(), 2);
    for item in &picks.sets[0].items[..36] {
        let tangent = item.orientation.expect("of the filament").tangent();
        assert!(
            tangent.x > 0.9999 && (item.position.y - 80.0).abs() < 1e-3,
            "{item:?}"
        );
        assert!((item.score.expect("of the path") - 0.9).abs() < 1e-4);
    }
    for item in &picks.sets[0].items[36..] {
        assert!(
            item.orientation
                .map(Orientation::tangent)
                .expect("of the filament")
                .z
                > 0.9999
        );
    }
    let config = fs::read_to_string(at("out.config.toml")).expect("settings");
    assert!(
        config.contains("[tubes]") && config.contains("spacing = \"52A\""),
        "{config}"
    );
}

#[test]
fn imod_gets_a_contour_for_each_filament_and_csv_and_copick_the_ids() {
    let place = folder();
    let at = |name: &str| place.path().join(name);
    write_csv(&at("picks.csv"), &["ts_01"]);
    for name in ["out.mod", "out.csv", "project"] {
        succeed(
            place.path(),
            &tubes(&["picks.csv", "-o", name, "--overwrite"]),
        );
    }
    let model = imod::Model::read(at("out.mod"), u64::MAX).expect("a model");
    let contours: Vec<usize> = model
        .objects()
        .flat_map(|object| object.contours().map(|contour| contour.points.len()))
        .collect();
    assert_eq!(contours, [71, 27]);
    let json = at("project/ExperimentRuns/ts_01/Picks/cryo_0_particle.json");
    for path in [at("out.mod"), at("out.csv"), json] {
        let picks = read(&path);
        let ids = picks.sets[0]
            .items
            .iter()
            .map(|item| item.filament.expect("on a filament").id);
        assert_eq!(
            ids.clone().filter(|&id| id == 1).count(),
            71,
            "{}",
            path.display()
        );
        assert_eq!(ids.filter(|&id| id == 2).count(), 27);
    }
}

#[test]
fn presets_choose_the_method_and_flags_beat_the_file() {
    let place = folder();
    let at = |name: &str| place.path().join(name);
    write_csv(&at("picks.csv"), &["ts_01"]);
    let json = |words: &[&str]| -> serde_json::Value {
        let mut all = vec!["picks.csv", "--json", "--overwrite"];
        all.extend(words);
        serde_json::from_str(&succeed(place.path(), &tubes(&all))).expect("JSON")
    };
    let ours = json(&["-o", "ours.csv"]);
    assert_eq!(ours[0]["filaments"].as_array().expect("a list").len(), 2);
    assert_eq!(ours[0]["n_unused"], 3);
    // Where they cross, a point may count for either.
    let points = ours[0]["filaments"][0]["n_points"].as_u64();
    assert!((35..=36).contains(&points.expect("a number")), "{points:?}");
    // Both filaments are one component, which runs across y.
    let paper = json(&["-o", "paper.csv", "--preset", "paper"]);
    assert_eq!(paper[0]["filaments"], serde_json::json!([]));
    assert_eq!(paper[0]["dropped"]["short"], 1);
    let config = fs::read_to_string(at("paper.config.toml")).expect("settings");
    assert!(
        config.contains("method = \"paper\"") && config.contains("min_points = 7"),
        "{config}"
    );
    let again = json(&["-o", "again.csv", "--config", "paper.config.toml"]);
    assert_eq!(again, paper);
    let flag = json(&[
        "-o",
        "flag.csv",
        "--config",
        "paper.config.toml",
        "--method",
        "curve",
        "--min-points",
        "20",
    ]);
    assert_eq!(flag[0]["filaments"].as_array().expect("a list").len(), 1);
    fs::write(
        at("few.toml"),
        "[tubes]\nmin_points = 20\nlink_distance = \"15.6nm\"\n",
    )
    .expect("writable");
    let few = json(&["-o", "few.csv", "--config", "few.toml"]);
    assert_eq!(few[0]["filaments"].as_array().expect("a list").len(), 1);
}

#[test]
fn a_picture_shows_the_filaments_over_the_tomogram() {
    let place = folder();
    let at = |name: &str| place.path().join(name);
    write_csv(&at("picks.csv"), &["ts_01"]);
    let data = Array3::from_shape_fn((60, 160, 200), |(z, y, x)| ((z + y + x) % 7) as f32);
    let volume = Volume::new(data, grid()).expect("of that shape");
    mrc::write(at("ts_01.mrc"), &volume, &mrc::WriteOptions::default()).expect("writable");
    succeed(
        place.path(),
        &[
            "tubes",
            "picks.csv",
            "-o",
            "out.csv",
            "--tomogram",
            "ts_01.mrc",
            "--png",
            "pictures",
        ],
    );
    let bytes = fs::read(at("pictures/ts_01.png")).expect("a picture");
    let mut reader = png::Decoder::new(std::io::Cursor::new(bytes))
        .read_info()
        .expect("PNG");
    let mut pixels = vec![0; reader.output_buffer_size().expect("fits")];
    reader.next_frame(&mut pixels).expect("PNG");
    let coloured = pixels
        .chunks_exact(3)
        .filter(|p| p[0].abs_diff(p[1]) > 60 || p[1].abs_diff(p[2]) > 60)
        .count();
    assert!(
        (150..2000).contains(&coloured),
        "{coloured} coloured pixels"
    );
    let message = fail(
        place.path(),
        &tubes(&["picks.csv", "-o", "other.csv", "--png", "pictures"]),
        2,
    );
    assert!(
        message.contains("--png: where is the tomogram \"ts_01\"?"),
        "{message}"
    );
}

#[test]
fn one_class_is_traced_alone() {
    let place = folder();
    let mut both = set("ts_01");
    both.classes.insert(1, "microtubule".to_owned());
    both.classes.insert(2, "ribosome".to_owned());
    for (n, item) in both.items.iter_mut().enumerate() {
        item.class = Some(if n < 36 { 1 } else { 2 });
    }
    let picks = Picks {
        sets: vec![both],
        extra: Vec::new(),
    };
    let format = cryo_io::CoordinateFormat::Csv;
    write_picks(
        place.path().join("picks.csv"),
        format,
        &picks,
        &PicksOptions::default(),
        Overwrite::Never,
    )
    .expect("writable");
    let text = succeed(
        place.path(),
        &tubes(&[
            "picks.csv",
            "-o",
            "out.csv",
            "--class",
            "microtubule",
            "--json",
        ]),
    );
    let report: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(report[0]["filaments"].as_array().expect("a list").len(), 1);
    assert_eq!(report[0]["filaments"][0]["class"], "microtubule");
    let message = fail(
        place.path(),
        &tubes(&["picks.csv", "-o", "x.csv", "--class", "actin"]),
        2,
    );
    assert!(
        message.contains("--class actin: expected one of microtubule, ribosome"),
        "{message}"
    );
}

#[test]
fn a_dry_run_writes_nothing() {
    let place = folder();
    write_csv(&place.path().join("picks.csv"), &["ts_01"]);
    let before = contents(place.path());
    let output = run(
        place.path(),
        &tubes(&["picks.csv", "-o", "out.star", "--dry-run"]),
    );
    assert_eq!(output.status.code(), Some(0));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains(
            "would trace filaments through 53 points of 1 tomograms and write out.star as relion5"
        ),
        "{said}"
    );
    assert_eq!(contents(place.path()), before);
}

#[test]
fn wrong_arguments_are_code_2_and_wrong_files_code_3() {
    let place = folder();
    let at = |name: &str| place.path().join(name);
    write_csv(&at("picks.csv"), &["ts_01"]);
    let usage = |words: &[&str], message: &str| {
        let got = fail(place.path(), &tubes(words), 2);
        assert!(got.contains(message), "{got}");
    };
    usage(
        &["picks.csv", "-o", "out.csv", "--spacing", "0"],
        "--spacing: expected a finite number above 0, got 0",
    );
    usage(
        &["picks.csv", "-o", "out.csv", "--spacing", "8 miles"],
        "expected a length like 12 (voxels), 82A or 8.2nm",
    );
    usage(
        &["picks.csv", "-o", "out.csv", "--max-curvature=-1"],
        "--max-curvature: expected a finite number above 0",
    );
    usage(&["picks.csv", "-o", "out.csv", "--shard", "1/2"], "--shard");
    let words = tubes(&["picks.csv", "-o", "out.docx"]);
    assert!(fail(place.path(), &words, 3).contains("out.docx"));
    fs::write(at("taken.csv"), "mine").expect("writable");
    usage(
        &["picks.csv", "-o", "taken.csv"],
        "taken.csv: the file exists and is not overwritten",
    );
    assert_eq!(fs::read(at("taken.csv")).expect("there"), b"mine");
    fail(place.path(), &tubes(&["absent.csv", "-o", "out.csv"]), 3);
    fs::write(at("wrong.csv"), "tomogram,x,y,z\nts,1,2,nan\n").expect("writable");
    let message = fail(
        place.path(),
        &tubes(&["wrong.csv", "-o", "out.csv", "--voxel-size", "10"]),
        3,
    );
    assert!(message.contains("wrong.csv"), "{message}");
    fs::write(at("bad.toml"), "[tubes]\nlink = 3\n").expect("writable");
    let message = fail(
        place.path(),
        &tubes(&["picks.csv", "-o", "out.csv", "--config", "bad.toml"]),
        3,
    );
    assert!(
        message.contains("link_distance") && message.contains("\"link\""),
        "{message}"
    );
    assert!(!at("out.csv").exists());
}

#[test]
fn the_number_of_threads_does_not_change_a_byte() {
    let place = folder();
    write_csv(&place.path().join("picks.csv"), &["ts_01"]);
    for (threads, name) in [("1", "one.csv"), ("4", "four.csv")] {
        let words = tubes(&["picks.csv", "-o", name, "--threads", threads]);
        assert!(
            command(place.path(), &words)
                .status()
                .expect("cryo starts")
                .success()
        );
    }
    let bytes = |name: &str| fs::read(place.path().join(name)).expect("written");
    assert_eq!(bytes("one.csv"), bytes("four.csv"));
}

#[test]
fn points_on_no_line_give_an_empty_file() {
    let place = folder();
    let at = |name: &str| place.path().join(name);
    fs::write(
        at("one.csv"),
        "tomogram,x,y,z,voxel_size_angstrom\nts,1,2,3,10\n",
    )
    .expect("writable");
    let output = run(place.path(), &tubes(&["one.csv", "-o", "out.csv"]));
    assert_eq!(output.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&output.stderr).contains("ts: 0 filaments"));
    assert!(at("out.csv").exists());
}
