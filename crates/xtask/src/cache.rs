use std::{
    env, fs,
    path::{Path, PathBuf},
    process,
};

use crate::process::{Failure, root};

/// A folder outside of the repository, so that a second clone does not fetch again.
pub(crate) fn folder(name: &str) -> Result<PathBuf, Failure> {
    let absolute = |path: &PathBuf| path.is_absolute();
    let base = env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .filter(absolute)
        .or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cache")).filter(absolute))
        .ok_or_else(|| Failure::new("neither XDG_CACHE_HOME nor HOME is set; set one"))?;
    Ok(base.join("cryo").join(name))
}

/// Fills the cache folder `target` by `fill`, all or nothing.
pub(crate) fn fill(
    target: &Path,
    fill: impl FnOnce(&Path) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let scratch = target.with_extension(format!("{}.part", process::id()));
    create(&scratch)?;
    let result = fill(&scratch).and_then(|()| match fs::rename(&scratch, target) {
        Ok(()) => Ok(()),
        // Another setup at the same time was faster.
        Err(_) if target.is_dir() => Ok(()),
        Err(error) => Err(Failure::io("rename to", target, &error)),
    });
    let _ = fs::remove_dir_all(&scratch);
    result
}

pub(crate) fn create(folder: &Path) -> Result<(), Failure> {
    fs::create_dir_all(folder).map_err(|error| Failure::io("create", folder, &error))
}

pub(crate) fn write(path: &Path, text: &str) -> Result<(), Failure> {
    fs::write(path, text).map_err(|error| Failure::io("write", path, &error))
}

/// Makes `name` in the repository a link to `target`.
pub(crate) fn link(name: &str, target: &Path) -> Result<(), Failure> {
    let link = root().join(name);
    if fs::read_link(&link).is_ok_and(|known| known == target) {
        return Ok(());
    }
    if link.symlink_metadata().is_ok() {
        let result = if link.is_symlink() {
            fs::remove_file(&link)
        } else {
            return Ok(());
        };
        result.map_err(|error| Failure::io("replace", &link, &error))?;
    }
    symlink(target, &link).map_err(|error| Failure::io("create the link", &link, &error))
}

#[cfg(unix)]
pub(crate) fn symlink(target: &Path, link: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(target, link)
}

#[cfg(not(unix))]
pub(crate) fn symlink(_: &Path, _: &Path) -> std::io::Result<()> {
    Err(std::io::Error::other(
        "set LIBTORCH and CMAKE on this system",
    ))
}
