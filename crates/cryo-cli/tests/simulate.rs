//! `cryo simulate` and `cryo demo`: what they make, how they stop and go on, and what does not matter.

mod common;

use std::{collections::BTreeMap, fs, path::Path, process::Child, time::Duration};

use common::{assert_same, command, contents, fail, folder, run, small, succeed};
use cryo_fixtures::golden;
use cryo_io::{Picks, PicksOptions, dataset::Dataset, mrc, read_picks, tilt::tlt};

fn truth(path: &Path) -> Picks {
    read_picks(path, None, &PicksOptions::default()).expect("readable without its tomogram")
}

fn volume(path: &Path) -> cryo_core::Volume {
    mrc::read(path, &mrc::ReadOptions::default()).expect("a volume")
}

#[test]
fn a_scene_has_all_its_files_and_they_agree() {
    let place = folder();
    let words = [
        "-o",
        "out",
        "--tubes",
        "1",
        "--membranes",
        "1",
        "--gold",
        "2",
    ];
    let mut all = small(&words);
    all[1] = "--size=96,80,40";
    let printed = succeed(place.path(), &all);
    assert_eq!(printed, "", "results only where asked");
    let out = place.path().join("out");
    let names: Vec<_> = contents(&out).into_keys().collect();
    let expected = [
        "config.toml",
        "dataset.tsv",
        "sim.tlt",
        "sim_filaments.mod",
        "sim_filaments.star",
        "sim_labels.json",
        "sim_labels.mrc",
        "sim_rec.mrc",
        "sim_tilts.csv",
        "sim_truth.star",
        "sim_ts.mrc",
        "truth.star",
    ];
    assert_eq!(names, expected.map(std::path::PathBuf::from));

    let tomogram = volume(&out.join("sim_rec.mrc"));
    assert_eq!(tomogram.grid().shape, [40, 80, 96]);
    assert_eq!(tomogram.grid().voxel_size.isotropic(), Some(10.0));
    let images = mrc::Reader::open(out.join("sim_ts.mrc"), &mrc::ReadOptions::default());
    let images = images.expect("a stack");
    assert_eq!(images.shape(), [13, 80, 96]);
    assert_eq!(images.kind(), mrc::Kind::ImageStack);
    let angles = tlt::read(out.join("sim.tlt")).expect("angles").angles_deg();
    assert_eq!((angles.len(), angles[0], angles[12]), (13, -60.0, 60.0));
    let table = fs::read_to_string(out.join("sim_tilts.csv")).expect("a table");
    assert_eq!(table.lines().count(), 14);
    assert!(table.starts_with("index,angle_deg,acquisition,dose_before,defocus_angstrom,"));

    let list = Dataset::read(out.join("dataset.tsv")).expect("a list");
    let entry = &list.entries[0];
    for path in [
        Some(&entry.tomogram),
        entry.tilt_series.as_ref(),
        entry.tilt_angles.as_ref(),
    ] {
        assert!(path.is_some_and(|path| path.is_file()), "{path:?}");
    }
    let text = fs::read_to_string(out.join("dataset.tsv")).expect("text");
    assert!(
        text.ends_with("sim\tsim_rec.mrc\tsim_ts.mrc\tsim.tlt\n"),
        "{text}"
    );
}

#[test]
fn particles_lie_inside_and_on_their_labels() {
    let place = folder();
    succeed(
        place.path(),
        &small(&["-o", "out", "--phantom", "--gold", "1"]),
    );
    let out = place.path().join("out");
    let picks = truth(&out.join("truth.star"));
    let set = &picks.sets[0];
    assert_eq!(set.tomogram, "sim");
    assert_eq!(set.grid.shape, [32, 40, 48]);
    let labels = volume(&out.join("sim_labels.mrc"));
    let text = fs::read_to_string(out.join("sim_labels.json")).expect("text");
    let names: BTreeMap<u32, String> = serde_json::from_str(&text).expect("names by number");
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for particle in &set.items {
        let at = particle.position;
        let inside = [(at.x, 48.0), (at.y, 40.0), (at.z, 32.0)];
        assert!(
            inside.iter().all(|(c, n)| (0.0..=n - 1.0).contains(c)),
            "{at:?}"
        );
        let class = particle.class.expect("a class");
        let name = &names[&class];
        assert_eq!(set.classes.get(&class), Some(name));
        *counts.entry(name).or_default() += 1;
        if name.starts_with("sphere") {
            let index = [at.z, at.y, at.x].map(|c| c.round() as usize);
            assert_eq!(labels.data()[index], class as f32);
        }
    }
    assert_eq!((counts["sphere_80"], counts["chiral_100"]), (3, 2));
    for label in labels.data() {
        let number = *label as u32;
        assert!(
            number == 0 || names.contains_key(&number),
            "label {label} has no name"
        );
    }
    // Protein is dark, as in tomograms.
    let density = volume(&out.join("sim_rec.mrc"));
    let mean = |wanted: bool| {
        let voxels = density.data().iter().zip(labels.data());
        let values = voxels.filter(|(_, label)| (**label > 0.0) == wanted);
        let (sum, count) = values.fold((0.0, 0.0), |(sum, count), (value, _)| {
            (sum + value, count + 1.0)
        });
        sum / count
    };
    assert!(
        mean(true) < mean(false) - 0.5,
        "{} {}",
        mean(true),
        mean(false)
    );
}

#[test]
fn phantoms_have_no_images_and_the_noise_that_was_asked_for() {
    let place = folder();
    succeed(place.path(), &small(&["-o", "clean", "--phantom"]));
    succeed(
        place.path(),
        &small(&["-o", "noisy", "--phantom", "--snr", "0.1"]),
    );
    assert!(!place.path().join("clean/sim_ts.mrc").exists());
    let list = fs::read_to_string(place.path().join("clean/dataset.tsv")).expect("text");
    assert_eq!(list, "name\ttomogram\nsim\tsim_rec.mrc\n");
    let same = |name: &str| {
        let read = |run: &str| fs::read(place.path().join(run).join(name)).expect("a file");
        read("clean") == read("noisy")
    };
    assert!(same("truth.star") && same("sim_labels.mrc") && !same("sim_rec.mrc"));
}

#[test]
fn maps_become_classes_of_their_name() {
    let place = folder();
    let map = golden("maps/proteasome_20S.mrc.gz");
    let map = format!("{}:2", map.display());
    succeed(
        place.path(),
        &[
            "simulate",
            "-o",
            "a",
            "--size",
            "64,56,40",
            "--map",
            &map,
            "--phantom",
        ],
    );
    let picks = truth(&place.path().join("a/truth.star"));
    assert_eq!(picks.len(), 2);
    assert_eq!(picks.sets[0].classes[&1], "proteasome_20S");

    succeed(
        place.path(),
        &[
            "simulate",
            "-o",
            "b",
            "--size",
            "64,56,40",
            "--map",
            "none",
            "--gold",
            "1",
            "--phantom",
        ],
    );
    assert_eq!(truth(&place.path().join("b/truth.star")).len(), 0);

    let size = ["--size", "96,96,64", "--phantom", "--tubes", "1"];
    let mut words = vec!["simulate", "-o", "c"];
    words.extend(size);
    succeed(place.path(), &words);
    let classes = &truth(&place.path().join("c/truth.star")).sets[0].classes;
    let names: Vec<&str> = classes.values().map(String::as_str).collect();
    assert!(names.contains(&"ribosome_70S"), "{names:?}");
}

#[test]
fn threads_do_not_matter_and_seeds_do() {
    let place = folder();
    let gold = ["--gold", "1", "--tubes", "1"];
    for (name, more) in [
        ("one", ["--threads", "1", "--seed", "5"]),
        ("four", ["--threads", "4", "--seed", "5"]),
        ("other", ["--threads", "4", "--seed", "6"]),
    ] {
        let mut words = small(&["-o", name]);
        words.extend(gold);
        words.extend(more);
        succeed(place.path(), &words);
    }
    assert_same(&place.path().join("one"), &place.path().join("four"));
    for name in ["truth.star", "sim_rec.mrc", "sim_ts.mrc", "sim_labels.mrc"] {
        let read = |run: &str| fs::read(place.path().join(run).join(name)).expect("a file");
        assert!(
            read("one") != read("other"),
            "{name} does not depend on the seed"
        );
    }
}

#[test]
fn runs_of_neighbouring_seeds_share_no_tomogram() {
    let place = folder();
    for (name, seed) in [("a", "1"), ("b", "2")] {
        succeed(
            place.path(),
            &small(&["-o", name, "--seed", seed, "--tomograms", "2", "--phantom"]),
        );
    }
    let read = |path: &str| fs::read(place.path().join(path)).expect("a file");
    assert!(read("a/sim_002_labels.mrc") != read("b/sim_001_labels.mrc"));
    assert!(read("a/sim_001_labels.mrc") != read("a/sim_002_labels.mrc"));
}

#[test]
fn shards_make_what_one_run_makes() {
    let place = folder();
    let three = |more: &[&'static str]| {
        let mut words = small(&["--tomograms", "3"]);
        words.extend(more);
        succeed(place.path(), &words);
    };
    three(&["-o", "whole"]);
    three(&["-o", "parts", "--shard", "2/2"]);
    assert!(!place.path().join("parts/truth.star").exists());
    three(&["-o", "parts", "--shard", "1/2"]);
    assert_same(&place.path().join("whole"), &place.path().join("parts"));
    let picks = truth(&place.path().join("whole/truth.star"));
    let names: Vec<&str> = picks.sets.iter().map(|set| set.tomogram.as_str()).collect();
    assert_eq!(names, ["sim_001", "sim_002", "sim_003"]);

    let words = small(&[
        "-o",
        "parts",
        "--tomograms",
        "3",
        "--shard",
        "2/2",
        "--seed",
        "9",
    ]);
    let message = fail(place.path(), &words, 2);
    assert!(message.contains("made with another seed"), "{message}");
}

#[test]
fn nothing_that_is_there_is_replaced_unasked() {
    let place = folder();
    let out = place.path().join("out");
    fs::create_dir(&out).expect("writable");
    for name in ["sim_ts.mrc", "truth.star", "config.toml", "sim_002.tlt"] {
        fs::write(out.join(name), "mine").expect("writable");
        let words = match name {
            "sim_002.tlt" => small(&["-o", "out", "--tomograms", "2"]),
            _ => small(&["-o", "out"]),
        };
        let message = fail(place.path(), &words, 2);
        assert!(
            message.contains(name) && message.contains("the file exists"),
            "{message}"
        );
        assert_eq!(contents(&out).len(), 1, "{name}: something was written");
        fs::remove_file(out.join(name)).expect("writable");
    }
    succeed(place.path(), &small(&["-o", "out"]));
    succeed(
        place.path(),
        &small(&["-o", "out", "--seed", "9", "--overwrite"]),
    );
    succeed(place.path(), &small(&["-o", "fresh", "--seed", "9"]));
    assert_same(&out, &place.path().join("fresh"));
    let message = fail(
        place.path(),
        &small(&["-o", "out", "--seed", "9", "--defocus", "9", "--resume"]),
        2,
    );
    assert!(message.contains("made with another defocus"), "{message}");
}

const SERIES: [&str; 4] = ["--tomograms", "3", "--size=88,80,48", "--tilts=-60,60,4"];

fn series<'a>(more: &[&'a str]) -> Vec<&'a str> {
    let mut words = vec!["simulate", "--body", "sphere:80:3"];
    words.extend(SERIES);
    words.extend(more);
    words
}

#[cfg(unix)]
fn signal(child: &Child, name: &str) {
    let id = child.id().to_string();
    let status = std::process::Command::new("kill")
        .args([name, &id])
        .status();
    assert!(status.expect("kill starts").success());
}

/// Until the run is under way.
#[cfg(unix)]
fn wait_for(path: &Path) {
    let start = std::time::Instant::now();
    while !path.exists() {
        assert!(
            start.elapsed() < Duration::from_secs(60),
            "no {}",
            path.display()
        );
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// That whatever lies under a final name is as in the complete run.
fn assert_part_of(part: &Path, whole: &Path) {
    let whole = contents(whole);
    for (name, bytes) in contents(part) {
        let temporary = name
            .extension()
            .is_some_and(|extension| extension == "part");
        assert!(
            temporary || whole[&name] == bytes,
            "{} is half-written",
            name.display()
        );
    }
}

#[test]
#[cfg(unix)]
fn interrupted_and_killed_runs_go_on_where_they_were() {
    let place = folder();
    let whole = place.path().join("whole");
    let start = std::time::Instant::now();
    succeed(place.path(), &series(&["-o", "whole"]));
    let full = start.elapsed();

    for (name, parts) in [
        ("-INT", [0.3, 0.6]),
        ("-TERM", [0.4, 0.5]),
        ("-KILL", [0.25, 0.7]),
    ] {
        for (index, part) in parts.into_iter().enumerate() {
            let out = format!("out{name}{index}");
            let mut child = command(place.path(), &series(&["-o", &out, "-q"]))
                .stderr(std::process::Stdio::null())
                .spawn()
                .expect("cryo starts");
            wait_for(&place.path().join(&out).join("config.toml"));
            std::thread::sleep(full.mul_f64(part));
            if child.try_wait().expect("a child").is_none() {
                signal(&child, name);
            }
            let status = child.wait().expect("ends");
            let out_path = place.path().join(&out);
            if name != "-KILL" {
                assert!(matches!(status.code(), Some(130 | 0)), "{name}: {status}");
                let left = contents(&out_path);
                assert!(
                    left.keys()
                        .all(|path| path.extension().is_none_or(|e| e != "part"))
                );
            }
            assert_part_of(&out_path, &whole);
            succeed(place.path(), &series(&["-o", &out, "--resume"]));
            assert_same(&out_path, &whole);
        }
    }
}

#[test]
#[cfg(unix)]
fn an_interrupted_run_says_so() {
    let place = folder();
    let words = [
        "simulate",
        "-o",
        "out",
        "--size=256,256,128",
        "--body=sphere:80:3",
        "--progress=plain",
        "--threads=1",
    ];
    let child = command(place.path(), &words[..6])
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("cryo starts");
    wait_for(&place.path().join("out/config.toml"));
    signal(&child, "-INT");
    let output = child.wait_with_output().expect("ends");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(130), "{stderr}");
    assert!(
        stderr.ends_with("cryo: interrupted; what was complete is kept, --resume goes on\n"),
        "{stderr}"
    );
}

#[test]
fn wrong_values_are_refused_with_their_flag() {
    let place = folder();
    for (flag, expected) in [
        (
            "--size=0,9,9",
            "--size: expected three numbers above 0: X,Y,Z",
        ),
        (
            "--size=9,9",
            "--size: expected three numbers above 0: X,Y,Z",
        ),
        (
            "--size=99999,9,9",
            "--size: expected at most 16384 voxels an axis",
        ),
        ("--voxel-size=-1", "--voxel-size: expected ångström above 0"),
        ("--voxel-size=nan", "--voxel-size"),
        (
            "--tilts=-60,60",
            "--tilts: expected three numbers: FROM,TO,STEP",
        ),
        ("--tilts=60,-60,3", "--tilts: expected -80 ≤ FROM ≤ TO ≤ 80"),
        ("--tilts=-60,60,0", "--tilts"),
        ("--snr=0.5", "--snr: expected --phantom beside it"),
        ("--name=a/b", "--name: expected a name without folders"),
        ("--tomograms=0", "--tomograms: expected 1 or more"),
        ("--body=cube:80:3", "--body: expected KIND:DIAMETER:COUNT"),
        ("--body=sphere:-80:3", "--body"),
        (
            "--map=x.mrc:many",
            "--map: expected FILE, FILE:COUNT or FILE:PERCENT%",
        ),
        ("--dose=-1", "--dose: expected"),
        ("--dose=nan", "--dose: expected"),
        ("--defocus=inf", "--defocus: expected"),
        ("--shot-noise=-0.5", "--shot-noise: expected"),
    ] {
        let message = fail(place.path(), &["simulate", "-o", "out", flag], 2);
        assert!(message.contains(expected), "{flag}: {message}");
        assert!(
            contents(place.path()).is_empty(),
            "{flag}: something is written"
        );
    }
    let phantom = ["simulate", "-o", "out", "--phantom", "--snr=-2"];
    let message = fail(place.path(), &phantom, 2);
    assert!(message.contains("--snr: expected"), "{message}");
    let crowd = [
        "simulate",
        "-o",
        "crowd",
        "--size=32,32,32",
        "--body=sphere:150:50",
    ];
    let message = fail(place.path(), &crowd, 2);
    assert!(
        message.contains("ask for less or for a larger --size"),
        "{message}"
    );
}

#[test]
#[cfg(target_os = "linux")]
fn the_memory_that_is_announced_is_what_is_taken() {
    let place = folder();
    let words = [
        "simulate",
        "-o",
        "out",
        "--size=224,200,128",
        "--body=sphere:80:9",
    ];
    let output = run(place.path(), &[&words[..], &["--dry-run"]].concat());
    let text = String::from_utf8_lossy(&output.stderr);
    let said = text
        .split("about ")
        .nth(1)
        .and_then(|rest| rest.split(' ').next());
    let announced: f64 = said
        .and_then(|number| number.parse().ok())
        .expect("a number of GiB");

    let mut child = command(place.path(), &words)
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("cryo starts");
    let status = format!("/proc/{}/status", child.id());
    let mut peak_kib = 0.0_f64;
    while child.try_wait().expect("a child").is_none() {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let number = line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse().ok());
        peak_kib = peak_kib.max(number.unwrap_or(0.0));
        std::thread::sleep(Duration::from_millis(2));
    }
    let measured = peak_kib / f64::from(1 << 20);
    let ratio = announced / measured;
    assert!(
        (0.8..1.25).contains(&ratio),
        "announced {announced} GiB, took {measured} GiB"
    );
}

#[test]
fn the_demo_tells_its_story_and_its_files_are_there() {
    let place = folder();
    let words = ["demo", "--quick", "--out", "story"];
    let output = run(place.path(), &words);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    let table = String::from_utf8_lossy(&output.stdout);
    for row in [
        "all candidates",
        "localized",
        "length of filaments",
        "report/index.html",
    ] {
        assert!(table.contains(row), "{table}");
    }
    let picks = truth(&place.path().join("story/truth.star"));
    let names: Vec<&str> = picks.sets[0].classes.values().map(String::as_str).collect();
    assert!(
        names.contains(&"ribosome_70S") && names.contains(&"proteasome_20S"),
        "{names:?}"
    );
    for name in [
        "demo_rec.mrc.png",
        "demo_ts.mrc.png",
        "explored/report/index.html",
        "explored/report/matrix.png",
        "selected.star",
        "picks/all.star",
        "picks/demo.mod",
        "picks/ribosomes.tbl",
        "picks/relion4.star",
        "clicks.csv",
        "filaments/all.star",
        "filaments/demo.mod",
        "demo_filaments.star",
    ] {
        let length = fs::metadata(place.path().join("story").join(name)).map(|data| data.len());
        assert!(length.is_ok_and(|length| length > 100), "{name}");
    }
    assert!(
        place
            .path()
            .join("story/picks/copick/ExperimentRuns/demo")
            .is_dir()
    );
    let again = run(place.path(), &[&words[..], &["--resume"]].concat());
    let stderr = String::from_utf8_lossy(&again.stderr);
    assert_eq!(again.status.code(), Some(0), "{stderr}");
}
