//! Particles that come back to be looked at: embedded and mapped like the candidates of the run.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use cryo_io::{Overwrite, write_atomic};

use crate::{
    exit::Failure,
    explore::{cluster, embed, folder},
    options::Common,
};

/// Makes `RUN/picks/NAME` of the particles if it is not there, and says where that is; it is the folder of a run. Nothing comes back
/// of a dry run that would make it.
///
/// # Errors
/// Those of `cryo explore embed` and `cluster`; other particles under the same name need `--overwrite`.
pub(super) fn prepared(
    run: &Path,
    picks: &Path,
    common: &Common,
) -> Result<Option<PathBuf>, Failure> {
    let mark = folder::fingerprint(picks)?;
    let target = run
        .join("picks")
        .join(picks.file_stem().unwrap_or_default());
    let kept = target.join("picks.source");
    let known = fs::read_to_string(&kept).ok();
    if known.as_deref() == Some(&mark) && !common.overwrite {
        common.say(&format!("shown as before: {}", target.display()));
        return Ok(Some(target));
    }
    if known.is_some() && !common.overwrite {
        return Err(Failure::usage(format!(
            "{}: holds other particles of that name; ask to --overwrite, or rename {}",
            target.display(),
            picks.display()
        )));
    }
    let mut replacing = common.clone();
    replacing.overwrite = true;
    let arguments = embed::Arguments {
        run: run.to_owned(),
        data: vec![run.join("dataset.tsv").display().to_string()],
        candidates: Some(picks.to_owned()),
        out: Some(target.clone()),
    };
    embed::run(&arguments, &replacing)?;
    if common.dry_run {
        return Ok(None);
    }
    cluster::cluster(&target, &cluster::Flags::default(), &replacing)?;
    // The last: it says that the folder is whole.
    write_atomic(&kept, Overwrite::Replace, |file| {
        Ok(file.write_all(mark.as_bytes())?)
    })?;
    Ok(Some(target))
}
