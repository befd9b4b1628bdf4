//! `cryo explore run` from a tomogram to classes, killed and resumed.

mod common;

use std::{
    fs,
    path::Path,
    process::Stdio,
    thread::sleep,
    time::{Duration, Instant},
};

use common::{command, contents, fail, folder, run, succeed};
use cryo_fixtures::{Body, Noise, PhantomBuilder, PhantomParams};
use cryo_io::{hdf5, mrc};

/// A tomogram with dark balls of two sizes.
fn tomogram(folder: &Path, name: &str, seed: u64) {
    let mut params = PhantomParams::new([40, 96, 112], 10.0);
    params.noise = Noise::SignalToNoise(0.5);
    params.seed = seed;
    let mut builder = PhantomBuilder::new(params).expect("valid");
    builder
        .scatter("small", Body::Sphere { radius_vox: 5.0 }, 12)
        .expect("room");
    builder
        .scatter("large", Body::Sphere { radius_vox: 8.0 }, 8)
        .expect("room");
    let volume = builder.build(&()).expect("built").volume;
    mrc::write(folder.join(name), &volume, &mrc::WriteOptions::default()).expect("written");
}

/// The whole exploration into a folder, small.
fn words(out: &str) -> Vec<&str> {
    vec![
        "explore",
        "run",
        "--data",
        "one.mrc",
        "two.mrc",
        "--out",
        out,
        "--epochs",
        "12",
        "--batch",
        "8",
        "--device",
        "cpu",
        "--threads",
        "1",
        "--classes",
        "4",
        "--neighbours",
        "10",
    ]
}

fn and<'a>(mut words: Vec<&'a str>, more: &[&'a str]) -> Vec<&'a str> {
    words.extend(more);
    words
}

/// That two runs hold the same network, vectors, map, classes and pictures.
fn assert_same_run(left: &Path, right: &Path) {
    for name in [
        "candidates.star",
        "dataset.tsv",
        "config.toml",
        "yardstick.json",
        "checkpoints/epoch-000012/model.safetensors",
        "checkpoints/epoch-000012/optimizer.safetensors",
        "report/umap.png",
        "report/labels.png",
        "report/tomograms.png",
        "report/grid.png",
        "report/matrix.png",
    ] {
        let read = |run: &Path| fs::read(run.join(name)).unwrap_or_else(|_| panic!("{name}"));
        assert!(read(left) == read(right), "{name} differs");
    }
    let table = |run: &Path| {
        let path = run.join("embedding.h5");
        hdf5::read_embeddings(path, &hdf5::EmbeddingsOptions::default()).expect("readable")
    };
    assert_eq!(table(left), table(right));
    let found = |run: &Path| {
        let found = hdf5::read_clustering(run.join("embedding.h5"), 1 << 30);
        found.expect("readable").expect("clustered")
    };
    assert_eq!(found(left), found(right));
}

/// Starts a run and kills it as soon as a file is there.
fn kill_at(at: &Path, words: &[&str], sign: &Path) {
    let mut child = command(at, words)
        .stderr(Stdio::null())
        .spawn()
        .expect("cryo starts");
    let begun = Instant::now();
    while !sign.exists() && child.try_wait().expect("a child").is_none() {
        assert!(
            begun.elapsed() < Duration::from_secs(120),
            "{}",
            sign.display()
        );
        sleep(Duration::from_millis(1));
    }
    // On Unix this is kill -9.
    child.kill().expect("killed");
    child.wait().expect("ended");
}

#[test]
fn a_run_goes_from_tomograms_to_classes_and_goes_on_after_a_kill_at_any_stage() {
    let place = folder();
    let at = place.path();
    tomogram(at, "one.mrc", 1);
    tomogram(at, "two.mrc", 2);
    let output = run(at, &words("straight"));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(
        said.contains("step 4 of 4") && said.contains("cryo select straight --list"),
        "{said}"
    );
    let straight = at.join("straight");
    let config = fs::read_to_string(straight.join("config.toml")).expect("there");
    for table in ["[cryo]", "[candidates]", "[explore]", "[cluster]"] {
        assert!(config.contains(table), "{config}");
    }
    assert!(straight.join("report/curves.png").is_file());

    let resumed = at.join("killed");
    for sign in [
        "candidates.star",
        "checkpoints/epoch-000010/manifest.json",
        "embedding.h5",
        "report/umap.png",
    ] {
        let _ = fs::remove_dir_all(&resumed);
        kill_at(at, &words("killed"), &resumed.join(sign));
        succeed(at, &and(words("killed"), &["--resume"]));
        assert_same_run(&straight, &resumed);
    }
    // Killed again and again within one run.
    let _ = fs::remove_dir_all(&resumed);
    for sign in [
        "config.toml",
        "checkpoints/epoch-000010/manifest.json",
        "embedding.h5",
    ] {
        kill_at(
            at,
            &and(words("killed"), &["--resume"]),
            &resumed.join(sign),
        );
    }
    succeed(at, &and(words("killed"), &["--resume"]));
    assert_same_run(&straight, &resumed);

    // Other tomograms than it began with are no resumption.
    let mut fewer = and(words("killed"), &["--resume"]);
    fewer.remove(4);
    let error = fail(at, &fewer, 2);
    assert!(
        error.contains("expected the tomograms one, two, got one"),
        "{error}"
    );
    fs::rename(at.join("two.mrc"), at.join("kept.mrc")).expect("renamed");
    tomogram(at, "two.mrc", 3);
    let error = fail(at, &and(words("killed"), &["--resume"]), 2);
    assert!(error.contains("two.mrc has changed"), "{error}");
    fs::rename(at.join("kept.mrc"), at.join("two.mrc")).expect("renamed");

    // A new training leaves nothing of the old run but its selections.
    succeed(
        at,
        &["select", "killed", "--classes", "1", "--name", "kept"],
    );
    let error = fail(at, &words("killed"), 2);
    assert!(error.contains("--resume"), "{error}");
    let other = and(words("killed"), &["--overwrite", "--seed", "5"]);
    fs::remove_dir_all(resumed.join("checkpoints")).expect("removed");
    kill_at(
        at,
        &other,
        &resumed.join("checkpoints/epoch-000010/manifest.json"),
    );
    assert!(!resumed.join("embedding.h5").exists());
    assert!(resumed.join("selections/kept.star").is_file());
    let error = fail(at, &and(words("killed"), &["--resume"]), 2);
    assert!(error.contains("another seed"), "{error}");
}

#[test]
fn a_dry_run_tells_all_stages_and_writes_nothing() {
    let place = folder();
    let at = place.path();
    tomogram(at, "one.mrc", 1);
    tomogram(at, "two.mrc", 2);
    let before = contents(at);
    let output = run(at, &and(words("out"), &["--dry-run"]));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(
        said.contains("2 tomograms") && said.contains("4 classes"),
        "{said}"
    );
    // What is wrong with the last stage is told before the first.
    let error = fail(at, &and(words("out"), &["--grouping", "magic"]), 2);
    assert!(error.contains("ward, self-tuning or spectral"), "{error}");
    assert_eq!(contents(at), before);
}

/// A run that was killed after its tenth epoch of twelve.
#[cfg(unix)]
fn killed_after_ten(at: &Path) {
    tomogram(at, "one.mrc", 1);
    tomogram(at, "two.mrc", 2);
    let sign = at.join("out/checkpoints/epoch-000010/manifest.json");
    kill_at(at, &words("out"), &sign);
    let _ = fs::remove_dir_all(at.join("out/checkpoints/epoch-000012"));
}

#[cfg(unix)]
#[test]
fn ctrl_c_within_an_epoch_keeps_the_last_checkpoint() {
    let place = folder();
    let at = place.path();
    tomogram(at, "one.mrc", 1);
    tomogram(at, "two.mrc", 2);
    let mut long = words("out");
    long[8] = "100000";
    let mut child = command(at, &long)
        .stderr(Stdio::null())
        .spawn()
        .expect("cryo starts");
    let sign = at.join("out/checkpoints/epoch-000010/manifest.json");
    let begun = Instant::now();
    while !sign.exists() {
        assert!(begun.elapsed() < Duration::from_secs(120));
        sleep(Duration::from_millis(5));
    }
    let pid = child.id().to_string();
    let sent = std::process::Command::new("kill")
        .args(["-INT", &pid])
        .status();
    assert!(sent.expect("kill runs").success());
    let status = child.wait().expect("ended");
    assert_eq!(status.code(), Some(130));
    let output = run(at, &["explore", "embed", "--run", "out", "--device", "cpu"]);
    assert_eq!(
        output.status.code(),
        Some(0),
        "the last checkpoint is whole"
    );
}

#[cfg(unix)]
#[test]
fn a_full_disk_leaves_the_last_checkpoint_and_the_run_goes_on_later() {
    let place = folder();
    let at = place.path();
    killed_after_ten(at);
    let before = contents(&at.join("out/checkpoints/epoch-000010"));
    // No file may grow beyond 40 or 20 KiB, by the shell: the weights take more.
    let resumed = and(words("out"), &["--resume"]).join(" ");
    let line = format!(
        "trap '' XFSZ; ulimit -f 40; exec {} {resumed}",
        env!("CARGO_BIN_EXE_cryo")
    );
    let output = std::process::Command::new("sh")
        .args(["-c", &line])
        .current_dir(at)
        .output()
        .expect("a shell");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(4), "{said}");
    let own = said
        .lines()
        .filter(|line| line.starts_with("cryo: "))
        .count();
    assert!(own == 1 && said.contains("could not write"), "{said}");
    assert_eq!(contents(&at.join("out/checkpoints/epoch-000010")), before);
    let left = fs::read_dir(at.join("out/checkpoints"))
        .expect("listed")
        .count();
    assert_eq!(left, 1, "nothing half-written is left");

    succeed(at, &and(words("out"), &["--resume"]));
    succeed(at, &words("straight"));
    assert_same_run(&at.join("straight"), &at.join("out"));
}
