//! One table per stage; a flag beats the file, the file beats the preset.

use std::{fs, path::Path};

use cryo_io::{Overwrite, write_atomic};
use serde::{Serialize, de::DeserializeOwned};
use toml::{Table, Value};

use crate::{exit::Failure, options::Common};

/// The tables that a settings file may have.
const TABLES: [&str; 7] = [
    "cryo",
    "simulate",
    "tubes",
    "preprocess",
    "candidates",
    "explore",
    "cluster",
];

/// Takes from the settings file what holds for every stage, where no flag says it.
pub(crate) fn complete(common: &mut Common) -> Result<(), Failure> {
    let Some(path) = common.config.clone() else {
        return Ok(());
    };
    common.seed = common.seed.or(seed(&path)?);
    Ok(())
}

/// The settings of `stage`: `flags` over the table of the file over `defaults`.
pub(crate) fn effective<T: Serialize + DeserializeOwned>(
    stage: &str,
    defaults: &T,
    common: &Common,
    flags: &impl Serialize,
) -> Result<T, Failure> {
    let mut table = to_table(defaults)?;
    if let Some(path) = &common.config {
        let from_file = read_table(path, stage)?;
        let known = to_table(defaults)?;
        if let Some(key) = from_file.keys().find(|key| !known.contains_key(*key)) {
            let keys: Vec<_> = known.keys().map(String::as_str).collect();
            return Err(Failure::Input(format!(
                "{}: table [{stage}]: expected one of {}, got {key:?}",
                path.display(),
                keys.join(", ")
            )));
        }
        table.extend(from_file);
    }
    table.extend(to_table(flags)?);
    let place = common
        .config
        .as_deref()
        .map_or_else(String::new, |path| format!("{}: ", path.display()));
    T::deserialize(Value::Table(table))
        .map_err(|error| Failure::Input(format!("{place}table [{stage}]: {error}")))
}

/// Writes the settings that a result was made with beside it.
pub(crate) fn write(
    path: &Path,
    stage: &str,
    settings: &impl Serialize,
    common: &Common,
    overwrite: Overwrite,
) -> Result<(), Failure> {
    write_tables(path, [(stage, to_table(settings)?)], common, overwrite)
}

/// The same of several stages.
pub(crate) fn write_tables<'a>(
    path: &Path,
    stages: impl IntoIterator<Item = (&'a str, Table)>,
    common: &Common,
    overwrite: Overwrite,
) -> Result<(), Failure> {
    let mut program = Table::new();
    program.insert("version".to_owned(), env!("CARGO_PKG_VERSION").into());
    program.insert("libtorch".to_owned(), cryo_train::LIBTORCH_VERSION.into());
    // TOML's integers are signed.
    program.insert("seed".to_owned(), common.seed().to_string().into());
    let mut all = Table::new();
    all.insert("cryo".to_owned(), Value::Table(program));
    for (stage, table) in stages {
        all.insert(stage.to_owned(), Value::Table(table));
    }
    write_text(path, &all, overwrite)
}

/// Replaces the table of one stage in a file of settings, and keeps the others.
pub(crate) fn update(path: &Path, stage: &str, settings: &impl Serialize) -> Result<(), Failure> {
    let mut all = read(path)?;
    all.insert(stage.to_owned(), Value::Table(to_table(settings)?));
    write_text(path, &all, Overwrite::Replace)
}

fn write_text(path: &Path, all: &Table, overwrite: Overwrite) -> Result<(), Failure> {
    let text = toml::to_string(all).map_err(|error| Failure::usage(error.to_string()))?;
    write_atomic(path, overwrite, |out| {
        std::io::Write::write_all(out, text.as_bytes()).map_err(cryo_io::Error::from)
    })?;
    Ok(())
}

/// The seed in a file of settings.
pub(crate) fn seed(path: &Path) -> Result<Option<u64>, Failure> {
    let seed = match read_table(path, "cryo")?.remove("seed") {
        None => return Ok(None),
        Some(Value::Integer(seed)) => u64::try_from(seed).ok(),
        Some(Value::String(seed)) => seed.parse().ok(),
        Some(_) => None,
    };
    if seed.is_none() {
        let path = path.display();
        return Err(Failure::Input(format!(
            "{path}: table [cryo]: seed: expected a whole number from 0"
        )));
    }
    Ok(seed)
}

/// Whether a file of settings has a table of that stage.
pub(crate) fn has(path: &Path, stage: &str) -> Result<bool, Failure> {
    Ok(read(path)?.contains_key(stage))
}

/// Refuses to go on with what was made with other settings.
pub(crate) fn check_same(
    path: &Path,
    stage: &str,
    settings: &impl Serialize,
    common: &Common,
) -> Result<(), Failure> {
    let (then, now) = (read_table(path, stage)?, to_table(settings)?);
    // As text, because a number that is none differs from itself.
    let text = |value: Option<&Value>| value.map(Value::to_string);
    let differs = |key: &&String| text(then.get(*key)) != text(now.get(*key));
    let seed = Value::from(common.seed().to_string());
    let other = if read_table(path, "cryo")?.get("seed") == Some(&seed) {
        now.keys().find(differs).cloned()
    } else {
        Some("seed".to_owned())
    };
    let Some(key) = other else { return Ok(()) };
    Err(Failure::usage(format!(
        "{0}: the results there were made with another {key}; take the settings from it with --config {0}, \
         or choose another folder",
        path.display()
    )))
}

pub(crate) fn to_table(value: &impl Serialize) -> Result<Table, Failure> {
    Table::try_from(value).map_err(|error| Failure::usage(format!("settings: {error}")))
}

fn read_table(path: &Path, stage: &str) -> Result<Table, Failure> {
    match read(path)?.remove(stage) {
        Some(Value::Table(table)) => Ok(table),
        _ => Ok(Table::new()),
    }
}

fn read(path: &Path) -> Result<Table, Failure> {
    let text = fs::read_to_string(path)
        .map_err(|error| Failure::Input(format!("{}: could not read: {error}", path.display())))?;
    let all: Table = toml::from_str(&text)
        .map_err(|error| Failure::Input(format!("{}: {error}", path.display())))?;
    if let Some((key, value)) = all
        .iter()
        .find(|(key, value)| !TABLES.contains(&key.as_str()) || !value.is_table())
    {
        return Err(Failure::Input(format!(
            "{}: expected tables [{}], got {} {key:?}; put settings under the table of their stage",
            path.display(),
            TABLES.join("], ["),
            value.type_str()
        )));
    }
    Ok(all)
}
