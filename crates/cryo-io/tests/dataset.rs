//! Dataset lists: what is read, refused, reported and written.

use std::path::{Path, PathBuf};

use cryo_io::{
    Overwrite, Severity,
    dataset::{self, AxisOrder, Dataset, Syntax},
};

fn parse(text: &str) -> Result<Dataset, cryo_io::Error> {
    Dataset::parse(text.as_bytes(), Syntax::Delimited, Path::new("lists"))
}

fn message(text: &str) -> String {
    parse(text).expect_err("malformed").to_string()
}

fn folder_with(files: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder for the test");
    for file in files {
        let path = folder.path().join(file);
        std::fs::create_dir_all(path.parent().expect("below the folder")).expect("made");
        std::fs::write(path, "").expect("written");
    }
    folder
}

#[test]
fn table_is_read_with_all_its_columns() {
    let text = "# a comment\nname\ttomogram\ttilt_series\ttilt_angles\tmask\tvoxel_size\taxis_order\tgrid\n\n\
                007\ta/b.mrc\ta.st\t/x/a.tlt\tm.mrc\t13.48\tyzx\tG 1\n008\tc.mrc\t\t\t\t\t\t\n";
    let dataset = parse(text).expect("well formed");
    let first = &dataset.entries[0];
    assert_eq!(first.name, "007");
    assert_eq!(first.tomogram, PathBuf::from("lists/a/b.mrc"));
    assert_eq!(first.tilt_series, Some(PathBuf::from("lists/a.st")));
    assert_eq!(first.tilt_angles, Some(PathBuf::from("/x/a.tlt")));
    assert_eq!(first.mask, Some(PathBuf::from("lists/m.mrc")));
    assert_eq!(first.voxel_size_angstrom, Some(13.48));
    assert_eq!((first.axis_order, first.line), (AxisOrder::Yzx, 4));
    assert_eq!(
        (first.extra[0].as_str(), dataset.extra_columns[0].as_str()),
        ("G 1", "grid")
    );
    let second = &dataset.entries[1];
    assert_eq!(
        (
            second.tilt_series.clone(),
            second.mask.clone(),
            second.voxel_size_angstrom
        ),
        (None, None, None)
    );
    assert_eq!((second.axis_order, second.line), (AxisOrder::Zyx, 5));
}

#[test]
fn list_of_milopyp_is_read() {
    let text = "image_name\trec_path\ttilt_path\tangle_path\r\n01\ta.rec\ta.ali\ta.tlt\r\n";
    let dataset = parse(text).expect("well formed");
    assert_eq!(dataset.entries[0].name, "01");
    assert_eq!(
        dataset.entries[0].tilt_series,
        Some(PathBuf::from("lists/a.ali"))
    );
    assert!(dataset.unknown_columns().is_empty());
}

#[test]
fn quoted_fields_of_csv_are_read() {
    let text = "name, tomogram, note\na, \"b, c.mrc\", \"say \"\"x\"\"\"\n";
    let dataset = parse(text).expect("well formed");
    assert_eq!(dataset.entries[0].tomogram, PathBuf::from("lists/b, c.mrc"));
    assert_eq!(dataset.entries[0].extra, ["say \"x\""]);
}

#[test]
fn toml_is_read_with_its_lines() {
    let text = "# list\n[[entry]]\nname = \"007\"\ntomogram = \"a.mrc\"\nvoxel_size = 10\n\n\
                [[entry]]\nname = \"b\"\ntomogram = \"b.mrc\"\naxis_order = \"auto\"\ngrid = 3\n";
    let dataset = Dataset::parse(text.as_bytes(), Syntax::Toml, Path::new("lists"));
    let dataset = dataset.expect("well formed");
    assert_eq!((dataset.entries[0].line, dataset.entries[1].line), (2, 7));
    assert_eq!(dataset.entries[0].voxel_size_angstrom, Some(10.0));
    assert_eq!(dataset.entries[1].axis_order, AxisOrder::Auto);
    assert_eq!(dataset.extra_columns, ["grid"]);
    assert_eq!(
        (&dataset.entries[0].extra[0], &dataset.entries[1].extra[0]),
        (&String::new(), &"3".to_owned())
    );
}

#[test]
fn toml_name_that_is_a_number_is_refused() {
    let text = "[[entry]]\nname = 7\ntomogram = \"a.mrc\"\n";
    let error = Dataset::parse(text.as_bytes(), Syntax::Toml, Path::new("")).expect_err("a number");
    assert_eq!(
        error.to_string(),
        "line 2: name: expected text in quotes, got integer"
    );
}

#[test]
fn toml_without_entries_is_refused() {
    let error = Dataset::parse(b"[x]\ny = 1\n", Syntax::Toml, Path::new("")).expect_err("no entry");
    assert_eq!(error.to_string(), "no [[entry]]; there is x");
    let error = Dataset::parse(b"a = \n", Syntax::Toml, Path::new("")).expect_err("not TOML");
    assert!(
        error
            .to_string()
            .starts_with("line 1: list: expected TOML, got "),
        "{error}"
    );
}

#[test]
fn toml_of_very_many_unknown_keys_is_refused() {
    let keys: String = (0..200).map(|i| format!("k{i} = 1\n")).collect();
    let text = format!("[[entry]]\nname = \"a\"\ntomogram = \"a\"\n{keys}");
    let error = Dataset::parse(text.as_bytes(), Syntax::Toml, Path::new("")).expect_err("too many");
    assert!(
        error
            .to_string()
            .contains("at most 64 keys that are not known here, got more"),
        "{error}"
    );
}

#[test]
fn missing_column_is_refused() {
    assert_eq!(
        message("name\tpath\na\tb\n"),
        "line 1: no column tomogram (or rec_path); there is name, path; \
         the first line names the columns; add this one"
    );
}

#[test]
fn column_under_two_names_is_refused() {
    assert_eq!(
        message("name,tomogram,rec_path\na,b,c\n"),
        "line 1: columns: expected each once, got \"tomogram\" and \"rec_path\""
    );
}

#[test]
fn short_row_is_refused() {
    assert_eq!(
        message("name\ttomogram\tx\na\tb\n"),
        "line 2: row: expected 3 fields, as the header has, got 2; \
         separate all fields as in the header line"
    );
}

#[test]
fn duplicate_name_is_refused_with_both_lines() {
    assert_eq!(
        message("name,tomogram\na,x\n\na,y\n"),
        "line 4: name: expected each once in the list, got \"a\", as on line 2; \
         rename or remove one of the two"
    );
}

#[test]
fn duplicate_tomogram_is_refused() {
    assert_eq!(
        message("name,tomogram\na,x\nb,x\n"),
        "line 3: tomogram: expected each once in the list, got lists/x, as on line 2; \
         rename or remove one of the two"
    );
}

#[test]
fn senseless_values_are_refused() {
    assert_eq!(
        message("name,tomogram,voxel_size\na,x,-1\n"),
        "line 2: voxel_size: expected a length above 0 in ångström, got -1"
    );
    assert_eq!(
        message("name,tomogram,axis_order\na,x,up\n"),
        "line 2: axis_order: expected zyx, yzx, yxz, zxy, xzy, xyz or auto, got \"up\""
    );
    assert_eq!(
        message("name,tomogram\n,x\n"),
        "line 2: name: expected a value, got none"
    );
    assert_eq!(
        message("name,tomogram\na,\"x\n"),
        "line 2: quoted field: expected a closing quote on the same line, got \"x\""
    );
    assert_eq!(
        message("name,tomogram\n"),
        "list: expected at least one tomogram, got none"
    );
    assert_eq!(
        message(""),
        "list: expected a header line, got an empty file"
    );
}

#[test]
fn missing_files_are_all_named_at_once() {
    let folder = folder_with(&["a.mrc"]);
    let list = folder.path().join("list.tsv");
    let text = "name\ttomogram\ttilt_angles\tspare\na\ta.mrc\ta.tlt\t\nb\tb.mrc\t\t\n";
    std::fs::write(&list, text).expect("written");
    let dataset = Dataset::read(&list).expect("well formed");
    let error = dataset
        .check_files()
        .expect_err("two are missing")
        .to_string();
    let (angles, tomogram) = (folder.path().join("a.tlt"), folder.path().join("b.mrc"));
    let (angles, tomogram) = (angles.display(), tomogram.display());
    assert_eq!(
        error,
        format!(
            "files: expected all to be there, got 2 missing (line 2: tilt_angles {angles}, \
             line 3: tomogram {tomogram}); relative paths are relative to the list"
        )
    );
    let findings = dataset::validate(&list).expect("readable");
    let severities: Vec<Severity> = findings.iter().map(|finding| finding.severity).collect();
    assert_eq!(
        severities,
        [Severity::Error, Severity::Error, Severity::Note]
    );
    assert!(findings[2].place.contains("spare"));
}

#[test]
fn patterns_name_their_files_by_stem() {
    let folder = folder_with(&["t/010.mrc", "t/009.rec", "t/b.mrc.gz", "t/c.tlt"]);
    let at = |name: &str| folder.path().join(name).display().to_string();
    let dataset = Dataset::from_patterns(&[at("t/*.mrc"), at("t/*.rec"), at("t/b.mrc.gz")]);
    let dataset = dataset.expect("all match");
    let names: Vec<&str> = dataset
        .entries
        .iter()
        .map(|entry| entry.name.as_str())
        .collect();
    assert_eq!(names, ["010", "009", "b"]);
    assert!(dataset.check_files().is_ok());
}

#[test]
fn patterns_of_equal_stems_are_refused() {
    let folder = folder_with(&["a/x.mrc", "b/x.mrc"]);
    let pattern = folder.path().join("*/x.mrc").display().to_string();
    let error = Dataset::from_patterns(&[pattern])
        .expect_err("equal names")
        .to_string();
    assert!(
        error.starts_with("data: expected files of different names, got "),
        "{error}"
    );
    assert!(
        error.ends_with("b/x.mrc; write a dataset list that names them"),
        "{error}"
    );
}

#[test]
fn pattern_without_match_is_refused() {
    let error = Dataset::from_patterns(&["/nowhere/*.mrc"])
        .expect_err("no match")
        .to_string();
    assert!(
        error.contains("got \"/nowhere/*.mrc\", which matches no file"),
        "{error}"
    );
    let error = Dataset::from_patterns(&["/nowhere.mrc"])
        .expect_err("not there")
        .to_string();
    assert!(
        error.contains("got \"/nowhere.mrc\", which is not there"),
        "{error}"
    );
    let error = Dataset::from_patterns(&["a/***/b"])
        .expect_err("malformed")
        .to_string();
    assert!(error.contains("got \"a/***/b\" ("), "{error}");
}

#[test]
fn argument_is_a_list_or_a_pattern() {
    let folder = folder_with(&["a.mrc"]);
    let list = folder.path().join("list.csv");
    std::fs::write(&list, "name,tomogram\n7,a.mrc\n").expect("written");
    let listed = Dataset::open(&list.display().to_string()).expect("a list");
    assert_eq!(listed.entries[0].name, "7");
    let pattern = folder.path().join("*.mrc").display().to_string();
    assert_eq!(
        Dataset::open(&pattern).expect("a pattern").entries[0].name,
        "a"
    );
    let error = Dataset::open("/nowhere/list.tsv")
        .expect_err("not there")
        .to_string();
    assert_eq!(error, "/nowhere/list.tsv: could not open the file");
}

#[test]
fn every_syntax_round_trips() {
    let folder = folder_with(&["t/a.mrc", "t/a, b.mrc"]);
    let text = "name,tomogram,tilt_angles,mask,voxel_size,axis_order,my note\n\
                007,\"t/a, b.mrc\",/x/a.tlt,t/m.mrc,13.48,auto,\"say \"\"x\"\"\"\n08,t/a.mrc,,,,,\n";
    let dataset = Dataset::parse(text.as_bytes(), Syntax::Delimited, folder.path());
    let dataset = dataset.expect("well formed");
    for name in ["list.tsv", "list.csv", "list.toml"] {
        let path = folder.path().join(name);
        dataset::write(&path, Overwrite::Never, &dataset).expect("written");
        let mut again = Dataset::read(&path).expect("readable");
        for (entry, original) in again.entries.iter_mut().zip(&dataset.entries) {
            entry.line = original.line;
        }
        assert_eq!(again, dataset, "{name}");
        let text = std::fs::read_to_string(&path).expect("there");
        assert!(
            text.contains("t/a.mrc") && !text.contains("tilt_series"),
            "{text}"
        );
        assert!(
            !text.contains(&folder.path().display().to_string()),
            "{text}"
        );
    }
}

#[test]
fn values_that_a_table_cannot_hold_are_not_written() {
    let folder = folder_with(&[]);
    let mut dataset = parse("name,tomogram\na,x\n").expect("well formed");
    dataset.entries[0].name = "a\tb".to_owned();
    let path = folder.path().join("list.tsv");
    let error = dataset::write(&path, Overwrite::Never, &dataset).expect_err("a tab");
    assert_eq!(
        error.to_string(),
        "value: expected no tab and no line break, got \"a\\tb\""
    );
    assert!(!path.exists());
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig {
        cases: 300, failure_persistence: None, ..Default::default()
    })]

    #[test]
    fn arbitrary_bytes_never_panic(
        head in 0_usize..4,
        bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200),
    ) {
        let heads = ["", "name,tomogram\n", "image_name\trec_path\tx\n", "[[entry]]\nname = \"a\"\n"];
        let mut text = heads[head].as_bytes().to_vec();
        text.extend(bytes);
        let _ = Dataset::parse(&text, Syntax::Delimited, Path::new(""));
        let _ = Dataset::parse(&text, Syntax::Toml, Path::new(""));
    }
}
