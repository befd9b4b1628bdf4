//! What every subcommand promises: exit codes, messages, where output goes, settings.

mod common;

use std::{fs, io::Read as _, process::Stdio};

use common::{command, contents, fail, folder, run, small, succeed};
use cryo_fixtures::golden;

fn text(path: &std::path::Path) -> String {
    path.to_str().expect("UTF-8").to_owned()
}

#[test]
fn a_wrong_command_line_is_code_2() {
    let place = folder();
    let unknown = fail(place.path(), &["inspect", "--jsn", "x.mrc"], 2);
    assert!(
        unknown.contains("--jsn") && unknown.contains("--json"),
        "{unknown}"
    );
    let command = fail(place.path(), &["frobnicate"], 2);
    assert!(command.contains("frobnicate"), "{command}");
    assert!(fail(place.path(), &["-v"], 2).contains("expected a command"));
    let shard = fail(place.path(), &small(&["-o", "x", "--shard", "3/2"]), 2);
    assert!(
        shard.contains("expected I/N with 1 ≤ I ≤ N, got \"3/2\""),
        "{shard}"
    );
    for (flag, value) in [("--memory", "-1"), ("--memory", "nan"), ("--threads", "0")] {
        let flags = format!("{flag}={value}");
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_cryo"));
        let output = command.args(["convert", "a.csv", "b.mod", &flags]).output();
        let output = output.expect("cryo starts");
        assert_eq!(output.status.code(), Some(2), "{flags}");
        assert!(String::from_utf8_lossy(&output.stderr).contains(flag));
    }
    let both = fail(
        place.path(),
        &small(&["-o", "x", "--resume", "--overwrite"]),
        2,
    );
    assert!(
        both.contains("--resume") && both.contains("--overwrite"),
        "{both}"
    );
    assert!(contents(place.path()).is_empty());
}

#[test]
fn a_missing_file_is_code_3_and_named() {
    let place = folder();
    let message = fail(place.path(), &["convert", "absent.star", "out.mod"], 3);
    assert_eq!(
        message,
        "cryo: absent.star: could not open the file: No such file or directory (os error 2)\n"
    );
    let output = run(place.path(), &["inspect", "absent.mrc", "--json"]);
    assert_eq!(output.status.code(), Some(3));
    let reports: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let finding = reports[0]["findings"][0].to_string();
    assert!(finding.contains("could not open the file"), "{finding}");
    let config = fail(
        place.path(),
        &small(&["-o", "x", "--config", "absent.toml"]),
        3,
    );
    assert!(config.contains("absent.toml: could not read"), "{config}");
    let map = fail(
        place.path(),
        &["simulate", "-o", "x", "--map", "absent.mrc:3"],
        3,
    );
    assert!(map.contains("absent.mrc: could not open"), "{map}");
}

#[test]
fn outputs_that_exist_are_left_alone() {
    let place = folder();
    let (star, volume) = (
        text(&golden("tables/notebook.csv")),
        text(&golden("mrc/mode2_le.mrc")),
    );
    fs::write(place.path().join("a.csv"), "mine").expect("writable");
    fs::write(place.path().join("a.h5"), "mine").expect("writable");
    fs::write(place.path().join("mode2_le.mrc.png"), "mine").expect("writable");
    let frame = ["--voxel-size", "10"];
    for words in [
        vec!["convert", star.as_str(), "a.csv", frame[0], frame[1]],
        vec!["convert", volume.as_str(), "a.h5"],
        vec!["inspect", volume.as_str(), "--png", "."],
    ] {
        let message = fail(place.path(), &words, 2);
        assert!(
            message.contains("the file exists and is not overwritten"),
            "{message}"
        );
        assert!(message.contains("overwrite\n"), "{message}");
    }
    let files = contents(place.path());
    assert_eq!(files.len(), 3);
    assert!(files.values().all(|bytes| bytes == b"mine"));

    succeed(place.path(), &["convert", &volume, "a.h5", "--overwrite"]);
    assert_ne!(
        fs::read(place.path().join("a.h5")).expect("readable"),
        b"mine"
    );
}

#[test]
fn a_broken_file_is_code_3_with_place_expected_got_and_remedy() {
    let place = folder();
    let whole = fs::read(golden("mrc/mode2_le.mrc")).expect("readable");
    fs::write(place.path().join("cut.mrc"), &whole[..1100]).expect("writable");
    let message = fail(place.path(), &["convert", "cut.mrc", "out.h5"], 3);
    assert!(message.starts_with("cryo: cut.mrc: "), "{message}");
    assert!(
        message.contains("expected 1264 bytes, the file has 1100"),
        "{message}"
    );
    assert!(message.matches(';').count() >= 1, "no remedy: {message}");

    let star = "data_particles\n\nloop_\n_rlnCoordinateX #1\n_rlnCoordinateY #2\n_rlnCoordinateZ #3\n1 2 3\n4 five 6\n";
    fs::write(place.path().join("bad.star"), star).expect("writable");
    let words = ["convert", "bad.star", "out.csv", "--voxel-size", "10"];
    let message = fail(place.path(), &words, 3);
    assert!(message.starts_with("cryo: bad.star: line 8: "), "{message}");
    assert!(message.contains("\"five\""), "{message}");
    assert!(!place.path().join("out.csv").exists() && !place.path().join("out.h5").exists());
}

#[test]
fn too_little_memory_is_code_4_before_anything_is_written() {
    let place = folder();
    let message = fail(place.path(), &small(&["-o", "x", "--memory", "0.001"]), 4);
    assert!(
        message.contains("1 MiB may be used") && message.contains("--memory"),
        "{message}"
    );
    let volume = text(&golden("mrc/EMD-3197.map"));
    let message = fail(
        place.path(),
        &["convert", &volume, "x.mrc", "--memory", "1e-6"],
        4,
    );
    assert!(
        message.contains("EMD-3197.map") && message.contains("the limit is 1073"),
        "{message}"
    );
    assert!(contents(place.path()).is_empty());
}

#[test]
fn dry_runs_write_nothing_and_say_what_they_would() {
    let place = folder();
    let volume = text(&golden("mrc/mode2_le.mrc"));
    let table = text(&golden("tables/notebook.csv"));
    for words in [
        small(&["-o", "x", "--dry-run"]),
        vec!["demo", "--out", "x", "--dry-run"],
        vec!["convert", volume.as_str(), "x.h5", "--dry-run"],
        vec![
            "convert",
            table.as_str(),
            "x.mod",
            "--voxel-size",
            "9",
            "--dry-run",
        ],
    ] {
        let output = run(place.path(), &words);
        assert_eq!(output.status.code(), Some(0), "{words:?}");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(stderr.contains("would write"), "{stderr}");
        assert!(output.stdout.is_empty());
        assert!(contents(place.path()).is_empty(), "{words:?} writes");
    }
}

#[test]
fn settings_come_from_flags_then_the_file_then_defaults() {
    let place = folder();
    let file = "[cryo]\nseed = 7\n\n[simulate]\nsize = [48, 40, 32]\nbody = [\"sphere:80:3\"]\n\
        tilts = [-40.0, 40.0, 20.0]\nname = \"filed\"\n";
    fs::write(place.path().join("my.toml"), file).expect("writable");
    let words = ["simulate", "-q", "--config", "my.toml"];
    let with = |more: &[&str]| -> String {
        let out = format!("run{}", contents(place.path()).len());
        let mut all = words.to_vec();
        all.extend(["-o", &out]);
        all.extend(more);
        succeed(place.path(), &all);
        fs::read_to_string(place.path().join(out).join("config.toml")).expect("written")
    };
    let filed = with(&[]);
    for line in [
        "seed = \"7\"",
        "name = \"filed\"",
        "size = [48, 40, 32]",
        "dose = 120.0",
    ] {
        assert!(filed.contains(line), "no {line} in {filed}");
    }
    let flagged = with(&["--name", "flagged", "--seed", "8", "--dose", "50"]);
    for line in [
        "seed = \"8\"",
        "name = \"flagged\"",
        "size = [48, 40, 32]",
        "dose = 50.0",
    ] {
        assert!(flagged.contains(line), "no {line} in {flagged}");
    }
}

#[test]
fn settings_that_mean_nothing_are_refused_by_name() {
    let place = folder();
    for (file, expected) in [
        ("[simulate]\nsise = [9, 9, 9]\n", "got \"sise\""),
        ("[simulate]\nsize = \"large\"\n", "table [simulate]"),
        ("[simulte]\nsize = [9, 9, 9]\n", "got table \"simulte\""),
        ("size = [9, 9, 9]\n", "got array \"size\""),
        (
            "[cryo]\nseed = -3\n",
            "seed: expected a whole number from 0",
        ),
        ("[simulate\n", "line 1"),
    ] {
        fs::write(place.path().join("my.toml"), file).expect("writable");
        let message = fail(
            place.path(),
            &["simulate", "-o", "x", "--config", "my.toml"],
            3,
        );
        assert!(message.starts_with("cryo: my.toml: "), "{message}");
        assert!(message.contains(expected), "{message}");
    }
    assert!(!place.path().join("x").exists());
}

#[test]
fn settings_beside_a_result_make_it_again() {
    let place = folder();
    succeed(
        place.path(),
        &small(&["-o", "a", "--seed", "11", "--gold", "1"]),
    );
    succeed(
        place.path(),
        &["simulate", "-o", "b", "--config", "a/config.toml"],
    );
    common::assert_same(&place.path().join("a"), &place.path().join("b"));
}

#[test]
fn progress_for_programs_is_json_lines_and_nothing_else() {
    let place = folder();
    let output = run(
        place.path(),
        &small(&["-o", "a", "-v", "--progress", "json"]),
    );
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stdout.is_empty());
    let text = String::from_utf8(output.stderr).expect("UTF-8");
    let lines: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}")))
        .collect();
    let last = |stage: &str| {
        let mut of_stage = lines.iter().filter(|line| line["stage"] == stage);
        of_stage.next_back().cloned().expect("a line of the stage")
    };
    for stage in ["scene", "imaging", "back-projection"] {
        assert_eq!(last(stage)["done"], last(stage)["total"], "{stage}");
    }
    assert!(lines.iter().any(|line| line["message"].is_string()));

    let message = fail(place.path(), &small(&["-o", "a", "--progress", "json"]), 2);
    let error: serde_json::Value = serde_json::from_str(&message).expect("one JSON line");
    assert_eq!(error["code"], 2);
    assert!(
        error["error"]
            .as_str()
            .is_some_and(|text| text.contains("the file exists"))
    );
}

#[test]
fn quiet_runs_say_nothing() {
    let place = folder();
    let table = text(&golden("tables/notebook.csv"));
    for words in [
        small(&["-o", "a", "-q"]),
        vec![
            "convert",
            table.as_str(),
            "x.tbl",
            "--voxel-size",
            "9",
            "-q",
        ],
    ] {
        let output = run(place.path(), &words);
        assert_eq!(output.status.code(), Some(0));
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn readers_that_go_away_are_no_error() {
    let place = folder();
    let volume = text(&golden("mrc/mode2_le.mrc"));
    let files = vec![volume.as_str(); 20];
    let mut words = vec!["inspect"];
    words.extend(&files);
    let mut child = command(place.path(), &words)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("cryo starts");
    drop(child.stdout.take());
    let mut stderr = String::new();
    child
        .stderr
        .take()
        .expect("piped")
        .read_to_string(&mut stderr)
        .expect("UTF-8");
    assert_eq!(child.wait().expect("ends").code(), Some(0), "{stderr}");
    assert_eq!(stderr, "");

    // Nobody reads the messages.
    let mut child = command(place.path(), &small(&["-o", "a"]))
        .stderr(Stdio::piped())
        .spawn()
        .expect("cryo starts");
    drop(child.stderr.take());
    assert_eq!(child.wait().expect("ends").code(), Some(0));
    assert!(place.path().join("a/truth.star").exists());
}

#[test]
fn the_version_names_program_libtorch_and_device() {
    let place = folder();
    let output = succeed(place.path(), &["--version", "--device", "cpu"]);
    let lines: Vec<&str> = output.lines().collect();
    assert_eq!(lines[0], format!("cryo {}", env!("CARGO_PKG_VERSION")));
    assert!(lines[1].starts_with("libtorch 2."), "{output}");
    assert_eq!(lines[2], "device cpu");
    let absent = fail(place.path(), &["--version", "--device", "cuda:99"], 4);
    assert!(absent.contains("99"), "{absent}");
}

#[test]
fn help_gives_units_and_defaults() {
    let place = folder();
    for (name, said) in [
        ("inspect", vec!["--png <DIR>", "--strict", "code 3"]),
        (
            "convert",
            vec![
                "--voxel-size <Å>",
                "--onto <FILE>",
                "ångström",
                "docs/formats.md",
            ],
        ),
        (
            "simulate",
            vec![
                "[default: 256,256,128]",
                "[default: 42]",
                "e/Å²",
                "µm",
                "degrees",
            ],
        ),
        ("demo", vec!["[default: cryo-demo]"]),
    ] {
        let help = succeed(place.path(), &[name, "--help"]);
        for words in said {
            assert!(help.contains(words), "{name}: no {words:?}");
        }
        let widest = help.lines().map(|line| line.chars().count()).max();
        assert!(
            widest.is_some_and(|width| width <= 110),
            "{name}: {widest:?}"
        );
    }
}

#[test]
fn completions_of_every_shell_know_the_commands_and_options() {
    let place = folder();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = succeed(place.path(), &["completions", shell]);
        for word in ["explore", "localize", "evaluate", "radius", "overwrite"] {
            assert!(script.contains(word), "{shell}: no {word}");
        }
    }
    let error = fail(place.path(), &["completions", "tcsh"], 2);
    assert!(error.contains("bash") && error.contains("tcsh"), "{error}");
}

#[cfg(unix)]
#[test]
fn bash_takes_its_completions_and_completes() {
    let place = folder();
    let script = place.path().join("cryo.bash");
    std::fs::write(&script, succeed(place.path(), &["completions", "bash"])).expect("written");
    let lines = format!(
        "source {}; COMP_WORDS=(cryo eval); COMP_CWORD=1; _cryo cryo eval cryo; echo \"${{COMPREPLY[@]}}\"",
        script.display()
    );
    match std::process::Command::new("bash")
        .args(["-c", &lines])
        .output()
    {
        Ok(output) => assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "evaluate"),
        Err(error) => cryo_fixtures::say_skipped(&format!("no bash ({error})")),
    }
}

#[test]
fn lists_and_coordinates_of_milopyp_work_as_they_are() {
    let place = folder();
    succeed(place.path(), &small(&["-o", "sim"]));
    let write = |name: &str, text: &str| fs::write(place.path().join(name), text).expect("written");
    write(
        "imgs.txt",
        "image_name\trec_path\ttilt_path\tangle_path\n007\tsim/sim_rec.mrc\tsim/sim_ts.mrc\tsim/sim.tlt\n",
    );
    write(
        "coords.txt",
        "image_name\tx_coord\ty_coord\tz_coord\n007\t20\t21\t16\n007\t30\t12\t10\n",
    );
    let said = |words: &[&str]| {
        let output = run(place.path(), words);
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(0), "{words:?}: {stderr}");
        stderr
    };
    let list = ["--data", "imgs.txt", "--dry-run", "-o", "out"];
    let explored = said(
        &[
            &[
                "explore",
                "run",
                "--views",
                "tilts",
                "--encoder",
                "resnet18",
            ],
            &list[..],
        ]
        .concat(),
    );
    assert!(explored.contains("would read 1 tomograms"), "{explored}");
    let coords = ["--coords", "coords.txt", "--diameter", "100"];
    let learned = said(&[&["localize", "train"], &list[..], &coords[..]].concat());
    assert!(learned.contains("2 annotations"), "{learned}");
    // Picks of its test.py: x z y.
    write("007.txt", "20\t16\t21\n");
    let tomogram = ["--tomogram", "sim/sim_rec.mrc", "--tomogram-name", "007"];
    let convert = ["convert", "007.txt", "007.csv", "--from", "milopyp-picks"];
    succeed(place.path(), &[&convert[..], &tomogram[..]].concat());
    let table = fs::read_to_string(place.path().join("007.csv")).expect("written");
    assert!(table.contains("007,20,21,16"), "{table}");
}
