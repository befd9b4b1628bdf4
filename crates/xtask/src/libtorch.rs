//! libtorch 2.11.0, the partner of tch 0.24: the user's own, or the CPU half of PyPI's wheel.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    cache,
    process::{Failure, python, root, run},
};

const VERSION: &str = "2.11.0";
const LINK: &str = ".libtorch";

pub(crate) fn provide() -> Result<(), Failure> {
    if env::var_os("LIBTORCH_USE_PYTORCH").is_some() {
        println!("libtorch: that of the active Python (LIBTORCH_USE_PYTORCH)");
        return Ok(());
    }
    // cargo hands us .cargo/config.toml's value; only another one is the user's.
    let link = root().join(LINK);
    if let Some(own) = env::var_os("LIBTORCH")
        .map(PathBuf::from)
        .filter(|path| *path != link)
    {
        return check(&own).map(|()| println!("libtorch: {} (LIBTORCH)", own.display()));
    }
    if link.is_dir() && !link.is_symlink() {
        return check(&link).map(|()| println!("libtorch: {LINK} in the repository"));
    }
    let folder = cache::folder(&format!("libtorch-{VERSION}"))?;
    if check(&folder).is_err() {
        if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
            return Err(Failure::new(format!(
                "libtorch is fetched for x86-64 Linux only; set LIBTORCH to a libtorch {VERSION}"
            )));
        }
        println!(
            "libtorch: fetching {VERSION} into {} (544 MB, once) …",
            folder.display()
        );
        cache::fill(&folder, fetch)?;
        check(&folder)?;
    }
    cache::link(LINK, &folder)?;
    println!("libtorch: {VERSION} in {}", folder.display());
    Ok(())
}

fn check(folder: &Path) -> Result<(), Failure> {
    let there = |part: &str| folder.join(part).exists();
    let library = if cfg!(target_os = "macos") {
        "lib/libtorch_cpu.dylib"
    } else {
        "lib/libtorch_cpu.so"
    };
    for part in ["include/torch/csrc", library] {
        if !there(part) && !there("lib/torch_cpu.dll") {
            return Err(Failure::new(format!(
                "{} holds no libtorch: {part} is not there; set LIBTORCH to a libtorch {VERSION}, or unset it",
                folder.display()
            )));
        }
    }
    let version = std::fs::read_to_string(folder.join("build-version")).unwrap_or_default();
    let version = version.trim();
    if !version.is_empty() && version.split('+').next() != Some(VERSION) {
        return Err(Failure::new(format!(
            "{} is libtorch {version}; tch 0.24 builds with {VERSION} only",
            folder.display()
        )));
    }
    Ok(())
}

fn fetch(scratch: &Path) -> Result<(), Failure> {
    const PLATFORMS: [&str; 3] = [
        "manylinux_2_28_x86_64",
        "manylinux_2_25_x86_64",
        "manylinux2014_x86_64",
    ];
    let wheels = scratch.join("wheels");
    cache::create(&wheels)?;
    let hint = "libtorch could not be fetched: check the network and the disk (2 GB), or set LIBTORCH \
                to a libtorch 2.11.0 of your own";
    let mut pip = Command::new(python()?);
    pip.args([
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-cache-dir",
        "--no-deps",
    ])
    .args([
        "--only-binary=:all:",
        "--implementation=cp",
        "--python-version=3.12",
    ])
    .args(["--abi=cp312", "--abi=none", "--require-hashes"])
    .args(PLATFORMS.map(|platform| format!("--platform={platform}")))
    .arg("-r")
    .arg(root().join("crates/xtask/libtorch.txt"))
    .arg("-d")
    .arg(&wheels);
    run(&mut pip, hint)?;
    let script = root().join("crates/xtask/src/extract.py");
    run(
        Command::new(python()?)
            .arg(script)
            .arg(&wheels)
            .arg(scratch),
        hint,
    )?;
    // torch-sys links to -ltorch; the wheel's own libtorch.so is empty and needs the CUDA half.
    let alias = scratch.join("lib/libtorch.so");
    cache::symlink(Path::new("libtorch_cpu.so"), &alias)
        .map_err(|error| Failure::io("create the link", &alias, &error))?;
    std::fs::remove_dir_all(&wheels).map_err(|error| Failure::io("remove", &wheels, &error))?;
    cache::write(&scratch.join("build-version"), &format!("{VERSION}+cpu\n"))
}
