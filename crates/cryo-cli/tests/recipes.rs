//! The recipes of docs/recipes: a dataset in parts gives what it gives as a whole.

mod common;
#[path = "common/scene.rs"]
mod scene;
#[path = "common/whole.rs"]
mod whole;

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use common::{folder, succeed};
use cryo_fixtures::say_skipped;
use whole::{assert_same_results, leftovers};

const CRYO: &str = env!("CARGO_BIN_EXE_cryo");
const RECIPES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/recipes");

/// Settings that make everything small; recipes take them from cryo.toml.
const SETTINGS: &str = "[explore]\nepochs = 3\nbatch = 8\nbox = 16\n\n[cluster]\nclasses = 2\nneighbours = 5\n\n\
    [localize]\nepochs = 2\nsteps = 20\nbatch = 8\nworking-voxel = 25.0\n";

/// Five tomograms, the third of them empty, in all.tsv; the others in sound.tsv; two in few.tsv; particles of the first in clicks.star.
fn scene() -> tempfile::TempDir {
    let place = folder();
    let at = place.path();
    let head = "name\ttomogram\n";
    let (mut all, mut sound, mut few) = (head.to_owned(), head.to_owned(), head.to_owned());
    for number in 1..=5 {
        let name = format!("ts_{number}");
        let line = format!("{name}\t{name}.mrc\n");
        all += &line;
        if number != 3 {
            sound += &line;
        }
        if number <= 2 {
            few += &line;
        }
        tomogram(at, &name, number);
    }
    for (file, text) in [
        ("all.tsv", all.as_str()),
        ("sound.tsv", &sound),
        ("few.tsv", &few),
        ("cryo.toml", SETTINGS),
    ] {
        fs::write(at.join(file), text).expect("written");
    }
    place
}

fn tomogram(at: &Path, name: &str, number: u64) {
    let shape = [24 + 2 * number as usize, 84, 92];
    let count = if number == 3 { 1 } else { 8 };
    let phantom = scene::balls(shape, 20.0, 1.0, number, &[("ball", 5.0, count)]);
    let mut volume = phantom.volume;
    if number == 3 {
        // A tomogram without a candidate, which is no reason to stop exploring; localization refuses it.
        let mut data = ndarray::Array3::zeros(volume.grid().shape);
        data[[5, 6, 7]] = 1.0;
        volume = cryo_core::Volume::new(data, *volume.grid()).expect("of that shape");
    }
    scene::write_volume(at, name, &volume);
    if number != 1 {
        return;
    }
    let mut truth = phantom.truth;
    truth.tomogram = name.to_owned();
    scene::write_star(at, "clicks", truth);
}

/// Slurm's sbatch, as far as a recipe needs it: runs the job at once, an array task by task, and prints its number.
const SBATCH: &str = r#"#!/usr/bin/env bash
set -euo pipefail
array=
while [[ $1 == --* ]]; do
    case $1 in --array=1-*) array=${1#--array=1-} ;; --parsable|--dependency=after*:[0-9]*) ;; *) exit 9 ;; esac
    shift
done
echo "$*" >> jobs
export SLURM_JOB_ID=$(wc -l < jobs) SLURM_CPUS_PER_TASK=1 SLURM_MEM_PER_NODE=4096
if [[ -n $array ]]; then
    for ((task = array; task >= 1; task--)); do
        SLURM_ARRAY_TASK_ID=$task SLURM_ARRAY_TASK_COUNT=$array bash "$@" >> log 2>&1
    done
else
    bash "$@" >> log 2>&1
fi
echo "$SLURM_JOB_ID"
"#;

fn executable(path: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::write(path, text).expect("written");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("executable");
}

#[track_caller]
fn done(command: &mut Command) -> String {
    let output = command.output().expect("it starts");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let tail = |log: String| {
        log.lines()
            .rev()
            .take(12)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let log = command
        .get_current_dir()
        .map(|at| fs::read_to_string(at.join("log")).unwrap_or_default())
        .map(tail);
    assert!(output.status.success(), "{command:?}: {said} {log:?}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// All of the dataset at once, beside what the recipe has made of it in parts.
fn as_a_whole(at: &Path, list: &str) {
    for line in [
        &format!("explore embed --run run --data {list} --out all_whole --threads 1"),
        "explore cluster all_whole --config cryo.toml --threads 1",
        "localize predict --run localized --data sound.tsv --out picks_whole --threads 1",
    ] {
        succeed(at, &line.split_whitespace().collect::<Vec<_>>());
    }
    assert_same_results(&at.join("all"), &at.join("all_whole"));
    assert_same_results(&at.join("picks"), &at.join("picks_whole"));
    let found = fs::read_to_string(at.join("picks/all.star")).expect("joined");
    assert!(found.matches("ts_5").count() > 2, "{found}");
    for folder in ["all", "picks"] {
        assert_eq!(leftovers(&at.join(folder)), Vec::<PathBuf>::new());
    }
}

#[test]
fn jobs_of_slurm_give_in_parts_what_one_job_gives() {
    let place = scene();
    let at = place.path();
    fs::create_dir(at.join("bin")).expect("made");
    executable(&at.join("bin/sbatch"), SBATCH);
    let path = format!(
        "{}:{}",
        at.join("bin").display(),
        env::var("PATH").expect("a path")
    );
    let submit = |parts: &str, words: &[&str]| {
        let mut command = Command::new("bash");
        command
            .arg(format!("{RECIPES}/slurm_all.sh"))
            .args(words)
            .current_dir(at);
        command
            .env("PATH", &path)
            .env("CRYO", CRYO)
            .env("PARTS", parts);
        done(&mut command)
    };
    assert_eq!(submit("3", &["explore", "few.tsv", "all.tsv"]), "4\n");
    let all = fs::read_to_string(at.join("all/dataset.tsv")).expect("joined");
    assert_eq!(all.lines().count(), 6, "{all}");
    assert!(all.contains("ts_3"));
    // More parts than tomograms: some have nothing to do.
    submit("7", &["localize", "clicks.star", "200", "sound.tsv"]);
    let log = fs::read_to_string(at.join("log")).expect("logged");
    assert!(log.contains("--memory 4 --shard 2/3"), "{log}");
    as_a_whole(at, "all.tsv");

    // Done already: the same jobs change nothing, and tasks that are no part are refused.
    submit("2", &["localize", "clicks.star", "200", "sound.tsv"]);
    assert_same_results(&at.join("picks"), &at.join("picks_whole"));
    let mut wrong = Command::new("bash");
    wrong
        .arg(format!("{RECIPES}/slurm_array.sh"))
        .arg("--version")
        .env("CRYO", CRYO);
    wrong
        .env("SLURM_ARRAY_TASK_ID", "7")
        .env("SLURM_ARRAY_TASK_COUNT", "1");
    let output = wrong.output().expect("bash starts");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("say PARTS"));
}

/// Snakemake: CRYO_SNAKEMAKE, else what `cargo xtask setup --snakemake` has made, else on the path.
fn snakemake() -> Option<PathBuf> {
    let on_path =
        |folder: PathBuf| Some(folder.join("snakemake")).filter(|program| program.is_file());
    let own = PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../.tools/snakemake"
    ));
    let paths = env::var_os("PATH").unwrap_or_default();
    let found = (env::var_os("CRYO_SNAKEMAKE").map(PathBuf::from))
        .or_else(|| own.is_file().then_some(own))
        .or_else(|| env::split_paths(&paths).find_map(on_path));
    if found.is_none() {
        assert!(
            env::var_os("CRYO_SNAKEMAKE_TESTS").is_none(),
            "CRYO_SNAKEMAKE_TESTS is set and there is no Snakemake: cargo xtask setup --snakemake"
        );
        say_skipped("no Snakemake: cargo xtask setup --snakemake, or CRYO_SNAKEMAKE=PROGRAM");
    }
    found
}

#[test]
fn snakemake_gives_in_two_parts_what_one_command_gives() {
    let Some(snakemake) = snakemake() else { return };
    let place = scene();
    let at = place.path();
    let make = |target: &str, words: &[&str]| {
        let mut command = Command::new(&snakemake);
        command.args([
            target,
            "-s",
            &format!("{RECIPES}/Snakefile"),
            "--cores",
            "2",
            "--config",
        ]);
        command.args([
            &format!("cryo={CRYO}"),
            "few=few.tsv",
            "all=sound.tsv",
            "parts=2",
            "threads=1",
        ]);
        // A home of its own: Snakemake keeps a cache there.
        command
            .args(["settings=cryo.toml", "memory=4"])
            .args(words)
            .current_dir(at)
            .env("HOME", at);
        command
    };
    done(&mut make("explored", &[]));
    let listed = succeed(at, &["select", "all", "--list"]);
    assert!(
        listed.contains("ts_1") || listed.lines().count() > 1,
        "{listed}"
    );
    done(&mut make(
        "localized",
        &["coords=clicks.star", "diameter=200"],
    ));
    as_a_whole(at, "sound.tsv");
    // All is done: nothing is left to do.
    let again = make(
        "localized",
        &["coords=clicks.star", "diameter=200", "--quiet"],
    )
    .output()
    .expect("it starts");
    assert!(again.status.success());
    // What is missing is said.
    let output = make("localized", &["classes=1"])
        .output()
        .expect("it starts");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        !output.status.success() && said.contains("diameter"),
        "{said}"
    );
}
