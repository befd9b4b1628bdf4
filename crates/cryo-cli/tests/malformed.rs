//! Every command on every malformed file of the fixtures: exit code 3, one message that names the file, nothing written.

mod common;
#[path = "common/scene.rs"]
mod scene;

use std::{
    collections::BTreeMap,
    fs,
    io::Read as _,
    path::{Path, PathBuf},
    process::{Output, Stdio},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread::{scope, sleep},
    time::{Duration, Instant},
};

use common::{command, contents, folder, succeed};
use cryo_fixtures::NamedBytes;

/// Files of which the reader makes sense, and says how: a command may take them.
const TOLERATED: [&str; 12] = [
    "axis_twice.mrc",
    "bytes_left_over.mrc",
    "eleven_labels.mrc",
    "machine_stamp_lies.mrc",
    "nan_cell.mrc",
    "negative_cell.mrc",
    "no_map_word.mrc",
    "packed4bit.mrc",
    "slanted_cell.mrc",
    "two_columns.tlt",
    "unknown_machine_stamp.mrc",
    "zero_sampling.mrc",
];

/// Whether a command may end with that code on that file, beside 3.
fn may_end_with(code: Option<i32>, case: &Case) -> bool {
    let begins = |first: &[&str]| first.iter().any(|word| case.line.starts_with(word));
    match (code, case.file.as_str()) {
        (Some(0), file) if TOLERATED.contains(&file) => true,
        // What is found in a file is the result of inspect; copies and headers have no need of the values.
        (Some(0), "nan_data.mrc") => begins(&["inspect", "convert", "tubes", "evaluate"]),
        (Some(0), "unknown_mode.mrc") => begins(&["inspect"]),
        // A flag gives what is missing.
        (Some(2), "nan_cell.mrc" | "negative_cell.mrc") => begins(&["convert"]),
        _ => false,
    }
}

/// A command on a file.
struct Case {
    /// The malformed file, where it goes, and its bytes.
    file: String,
    bytes: Vec<u8>,
    /// Other small files beside it.
    beside: Vec<(&'static str, String)>,
    /// A folder of the sound things that is copied first, where the file is one of a run.
    copied: Option<&'static str>,
    /// `GOOD` stands for the folder of sound things.
    line: String,
}

/// Sound things: a tomogram with positions, and runs of both kinds.
struct Good(tempfile::TempDir);

impl Good {
    fn new() -> Self {
        let place = folder();
        let at = place.path();
        let phantom = scene::balls([32, 84, 92], 20.0, 1.0, 0, &[("ball", 5.0, 12)]);
        scene::write(at, "one", phantom);
        let split = |line: &'static str| line.split_whitespace().collect::<Vec<_>>();
        succeed(
            at,
            &split(
                "explore run --data one.mrc --out explored --epochs 1 --batch 8 --box 16 --classes 2 --neighbours 5 \
                 --device cpu --threads 1",
            ),
        );
        succeed(
            at,
            &split(
                "localize train --data one.mrc --coords one.star --diameter 200 --out localized --epochs 1 --steps 2 \
                 --batch 2 --working-voxel 25 --device cpu --threads 1",
            ),
        );
        Self(place)
    }
}

fn case(file: &NamedBytes, line: &str) -> Case {
    Case {
        file: file.name.to_owned(),
        bytes: file.bytes.clone(),
        beside: Vec::new(),
        copied: None,
        line: line.replace("FILE", file.name),
    }
}

fn extension(file: &NamedBytes) -> &str {
    file.name.rsplit('.').next().expect("an extension")
}

fn malformed(files: Vec<NamedBytes>, extensions: &[&str]) -> Vec<NamedBytes> {
    let mut files = files;
    files.retain(|file| !file.is_valid && extensions.contains(&extension(file)));
    assert!(files.len() > 1);
    files
}

const EXPLORE: &str = "explore run --out out --epochs 1 --box 16 --device cpu";
const LOCALIZE: &str = "localize train --diameter 200 --out out --epochs 1 --steps 2 --device cpu";

fn volumes() -> Vec<Case> {
    let mut cases = Vec::new();
    for file in malformed(cryo_fixtures::mrc_files(), &["mrc"]) {
        for line in [
            "inspect FILE",
            "convert FILE out.h5",
            "preprocess --data FILE -o out",
            "candidates --data FILE -o out.star",
            &format!("{EXPLORE} --data FILE"),
            "localize predict --run GOOD/localized --data FILE --out out --device cpu",
            "tubes GOOD/one.star -o out.star --tomogram FILE",
            "evaluate --truth GOOD/one.star --picks GOOD/one.star --radius 50 --tomogram FILE",
            "simulate -o out --size 32,32,32 --map FILE:1",
        ] {
            cases.push(case(&file, line));
        }
        cases.push(Case {
            beside: vec![("list.csv", format!("name,tomogram\none,{}\n", file.name))],
            ..case(
                &file,
                &format!("{LOCALIZE} --data list.csv --coords GOOD/one.star"),
            )
        });
    }
    cases
}

fn coordinates() -> Vec<Case> {
    let mut files = malformed(cryo_fixtures::text_files(), &["star", "json", "csv"]);
    files.extend(malformed(cryo_fixtures::imod_files(), &["mod"]));
    let mut cases = Vec::new();
    for file in &files {
        for line in [
            "inspect FILE",
            "convert FILE out.csv --tomogram GOOD/one.mrc",
            "tubes FILE -o out.star --tomogram GOOD/one.mrc",
            "evaluate --truth FILE --picks GOOD/one.star --radius 50 --tomogram GOOD/one.mrc",
            "evaluate --truth GOOD/one.star --picks FILE --radius 50 --tomogram GOOD/one.mrc",
            &format!("{EXPLORE} --data GOOD/one.mrc --candidates FILE"),
            &format!("{LOCALIZE} --data GOOD/one.mrc --coords FILE"),
            &format!("{LOCALIZE} --data GOOD/one.mrc --coords GOOD/one.star --negatives FILE"),
        ] {
            cases.push(case(file, line));
        }
    }
    cases
}

fn tilts() -> Vec<Case> {
    let mut cases = Vec::new();
    for file in malformed(cryo_fixtures::text_files(), &["tlt", "mdoc"]) {
        cases.push(case(&file, "inspect FILE"));
        let list = format!(
            "name,tomogram,tilt_series,tilt_angles\none,GOOD/one.mrc,GOOD/one.mrc,{}\n",
            file.name
        );
        for line in [
            "candidates --data list.csv -o out.star",
            &format!("{EXPLORE} --data list.csv --encoder resnet18 --views tilts"),
        ] {
            cases.push(Case {
                beside: vec![("list.csv", list.clone())],
                ..case(&file, line)
            });
        }
    }
    cases
}

fn lists() -> Vec<Case> {
    let file = |name, text: &str| NamedBytes {
        name,
        bytes: text.as_bytes().to_vec(),
        is_valid: false,
    };
    let mut cases = Vec::new();
    for file in [
        file("empty.tsv", ""),
        file("only_a_header.tsv", "name\ttomogram\n"),
        file("no_tomogram.csv", "name,path\none,one.mrc\n"),
        file(
            "row_too_short.csv",
            "name,tomogram,voxel_size\none,one.mrc\n",
        ),
        file("twice.csv", "name,tomogram\none,a.mrc\none,b.mrc\n"),
        file(
            "size_is_a_word.csv",
            "name,tomogram,voxel_size\none,one.mrc,ten\n",
        ),
        file("not_closed.toml", "[[entry]\nname = \"one\"\n"),
        file("no_entry.toml", "name = \"one\"\n"),
    ] {
        for line in [
            "preprocess --data FILE -o out",
            "candidates --data FILE -o out.star",
            &format!("{EXPLORE} --data FILE"),
            &format!("{LOCALIZE} --data FILE --coords GOOD/one.star"),
            "localize predict --run GOOD/localized --data FILE --out out --device cpu",
            "explore embed --run GOOD/explored --data FILE --out out --device cpu",
            "convert GOOD/one.star out.csv --data FILE",
        ] {
            cases.push(case(&file, line));
        }
    }
    for file in [
        file("unclosed.toml", "[explore\n"),
        file("other_table.toml", "[explor]\nepochs = 1\n"),
        file("seed.toml", "[cryo]\nseed = -1\n"),
    ] {
        for line in [
            "preprocess --data GOOD/one.mrc -o out --config FILE",
            "candidates --data GOOD/one.mrc -o out.star --config FILE",
            &format!("{EXPLORE} --data GOOD/one.mrc --config FILE"),
            &format!("{LOCALIZE} --data GOOD/one.mrc --coords GOOD/one.star --config FILE"),
            "tubes GOOD/one.star -o out.star --config FILE",
            "simulate -o out --config FILE",
        ] {
            cases.push(case(&file, line));
        }
    }
    cases
}

/// Files of runs, cut in the middle, empty, and something else.
fn runs(good: &Path) -> Vec<Case> {
    let mut cases = Vec::new();
    let mut add = |run: &'static str, name: &str, lines: &[&str]| {
        let whole =
            fs::read(good.join(run).join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        let half = whole[..whole.len() / 2].to_vec();
        for bytes in [half, Vec::new(), b"<html>not here</html>\n".to_vec()] {
            for line in lines {
                cases.push(Case {
                    file: format!("{run}/{name}"),
                    bytes: bytes.clone(),
                    beside: Vec::new(),
                    copied: Some(run),
                    line: (*line).to_owned(),
                });
            }
        }
    };
    add(
        "explored",
        "embedding.h5",
        &[
            "explore cluster explored --classes 2",
            "select explored --classes 1 -o out.star",
            "select explored --list",
            "report explored -o out.html",
            "view explored --port 0 --no-open",
            "inspect explored/embedding.h5",
            "convert explored/embedding.h5 out.mrc",
        ],
    );
    let embed = "explore embed --run explored --overwrite --device cpu";
    let other = "explore embed --run explored --data GOOD/one.mrc --out out --device cpu";
    add(
        "explored",
        "checkpoints/epoch-000001/model.safetensors",
        &[embed, other],
    );
    add(
        "explored",
        "checkpoints/epoch-000001/manifest.json",
        &[embed, other],
    );
    add("explored", "candidates.star", &[embed]);
    add(
        "explored",
        "dataset.tsv",
        &[
            embed,
            "select explored --classes 1 -o out.star",
            "report explored -o out.html",
            "view explored --port 0 --no-open",
        ],
    );
    let predict = "localize predict --run localized --data GOOD/one.mrc --out out --device cpu";
    add("localized", "model/model.safetensors", &[predict]);
    add("localized", "model/manifest.json", &[predict]);
    cases
}

fn copy(from: &Path, to: &Path) {
    for (name, bytes) in contents(from) {
        let path = to.join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, bytes).expect("written");
    }
}

/// Longer than any command may take to say no.
const PATIENCE: Duration = Duration::from_secs(60);

fn output(at: &Path, words: &[&str]) -> Option<Output> {
    let mut child = command(at, words)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("cryo starts");
    // All that a command says fits into the pipes.
    let begun = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().expect("a child") {
            break status;
        }
        if begun.elapsed() > PATIENCE {
            child.kill().expect("killed");
            child.wait().expect("ended");
            return None;
        }
        sleep(Duration::from_millis(5));
    };
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    child.stdout.take()?.read_to_end(&mut stdout).ok()?;
    child.stderr.take()?.read_to_end(&mut stderr).ok()?;
    Some(Output {
        status,
        stdout,
        stderr,
    })
}

/// What is wrong with how a command answers.
fn complaint(case: &Case, good: &Path) -> Option<String> {
    let place = folder();
    let at = place.path();
    let good_text = good.to_str().expect("UTF-8");
    if let Some(run) = case.copied {
        copy(&good.join(run), &at.join(run));
    }
    fs::write(at.join(&case.file), &case.bytes).expect("written");
    for (name, text) in &case.beside {
        fs::write(at.join(name), text.replace("GOOD", good_text)).expect("written");
    }
    let before: BTreeMap<PathBuf, Vec<u8>> = contents(at);
    let line = case.line.replace("GOOD", good_text);
    let mut words: Vec<&str> = line.split_whitespace().collect();
    words.extend(["--threads", "1"]);
    let Some(output) = output(at, &words) else {
        return Some("does not end".to_owned());
    };
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let name = Path::new(&case.file).file_name()?.to_str()?;
    let mut wrong = Vec::new();
    let code = output.status.code();
    if code == Some(0) && may_end_with(code, case) {
        return said.contains("panicked").then(|| said.clone());
    }
    if contents(at) != before {
        let new: Vec<PathBuf> = contents(at)
            .into_keys()
            .filter(|path| !before.contains_key(path))
            .collect();
        wrong.push(format!("writes {new:?}"));
    }
    if code != Some(3) && !may_end_with(code, case) {
        wrong.push(format!("ends with {code:?}"));
    }
    if said.contains("panicked") {
        wrong.push("panics".to_owned());
    }
    if case.line.starts_with("inspect") {
        if !String::from_utf8_lossy(&output.stdout).contains(name) {
            wrong.push("does not name the file".to_owned());
        }
    } else {
        let errors: Vec<&str> = said
            .lines()
            .filter(|line| line.starts_with("cryo: "))
            .collect();
        if errors.len() != 1 {
            wrong.push(format!("{} messages", errors.len()));
        }
        if !errors.iter().any(|error| error.contains(name)) {
            wrong.push("does not name the file".to_owned());
        }
    }
    (!wrong.is_empty()).then(|| format!("{}: {said}", wrong.join(", ")))
}

/// Every file with two commands and every command with two files, of cases in an order without a pattern.
fn some(cases: Vec<Case>) -> Vec<Case> {
    let mut cases: Vec<Case> = cases;
    cases.sort_by_key(|case| {
        let text = format!("{} {} {:?}", case.file, case.line, case.bytes.len());
        text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        })
    });
    let (mut files, mut lines) = (BTreeMap::new(), BTreeMap::new());
    cases.retain(|case| {
        let line = case.line.replace(&case.file, "FILE");
        let (of_file, of_line): (&mut u32, &mut u32) = (
            files.entry(case.file.clone()).or_default(),
            lines.entry(line).or_default(),
        );
        let is_kept = *of_file < 2 || *of_line < 2;
        *of_file += 1;
        *of_line += 1;
        is_kept
    });
    cases
}

fn all(good: &Path) -> Vec<Case> {
    let mut cases = volumes();
    cases.extend(coordinates());
    cases.extend(tilts());
    cases.extend(lists());
    cases.extend(runs(good));
    assert!(cases.len() > 500, "{}", cases.len());
    cases
}

fn refused(cases: &[Case], good: &Path) {
    let (next, complaints) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Some(complaint) = complaint(case, good) {
                        let text = format!("{} [{}]: {complaint}", case.line, case.file);
                        complaints.lock().expect("not poisoned").push(text);
                    }
                }
            });
        }
    });
    let mut complaints = complaints.into_inner().expect("not poisoned");
    complaints.sort();
    assert!(
        complaints.is_empty(),
        "{} of {} cases:\n{}",
        complaints.len(),
        cases.len(),
        complaints.join("\n")
    );
}

#[test]
fn every_command_and_every_malformed_file_are_refused_with_nothing_written() {
    let good = Good::new();
    let cases = some(all(good.0.path()));
    assert!(cases.len() > 100, "{}", cases.len());
    refused(&cases, good.0.path());
}

#[test]
#[ignore = "minutes: every command starts once for every file"]
fn every_command_refuses_every_malformed_file() {
    let good = Good::new();
    refused(&all(good.0.path()), good.0.path());
}
