//! Running the command and looking at what it leaves.
#![allow(dead_code, reason = "each test program uses its own part of this")]

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

pub(crate) fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// The command in a folder, with two threads unless the words say otherwise.
pub(crate) fn command(folder: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cryo"));
    command.args(words).current_dir(folder).stdin(Stdio::null());
    if !words.contains(&"--threads") {
        command.args(["--threads", "2"]);
    }
    command
}

pub(crate) fn run(folder: &Path, words: &[&str]) -> Output {
    command(folder, words).output().expect("cryo starts")
}

/// Standard output of a run that must end with code 0.
pub(crate) fn succeed(folder: &Path, words: &[&str]) -> String {
    let output = run(folder, words);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{words:?}: {stderr}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// Standard error of a run that must end with that code.
pub(crate) fn fail(folder: &Path, words: &[&str], code: i32) -> String {
    let output = run(folder, words);
    let stderr = String::from_utf8(output.stderr).expect("UTF-8");
    assert_eq!(output.status.code(), Some(code), "{words:?}: {stderr}");
    assert!(output.stdout.is_empty(), "{words:?} prints a result");
    stderr
}

/// All files below a folder by relative path, with their bytes.
pub(crate) fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).expect("readable") {
            let path = entry.expect("readable").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).expect("below").to_owned();
                found.insert(name, fs::read(&path).expect("readable"));
            }
        }
    }
    found
}

/// That two folders hold the same files with the same bytes.
#[track_caller]
pub(crate) fn assert_same(left: &Path, right: &Path) {
    let (left, right) = (contents(left), contents(right));
    let names = |files: &BTreeMap<PathBuf, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&left), names(&right));
    for (name, bytes) in &left {
        assert!(right[name] == *bytes, "{} differs", name.display());
    }
}

/// A scene that is made in a moment.
pub(crate) const SMALL: [&str; 5] = [
    "--size=48,40,32",
    "--body=sphere:80:3",
    "--body=chiral:100:2",
    "--tilts=-60,60,10",
    "--voxel-size=10",
];

pub(crate) fn small<'a>(first: &[&'a str]) -> Vec<&'a str> {
    let mut words = vec!["simulate"];
    words.extend(SMALL);
    words.extend(first);
    words
}

/// The shared data of the project, where this checkout has them.
pub(crate) fn shared() -> Option<PathBuf> {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data"));
    if path.is_dir() {
        return Some(path);
    }
    cryo_fixtures::say_skipped(&format!("no folder {}", path.display()));
    None
}
