//! Snakemake for the test of its recipe: found, or PyPI's; `.tools/snakemake` starts whichever it is.

use std::process::Command;

use crate::{
    cache,
    cmake::make_executable,
    process::{Failure, find_program, python, root, run},
};

const VERSION: &str = "9.27.1";

pub(crate) fn provide() -> Result<(), Failure> {
    let script = if let Some(found) = find_program("snakemake") {
        println!("snakemake: {}", found.display());
        format!("#!/bin/sh\nexec '{}' \"$@\"\n", found.display())
    } else {
        let folder = cache::folder(&format!("snakemake-{VERSION}"))?;
        if !folder.is_dir() {
            println!("snakemake: fetching {VERSION} into {} …", folder.display());
            cache::fill(&folder, |scratch| {
                let mut pip = Command::new(python()?);
                pip.args(["-m", "pip", "install", "--quiet"])
                    .arg("--disable-pip-version-check")
                    .arg(format!("snakemake=={VERSION}"))
                    .arg("--target")
                    .arg(scratch);
                run(
                    &mut pip,
                    "Snakemake could not be fetched: check the network and that Python is 3.11 or newer, or set \
                     CRYO_SNAKEMAKE",
                )
            })?;
        }
        println!("snakemake: {VERSION} of PyPI");
        let python = python()?;
        format!(
            "#!/bin/sh\nPYTHONPATH='{}' exec '{}' -m snakemake \"$@\"\n",
            folder.display(),
            python.display()
        )
    };
    let starter = root().join(".tools/snakemake");
    cache::create(&root().join(".tools"))?;
    cache::write(&starter, &script)?;
    make_executable(&starter)
}
