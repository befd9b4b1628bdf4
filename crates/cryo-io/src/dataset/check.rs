use std::path::Path;

use super::{Dataset, Syntax};
use crate::{Error, Finding, Severity, text::read_bytes};

/// At most this many missing files are named in one error; the findings name all.
const NAMED: usize = 20;

impl Dataset {
    /// Findings on columns that mean nothing here.
    #[must_use]
    pub fn unknown_columns(&self) -> Vec<Finding> {
        let finding = |name: &String| {
            Finding::new(
                Severity::Note,
                format!("column {name:?}"),
                "name, tomogram, tilt_series, tilt_angles, mask, voxel_size or axis_order",
                "another name",
                "it is kept and not used; check the spelling",
            )
        };
        self.extra_columns.iter().map(finding).collect()
    }

    /// One finding for each file that is named and is not there.
    #[must_use]
    pub fn missing_files(&self) -> Vec<Finding> {
        let missing = self.missing().into_iter();
        let finding = |(line, what, path): (usize, &str, &Path)| {
            Finding::new(
                Severity::Error,
                format!("line {line}"),
                format!("the file of {what}"),
                format!("{}, which is not there", path.display()),
                "relative paths are relative to the list",
            )
        };
        missing.map(finding).collect()
    }

    /// Refuses a dataset of which a file is not there, with all that are missing.
    ///
    /// # Errors
    /// [`Unexpected`](crate::ErrorKind::Unexpected) that names each file and its line.
    pub fn check_files(&self) -> Result<(), Error> {
        let missing = self.missing();
        if missing.is_empty() {
            return Ok(());
        }
        let named = missing.iter().take(NAMED);
        let mut names: Vec<String> = named
            .map(|(line, what, path)| format!("line {line}: {what} {}", path.display()))
            .collect();
        if missing.len() > NAMED {
            names.push(format!("and {} more", missing.len() - NAMED));
        }
        let got = format!("{} missing ({})", missing.len(), names.join(", "));
        Err(Error::unexpected("files", "all to be there", got)
            .fix("relative paths are relative to the list"))
    }

    fn missing(&self) -> Vec<(usize, &'static str, &Path)> {
        let mut missing = Vec::new();
        for entry in &self.entries {
            let files = [
                ("tomogram", Some(&entry.tomogram)),
                ("tilt_series", entry.tilt_series.as_ref()),
                ("tilt_angles", entry.tilt_angles.as_ref()),
                ("mask", entry.mask.as_ref()),
            ];
            for (what, path) in files {
                if let Some(path) = path.filter(|path| !path.is_file()) {
                    missing.push((entry.line, what, path.as_path()));
                }
            }
        }
        missing
    }
}

/// What is odd about a list: unknown columns, files that are not there.
///
/// # Errors
/// The list cannot be read; what is wrong *in* it is among the findings.
pub fn validate(path: impl AsRef<Path>) -> Result<Vec<Finding>, Error> {
    let path = path.as_ref();
    let bytes = read_bytes(path, super::MAX_BYTES)?;
    let base = path.parent().unwrap_or(Path::new(""));
    Ok(match Dataset::parse(&bytes, Syntax::of(path), base) {
        Ok(dataset) => {
            let mut findings = dataset.missing_files();
            findings.extend(dataset.unknown_columns());
            findings
        }
        Err(error) => vec![Finding::from_error(&error)],
    })
}
