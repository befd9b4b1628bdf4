//! `cryo evaluate`: scores, classes, frames and what is refused.

mod common;

use std::{fs, path::Path};

use common::{fail, folder, shared, succeed};
use cryo_core::{Grid, Volume, VoxelSize};
use cryo_io::mrc;
use ndarray::Array3;
use serde_json::Value;

fn write(folder: &Path, name: &str, text: &str) {
    fs::write(folder.join(name), text).expect("writable");
}

/// Two tomograms of 10 Å voxels: truths of two classes, picks of which three hit within 30 Å.
fn example(folder: &Path) {
    write(
        folder,
        "truth.csv",
        "tomogram,x,y,z,class,voxel_size_angstrom\n\
         ts_01,10,20,30,ribosome,10\nts_01,40,20,30,proteasome,10\nts_02,15,25,35,ribosome,10\n\
         ts_02,50,60,7,ribosome,10\n",
    );
    write(
        folder,
        "picks.csv",
        "tomogram,x,y,z,class,score,voxel_size_angstrom\n\
         ts_01,12,20,30,ribosome,0.9,10\nts_01,10,21,30,ribosome,0.8,10\n\
         ts_01,40,20,31,ribosome,0.7,10\nts_02,15,25,36,ribosome,0.6,10\nts_02,90,25,36,proteasome,0.5,10\n",
    );
}

const FILES: [&str; 5] = ["evaluate", "--truth", "truth.csv", "--picks", "picks.csv"];

fn words<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [FILES.as_slice(), more].concat()
}

fn json(folder: &Path, more: &[&str]) -> Value {
    let text = succeed(folder, &[&words(more), ["--json"].as_slice()].concat());
    serde_json::from_str(&text).expect("JSON")
}

#[track_caller]
fn assert_near(value: &Value, expected: f64) {
    let got = value.as_f64().expect("a number");
    assert!((got - expected).abs() < 1e-6, "{got} for {expected}");
}

#[test]
fn the_contract_of_the_json() {
    let place = folder();
    example(place.path());
    let got = json(place.path(), &["--radius", "30"]);
    // One of the two picks on the first particle, and two others.
    assert_eq!((&got["n_truth"], &got["n_picks"]), (&4.into(), &5.into()));
    assert_near(&got["precision"], 0.6);
    assert_near(&got["recall"], 0.75);
    assert_near(&got["f1"], 2.0 / 3.0);
    assert_near(&got["best_f1"], 0.75);
    assert_near(&got["best_threshold"], f64::from(0.6_f32));
    // Hits at ranks 1, 3 and 4.
    assert_near(&got["average_precision"], 0.25 * (1.0 + 2.0 / 3.0 + 0.75));
    assert_near(&got["mean_error_angstrom"], 10.0);
    let tomograms = got["tomograms"].as_array().expect("a list");
    assert_eq!(tomograms[0]["tomogram"], "ts_01");
    assert_near(&tomograms[0]["recall"], 1.0);
    assert_near(&tomograms[1]["recall"], 0.5);
    assert_eq!(got["params"]["radius_angstrom"], 30.0);
    // Half a diameter is the radius.
    assert_eq!(json(place.path(), &["--diameter", "60"]), got);
}

#[test]
fn a_threshold_counts_and_keeps_the_best() {
    let place = folder();
    example(place.path());
    let got = json(place.path(), &["--radius", "30", "--threshold", "0.75"]);
    assert_near(&got["precision"], 0.5);
    assert_near(&got["recall"], 0.25);
    assert_near(&got["best_f1"], 0.75);
}

#[test]
fn classes_are_matched_by_name() {
    let place = folder();
    example(place.path());
    let only = json(place.path(), &["--radius", "30", "--class", "ribosome"]);
    // The pick on the proteasome calls itself a ribosome.
    assert_eq!((&only["n_truth"], &only["n_picks"]), (&3.into(), &4.into()));
    assert_near(&only["precision"], 0.5);
    let each = json(place.path(), &["--radius", "30", "--each-class"]);
    let classes = each["classes"].as_array().expect("a list");
    let names: Vec<_> = classes.iter().map(|class| &class["class"]).collect();
    assert_eq!(names, ["proteasome", "ribosome"]);
    assert_near(&classes[0]["recall"], 0.0);
    let message = fail(
        place.path(),
        &words(&["--radius", "30", "--class", "rib"]),
        2,
    );
    let expected = "the truth has no class `rib`, only [\"proteasome\", \"ribosome\"]";
    assert!(message.contains(expected), "{message}");
    // Picks under another name count as none, and that is said.
    let picks = fs::read_to_string(place.path().join("picks.csv")).expect("text");
    write(
        place.path(),
        "others.csv",
        &picks.replace("ribosome", "particle"),
    );
    let line = "evaluate --truth truth.csv --picks others.csv --radius 30 --class ribosome";
    let output = common::run(place.path(), &line.split(' ').collect::<Vec<_>>());
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{message}");
    let expected = "no pick is of class ribosome; the picks' classes: particle, proteasome";
    assert!(message.contains(expected), "{message}");
    // A class may have a radius of its own.
    let got = json(
        place.path(),
        &["--radius", "30", "--class-radius", "proteasome=5"],
    );
    assert_eq!(got["n_matched"], 2);
}

#[test]
fn people_get_a_table() {
    let place = folder();
    example(place.path());
    let text = succeed(place.path(), &words(&["--radius", "30"]));
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "one-to-one within 30 Å; all picks");
    let cells = |line: &str| {
        line.split_whitespace()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let all = [
        "all", "4", "5", "3", "0.600", "0.750", "0.667", "0.750", "0.6000", "0.604", "10.0",
    ];
    assert_eq!(cells(lines[2]), all);
    assert_eq!(cells(lines[3])[..4], ["ts_01", "2", "3", "2"]);
    assert_eq!(cells(lines[4])[..4], ["ts_02", "2", "2", "1"]);
    assert_eq!(cells(lines[7]), ["proteasome", "1", "1", "1.000"]);
    assert_eq!(cells(lines[8]), ["ribosome", "3", "2", "0.667"]);
    // Columns stand under their titles.
    let ends = |line: &str, word: &str| line.find(word).map(|at| at + word.len());
    assert_eq!(ends(lines[1], "precision"), ends(lines[2], "0.600"));
}

#[test]
fn picks_without_scores_have_no_best_threshold() {
    let place = folder();
    example(place.path());
    write(
        place.path(),
        "picks.csv",
        "tomogram,x,y,z,voxel_size_angstrom\nts_01,10,20,31,10\nts_02,0,0,0,10\n",
    );
    let got = json(place.path(), &["--radius", "30"]);
    assert_near(&got["precision"], 0.5);
    assert_eq!(got["best_threshold"], Value::Null);
    let text = succeed(place.path(), &words(&["--radius", "30"]));
    assert!(text.contains('–'), "{text}");
    let message = fail(
        place.path(),
        &words(&["--radius", "30", "--threshold", "1"]),
        3,
    );
    assert!(message.contains("no pick has a score"), "{message}");
}

#[test]
fn picks_of_another_binning_are_compared_in_angstrom() {
    let place = folder();
    write(
        place.path(),
        "truth.csv",
        "tomogram,x,y,z\nts,10,20,30\nts,41,21,31\n",
    );
    write(
        place.path(),
        "picks.csv",
        "tomogram,x,y,z,score\nts,5,10,15,1\nts,20.5,10.5,15.5,2\n",
    );
    let sizes = [
        "--radius",
        "1",
        "--voxel-size",
        "10",
        "--picks-voxel-size",
        "20",
    ];
    let got = json(place.path(), &sizes);
    assert_near(&got["f1"], 1.0);
    assert_near(&got["mean_error_angstrom"], 0.0);
    // By the tomograms: a binned voxel is centred on the middle of its block.
    let fine = Grid::new([40, 50, 60], VoxelSize::new(10.0).expect("valid"));
    let coarse = fine.binned([2, 2, 2]).expect("fits");
    for (name, grid) in [("fine.mrc", fine), ("coarse.mrc", coarse)] {
        let [z, y, x] = grid.shape;
        let volume = Volume::new(Array3::zeros((z, y, x)), grid).expect("fits");
        let options = mrc::WriteOptions::default();
        mrc::write(place.path().join(name), &volume, &options).expect("writable");
    }
    write(
        place.path(),
        "picks.csv",
        "tomogram,x,y,z,score\nts,5,10,15,1\nts,20,10,15,2\n",
    );
    let files = [
        "--radius",
        "20",
        "--tomogram",
        "fine.mrc",
        "--picks-tomogram",
        "coarse.mrc",
    ];
    let got = json(place.path(), &files);
    assert_near(&got["recall"], 1.0);
    // (5, 10, 15) is 5 Å further on each axis than (10, 20, 30); the other 5 Å less than (41, 21, 31).
    assert_near(&got["mean_error_angstrom"], 5.0 * 3.0_f64.sqrt());
}

#[test]
fn other_formats_and_files_without_a_name_are_read() {
    let place = folder();
    example(place.path());
    write(
        place.path(),
        "one.csv",
        "x,y,z,class,voxel_size_angstrom\n10,20,30,ribosome,10\n40,20,30,proteasome,10\n",
    );
    let convert = ["convert", "one.csv", "one.star", "--tomogram-name", "ts_09"];
    let size = [
        "--voxel-size",
        "10",
        "--size",
        "100,100,50",
        "--tilt-pixel-size",
        "10",
    ];
    succeed(place.path(), &[convert.as_slice(), &size].concat());
    let evaluate = [
        "evaluate", "--truth", "one.star", "--picks", "one.csv", "--radius", "1",
    ];
    let output = common::run(
        place.path(),
        &[evaluate.as_slice(), &size, &["--json"]].concat(),
    );
    assert_eq!(output.status.code(), Some(0));
    let got: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(
        (&got["n_matched"], &got["tomograms"][0]["tomogram"]),
        (&2.into(), &"ts_09".into())
    );
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(
        said,
        "one: names no tomogram, taken as coordinates of ts_09\n"
    );
}

#[test]
fn bad_input_is_refused_with_a_reason() {
    let place = folder();
    example(place.path());
    let refused = |more: &[&str], code: i32, expected: &str| {
        let message = fail(place.path(), &words(more), code);
        assert!(message.contains(expected), "{more:?}: {message}");
    };
    refused(&[], 2, "--radius");
    refused(
        &["--radius", "0"],
        2,
        "`radius_angstrom` must be a finite length above 0 Å, got 0",
    );
    refused(&["--radius", "nan"], 2, "got NaN");
    refused(
        &["--radius", "3", "--diameter", "6"],
        2,
        "cannot be used with",
    );
    refused(
        &["--radius", "3", "--class-radius", "x"],
        2,
        "expected NAME=RADIUS",
    );
    refused(
        &["--radius", "3", "--class-radius", "x=3"],
        2,
        "no class `x`",
    );
    refused(
        &["--radius", "3", "--class", "a", "--each-class"],
        2,
        "cannot be used with",
    );
    refused(
        &["--radius", "3", "--threshold", "inf"],
        2,
        "`threshold` must be finite",
    );
    refused(
        &["--radius", "3", "--picks-voxel-size=-1"],
        2,
        "--picks-voxel-size",
    );
    refused(
        &["--radius", "3", "--picks-tomogram", "no.mrc"],
        3,
        "no.mrc",
    );
    write(
        place.path(),
        "picks.csv",
        "tomogram,x,y,z,voxel_size_angstrom\nts_03,1,2,3,10\nts_04,1,2,3,10\n",
    );
    refused(&["--radius", "3"], 3, "the picks have a tomogram `ts_03`");
    refused(&["--radius", "3"], 3, "--skip-unknown-tomograms");
    let got = json(place.path(), &["--radius", "3", "--skip-unknown-tomograms"]);
    assert_eq!(
        (&got["n_picks"], &got["precision"]),
        (&0.into(), &Value::Null)
    );
    write(place.path(), "picks.csv", "tomogram,x,y,z\nts_01,1,2,3\n");
    refused(
        &["--radius", "3"],
        2,
        "(--tomogram FILE, --data LIST, or --voxel-size Å)",
    );
    write(place.path(), "picks.csv", "tomogram,x,y,z\nts_01,1,two,3\n");
    refused(&["--radius", "3", "--voxel-size", "10"], 3, "picks.csv");
    let absent = [
        "evaluate",
        "--truth",
        "absent.csv",
        "--picks",
        "picks.csv",
        "--radius",
        "3",
    ];
    assert!(fail(place.path(), &absent, 3).contains("absent.csv: could not open"));
}

#[test]
fn a_dry_run_says_what_it_would_do() {
    let place = folder();
    example(place.path());
    let output = common::run(place.path(), &words(&["--radius", "30", "--dry-run"]));
    assert!(output.stdout.is_empty());
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(said, "would match 5 picks with 4 particles\n");
}

#[test]
fn the_truth_of_the_shared_tomogram_finds_itself() {
    let Some(shared) = shared() else { return };
    let place = folder();
    let path = |name: &str| {
        shared
            .join("simulated/sim01")
            .join(name)
            .display()
            .to_string()
    };
    let (csv, star, tomogram) = (
        path("sim01_particles.csv"),
        path("sim01_particles.star"),
        path("sim01_rec.mrc"),
    );
    // The STAR file counts voxels of the tomogram, as RELION 3 did.
    for (picks, format) in [(&csv, "csv"), (&star, "relion3")] {
        let words = [
            "evaluate", "--truth", &csv, "--picks", picks, "--radius", "1", "--json",
        ];
        let text = succeed(
            place.path(),
            &[
                words.as_slice(),
                &["--tomogram", &tomogram, "--picks-format", format],
            ]
            .concat(),
        );
        let got: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(
            (&got["n_truth"], &got["n_matched"]),
            (&334.into(), &334.into())
        );
        assert_near(&got["f1"], 1.0);
        assert_near(&got["mean_error_angstrom"], 0.0);
        assert_eq!(got["found"].as_array().map(Vec::len), Some(4));
    }
}
