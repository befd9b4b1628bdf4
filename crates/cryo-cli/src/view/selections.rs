//! Selections that the page asks to be written into the run.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use axum::http::StatusCode;
use cryo_io::{CoordinateFormat, Overwrite, Picks, write_picks};
use serde::Deserialize;

use crate::explored::Explored;

/// What the page sends.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    name: String,
    format: String,
    overwrite: bool,
    /// Rows of the run's candidates.
    indices: Vec<usize>,
    /// The class that candidates of each label have now.
    classes: Vec<(u32, u32)>,
    /// Names of those classes.
    names: Vec<(u32, String)>,
    /// Which candidates the page shows.
    candidates: String,
}

pub(super) type Refusal = (StatusCode, String);

fn refuse(code: StatusCode, why: impl Into<String>) -> Refusal {
    (code, why.into())
}

/// Writes a selection to `RUN/selections/`, and says where.
pub(super) fn write(
    run: &Path,
    explored: &Explored,
    fingerprint: &str,
    wanted: &Wanted,
) -> Result<String, Refusal> {
    check(explored, fingerprint, wanted)?;
    let (format, ending) = match wanted.format.as_str() {
        "relion5" => (CoordinateFormat::Relion5, ".star"),
        "csv" => (CoordinateFormat::Csv, ".csv"),
        "copick" => (CoordinateFormat::Copick, ""),
        other => {
            let why = format!("expected format relion5, copick or csv, got {other:?}");
            return Err(refuse(StatusCode::BAD_REQUEST, why));
        }
    };
    let folder = run.join("selections");
    let failed = |error: String| refuse(StatusCode::INTERNAL_SERVER_ERROR, error);
    fs::create_dir_all(&folder)
        .map_err(|error| failed(format!("{}: {error}", folder.display())))?;
    let path = folder.join(format!("{}{ending}", wanted.name));
    if path.exists() && !wanted.overwrite {
        let why = format!("{} exists already.", path.display());
        return Err(refuse(StatusCode::CONFLICT, why));
    }
    let classes: BTreeMap<u32, u32> = wanted.classes.iter().copied().collect();
    let names: BTreeMap<u32, String> = wanted.names.iter().cloned().collect();
    let class = |label: u32| classes.get(&label).copied().unwrap_or(label);
    let picks = explored.picks(&wanted.indices, class, &names);
    let options = explored.picks_options();
    let write = |path: &Path| {
        write_picks(path, format, &picks, &options, Overwrite::Replace)
            .map_err(|error| failed(error.to_string()))
    };
    if format == CoordinateFormat::Copick {
        replace_folder(&path, write)?;
    } else {
        write(&path)?;
    }
    Ok(said(&picks, &path))
}

fn said(picks: &Picks, path: &Path) -> String {
    let tomograms = picks.sets.len();
    let plural = if tomograms == 1 { "" } else { "s" };
    format!(
        "{} particles of {tomograms} tomogram{plural} written to {}",
        picks.len(),
        path.display()
    )
}

/// A new folder under its name once it is complete, so that nothing of an older one stays in it.
fn replace_folder(
    path: &Path,
    write: impl Fn(&Path) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    let failed = |error: std::io::Error| {
        let why = format!("{}: {error}", path.display());
        refuse(StatusCode::INTERNAL_SERVER_ERROR, why)
    };
    let beside = |ending: &str| -> PathBuf {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        path.with_file_name(format!(".{name}.{}.{ending}", std::process::id()))
    };
    let (new, old) = (beside("new"), beside("old"));
    let written = write(&new).and_then(|()| {
        if path.exists() {
            fs::rename(path, &old).map_err(failed)?;
        }
        fs::rename(&new, path).map_err(failed)
    });
    for left in [&new, &old] {
        if left.is_dir() {
            fs::remove_dir_all(left).map_err(failed)?;
        }
    }
    written
}

fn check(explored: &Explored, fingerprint: &str, wanted: &Wanted) -> Result<(), Refusal> {
    let bad = |why: String| Err(refuse(StatusCode::BAD_REQUEST, why));
    if wanted.candidates != fingerprint {
        return Err(refuse(
            StatusCode::PRECONDITION_FAILED,
            "the page shows other candidates than are served now; reload it",
        ));
    }
    if !is_plain(&wanted.name) {
        return bad(format!(
            "expected a name of letters, digits, - _ and . (not first), up to 100, got {:?}",
            wanted.name
        ));
    }
    if wanted.indices.is_empty() {
        return bad("nothing is selected".to_owned());
    }
    if let Some(row) = wanted.indices.iter().find(|row| **row >= explored.len()) {
        return bad(format!(
            "expected candidates 0 to {}, got {row}",
            explored.len() - 1
        ));
    }
    if wanted.indices.iter().collect::<BTreeSet<_>>().len() != wanted.indices.len() {
        return bad("a candidate is selected twice".to_owned());
    }
    Ok(())
}

/// A name that can only be that of a file in the folder.
fn is_plain(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    (1..=100).contains(&name.len()) && !name.starts_with('.') && name.chars().all(plain)
}
