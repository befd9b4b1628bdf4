//! The crate in examples/consumer: outside of the workspace, without libtorch, and it runs.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

fn root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.ancestors().nth(2).unwrap().to_owned()
}

/// Name and version of every package in a lock file.
fn locked(path: &Path) -> Vec<(String, String)> {
    let text = fs::read_to_string(path).unwrap();
    let value = |package: &str, key: &str| {
        let line = package
            .lines()
            .find_map(|line| line.strip_prefix(&format!("{key} = \"")));
        line.unwrap().trim_end_matches('"').to_owned()
    };
    let packages = text.split("[[package]]").skip(1);
    packages
        .map(|package| (value(package, "name"), value(package, "version")))
        .collect()
}

#[test]
fn the_consumer_has_no_learning_and_the_versions_of_the_workspace() {
    let ours = locked(&root().join("Cargo.lock"));
    let consumer = locked(&root().join("examples/consumer/Cargo.lock"));
    assert!(consumer.len() > 10);
    for (name, version) in &consumer {
        assert!(
            !["tch", "torch-sys", "hdf5-metno", "cryo-io", "cryo-train"].contains(&name.as_str()),
            "{name}"
        );
        let same = ours.contains(&(name.clone(), version.clone())) || name == "cryo-consumer";
        assert!(
            same,
            "{name} {version} is not what Cargo.lock of the workspace has: copy that to examples/consumer and \
             run cargo metadata --manifest-path examples/consumer/Cargo.toml"
        );
    }
}

#[test]
fn the_consumer_builds_and_runs_offline() {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["run", "--quiet", "--locked", "--offline", "--manifest-path"])
        .arg(root().join("examples/consumer/Cargo.toml"))
        // Kept between runs, and apart from that of the cargo that runs this test, which holds a lock.
        .arg("--target-dir")
        .arg(root().join("target/consumer"))
        .current_dir(root())
        .output()
        .unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stdout}{stderr}");
    assert!(stdout.contains("a filament of "), "{stdout}");
}
