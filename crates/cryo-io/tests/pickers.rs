//! Files of other pickers: what they write, malformed ones, and what the format's name is.

mod points_common;

use cryo_core::VoxelPos;
use cryo_io::{
    CoordinateFormat, Format, IndexBase, Overwrite, PicksOptions, Severity,
    pickers::{self, PickerFormat},
    read_picks, write_picks,
};
use points_common::{options_with_voxel, shared};

const XML: &str = r#"<objlist>
  <object tomo_idx="8" class_label="7" x="182" y="143.5" z="39" phi="149" psi="2" the="120" cluster_size="51"/>
  <object tomo_idx="9" class_label="1" x="1" y="2" z="3"/>
</objlist>
"#;

const CBOX: &str = "data_global\n\n_cbox_format_version 1.0\n\n\ndata_cryolo\n\nloop_\n_CoordinateX #1\n_CoordinateY #2\n\
_CoordinateZ #3\n_Width #4\n_Height #5\n_Depth #6\n_EstWidth #7\n_EstHeight #8\n_Confidence #9\n_NumBoxes #10\n\
_Angle #11\n100.0 50.5 30.0 37.0 37.0 37.0 20.0 20.0 0.81 nan nan\n10 20 5 10 20 1 9 9 <NA> 4 <NA>\n\n\
data_cryolo_include\n\nloop_\n_slice_index #1\n30.0\n5.0\n";

const COORDS: &str = "10 20 30\n11.5 21 31\n\n";

const MOTL: &str = "0.9,10,20,1,0,0,0,10,20,30,0,0,0,0,0,0,0,0,0,1\n512,11,21,2,0,0,0,11,21,31,0,0,0,0,0,0,0,0,0,-1\n";

fn options() -> PicksOptions {
    PicksOptions {
        tomogram: Some("ts_01".to_owned()),
        ..options_with_voxel(10.0)
    }
}

fn refusal(text: &str, format: PickerFormat) -> String {
    pickers::parse(text.as_bytes(), format, &options())
        .expect_err("malformed")
        .to_string()
}

#[test]
fn object_lists_of_deepfinder_have_numbered_tomograms_and_classes() {
    let picks =
        pickers::parse(XML.as_bytes(), PickerFormat::DeepFinder, &options()).expect("valid");
    let names: Vec<&str> = picks.sets.iter().map(|set| set.tomogram.as_str()).collect();
    assert_eq!(names, ["8", "9"]);
    let first = &picks.sets[0].items[0];
    assert_eq!(first.position, VoxelPos::xyz(182.0, 143.5, 39.0));
    assert_eq!(
        (first.class, first.score, first.orientation),
        (Some(7), Some(51.0), None)
    );
    assert_eq!(picks.sets[1].items[0].score, None);

    let mut named = options();
    named.numbers.insert(8, "data/ts_08.mrc".to_owned());
    let picks = pickers::parse(XML.as_bytes(), PickerFormat::DeepFinder, &named).expect("valid");
    assert_eq!(picks.sets[0].tomogram, "ts_08");
    let without = XML
        .replace("tomo_idx=\"8\" ", "")
        .replace("tomo_idx=\"9\" ", "");
    let picks =
        pickers::parse(without.as_bytes(), PickerFormat::DeepFinder, &options()).expect("valid");
    assert_eq!(
        (picks.sets.len(), picks.sets[0].tomogram.as_str()),
        (1, "ts_01")
    );
}

#[test]
fn a_real_object_list_of_deepfinder_is_read() {
    let Some(path) = shared("real/metadata_formats/deepfinder_object_list_valid.xml") else {
        return;
    };
    assert_eq!(
        Format::of_file(&path).expect("known"),
        Format::Picker(PickerFormat::DeepFinder)
    );
    let picks = read_picks(&path, None, &options()).expect("valid");
    let text = std::fs::read_to_string(&path).expect("text");
    assert_eq!(picks.len(), text.matches("<object ").count());
    assert_eq!(
        picks.sets[0].items[0].position,
        VoxelPos::xyz(182.0, 143.0, 39.0)
    );
    assert!(
        pickers::validate(text.as_bytes(), PickerFormat::DeepFinder)
            .iter()
            .all(|f| f.severity == Severity::Note)
    );
}

#[test]
fn boxes_have_their_corner_in_the_plane_and_their_middle_in_z() {
    let picks = pickers::parse(CBOX.as_bytes(), PickerFormat::Cbox, &options()).expect("valid");
    let items = &picks.sets[0].items;
    assert_eq!(items[0].position, VoxelPos::xyz(118.5, 69.0, 30.0));
    assert_eq!(items[0].score, Some(0.81));
    assert_eq!(items[1].position, VoxelPos::xyz(15.0, 30.0, 5.0));
    assert_eq!(items[1].score, None);
}

#[test]
fn bare_coordinates_are_read_from_either_base() {
    let picks = pickers::parse(COORDS.as_bytes(), PickerFormat::Coords, &options()).expect("valid");
    let items = &picks.sets[0].items;
    assert_eq!(items.len(), 2);
    assert_eq!(items[1].position, VoxelPos::xyz(11.5, 21.0, 31.0));
    let from_one = PicksOptions {
        index_base: Some(IndexBase::One),
        ..options()
    };
    let picks = pickers::parse(COORDS.as_bytes(), PickerFormat::Coords, &from_one).expect("valid");
    assert_eq!(
        picks.sets[0].items[0].position,
        VoxelPos::xyz(9.0, 19.0, 29.0)
    );
}

#[test]
fn picks_of_milopyp_have_z_before_y_and_perhaps_a_score() {
    let text = b"10\t5\t20\n11\t6\t21\t0.75\n";
    let picks = pickers::parse(text, PickerFormat::MilopypPicks, &options()).expect("valid");
    let items = &picks.sets[0].items;
    assert_eq!(items[0].position, VoxelPos::xyz(10.0, 20.0, 5.0));
    assert_eq!((items[0].score, items[1].score), (None, Some(0.75)));
    assert_eq!(
        refusal("1 2\n", PickerFormat::MilopypPicks),
        "line 1: line: expected x z y, or x z y score, got \"1 2\"; \
         write numbers with blanks between them, or name the format"
    );
    let named = "milopyp-picks".parse::<CoordinateFormat>().expect("known");
    assert_eq!(named, CoordinateFormat::Picker(PickerFormat::MilopypPicks));
}

#[test]
fn motive_lists_as_text_have_score_place_and_class() {
    let picks = pickers::parse(MOTL.as_bytes(), PickerFormat::Motl, &options()).expect("valid");
    let items = &picks.sets[0].items;
    assert_eq!(items[0].position, VoxelPos::xyz(10.0, 20.0, 30.0));
    assert_eq!((items[0].score, items[0].class), (Some(0.9), Some(1)));
    assert_eq!((items[1].score, items[1].class), (Some(512.0), None));
    let none = pickers::parse(b"\"\"\n", PickerFormat::Motl, &options()).expect("no rows");
    assert!(none.is_empty());
}

#[test]
fn the_kind_of_file_is_found_by_name_or_content() {
    let folder = tempfile::tempdir().expect("folder");
    for (name, text, format) in [
        ("a.xml", XML, PickerFormat::DeepFinder),
        ("a.cbox", CBOX, PickerFormat::Cbox),
        ("a.coords", COORDS, PickerFormat::Coords),
        ("a.csv", MOTL, PickerFormat::Motl),
    ] {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("written");
        assert_eq!(
            Format::of_file(&path).expect("known"),
            Format::Picker(format),
            "{name}"
        );
        let found = read_picks(&path, None, &options()).expect(name);
        let named = format
            .to_string()
            .parse::<CoordinateFormat>()
            .expect("named");
        assert_eq!(named, CoordinateFormat::Picker(format));
        assert_eq!(
            found,
            read_picks(&path, Some(named), &options()).expect(name)
        );
        let out = folder.path().join("out");
        let error = write_picks(&out, named, &found, &options(), Overwrite::Never);
        assert!(
            error
                .expect_err("read only")
                .to_string()
                .contains("is not supported")
        );
        assert!(!out.exists());
    }
    // A table with a header and Warp's XML stay what they were.
    let table = folder.path().join("t.csv");
    std::fs::write(&table, "x,y,z\n1,2,3\n").expect("written");
    assert_eq!(Format::of_file(&table).expect("known"), Format::Table);
    let warp = folder.path().join("w.xml");
    std::fs::write(&warp, "<TiltSeries><Angles>0</Angles></TiltSeries>").expect("written");
    assert!(matches!(
        Format::of_file(&warp).expect("known"),
        Format::Tilt(_)
    ));
}

#[test]
fn malformed_files_are_refused_with_line_and_reason() {
    use PickerFormat::{Cbox, Coords, DeepFinder, Motl};
    assert_eq!(
        refusal("<objects/>", DeepFinder),
        "root element: expected <objlist>, got <objects>; give an object list of DeepFinder"
    );
    assert_eq!(
        refusal(
            "<objlist>\n<object x=\"1\" z=\"3\"/>\n</objlist>",
            DeepFinder
        ),
        "line 2: no attribute y; there is x, z"
    );
    assert_eq!(
        refusal(
            "<objlist><object x=\"1\" y=\"inf\" z=\"3\"/></objlist>",
            DeepFinder
        ),
        "line 1: y: expected a finite number, got \"inf\""
    );
    assert_eq!(
        refusal(
            "<objlist><object x=\"1\" y=\"2\" z=\"3\" class_label=\"-2\"/></objlist>",
            DeepFinder
        ),
        "line 1: class_label: expected a whole number from 0, got \"-2\""
    );
    assert!(refusal("<objlist><object", DeepFinder).starts_with("line 1: file: expected XML"));
    assert!(refusal("data_other\n\n_a 1\n", Cbox).contains("cryolo"));
    assert!(refusal(&CBOX.replace("_Width", "_Breadth"), Cbox).contains("Width"));
    assert!(
        refusal(&CBOX.replace("0.81", "high"), Cbox)
            .ends_with("Confidence: expected a finite number, got \"high\"")
    );
    assert_eq!(
        refusal("1 2 3\n1 2\n", Coords),
        "line 2: line: expected x y z, got \"1 2\"; write numbers with blanks between them, or name the format"
    );
    assert_eq!(
        refusal("1 2 3\n1 2 three\n", Coords),
        "line 2: z: expected a finite number, got \"three\""
    );
    assert_eq!(
        refusal("1,2,3\n", Motl),
        "line 1: row of a motive list: expected 20 numbers with commas between them, got 3 from \"1\" on; \
         a list with a header is a table: name the format csv"
    );
    assert!(refusal(&MOTL.replacen("30", "nan", 1), Motl).contains("z (column 10)"));
    let unnamed = options_with_voxel(10.0);
    let error = pickers::parse(COORDS.as_bytes(), Coords, &unnamed).expect_err("no name");
    assert!(
        error
            .to_string()
            .starts_with("the name of the tomogram is needed")
    );
    let findings = pickers::validate(b"1 2\n", Coords);
    assert_eq!(findings[0].severity, Severity::Error);
    assert_eq!(
        pickers::validate(COORDS.as_bytes(), Coords)[0].place,
        "scores"
    );
}
