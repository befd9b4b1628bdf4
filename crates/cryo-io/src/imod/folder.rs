use std::path::Path;

use super::{Model, write_model};
use crate::{Error, ErrorKind, ExtraColumn, Overwrite, Picks, PicksOptions};

/// One model a tomogram.
pub(super) fn write(
    folder: &Path,
    picks: &Picks,
    options: &PicksOptions,
    overwrite: Overwrite,
) -> Result<(), Error> {
    let mut models = Vec::with_capacity(picks.sets.len());
    let mut first = 0;
    for set in &picks.sets {
        let rows = first..first + set.len();
        first = rows.end;
        let name = &set.tomogram;
        if name.is_empty() || name.starts_with('.') || name.contains(['/', '\\', '\0']) {
            let got = format!("{name:?}");
            return Err(Error::parameter("tomogram", "a name for a file", got).in_file(folder));
        }
        let extra = picks.extra.iter().map(|column| ExtraColumn {
            name: column.name.clone(),
            values: column.values.get(rows.clone()).unwrap_or_default().to_vec(),
        });
        let one = Picks {
            sets: vec![set.clone()],
            extra: extra.collect(),
        };
        let path = folder.join(format!("{name}.mod"));
        if overwrite == Overwrite::Never && path.exists() {
            let error = Error::new(ErrorKind::Exists).fix("choose another folder or overwrite");
            return Err(error.in_file(&path));
        }
        let model = Model::from_picks(&one, options).map_err(|error| error.in_file(&path))?;
        models.push((path, model));
    }
    std::fs::create_dir_all(folder)
        .map_err(|error| Error::io("create the folder", error).in_file(folder))?;
    for (path, model) in models {
        write_model(path, &model, overwrite)?;
    }
    Ok(())
}
