use std::path::Path;

use ::hdf5::{Group, LinkType};

use super::convert::{is_numeric, open};
use crate::{Error, Finding, Severity};

/// Deepest group, and most objects, that are looked at: a file may link its groups in a circle.
const MAX_DEPTH: usize = 16;
const MAX_OBJECTS: usize = 10_000;

/// A dataset in an HDF5 file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatasetInfo {
    /// Its path in the file, `/` first.
    pub name: String,
    /// Its extents, slowest first; empty for a single value.
    pub shape: Vec<usize>,
    /// Whether it holds integers or floating-point numbers.
    pub is_numeric: bool,
    /// Bytes that its data take in the file.
    pub stored_bytes: u64,
}

/// The datasets of a file, group by group; links to other files are not followed.
///
/// # Errors
/// The file cannot be read or is not HDF5.
pub fn list(path: impl AsRef<Path>) -> Result<Vec<DatasetInfo>, Error> {
    let file = open(path.as_ref())?;
    Ok(datasets(&file))
}

pub(super) fn names(file: &Group) -> Vec<String> {
    let mut names = Vec::new();
    let mut left = MAX_OBJECTS;
    visit(file, "", MAX_DEPTH, &mut left, &mut |name, _| {
        names.push(name.to_owned());
    });
    names
}

pub(super) fn datasets(file: &Group) -> Vec<DatasetInfo> {
    let mut found = Vec::new();
    let mut left = MAX_OBJECTS;
    visit(file, "", MAX_DEPTH, &mut left, &mut |name, dataset| {
        found.push(DatasetInfo {
            name: name.to_owned(),
            shape: dataset.shape(),
            is_numeric: is_numeric(dataset),
            stored_bytes: dataset.storage_size(),
        });
    });
    found
}

pub(super) fn hard_links(group: &Group) -> ::hdf5::Result<Vec<String>> {
    let mut names = Vec::new();
    group.iter_visit_default(|name, link| {
        if link.link_type == LinkType::Hard {
            names.push(name.to_owned());
        }
        Ok(())
    })?;
    Ok(names)
}

fn visit(
    group: &Group,
    path: &str,
    depth: usize,
    left: &mut usize,
    found: &mut impl FnMut(&str, &::hdf5::Dataset),
) {
    let Ok(links) = hard_links(group) else { return };
    for name in links {
        if *left == 0 {
            return;
        }
        *left -= 1;
        let place = format!("{path}/{name}");
        if let Ok(dataset) = group.dataset(&name) {
            found(&place, &dataset);
        } else if depth > 0
            && let Ok(inner) = group.group(&name)
        {
            visit(&inner, &place, depth - 1, left, found);
        }
    }
}

/// What is odd about a file: not readable, no dataset, none with three axes.
#[must_use]
pub fn validate(path: impl AsRef<Path>) -> Vec<Finding> {
    let found = match list(path) {
        Ok(found) => found,
        Err(error) => return vec![Finding::from_error(&error)],
    };
    let mut findings = Vec::new();
    if !found.iter().any(|dataset| dataset.is_numeric) {
        findings.push(Finding::new(
            Severity::Error,
            "file",
            "a dataset of numbers",
            format!("{} datasets, none of numbers", found.len()),
            "check that it is the file you mean",
        ));
    }
    for dataset in found {
        if dataset.stored_bytes == 0 && dataset.shape.iter().all(|&n| n > 0) {
            findings.push(Finding::new(
                Severity::Warning,
                format!("dataset {:?}", dataset.name),
                "data",
                "extents and no data",
                "it was declared and never written",
            ));
        }
    }
    findings
}
