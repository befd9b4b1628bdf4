//! Files made to cost time or memory that grow as the square of their length.

use std::{
    fmt::Write,
    time::{Duration, Instant},
};

use cryo_core::VoxelSize;
use cryo_io::{
    Frame, Frames, PicksOptions, copick,
    dataset::{Dataset, Syntax},
    star::{self, Document, relion},
    tables,
    tilt::{TiltTable, tilt_com, warp},
};

/// What `read` returns, if it does within a time that only work of the square of the input exceeds.
fn in_time<T>(read: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = read();
    let took = start.elapsed();
    assert!(took < Duration::from_secs(20), "took {took:?}");
    result
}

/// `head` and `count` pieces of text.
fn repeated(head: &str, count: usize, piece: impl Fn(usize) -> String) -> String {
    let mut text = head.to_owned();
    for index in 0..count {
        text.push_str(&piece(index));
    }
    text
}

fn options() -> PicksOptions {
    let frame = Frame {
        shape: Some([5, 7, 9]),
        voxel_size: VoxelSize::new(10.0),
        ..Frame::default()
    };
    PicksOptions {
        frames: Frames::all(frame),
        tomogram: Some("tomogram".to_owned()),
        ..PicksOptions::default()
    }
}

const COORDINATES: &str = "_rlnCoordinateX\n_rlnCoordinateY\n_rlnCoordinateZ\n";

#[test]
fn star_with_many_tables_before_a_long_line_is_read_in_time() {
    let mut text = repeated("data_\n", 50_000, |i| format!("loop_\n_a{i}\n{i}\n"));
    write!(text, "#{}", "x".repeat(8 << 20)).unwrap();
    let document = in_time(|| Document::parse(text.clone())).unwrap();
    let block = document.block("").unwrap();
    assert_eq!(block.tables().count(), 50_000);
    let last = block.tables().last().unwrap();
    assert_eq!(last.column_i64("a49999").unwrap(), [49_999]);
    assert!(document.to_string() == text);
}

#[test]
fn star_rows_longer_than_a_piece_are_read_as_rows() {
    let long = "x".repeat(3 << 20);
    let text = format!("data_\nloop_\n_a\n_b\n1 2\n{long} 3\n4 {long}\n5 6\n\ndata_more\n_c 7\n");
    let document = Document::parse(text).unwrap();
    let table = document.require("").unwrap().require_table().unwrap();
    assert_eq!(table.column_str("a").unwrap(), ["1", &long, "4", "5"]);
    assert_eq!(table.column_str("b").unwrap(), ["2", "3", &long, "6"]);
    assert_eq!(document.block("more").unwrap().value("c"), Some("7"));
}

#[test]
fn star_with_many_odd_tables_is_validated_in_time_and_not_to_the_end() {
    let text = repeated("data_\n", 100_000, |i| format!("loop_\n_a{i}\n1\n\n1\n"));
    let findings = in_time(|| star::validate(text.as_bytes()));
    assert_eq!(findings.len(), 101);
    assert_eq!(findings[1].place, "line 5");
    assert_eq!(findings[100].got, "too many to list");
}

#[test]
fn star_with_many_blocks_after_one_of_many_names_is_read_in_time() {
    let names = repeated("data_\n", 800_000, |i| format!("_a{i} 1\n"));
    let text = repeated(&names, 800_000, |i| format!("data_{i}\n_a {i}\n"));
    let document = in_time(|| Document::parse(text)).unwrap();
    assert_eq!(document.blocks().len(), 800_001);
    let last = document.blocks().last().unwrap();
    assert_eq!(last.value("a"), Some("799999"));
}

#[test]
fn particles_of_a_class_each_are_read_in_time() {
    let head = format!("data_\nloop_\n_cryoClassName\n{COORDINATES}");
    let text = repeated(&head, 100_000, |i| format!("class{i} 1 2 3\n"));
    let document = Document::parse(text).unwrap();
    let picks = in_time(|| relion::picks_from(&document, None, &options())).unwrap();
    let set = &picks.sets[0];
    assert_eq!(set.items[99_999].class, Some(100_000));
    assert_eq!(set.classes[&100_000], "class99999");
}

#[test]
fn an_optics_block_that_would_fill_the_memory_is_refused() {
    let optics = repeated("data_optics\nloop_\n", 100, |i| format!("_a{i}\n"));
    let optics = format!("{optics}{}\n", "1 ".repeat(100));
    let head = format!("{optics}data_particles\nloop_\n{COORDINATES}");
    let document = Document::parse(repeated(&head, 50, |_| "1 2 3\n".to_owned())).unwrap();
    let mut options = options();
    // 100 columns of 50 strings of one letter.
    options.max_bytes = 100 * 50 * 25;
    let picks = relion::picks_from(&document, None, &options).unwrap();
    assert_eq!(picks.extra.len(), 100);
    options.max_bytes -= 1;
    let error = relion::picks_from(&document, None, &options).unwrap_err();
    assert_eq!(
        error.to_string(),
        "repeating the optics block for each particle needs 125000 bytes, the limit is 124999; \
         remove columns of data_optics that are not needed"
    );
}

#[test]
fn a_class_named_after_the_largest_number_gets_the_lowest_free_one() {
    let text = "tomogram,x,y,z,class,class_name\na,1,2,3,4294967295,top\na,1,2,3,1,one\n\
                a,1,2,3,,two\na,1,2,3,,three\na,1,2,3,,two\n";
    let picks = tables::parse(text.as_bytes(), &options()).unwrap();
    let classes: Vec<_> = picks.sets[0].items.iter().map(|item| item.class).collect();
    assert_eq!(classes, [u32::MAX, 1, 2, 3, 2].map(Some));
    assert_eq!(picks.sets[0].classes[&3], "three");
}

#[test]
fn a_dataset_list_of_many_columns_is_read_in_time() {
    let names = repeated("name,tomogram", 200_000, |i| format!(",a{i}"));
    let text = format!("{names}\nts_1,a.mrc{}\n", ",".repeat(200_000));
    let read = |text: &str| Dataset::parse(text.as_bytes(), Syntax::Delimited, "".as_ref());
    let dataset = in_time(|| read(&text)).unwrap();
    assert_eq!(dataset.extra_columns.len(), 200_000);
    let twice = in_time(|| read(&format!("{names},a7\n"))).unwrap_err();
    assert_eq!(
        twice.to_string(),
        "line 1: columns: expected each once, got \"a7\" and \"a7\""
    );
}

#[test]
fn a_dataset_list_of_more_than_8_mib_of_toml_is_refused() {
    let text = "a".repeat((8 << 20) + 1);
    let error = Dataset::parse(text.as_bytes(), Syntax::Toml, "".as_ref()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "reading a list in TOML needs 8388609 bytes, the limit is 8388608; \
         write the list as a table, separated by tabs"
    );
}

#[test]
fn a_warp_element_of_many_attributes_is_refused() {
    let series = |count: usize| {
        let start = repeated("<!-- a='b' -->\n<TiltSeries", count, |i| {
            format!("\na{i} = '>'")
        });
        format!("{start}><Angles>a=b 1</Angles></TiltSeries>").replace("a=b ", "")
    };
    assert_eq!(
        warp::parse(series(256).as_bytes()).unwrap().angles_deg,
        [1.0]
    );
    let error = in_time(|| warp::parse(series(100_000).as_bytes())).unwrap_err();
    assert_eq!(
        error.to_string(),
        "line 2: XML: expected at most 256 attributes in an element, got more"
    );
}

#[test]
fn a_warp_file_of_many_namespaces_is_refused() {
    let start = repeated("<TiltSeries", 8000, |i| format!("\nxmlns:a{i}='{i}'"));
    let text = repeated(&format!("{start}>"), 8000, |i| {
        format!("<b xmlns:b='x{i}'/>")
    });
    let error = in_time(|| warp::parse(text.as_bytes())).unwrap_err();
    assert_eq!(
        error.to_string(),
        "line 18: XML: expected at most 16 declarations of namespaces, got more"
    );
}

#[test]
fn many_excluded_ranges_are_applied_in_time() {
    let views = 200_000;
    let mut com = tilt_com::TiltCom {
        excluded: vec![[0, 0]; 2 * views],
        ..tilt_com::TiltCom::default()
    };
    com.excluded
        .extend([[7, 9], [3, 8], [views - 1, usize::MAX], [5, 5]]);
    let table = TiltTable::from_angles(&vec![0.0; views]);
    let used = in_time(|| com.applied_to(&table));
    let excluded: Vec<usize> = (0..views).filter(|&view| used.excluded[view]).collect();
    assert_eq!(excluded, [0, 3, 4, 5, 6, 7, 8, 9, views - 1]);
}

#[test]
fn deep_nesting_costs_no_stack() {
    let deep = 1_000_000;
    let read = |text: &str| Dataset::parse(text.as_bytes(), Syntax::Toml, "".as_ref());
    for text in [
        format!("{}b = 1", "a.".repeat(deep)),
        format!("[{}b]", "a.".repeat(deep)),
        format!("a = {}", "[".repeat(deep)),
        format!("a = {}", "{a=".repeat(deep)),
    ] {
        let error = in_time(|| read(&text)).unwrap_err();
        assert!(error.to_string().starts_with("line 1: "), "{error}");
    }
    let json = format!("{{\"a\":{}", "[".repeat(deep));
    let error = in_time(|| copick::parse(json.as_bytes(), &options())).unwrap_err();
    assert!(error.to_string().contains("recursion limit"), "{error}");
    let xml = format!("{}{}", "<a>".repeat(deep), "</a>".repeat(deep));
    let error = in_time(|| warp::parse(xml.as_bytes())).unwrap_err();
    assert!(error.to_string().contains("<a>"), "{error}");
}
