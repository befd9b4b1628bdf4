//! The rules of the crate graph (docs/architecture.md), over `cargo metadata`.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use cargo_metadata::{CargoOpt, DependencyKind, Metadata, MetadataCommand, PackageId};

const LEARNING: [&str; 5] = [
    "cryo-train",
    "cryo-contrastive",
    "cryo-pu-localize",
    "cryo-cli",
    "cryo-bench",
];

/// Which of our crates each crate may use; dev-dependencies are free.
const ALLOWED: [(&str, &[&str]); 14] = [
    ("cryo-core", &[]),
    ("cryo-io", &["cryo-core"]),
    ("cryo-filters", &[]),
    ("cryo-candidates", &["cryo-core", "cryo-filters"]),
    ("cryo-train", &[]),
    ("cryo-contrastive", &["cryo-core", "cryo-train"]),
    ("cryo-embed-viz", &["cryo-core"]),
    (
        "cryo-pu-localize",
        &["cryo-core", "cryo-filters", "cryo-candidates", "cryo-train"],
    ),
    ("cryo-tubes", &["cryo-core"]),
    ("cryo-eval", &["cryo-core"]),
    ("cryo-fixtures", &["cryo-core"]),
    ("xtask", &[]),
    ("cryo-cli", &["*"]),
    ("cryo-bench", &["*"]),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .unwrap()
        .to_owned()
}

fn metadata() -> Metadata {
    let manifest = root().join("Cargo.toml");
    let mut command = MetadataCommand::new();
    command
        .manifest_path(manifest)
        .features(CargoOpt::AllFeatures);
    command
        .other_options(vec!["--locked".to_owned()])
        .exec()
        .unwrap()
}

/// Names of all crates that each workspace crate reaches in a normal build.
fn reached(metadata: &Metadata) -> BTreeMap<String, BTreeSet<String>> {
    let resolve = metadata.resolve.as_ref().unwrap();
    let nodes: BTreeMap<_, _> = resolve.nodes.iter().map(|node| (&node.id, node)).collect();
    let mut result = BTreeMap::new();
    for package in metadata.workspace_packages() {
        let mut seen: BTreeSet<&PackageId> = BTreeSet::new();
        let mut open = vec![&package.id];
        while let Some(id) = open.pop() {
            for dependency in &nodes[id].deps {
                let built = dependency.dep_kinds.iter().any(|info| {
                    info.kind == DependencyKind::Normal || info.kind == DependencyKind::Build
                });
                if built && seen.insert(&dependency.pkg) {
                    open.push(&dependency.pkg);
                }
            }
        }
        let names = seen
            .into_iter()
            .map(|id| metadata[id].name.to_string())
            .collect();
        result.insert(package.name.to_string(), names);
    }
    result
}

fn lines_of_code(folder: &Path) -> usize {
    let files = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let texts = files.map(|path| fs::read_to_string(path).unwrap());
    let is_code = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with("//");
    texts.map(|text| text.lines().filter(is_code).count()).sum()
}

#[test]
fn no_pure_crate_reaches_libtorch() {
    for (name, crates) in reached(&metadata()) {
        if !LEARNING.contains(&name.as_str()) {
            assert!(!crates.contains("torch-sys"), "{name} reaches torch-sys");
        }
    }
}

#[test]
fn no_library_depends_on_cryo_io() {
    for (name, crates) in reached(&metadata()) {
        if !["cryo-cli", "cryo-bench", "cryo-io"].contains(&name.as_str()) {
            assert!(!crates.contains("cryo-io"), "{name} reaches cryo-io");
        }
    }
}

#[test]
fn the_two_learning_crates_never_see_each_other() {
    let reached = reached(&metadata());
    assert!(!reached["cryo-contrastive"].contains("cryo-pu-localize"));
    assert!(!reached["cryo-pu-localize"].contains("cryo-contrastive"));
}

#[test]
fn every_crate_uses_only_what_the_table_allows() {
    let metadata = metadata();
    let ours: BTreeSet<String> = metadata
        .workspace_packages()
        .iter()
        .map(|package| package.name.to_string())
        .collect();
    let known: BTreeSet<String> = ALLOWED.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(
        ours, known,
        "a crate without a row in the table, or a row without a crate"
    );
    let allowed: BTreeMap<_, _> = ALLOWED.into_iter().collect();
    for package in metadata.workspace_packages() {
        let list = allowed[package.name.as_str()];
        for dependency in &package.dependencies {
            let counts =
                dependency.kind != DependencyKind::Development && ours.contains(&dependency.name);
            let free = list.contains(&"*") || list.contains(&dependency.name.as_str());
            assert!(
                !counts || free,
                "{} may not use {}",
                package.name,
                dependency.name
            );
        }
    }
}

#[test]
fn cryo_core_stays_small_and_there_is_no_drawer_for_everything() {
    let lines = lines_of_code(&root().join("crates/cryo-core/src"));
    assert!(lines <= 900, "cryo-core has {lines} lines of code");
    for package in metadata().workspace_packages() {
        let source = package.manifest_path.parent().unwrap().join("src");
        for drawer in ["utils", "util", "common", "prelude", "misc", "helpers"] {
            let file = source.join(format!("{drawer}.rs"));
            assert!(!package.name.contains(drawer), "{}", package.name);
            assert!(
                !file.exists() && !source.join(drawer).exists(),
                "{source}/{drawer}"
            );
        }
    }
}

#[test]
fn arrays_cross_into_libtorch_as_slices() {
    // tch brings an ndarray of its own, so its conversions cannot take ours; nobody else may use it.
    let metadata = metadata();
    for node in &metadata.resolve.as_ref().unwrap().nodes {
        let old = node
            .deps
            .iter()
            .map(|dependency| &metadata[&dependency.pkg])
            .any(|package| {
                package.name.as_str() == "ndarray"
                    && package.version.to_string().starts_with("0.16")
            });
        let name = metadata[&node.id].name.as_str();
        // cryo-embed-viz only with its feature `linfa`, in the one module that crosses to linfa's arrays.
        let allowed = ["tch", "linfa", "sprs", "cryo-embed-viz"];
        assert!(!old || allowed.contains(&name), "{name} uses ndarray 0.16");
    }
}

#[test]
fn the_command_holds_no_science() {
    let mut open = vec![root().join("crates/cryo-cli/src")];
    while let Some(folder) = open.pop() {
        for path in fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
        {
            if path.is_dir() {
                open.push(path);
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            let tested = text.contains("#[test]") || text.contains("#[cfg(test)]");
            assert!(
                !tested,
                "{} is worth a unit test: move it into a library",
                path.display()
            );
        }
    }
}

#[test]
fn every_crate_has_a_readme_a_description_and_the_lints() {
    for package in metadata().workspace_packages() {
        assert!(
            package.description.is_some(),
            "{} has no description",
            package.name
        );
        let folder = package.manifest_path.parent().unwrap();
        assert!(
            folder.join("README.md").exists(),
            "{} has no README.md",
            package.name
        );
        let manifest = fs::read_to_string(&package.manifest_path).unwrap();
        assert!(
            manifest.contains("[lints]\nworkspace = true"),
            "{} has no lints",
            package.name
        );
    }
}
