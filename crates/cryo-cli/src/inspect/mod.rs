//! `cryo inspect`: what files hold, and what is wrong with them.

mod coordinates;
mod picture;
mod report;
mod tilts;
mod volumes;

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use clap::Args;
use cryo_io::{Error, Finding, Format, Severity};

use crate::{
    exit::{self, Failure, Outcome},
    options::Common,
};
use report::Report;

/// Header facts, statistics and findings of any file that cryo reads.
#[derive(Debug, Args)]
#[command(after_help = "\
Ends with code 3 if a file cannot be read, or under --strict if anything is against its format.")]
pub(crate) struct Arguments {
    /// Volumes, stacks, coordinates, tilt geometry, lists.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Print JSON, one object a file in one array.
    #[arg(long)]
    json: bool,

    /// Draw the three central slices of volumes, or the first, middle and last image of stacks, as
    /// FILE.png in this folder.
    #[arg(long, value_name = "DIR")]
    png: Option<PathBuf>,

    /// Count what is against the format as bad, even if it can be read.
    #[arg(long)]
    strict: bool,

    /// Look at headers only; statistics and findings about the data are left out.
    #[arg(long)]
    header_only: bool,
}

pub(crate) fn run(arguments: &Arguments, common: &Common) -> Result<Outcome, Failure> {
    if let Some(folder) = &arguments.png {
        check_pictures(folder, &arguments.files, common)?;
    }
    let mut reports = Vec::with_capacity(arguments.files.len());
    for path in &arguments.files {
        let mut report = Report::new(path);
        if let Err(error) = look(path, arguments, common, &mut report) {
            // A folder or an absent file has no findings; whatever else is wrong with a file is one.
            report.findings.push(Finding::from_error(&error));
        }
        reports.push(report);
    }
    let text = if arguments.json {
        let json = serde_json::to_string_pretty(&reports);
        json.map_err(|error| Failure::usage(error.to_string()))? + "\n"
    } else {
        let texts: Vec<String> = reports.iter().map(ToString::to_string).collect();
        texts.join("\n")
    };
    exit::print(&text)?;
    let bad = reports.iter().any(|report| {
        let limit = if arguments.strict {
            Severity::Warning
        } else {
            Severity::Error
        };
        // An error against the format is none for the reader where all of the file could be read.
        let tolerated = report.was_read && !arguments.strict;
        !tolerated && report.worst().is_some_and(|worst| worst >= limit)
    });
    Ok(if bad {
        Outcome::BadInput
    } else {
        Outcome::Done
    })
}

/// Refuses pictures that would replace others.
fn check_pictures(folder: &Path, files: &[PathBuf], common: &Common) -> Result<(), Failure> {
    let mut targets = BTreeSet::new();
    for path in files {
        let target = picture::target(path, folder);
        if !common.overwrite && target.exists() {
            return Err(Failure::usage(format!(
                "{}: the file exists and is not overwritten; choose another folder or ask to --overwrite",
                target.display()
            )));
        }
        if !targets.insert(target.clone()) {
            return Err(Failure::usage(format!(
                "--png: expected files of different names, got two for {}; draw them one by one",
                target.display()
            )));
        }
    }
    Ok(())
}

fn look(
    path: &Path,
    arguments: &Arguments,
    common: &Common,
    report: &mut Report,
) -> Result<(), Error> {
    let format = Format::of_file(path)?;
    report.format = Some(format.to_string());
    match format {
        Format::Mrc => volumes::mrc(path, arguments, common, report),
        Format::Hdf5 => volumes::hdf5(path, report),
        Format::Tilt(_) => tilts::inspect(path, report),
        _ => coordinates::inspect(path, format, report),
    }
}
