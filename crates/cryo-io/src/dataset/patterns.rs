use std::path::{Path, PathBuf};

use super::{Dataset, DatasetEntry};
use crate::Error;

impl Dataset {
    /// The dataset of plain paths and glob patterns such as `tomo/*.mrc`.
    ///
    /// A name is the file's stem, without `.gz` and `.bz2`. The files of a pattern come in
    /// alphabetical order, the patterns in theirs. A path that exists is never a pattern.
    ///
    /// # Errors
    /// A pattern that is malformed or matches no file; a path that is not there; two files of the
    /// same stem.
    pub fn from_patterns<S: AsRef<str>>(patterns: &[S]) -> Result<Self, Error> {
        let mut dataset = Self::default();
        for pattern in patterns {
            for path in expand(pattern.as_ref())? {
                let name = stem(&path)?;
                dataset.entries.push(DatasetEntry {
                    name,
                    tomogram: path,
                    ..DatasetEntry::default()
                });
            }
        }
        if dataset.entries.is_empty() {
            return Err(Error::parameter("data", "at least one file", "none"));
        }
        refuse_equal_names(&dataset.entries)?;
        Ok(dataset)
    }

    /// The dataset that a `--data` argument means: a list (`.tsv`, `.csv`, `.txt`, `.toml`) that
    /// exists, else a path or pattern.
    ///
    /// # Errors
    /// As [`read`](Self::read) or [`from_patterns`](Self::from_patterns).
    pub fn open(argument: &str) -> Result<Self, Error> {
        let path = Path::new(argument);
        let extension = path.extension().and_then(|extension| extension.to_str());
        let extension = extension.map(str::to_ascii_lowercase);
        let is_list = matches!(
            extension.as_deref(),
            Some("tsv" | "csv" | "txt" | "toml" | "tab")
        );
        if is_list && (path.exists() || !is_pattern(argument)) {
            return Self::read(path);
        }
        Self::from_patterns(&[argument])
    }
}

fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?', '['])
}

fn expand(pattern: &str) -> Result<Vec<PathBuf>, Error> {
    let path = Path::new(pattern);
    if path.exists() {
        return Ok(vec![path.to_owned()]);
    }
    let expected = "a file that is there, or a pattern such as tomo/*.mrc";
    if !is_pattern(pattern) {
        let got = format!("{pattern:?}, which is not there");
        return Err(Error::parameter("data", expected, got));
    }
    let matches = glob::glob(pattern).map_err(|error| {
        Error::parameter("data", expected, format!("{pattern:?} ({})", error.msg))
    })?;
    let mut paths = Vec::new();
    for path in matches {
        let path = path.map_err(|error| {
            let path = error.path().to_owned();
            Error::io("read the folder", error.into()).in_file(&path)
        })?;
        if path.is_file() {
            paths.push(path);
        }
    }
    if paths.is_empty() {
        let got = format!("{pattern:?}, which matches no file");
        return Err(Error::parameter("data", expected, got));
    }
    paths.sort();
    Ok(paths)
}

fn stem(path: &Path) -> Result<String, Error> {
    let mut path = path.to_owned();
    let packed = |extension: &std::ffi::OsStr| {
        ["gz", "bz2"]
            .iter()
            .any(|known| extension.eq_ignore_ascii_case(known))
    };
    if path.extension().is_some_and(packed) {
        path.set_extension("");
    }
    match path.file_stem().and_then(|stem| stem.to_str()) {
        Some(stem) => Ok(stem.to_owned()),
        None => {
            let got = path.display().to_string();
            Err(Error::parameter("data", "a file name in UTF-8", got))
        }
    }
}

fn refuse_equal_names(entries: &[DatasetEntry]) -> Result<(), Error> {
    let mut seen = std::collections::HashMap::new();
    for entry in entries {
        if let Some(first) = seen.insert(&entry.name, &entry.tomogram) {
            let (first, second) = (first.display(), entry.tomogram.display());
            let got = format!("{first} and {second}");
            return Err(Error::parameter("data", "files of different names", got)
                .fix("write a dataset list that names them"));
        }
    }
    Ok(())
}
