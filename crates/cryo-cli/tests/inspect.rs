//! `cryo inspect`: one golden file of every format, findings, pictures, real files.

mod common;

use std::{fs, path::PathBuf};

use common::{folder, run, shared, succeed};
use cryo_fixtures::golden;
use serde_json::{Value, json};

fn reports(files: &[PathBuf], more: &[&str], code: i32) -> Vec<Value> {
    let place = folder();
    let names: Vec<String> = files
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    let mut words = vec!["inspect", "--json"];
    words.extend(names.iter().map(String::as_str));
    words.extend(more);
    let output = run(place.path(), &words);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{names:?} {stderr}");
    assert_eq!(stderr, "");
    let reports: Vec<Value> = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(reports.len(), files.len());
    reports
}

#[test]
fn one_file_of_every_format_is_told_as_it_is() {
    for (name, format, facts) in [
        (
            "mrc/mode1_be.mrc",
            "MRC",
            json!({"kind": "volume", "size_xyz": [5, 4, 3], "mode": 1, "space_group": 1}),
        ),
        (
            "mrc/mode2_le.mrc.gz",
            "MRC",
            json!({"size_xyz": [5, 4, 3], "mode": 2}),
        ),
        (
            "mrc/mode2_le.mrc.bz2",
            "MRC",
            json!({"size_xyz": [5, 4, 3], "mode": 2}),
        ),
        (
            "mrc/image_stack.mrcs",
            "MRC",
            json!({"kind": "image stack", "size_xyz": [5, 4, 3]}),
        ),
        (
            "mrc/volume_stack.mrc",
            "MRC",
            json!({"kind": "stack of 2 volumes", "size_xyz": [5, 4, 3]}),
        ),
        (
            "mrc/permuted.map",
            "MRC",
            json!({"axis_map": [3, 1, 2], "size_xyz": [4, 3, 5]}),
        ),
        (
            "mrc/serialem.mrc",
            "MRC",
            json!({"extended_header_bytes": 18}),
        ),
        (
            "hdf5/le_f4.h5",
            "HDF5",
            json!({"datasets": ["/data [2, 3, 5]"]}),
        ),
        (
            "star/relion3_poses.star",
            "STAR",
            json!({"particles": 5, "with_orientation": 5}),
        ),
        (
            "star/relion4_poses.star",
            "STAR",
            json!({"particles": 5, "tomograms": {"ts_even": 2, "ts_odd": 3}}),
        ),
        (
            "star/relion5_poses.star",
            "STAR",
            json!({"particles": 5, "classes": {"1": 2, "2": 2, "3": 1}}),
        ),
        ("star/warp_poses.star", "STAR", json!({"particles": 5})),
        (
            "star/ts_odd.tomostar",
            "STAR",
            json!({"blocks": ["data_: 5 rows × 8 columns"]}),
        ),
        (
            "star/tilt_series.star",
            "STAR",
            json!({"blocks": ["data_ts_odd: 5 rows × 15 columns"]}),
        ),
        (
            "star/copick_filaments.star",
            "STAR",
            json!({"filaments": 4}),
        ),
        (
            "imod/written_three_kinds.mod",
            "IMOD model",
            json!({"particles": 20, "image_size_xyz": [61, 83, 29]}),
        ),
        (
            "copick/ana_3_ribosome-80s.json",
            "copick picks",
            json!({"particles": 6, "classes": {"ribosome-80s": 6}}),
        ),
        (
            "dynamo/golden.tbl",
            "Dynamo table",
            json!({"particles": 9, "tomograms": {"ts_03": 6, "ts_11": 3}}),
        ),
        (
            "em/motl.em",
            "EM",
            json!({"particles": 8, "tomograms": {"17": 3, "4": 5}}),
        ),
        (
            "em/volume_i16.em",
            "EM volume",
            json!({"size_xyz": [5, 4, 3], "number": "16-bit integers"}),
        ),
        (
            "tables/milopyp_coords.txt",
            "table",
            json!({"particles": 3, "tomograms": {"007": 2, "012": 1}}),
        ),
        (
            "tables/notebook.csv",
            "table",
            json!({"particles": 3, "other_columns": ["operator"]}),
        ),
    ] {
        let report = &reports(&[golden(name)], &[], 0)[0];
        assert_eq!(report["format"], format, "{name}");
        let keys: Vec<&String> = report.as_object().expect("an object").keys().collect();
        assert_eq!(keys.len(), 4, "{name}: {keys:?}");
        assert!(
            report["path"]
                .as_str()
                .is_some_and(|path| path.ends_with(name))
        );
        assert!(report["findings"].is_array());
        for (key, value) in facts.as_object().expect("an object") {
            assert_eq!(&report["facts"][key], value, "{name}: {key}");
        }
    }
}

#[test]
fn tilt_geometry_of_every_format_is_told() {
    for (name, images, first) in [
        ("tilt/series.mdoc", 5, Some(-6.0)),
        ("tilt/aretomo3.aln", 6, Some(-9.0)),
        ("tilt/aretomo3.xf", 4, None),
        ("tilt/warp_utf8.xml", 3, Some(-3.0)),
        ("tilt/warp_utf16.xml", 3, Some(-3.0)),
    ] {
        let report = &reports(&[golden(name)], &[], 0)[0];
        assert_eq!(report["facts"]["images"], images, "{name}");
        let angles = report["facts"]["angles_deg"].as_array();
        let least =
            angles.and_then(|angles| angles.iter().filter_map(Value::as_f64).reduce(f64::min));
        assert_eq!(least, first, "{name}");
    }
    let place = folder();
    fs::write(place.path().join("a.rawtlt"), "-60\n0.5\n60\n").expect("writable");
    let table = succeed(place.path(), &["inspect", "a.rawtlt"]);
    assert!(table.contains("images          3\n"), "{table}");
    assert!(table.contains("-60 to 60 degrees"), "{table}");
}

#[test]
fn the_table_says_what_the_json_says() {
    let place = folder();
    let path = golden("mrc/mode6_be.mrc").display().to_string();
    let table = succeed(place.path(), &["inspect", &path]);
    for line in [
        "  kind            volume\n",
        "  size            5 × 4 × 3 voxels (x, y, z)\n",
        "  voxel size      13.48 Å\n",
        "  mode            6 (16-bit unsigned integers), big-endian\n",
        "  data            minimum 3, maximum 217, mean 103.3333, deviation 78.20415\n",
    ] {
        assert!(table.contains(line), "no {line} in {table}");
    }
    let report = &reports(&[golden("mrc/mode6_be.mrc")], &[], 0)[0];
    let keys: Vec<&String> = report["facts"]["data"]
        .as_object()
        .expect("an object")
        .keys()
        .collect();
    assert_eq!(
        keys,
        ["deviation", "maximum", "mean", "minimum", "non_finite"]
    );
    assert_eq!(report["facts"]["data"]["minimum"], 3.0);
}

#[test]
fn several_files_are_reported_in_order_and_the_worst_decides() {
    let place = folder();
    let broken = place.path().join("cut.mrc");
    fs::write(&broken, [7_u8; 300]).expect("writable");
    let files = [
        golden("mrc/mode2_le.mrc"),
        broken,
        golden("tables/notebook.csv"),
    ];
    let reports = reports(&files, &[], 3);
    assert_eq!(reports[0]["findings"], json!([]));
    let finding = &reports[1]["findings"][0];
    assert_eq!(finding["severity"], "error", "{finding}");
    assert!(
        finding["got"]
            .as_str()
            .is_some_and(|got| got.contains("expected 1024 bytes")),
        "{finding}"
    );
    assert_eq!(reports[2]["facts"]["particles"], 3);
}

#[test]
fn strict_counts_what_is_against_the_format() {
    let odd = golden("mrc/EMD-3197.map");
    let relaxed = &reports(std::slice::from_ref(&odd), &[], 0)[0];
    assert!(
        relaxed["findings"]
            .as_array()
            .is_some_and(|findings| !findings.is_empty())
    );
    reports(&[odd], &["--strict"], 3);
    reports(&[golden("mrc/mode2_le.mrc")], &["--strict"], 0);

    // No identifier: old programs write such files, and all of it can be read.
    let place = folder();
    let mut bytes = fs::read(golden("mrc/mode2_le.mrc")).expect("readable");
    bytes[208..212].fill(0);
    let path = place.path().join("old.mrc");
    fs::write(&path, bytes).expect("writable");
    let report = &reports(std::slice::from_ref(&path), &[], 0)[0];
    assert!(
        report["facts"]["strict"]
            .as_str()
            .is_some_and(|text| text.starts_with("refused"))
    );
    reports(&[path], &["--strict"], 3);
}

#[test]
fn a_volume_without_a_voxel_size_is_not_called_strictly_readable() {
    let place = folder();
    let mut bytes = fs::read(golden("mrc/mode2_le.mrc")).expect("readable");
    bytes[40..52].fill(0);
    let path = place.path().join("no_cell.mrc");
    fs::write(&path, bytes).expect("writable");
    let facts = &reports(&[path], &[], 0)[0]["facts"];
    assert_eq!(facts["voxel_size_xyz_angstrom"], json!(null), "{facts}");
    let strict = facts["strict"].as_str().expect("it is text");
    assert!(strict.starts_with("refused: the voxel size"), "{strict}");
}

#[test]
fn header_only_leaves_the_data_alone() {
    let place = folder();
    let whole = fs::read(golden("mrc/mode2_le.mrc")).expect("readable");
    let mut bytes = whole.clone();
    let last = bytes.len() - 4;
    bytes[last..].copy_from_slice(&f32::NAN.to_le_bytes());
    let path = place.path().join("nan.mrc");
    fs::write(&path, bytes).expect("writable");
    let full = &reports(std::slice::from_ref(&path), &[], 0)[0];
    assert_eq!(full["facts"]["data"]["non_finite"], 1);
    let header = &reports(&[path], &["--header-only"], 0)[0];
    assert_eq!(header["facts"]["data"], Value::Null);
    assert_eq!(header["findings"], json!([]));
    assert_eq!(header["facts"]["size_xyz"], json!([5, 4, 3]));
}

#[test]
fn a_voxel_size_that_is_not_there_is_not_made_up() {
    let place = folder();
    let mut bytes = fs::read(golden("mrc/mode2_le.mrc")).expect("readable");
    bytes[40..52].fill(0);
    let path = place.path().join("bare.mrc");
    fs::write(&path, bytes).expect("writable");
    let report = &reports(&[path], &[], 0)[0];
    assert_eq!(report["facts"]["voxel_size_xyz_angstrom"], Value::Null);
}

#[test]
fn pictures_are_png_and_replace_nothing() {
    let place = folder();
    let (volume, stack) = (golden("mrc/EMD-3197.map"), golden("mrc/image_stack.mrcs"));
    let names = [volume, stack].map(|path| path.display().to_string());
    succeed(
        place.path(),
        &["inspect", &names[0], &names[1], "--png", "pictures"],
    );
    for (name, width, height) in [("EMD-3197.map.png", 0, 0), ("image_stack.mrcs.png", 0, 4)] {
        let bytes = fs::read(place.path().join("pictures").join(name)).expect("a picture");
        assert_eq!(&bytes[1..4], b"PNG");
        let number = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().expect("four"));
        assert!(number(16) > width && number(20) >= height, "{name}");
    }
    let twice = ["inspect", &names[0], &names[0], "--png", "others"];
    let message = common::fail(place.path(), &twice, 2);
    assert!(
        message.contains("--png: expected files of different names"),
        "{message}"
    );
}

#[test]
fn real_files_are_readable_or_say_why_not() {
    let Some(shared) = shared() else { return };
    // Not data, or of a kind that is not read: pictures, texts, other programs' XML and JSON.
    let others = [
        "README.md",
        "SHA256SUMS",
        "preview.png",
        "LICENSE.txt",
        "BSD-3.txt",
        "MIT.txt",
        "GPL-3.txt",
        "Apache-2.0.txt",
        "NOTICE.txt",
        "_labels.json",
        "_tilts.csv",
        "_ctffind4.txt",
        "projectionList.xml",
    ];
    let (mut good, mut other) = (Vec::new(), Vec::new());
    for name in common::contents(&shared).into_keys() {
        let is_other = others
            .iter()
            .any(|ending| name.to_string_lossy().ends_with(ending));
        if is_other { &mut other } else { &mut good }.push(shared.join(name));
    }
    assert!(good.len() > 50, "{}", good.len());
    for report in reports(&good, &[], 0) {
        let facts = report["facts"].as_object().expect("an object");
        assert!(!facts.is_empty(), "{}", report["path"]);
    }
    for report in reports(&other, &[], 3) {
        assert_eq!(
            report["findings"][0]["severity"], "error",
            "{}",
            report["path"]
        );
    }
}
