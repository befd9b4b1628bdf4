//! `cryo candidates` and `cryo preprocess`: what they write, how they go on, what they refuse.

mod common;

use std::{fs, path::Path};

use common::{contents, fail, folder, shared, succeed};
use cryo_core::{Grid, Volume, VoxelSize};
use cryo_io::{Frame, Frames, PicksOptions, mrc, read_picks};
use ndarray::Array3;
use serde_json::Value;

/// Three tomograms of balls of 120 Å with their truth.
fn balls(place: &Path) {
    succeed(
        place,
        &[
            "simulate",
            "-o",
            "sim",
            "--size=96,80,48",
            "--body=sphere:120:6",
            "--phantom",
            "--snr=1",
            "--tomograms=3",
            "--seed=3",
        ],
    );
}

fn score(place: &Path, picks: &str, more: &[&str]) -> Value {
    let words = [
        "evaluate",
        "--truth",
        "sim/truth.star",
        "--picks",
        picks,
        "--radius",
        "60",
        "--json",
    ];
    serde_json::from_str(&succeed(place, &[&words, more].concat())).expect("JSON")
}

const SEARCH: [&str; 5] = [
    "candidates",
    "--data",
    "sim/dataset.tsv",
    "--diameter",
    "120",
];

#[test]
fn particles_of_all_tomograms_are_found_and_written_in_any_format() {
    let place = folder();
    let place = place.path();
    balls(place);
    for out in ["found.star", "found.csv", "found.txt"] {
        succeed(place, &[&SEARCH, ["-o", out].as_slice()].concat());
        if out != "found.txt" {
            let scores = score(place, out, &[]);
            assert_eq!(scores["n_truth"], 18, "{out}");
            assert!(scores["recall"].as_f64() > Some(0.9), "{out}: {scores}");
            assert!(
                scores["mean_error_angstrom"].as_f64() < Some(15.0),
                "{out}: {scores}"
            );
        }
    }
    let settings =
        fs::read_to_string(place.join("found.star.config.toml")).expect("beside the result");
    assert!(
        settings.contains("[candidates]") && settings.contains("diameter = [120.0]"),
        "{settings}"
    );

    // The settings beside a result give it again, whatever the threads and the memory.
    let again = [
        "candidates",
        "--data",
        "sim/dataset.tsv",
        "--config",
        "found.star.config.toml",
        "-o",
        "again.star",
        "--threads",
        "1",
        "--memory",
        "0.01",
    ];
    succeed(place, &again);
    let read = |name: &str| fs::read(place.join(name)).expect("readable");
    assert_eq!(read("again.star"), read("found.star"));
}

/// A mask of half of a tomogram's columns, and a list that names it.
fn masked(place: &Path, shape: [usize; 3]) {
    let data = Array3::from_shape_fn(shape, |(_, _, x)| if x < 48 { 1.0 } else { 0.0 });
    let grid = Grid::new(shape, VoxelSize::new(10.0).expect("above 0"));
    let mask = Volume::new(data, grid).expect("the grid's shape");
    let options = mrc::WriteOptions {
        overwrite: cryo_io::Overwrite::Replace,
        ..Default::default()
    };
    mrc::write(place.join("mask.mrc"), &mask, &options).expect("written");
    // As many programs leave it: without a voxel size.
    let mut bytes = fs::read(place.join("mask.mrc")).expect("written");
    bytes[40..52].fill(0);
    fs::write(place.join("mask.mrc"), bytes).expect("written");
    let list = "name\ttomogram\tmask\nsim_001\tsim/sim_001_rec.mrc\tmask.mrc\n";
    fs::write(place.join("masked.tsv"), list).expect("written");
}

#[test]
fn nothing_is_found_outside_a_mask() {
    let place = folder();
    let place = place.path();
    balls(place);
    let tomogram = mrc::Reader::open(place.join("sim/sim_001_rec.mrc"), &Default::default());
    let shape = tomogram.expect("written").shape();
    masked(place, shape);
    let search = |data: &str, out: &str| {
        let words = ["candidates", "--diameter=120", "--data", data, "-o", out];
        succeed(place, &words);
        let picks = read_picks(place.join(out), None, &PicksOptions::default());
        picks.expect("readable").sets.remove(0)
    };
    let whole = search("sim/sim_001_rec.mrc", "whole.csv");
    let part = search("masked.tsv", "part.csv");
    let inside = |set: &cryo_core::ParticleSet| {
        let all = set.items.iter().map(|item| item.position);
        all.filter(|at| at.x.round() < 48.0).count()
    };
    assert!(inside(&whole) > 0 && inside(&whole) < whole.len());
    assert_eq!(
        (inside(&part), part.len()),
        (inside(&whole), inside(&whole))
    );

    // The best of those inside, not those of the best that are.
    let words = [
        "candidates",
        "--diameter=120",
        "--data=masked.tsv",
        "--max-count=2",
        "-o=best.csv",
    ];
    succeed(place, &words);
    let best = read_picks(place.join("best.csv"), None, &PicksOptions::default());
    let best = best.expect("readable").sets.remove(0);
    assert!(part.len() > 2);
    assert_eq!(best.items[..], part.items[..2]);

    masked(place, [shape[0], shape[1], shape[2] + 1]);
    let words = [
        "candidates",
        "--diameter=120",
        "--data",
        "masked.tsv",
        "-o",
        "other.csv",
    ];
    let message = fail(place, &words, 3);
    assert!(
        message.contains("mask.mrc") && message.contains("expected a mask of the 96 × 80 × 48"),
        "{message}"
    );
    assert!(!place.join("other.csv").exists());
}

#[test]
fn shards_together_are_the_whole() {
    let place = folder();
    let place = place.path();
    balls(place);
    succeed(place, &[&SEARCH, ["-o", "whole.csv"].as_slice()].concat());
    let lines = |name: &str| -> Vec<String> {
        let text = fs::read_to_string(place.join(name)).expect("readable");
        let mut lines: Vec<String> = text
            .lines()
            .filter(|line| line.starts_with("sim_"))
            .map(str::to_owned)
            .collect();
        lines.sort();
        lines
    };
    let mut parts = Vec::new();
    for shard in ["1/2", "2/2"] {
        let name = format!("{}.csv", shard.replace('/', "of"));
        succeed(
            place,
            &[&SEARCH, ["-o", &name, "--shard", shard].as_slice()].concat(),
        );
        parts.extend(lines(&name));
    }
    parts.sort();
    assert!(parts.len() > 18);
    assert_eq!(parts, lines("whole.csv"));
}

#[test]
fn results_are_not_overwritten_and_dry_runs_write_nothing() {
    let place = folder();
    let place = place.path();
    balls(place);
    let before = contents(place);
    succeed(
        place,
        &[&SEARCH, ["-o", "found.star", "--dry-run"].as_slice()].concat(),
    );
    let words = [
        "preprocess",
        "--data",
        "sim/dataset.tsv",
        "-o",
        "smooth",
        "--dry-run",
    ];
    succeed(place, &words);
    assert_eq!(contents(place), before);

    succeed(place, &[&SEARCH, ["-o", "found.star"].as_slice()].concat());
    let once = contents(place);
    let again = [&SEARCH, ["-o", "found.star"].as_slice()].concat();
    assert!(fail(place, &again, 2).contains("--overwrite"));
    succeed(place, &[again.as_slice(), &["--resume"]].concat());
    let other = [again.as_slice(), &["--resume", "--std", "1"]].concat();
    assert!(fail(place, &other, 2).contains("another std"));
    assert_eq!(contents(place), once);
    let fewer = [
        again.as_slice(),
        &["--overwrite", "--max-count", "2", "--png", "pictures"],
    ]
    .concat();
    succeed(place, &fewer);
    assert_eq!(score(place, "found.star", &[])["n_picks"], 6);
    assert!(place.join("pictures/sim_001.png").exists());
}

#[test]
fn preprocessed_tomograms_are_even_and_keep_their_place() {
    let place = folder();
    let place = place.path();
    balls(place);
    succeed(
        place,
        &[
            "preprocess",
            "--data",
            "sim/sim_001_rec.mrc",
            "-o",
            "smooth",
            "--bin",
            "2",
        ],
    );
    let raw = mrc::read(
        place.join("sim/sim_001_rec.mrc"),
        &mrc::ReadOptions::default(),
    )
    .expect("MRC");
    let even = mrc::read(
        place.join("smooth/sim_001_rec.mrc"),
        &mrc::ReadOptions::default(),
    )
    .expect("MRC");
    assert_eq!(*even.grid(), raw.grid().binned([2; 3]).expect("2 fits"));
    assert!(even.data().iter().all(|value| value.abs() <= 0.5));
    assert!(even.data().mean().expect("values").abs() < 0.02);
    assert!(
        fs::read_to_string(place.join("smooth/config.toml"))
            .expect("settings")
            .contains("equalize")
    );
    let again = [
        "preprocess",
        "--data",
        "sim/sim_001_rec.mrc",
        "-o",
        "smooth",
        "--bin",
        "2",
    ];
    assert!(fail(place, &again, 2).contains("--resume"));
    succeed(place, &[again.as_slice(), &["--resume"]].concat());
    let wrong = [
        "preprocess",
        "--data",
        "sim/sim_001_rec.mrc",
        "-o",
        "other",
        "--bin",
        "3",
    ];
    assert!(fail(place, &wrong, 2).contains("1, 2, 4, 8 or 16"));
}

fn write(place: &Path, name: &str, data: Array3<f32>, voxel_size: VoxelSize) {
    let (depth, height, width) = data.dim();
    let volume = Volume::new(data, Grid::new([depth, height, width], voxel_size)).expect("shape");
    let options = mrc::WriteOptions {
        allow_non_finite: true,
        ..Default::default()
    };
    mrc::write(place.join(name), &volume, &options).expect("writable");
}

#[test]
fn bad_tomograms_are_refused_by_name() {
    let place = folder();
    let place = place.path();
    let cubic = VoxelSize::new(10.0).expect("valid");
    let waves = |shape: [usize; 3]| {
        Array3::from_shape_fn(shape, |(z, y, x)| {
            ((z * 7 + y * 5 + x * 3) as f32 * 0.37).sin()
        })
    };
    write(place, "image.mrc", waves([1, 60, 70]), cubic);
    write(
        place,
        "constant.mrc",
        Array3::from_elem((40, 60, 70), 3.0),
        cubic,
    );
    let mut bad = waves([40, 60, 70]);
    bad[[5, 6, 7]] = f32::NAN;
    write(place, "nan.mrc", bad, cubic);
    let flat = VoxelSize::zyx(20.0, 10.0, 10.0).expect("valid");
    write(place, "flat.mrc", waves([40, 60, 70]), flat);
    for (name, words) in [
        ("image.mrc", ["1 voxels along z", "2D image"]),
        ("constant.mrc", ["no contrast", "3"]),
        ("nan.mrc", ["NaN", "[5, 6, 7]"]),
        ("flat.mrc", ["not cubes", "resample"]),
    ] {
        let before = contents(place);
        let error = fail(
            place,
            &["candidates", "--data", name, "-o", "out.star", "-q"],
            3,
        );
        assert!(
            error.contains(name) && words.iter().all(|word| error.contains(word)),
            "{error}"
        );
        assert_eq!(contents(place), before, "{name}");
    }
    let error = fail(
        place,
        &["preprocess", "--data", "nan.mrc", "-o", "smooth", "-q"],
        3,
    );
    assert!(
        error.contains("nan.mrc") && error.contains("[5, 6, 7]"),
        "{error}"
    );
    assert!(!place.join("smooth/nan.mrc").exists());
    fail(
        place,
        &["candidates", "--data", "gone.mrc", "-o", "out.star"],
        2,
    );
    let little = [
        "candidates",
        "--data",
        "flat.mrc",
        "-o",
        "out.star",
        "--diameter",
        "-5",
    ];
    fail(place, &little, 2);
}

/// A list of one tomogram with its tilt series and an angle file.
fn list(place: &Path, angles: &str) {
    let text = format!(
        "name\ttomogram\ttilt_series\ttilt_angles\nsim\tsim_rec.mrc\tsim_ts.mrc\t{angles}\n"
    );
    fs::write(place.join("sim/list.tsv"), text).expect("writable");
}

#[test]
fn tilt_angles_are_checked_against_the_candidates() {
    let place = folder();
    let place = place.path();
    succeed(
        place,
        &[
            "simulate",
            "-o",
            "sim",
            "--size=128,112,64",
            "--body=sphere:120:40",
            "--tilts=-30,30,3",
            "--seed=1",
        ],
    );
    let right = fs::read_to_string(place.join("sim/sim.tlt")).expect("angles");
    let flipped: String = right
        .lines()
        .map(|line| format!("{}\n", -line.trim().parse::<f64>().expect("a number")))
        .collect();
    fs::write(place.join("sim/flipped.tlt"), flipped).expect("writable");
    fs::write(place.join("sim/short.tlt"), "0\n3\n").expect("writable");
    for (angles, says) in [
        ("sim.tlt", "agree with the images"),
        ("flipped.tlt", "correct the angle file"),
    ] {
        list(place, angles);
        let output = common::run(
            place,
            &[
                "candidates",
                "--data",
                "sim/list.tsv",
                "--diameter",
                "120",
                "-o",
                &format!("{angles}.star"),
            ],
        );
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && said.contains(says), "{said}");
    }
    list(place, "short.tlt");
    let error = fail(
        place,
        &[
            "candidates",
            "--data",
            "sim/list.tsv",
            "-o",
            "out.star",
            "-q",
        ],
        3,
    );
    assert!(
        error.contains("short.tlt") && error.contains("number of tilts"),
        "{error}"
    );
    assert!(!place.join("out.star").exists());
}

/// The figures of the issue that this command was made for, through the command.
#[test]
fn sim01_is_found_by_the_default() {
    let Some(shared) = shared() else { return };
    let place = folder();
    let place = place.path();
    let tomogram = shared
        .join("simulated/sim01/sim01_rec.mrc")
        .display()
        .to_string();
    succeed(
        place,
        &["candidates", "--data", &tomogram, "-o", "found.star"],
    );
    let grid = Grid::new([128, 256, 256], VoxelSize::new(10.0).expect("valid"));
    let options = PicksOptions {
        frames: Frames::all(Frame::of(&grid)),
        ..PicksOptions::default()
    };
    let found = read_picks(place.join("found.star"), None, &options).expect("coordinates");
    assert!((400..=4 * 334).contains(&found.len()), "{}", found.len());
    assert_eq!(found.sets[0].tomogram, "sim01_rec");
    assert!(found.sets[0].items.iter().all(|item| item.score.is_some()));
}
