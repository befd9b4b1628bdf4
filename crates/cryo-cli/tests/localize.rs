//! `cryo localize` from a few positions to particles of another tomogram.

mod common;
#[path = "common/scene.rs"]
mod scene;

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use common::{command, fail, folder, run, succeed};
use cryo_io::{PicksOptions, read_picks};

/// A tomogram with dark balls; its positions go into `NAME.star`, all of one class.
fn tomogram(folder: &Path, name: &str, seed: u64) {
    let phantom = scene::balls([32, 96, 104], 20.0, 1.0, seed, &[("ball", 5.0, 14)]);
    scene::write(folder, name, phantom);
}

const TRAIN: [&str; 20] = [
    "localize",
    "train",
    "--data",
    "one.mrc",
    "--coords",
    "one.star",
    "--diameter",
    "200",
    "--out",
    "run",
    "--epochs",
    "3",
    "--steps",
    "25",
    "--working-voxel",
    "25",
    "--device",
    "cpu",
    "--threads",
    "1",
];

const PREDICT: [&str; 13] = [
    "localize",
    "predict",
    "--run",
    "run",
    "--data",
    "one.mrc",
    "two.mrc",
    "--out",
    "picks",
    "--device",
    "cpu",
    "--heatmaps",
    "--png",
];

fn f1(folder: &Path, truth: &str, picks: &str) -> f64 {
    let words = [
        "evaluate", "--truth", truth, "--picks", picks, "--radius", "100", "--json",
    ];
    let json: serde_json::Value = serde_json::from_str(&succeed(folder, &words)).expect("JSON");
    json["f1"].as_f64().expect("a number")
}

#[test]
fn positions_of_one_tomogram_find_the_particles_of_another() {
    let folder = folder();
    let at = folder.path();
    tomogram(at, "one", 3);
    tomogram(at, "two", 4);
    succeed(at, &[&TRAIN[..], &["--png"]].concat());
    for name in [
        "config.toml",
        "metrics.jsonl",
        "thresholds.tsv",
        "thresholds.png",
        "model/manifest.json",
    ] {
        assert!(at.join("run").join(name).exists(), "{name}");
    }
    succeed(at, &PREDICT);
    assert!(at.join("picks/two_ball_heat.mrc").exists());
    for name in [
        "run/epochs/01.png",
        "run/epochs/03_heat.png",
        "picks/two.png",
        "picks/two_heat.png",
    ] {
        let picture = fs::read(at.join(name)).expect(name);
        assert!(picture.starts_with(b"\x89PNG") && picture.ends_with(b"IEND\xaeB`\x82"));
    }
    let found = f1(at, "two.star", "picks/two.star");
    assert!(found > 0.8, "F1 {found}");
    assert!(fail(at, &PREDICT, 2).contains("is not overwritten"));

    // Mirror images are the default, of training and so of what follows.
    let settings = fs::read_to_string(at.join("run/config.toml")).expect("written");
    assert!(settings.contains("mirrors = true"), "{settings}");
    for (out, flag, same) in [
        ("with", "--mirrors", true),
        ("without", "--no-mirrors", false),
    ] {
        let mut words = PREDICT.to_vec();
        words[8] = out;
        words.push(flag);
        succeed(at, &words);
        let heat = |folder: &str| fs::read(at.join(folder).join("two_ball_heat.mrc"));
        let equal = heat(out).expect("written") == heat("picks").expect("written");
        assert_eq!(equal, same, "{flag}");
    }

    // What looks unlike the annotated ones is no particle, which is said, unless the network alone is asked.
    for name in ["likeness", "coarser"] {
        assert!(settings.contains(&format!("{name} = true")), "{settings}");
    }
    let larger = scene::balls([32, 96, 104], 20.0, 1.0, 5, &[("larger", 7.5, 10)]);
    scene::write(at, "larger", larger);
    let said = |name: &str, out, flag: Option<&str>| {
        let data = format!("{name}.mrc");
        let mut words = vec!["localize", "predict", "--run", "run", "--data", &data];
        words.extend(["--device", "cpu", "--out", out]);
        words.extend(flag);
        let output = run(at, &words);
        assert_eq!(output.status.code(), Some(0));
        let picks = read_picks(
            at.join(out).join(name).with_extension("star"),
            None,
            &PicksOptions::default(),
        );
        let count: usize = picks
            .expect("written")
            .sets
            .iter()
            .map(cryo_core::ParticleSet::len)
            .sum();
        (count, String::from_utf8(output.stderr).expect("UTF-8"))
    };
    let (alone, plain) = said("larger", "alone", Some("--network-scores"));
    let (found, message) = said("larger", "alike", None);
    assert!(!plain.contains("unlike the annotated"), "{plain}");
    assert!(alone > 2 * found, "{alone} and {found}: {message}");
    assert!(
        message.contains("unlike the annotated ones; see with --network-scores"),
        "{message}"
    );

    // A tomogram coarser than the network's grid is told how to learn for it; finer ones are resampled and no more.
    let coarse = scene::balls([21, 64, 70], 30.0, 1.0, 6, &[("ball", 3.3, 8)]);
    scene::write(at, "coarse", coarse);
    let advice = "--working-voxel 30.00, or in tomograms as coarse as these";
    let (_, message) = said("coarse", "coarser", None);
    assert!(message.contains(advice), "{message}");
    let (_, message) = said("two", "finer", None);
    let resampled = "voxels of 20.00 Å are resampled to the network's 25.00 Å\n";
    assert!(message.contains(resampled), "{message}");

    // Parts give what the whole gives, in any order, and the last one gathers.
    for part in ["2/2", "1/2"] {
        let mut words = PREDICT.to_vec();
        words[8] = "parts";
        words.extend(["--shard", part, "--format", "csv"]);
        succeed(at, &words);
    }
    let read = |name: &str| fs::read(at.join(name)).expect("written");
    assert_eq!(read("parts/all.star"), read("picks/all.star"));
    assert!(at.join("parts/one.csv").exists());
    let all = read_picks(at.join("picks/all.star"), None, &PicksOptions::default());
    assert_eq!(all.expect("complete by itself").sets.len(), 2);
}

#[test]
fn nothing_is_picked_outside_a_mask() {
    let folder = folder();
    let at = folder.path();
    tomogram(at, "one", 3);
    let shape = [32, 96, 104];
    let inside = |x: f64| x.round() < 60.0;
    let data = ndarray::Array3::from_shape_fn(shape, |(_, _, x)| f32::from(inside(x as f64)));
    let grid = cryo_core::Grid::new(shape, cryo_core::VoxelSize::new(20.0).expect("above 0"));
    let mask = cryo_core::Volume::new(data, grid).expect("the grid's shape");
    scene::write_volume(at, "mask", &mask);
    fs::write(
        at.join("list.tsv"),
        "name\ttomogram\tmask\none\tone.mrc\tmask.mrc\n",
    )
    .expect("written");
    let mut words = TRAIN.to_vec();
    words[3] = "list.tsv";
    let said = String::from_utf8(run(at, &words).stderr).expect("UTF-8");
    assert!(
        said.contains("of 14 positions lie outside the mask"),
        "{said}"
    );
    let picks = |data: &str, out: &str| {
        let words = [
            "localize", "predict", "--run", "run", "--data", data, "--out", out, "--device", "cpu",
        ];
        succeed(at, &words);
        let path = at.join(out).join("one.star");
        let all = read_picks(path, None, &PicksOptions::default()).expect("complete by itself");
        let places = all.sets[0].items.iter().map(|item| item.position.x);
        let (within, outside): (Vec<f64>, Vec<f64>) = places.partition(|x| inside(*x - 3.0));
        (within.len(), outside.len())
    };
    let (whole, masked) = (picks("one.mrc", "whole"), picks("list.tsv", "masked"));
    assert!(
        whole.1 > 0 && masked.0 > 0 && masked.1 == 0,
        "{whole:?} {masked:?}"
    );
}

#[test]
fn a_run_that_is_there_is_kept_and_goes_on() {
    let folder = folder();
    let at = folder.path();
    tomogram(at, "one", 3);
    let mut words = TRAIN.to_vec();
    words[11] = "1";
    words[13] = "4";
    succeed(at, &words);
    assert!(fail(at, &words, 2).contains("a run is there and is not overwritten"));
    words.push("--resume");
    succeed(at, &words);
    words[11] = "2";
    assert!(fail(at, &words, 2).contains("made with another epochs"));

    // Before the search, as its results could not be written.
    let shape = [32, 96, 104];
    let size = cryo_core::VoxelSize::zyx(30.0, 20.0, 20.0).expect("above 0");
    let data = ndarray::Array3::from_shape_fn(shape, |(z, y, x)| (z * y + x) as f32);
    let flat = cryo_core::Volume::new(data, cryo_core::Grid::new(shape, size));
    scene::write_volume(at, "flat", &flat.expect("the grid's shape"));
    let words = [
        "localize", "predict", "--run", "run", "--data", "flat.mrc", "--out", "picks",
    ];
    let message = fail(at, &words, 3);
    assert!(
        message.contains("flat.mrc: expected voxels of equal edges")
            && message.contains("20 × 20 × 30 Å"),
        "{message}"
    );
    assert!(!message.contains("heat map"), "{message}");

    // A run that replaces another leaves none of its results behind, even where it fails itself.
    let mut words = TRAIN.to_vec();
    words[11] = "1";
    words.extend(["--rate", "1e30", "--overwrite"]);
    let _ = fail(at, &words, 3);
    assert!(!at.join("run/model").exists() && !at.join("run/thresholds.tsv").exists());
}

#[cfg(unix)]
#[test]
fn ctrl_c_does_not_wait_for_the_end_of_an_epoch() {
    let folder = folder();
    let at = folder.path();
    tomogram(at, "one", 1);
    // Of hours.
    let mut words = TRAIN.to_vec();
    words[13] = "1000000";
    let mut child = (command(at, &words).stderr(Stdio::null()).spawn()).expect("cryo starts");
    let begun = Instant::now();
    while !at.join("run/config.toml").exists() {
        assert!(begun.elapsed() < Duration::from_secs(120));
        sleep(Duration::from_millis(5));
    }
    let pid = child.id().to_string();
    let sent = Command::new("kill").args(["-INT", &pid]).status();
    assert!(sent.expect("kill runs").success());
    assert_eq!(child.wait().expect("ended").code(), Some(130));
    assert!(!at.join("run/model").exists());
}

#[test]
fn what_is_wrong_is_said_and_nothing_is_written() {
    let folder = folder();
    let at = folder.path();
    tomogram(at, "one", 3);
    let with = |place: usize, value: &'static str| {
        let mut words = TRAIN.to_vec();
        words[place] = value;
        words
    };
    assert!(
        fail(at, &with(7, "ball=200,proteasome=150"), 2)
            .contains("expected one of the classes ball")
    );
    assert!(fail(at, &with(7, "20"), 2).contains("diameter_angstrom"));
    fs::write(
        at.join("swapped.csv"),
        "x,y,z,tomogram\n50,20,60,one\n40,28,81,one\n",
    )
    .expect("written");
    let message = fail(at, &with(5, "swapped.csv"), 3);
    assert!(
        message.contains("outside the tomogram") && message.contains("x, z, y"),
        "{message}"
    );
    fs::write(at.join("single.csv"), "x,y,z,tomogram\n50,60,20,one\n").expect("written");
    assert!(fail(at, &with(5, "single.csv"), 3).contains("expected at least 2 annotations"));
    fs::write(
        at.join("other.csv"),
        "x,y,z,tomogram\n50,60,20,elsewhere\n5,6,2,elsewhere\n",
    )
    .expect("written");
    let _ = fail(at, &with(3, "missing.mrc"), 2);
    assert!(fail(at, &with(5, "other.csv"), 3).contains("elsewhere"));
    assert!(!at.join("run").exists());
    assert!(fail(at, &PREDICT, 3).contains("train it with cryo localize train"));
}

#[test]
fn small_particles_are_learned_for_larger_voxels_unless_told_not_to() {
    let folder = folder();
    let at = folder.path();
    tomogram(at, "one", 3);
    for (diameter, flag, expected) in [
        ("100", None, 0.4),
        ("100", Some("--no-coarser"), 0.0),
        ("200", None, 0.0),
    ] {
        let mut words = TRAIN.to_vec();
        for (place, value) in [(7, diameter), (11, "1"), (13, "1")] {
            words[place] = value;
        }
        words.extend(["--overwrite", "--no-mirrors"]);
        words.extend(flag);
        succeed(at, &words);
        let manifest = fs::read(at.join("run/checkpoints/epoch-000001/manifest.json"));
        let manifest: serde_json::Value =
            serde_json::from_slice(&manifest.expect("written")).expect("JSON");
        let part = &manifest["params"]["augment"]["coarser"];
        assert_eq!(part.as_f64(), Some(expected), "{diameter} {flag:?}");
    }
}
