//! Whether what a killed program has left under final names is whole, and whether two runs are the same.
#![allow(dead_code, reason = "each test program uses its own part of this")]

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use cryo_io::{dataset::Dataset, hdf5, mrc, star};
use cryo_train::Checkpoint;
use serde_json::Value;

use crate::common::contents;

/// Temporary names begin with a dot: a killed program may leave files and folders of these.
fn is_hidden(path: &Path) -> bool {
    path.iter()
        .any(|part| part.to_string_lossy().starts_with('.'))
}

/// All files with final names.
fn finals(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    if !folder.exists() {
        return BTreeMap::new();
    }
    let mut all = contents(folder);
    all.retain(|path, _| !is_hidden(path));
    all
}

/// That every file with a final name can be read to its end.
#[track_caller]
pub(crate) fn assert_whole(folder: &Path) {
    for (name, bytes) in finals(folder) {
        let path = folder.join(&name);
        let place = name.display();
        let text = || String::from_utf8(bytes.clone()).unwrap_or_else(|_| panic!("{place}"));
        let file = name.file_name().unwrap_or_default().to_string_lossy();
        match name.extension().and_then(|extension| extension.to_str()) {
            Some("toml") => drop(text().parse::<toml::Table>().expect("TOML")),
            Some("json") if file == "manifest.json" => {
                Checkpoint::load(path.parent().expect("a folder")).expect("a whole checkpoint");
            }
            Some("json") => drop(serde_json::from_str::<Value>(&text()).expect("JSON")),
            Some("jsonl") => {
                let text = text();
                assert!(text.ends_with('\n'), "{place}");
                for line in text.lines() {
                    serde_json::from_str::<Value>(line).expect("JSON");
                }
            }
            Some("tsv") if file == "dataset.tsv" => drop(Dataset::read(&path).expect("a list")),
            Some("tsv") => assert!(bytes.ends_with(b"\n"), "{place}"),
            Some("star") => {
                star::Document::read(&path, 1 << 24).expect("STAR");
                assert!(bytes.ends_with(b"\n"), "{place}");
            }
            Some("h5") => {
                let read = hdf5::read_embeddings(&path, &hdf5::EmbeddingsOptions::default());
                read.unwrap_or_else(|error| panic!("{place}: {error}"));
            }
            Some("mrc") => drop(mrc::read(&path, &mrc::ReadOptions::default()).expect("MRC")),
            Some("png") => assert!(bytes.ends_with(b"IEND\xae\x42\x60\x82"), "{place}"),
            Some("html") => assert!(text().trim_end().ends_with("</html>"), "{place}"),
            // Read with the manifest beside it.
            Some("safetensors") => assert!(path.with_file_name("manifest.json").exists()),
            _ => panic!("{place}: what is this?"),
        }
    }
}

/// That two runs have left the same files: bytes but for times, and the contents of HDF5.
#[track_caller]
pub(crate) fn assert_same_results(left: &Path, right: &Path) {
    let (these, those) = (finals(left), finals(right));
    let names = |files: &BTreeMap<PathBuf, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&these), names(&those));
    for (name, bytes) in &these {
        let place = name.display();
        let file = name.file_name().unwrap_or_default().to_string_lossy();
        let same = match &*file {
            "manifest.json" | "metrics.jsonl" => timeless(bytes) == timeless(&those[name]),
            // Times are drawn, or written, into these.
            "curves.png" => true,
            _ if file.ends_with(".h5") => tables(&left.join(name)) == tables(&right.join(name)),
            _ => *bytes == those[name],
        };
        assert!(same, "{place} differs");
    }
}

type Tables = (hdf5::Embeddings, Option<hdf5::Clustering>);

fn tables(path: &Path) -> Tables {
    let table = hdf5::read_embeddings(path, &hdf5::EmbeddingsOptions::default());
    let found = hdf5::read_clustering(path, 1 << 30);
    (table.expect("a table"), found.expect("readable"))
}

/// Each line, or the whole, as JSON without what a clock or the system says.
fn timeless(bytes: &[u8]) -> Vec<Value> {
    let text = String::from_utf8_lossy(bytes);
    let mut values: Vec<Value> = match serde_json::from_str(&text) {
        Ok(whole) => vec![whole],
        Err(_) => text
            .lines()
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect(),
    };
    values.iter_mut().for_each(without_times);
    values
}

fn without_times(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for field in ["seconds", "items_per_second", "peak_memory_bytes"] {
                fields.remove(field);
            }
            fields.values_mut().for_each(without_times);
        }
        Value::Array(items) => items.iter_mut().for_each(without_times),
        _ => {}
    }
}

/// Temporary files and folders that are left.
pub(crate) fn leftovers(folder: &Path) -> Vec<PathBuf> {
    let all = contents(folder).into_keys();
    all.filter(|path| is_hidden(path)).collect()
}

/// Removes a folder, whatever it is.
pub(crate) fn gone(folder: &Path) {
    if folder.exists() {
        fs::remove_dir_all(folder).expect("removed");
    }
}
