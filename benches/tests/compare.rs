//! The command behind `cargo xtask compare`: its table, its files, its refusals.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

const TRUTH: &str = "tomogram,x,y,z,class\nts,10,20,30,ribosome\nts,40,20,30,ribosome\nts,70,20,30,ribosome\nts,70,80,30,other\n";

fn compare(folder: &Path, words: &[&str]) -> Output {
    fs::write(folder.join("truth.csv"), TRUTH).expect("written");
    let common = [
        "--truth",
        "truth.csv",
        "--radius",
        "50",
        "--class",
        "ribosome",
        "--voxel-size",
        "10",
    ];
    let mut command = Command::new(env!("CARGO_BIN_EXE_compare"));
    command
        .args(common)
        .args(["-o", "out"])
        .args(words)
        .current_dir(folder);
    command.output().expect("it starts")
}

fn refused(folder: &Path, words: &[&str]) -> String {
    let output = compare(folder, words);
    assert!(!output.status.success());
    assert!(!folder.join("out").exists());
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn tools_of_several_formats_stand_beside_each_other() {
    let folder = tempfile::tempdir().expect("folder");
    let write =
        |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("written");
    // Two of three found, the worst pick is wrong.
    write(
        "a.tsv",
        "x\ty\tz\tscore\n10\t20\t31\t0.9\n40\t20\t30\t0.8\n90\t90\t9\t0.1\n",
    );
    // The same in voxels of twice the size and of another class, which has another name there.
    write(
        "b.xml",
        r#"<objlist><object x="5" y="10" z="15" class_label="7" cluster_size="9"/><object x="35" y="40" z="15" class_label="3"/></objlist>"#,
    );
    // x z y without scores.
    write("c.txt", "10\t30\t20\n40\t30\t20\n70\t30\t20\n");
    let output = compare(
        folder.path(),
        &[
            "a=a.tsv",
            "--threshold",
            "a=0.5",
            "b/7=b.xml@20",
            "c=milopyp-picks:c.txt",
        ],
    );
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    let table = String::from_utf8_lossy(&output.stdout).into_owned();
    for row in [
        "3 particles of ribosome, one to one within 50 Å.",
        "| a | 2 (from 0.5) | 1.000 | 0.667 | 0.800 | 5.0 | 0.800 | 0.8000 | 1.000 | 0.667 | 5.0 | 0.667 |",
        "| b | 1 (all) | 1.000 | 0.333 | 0.500 | 0.0 | 0.500 | 9.0000 | 1.000 | 0.333 | 0.0 | 0.333 |",
        "| c | 3 (all) | 1.000 | 1.000 | 1.000 | 0.0 | 1.000 | – | 1.000 | 1.000 | 0.0 | 1.000 |",
    ] {
        assert!(table.contains(row), "no {row} in {table}");
    }
    let out = folder.path().join("out");
    assert_eq!(
        fs::read_to_string(out.join("table.md")).expect("table"),
        table
    );
    let curves = fs::read_to_string(out.join("curves.csv")).expect("curves");
    assert_eq!(curves.lines().count(), 1 + 3 + 1 + 1);
    assert!(curves.contains("\"a\",0.8,2,2,1,0.66"), "{curves}");
    let svg = fs::read_to_string(out.join("curves.svg")).expect("svg");
    assert!(svg.contains(">a<") && svg.contains("recall"));
    assert!(
        fs::read(out.join("curves.png"))
            .expect("png")
            .starts_with(b"\x89PNG")
    );
}

#[test]
fn what_would_mislead_is_refused() {
    let folder = tempfile::tempdir().expect("folder");
    let place = folder.path();
    fs::write(place.join("d.csv"), "x,y,z,class\n1,2,3,particle\n").expect("written");
    let error = refused(place, &["d=d.csv"]);
    assert!(
        error.contains("d/CLASS=FILE") && error.contains("particle"),
        "{error}"
    );
    assert!(refused(place, &["d/particle=d.csv", "d/particle=d.csv"]).contains("another name"));
    assert!(
        refused(place, &["d/particle=d.csv", "--threshold", "e=1"])
            .contains("no picks of that name")
    );
    assert!(refused(place, &["d/particle=d.csv", "--random", "5"]).contains("--tomogram"));
    assert!(refused(place, &[]).contains("NAME=FILE"));
    assert!(refused(place, &["d=absent.star"]).contains("absent.star"));
}
