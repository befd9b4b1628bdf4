//! CMake for the static HDF5: the machine's, or PyPI's; `.tools/cmake` starts whichever it is.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    cache,
    process::{Failure, find_program, python, root, run},
};

const VERSION: &str = "4.4.4";

pub(crate) fn provide() -> Result<(), Failure> {
    let starter = root().join(".tools/cmake");
    if let Some(own) = env::var_os("CMAKE")
        .map(PathBuf::from)
        .filter(|path| *path != starter)
    {
        println!("cmake: {} (CMAKE)", own.display());
        return Ok(());
    }
    let on_path = find_program("cmake").filter(|_| find_program("make").is_some());
    let script = match &on_path {
        Some(cmake) => format!("#!/bin/sh\nexec '{}' \"$@\"\n", cmake.display()),
        None => fetched()?,
    };
    cache::create(&root().join(".tools"))?;
    if fs::read_to_string(&starter).ok().as_deref() != Some(script.as_str()) {
        cache::write(&starter, &script)?;
        make_executable(&starter)?;
    }
    match on_path {
        Some(cmake) => println!("cmake: {}", cmake.display()),
        None => println!("cmake: {VERSION} of PyPI"),
    }
    Ok(())
}

fn fetched() -> Result<String, Failure> {
    let folder = cache::folder(&format!("cmake-{VERSION}"))?;
    let binary = folder.join("cmake/data/bin/cmake");
    if !binary.is_file() {
        if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
            return Err(Failure::new("cmake and make are not there; install them"));
        }
        println!("cmake: fetching {VERSION} into {} …", folder.display());
        cache::fill(&folder, fetch)?;
    }
    let ninja = find_file(&folder, "ninja")
        .and_then(|path| Some(path.parent()?.to_owned()))
        .ok_or_else(|| Failure::new(format!("{} holds no ninja; remove it", folder.display())))?;
    Ok(format!(
        "#!/bin/sh\nPATH='{}':\"$PATH\" CMAKE_GENERATOR=Ninja exec '{}' \"$@\"\n",
        ninja.display(),
        binary.display()
    ))
}

fn fetch(scratch: &Path) -> Result<(), Failure> {
    let mut pip = Command::new(python()?);
    pip.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--only-binary=:all:",
    ])
    .args(["--require-hashes", "--disable-pip-version-check", "-r"])
    .arg(root().join("crates/xtask/cmake.txt"))
    .arg("--target")
    .arg(scratch);
    run(
        &mut pip,
        "CMake could not be fetched: check the network, or install cmake and make",
    )
}

fn find_file(folder: &Path, name: &str) -> Option<PathBuf> {
    let candidates = ["bin", "ninja/data/bin"].map(|part| folder.join(part).join(name));
    candidates.into_iter().find(|path| path.is_file())
}

#[cfg(unix)]
pub(crate) fn make_executable(path: &Path) -> Result<(), Failure> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
        .map_err(|error| Failure::io("make executable", path, &error))
}

#[cfg(not(unix))]
pub(crate) fn make_executable(_: &Path) -> Result<(), Failure> {
    Ok(())
}
