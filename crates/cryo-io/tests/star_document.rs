//! STAR documents: lossless, strict, editable, safe on any bytes.

use cryo_io::{
    Overwrite, Severity,
    star::{Block, Document, Loop, validate},
};
use proptest::prelude::*;

fn parse(text: &str) -> Document {
    Document::parse(text).unwrap()
}

fn refusal(text: &str) -> String {
    Document::parse(text).unwrap_err().to_string()
}

const ODD: &str = "\u{feff}# head\r\n\r\ndata_general # why\r\n\r\n_rlnA   'it's one'   # note\r\n_rlnB\r\n;two\r\nlines\r\n;\r\n\
    \r\ndata_\tx y";

#[test]
fn odd_files_are_written_as_they_were_read() {
    let files = [
        "data_\n",
        "data_",
        "\n\n# only\ndata_a\n\n\n",
        "data_a\nloop_\n_x #1\n_y\n1 2\n\n# between\n  3\t 4   # why\n\ndata_b\n_v \"a b\"\n",
        "data_a\r\nloop_ \r\n_x #1 \r\n_y #2 \r\n 1.50   \"q r\"\r\n 2.0 ''\r\n",
        "data_a\nloop_\n_x\n_y\n1\n;text of\nmore\n;\n2 3\n4 5",
        "data_a\nloop_\n_x\n\ndata_b\nloop_\n_y\n# none\n",
        "data_a\n_v 1\nloop_\n_x\n1\nloop_\n_y\n2\n3\n_w 2\n",
        "\u{feff}data_a\n_v \u{c5}\n",
        "  data_a # c\n\t_v\t1\n",
    ];
    for file in files {
        assert_eq!(parse(file).to_string(), file);
    }
    assert!(
        refusal(ODD).contains(
            "line 11: line of the block: expected nothing more than a comment, got \"x\""
        )
    );
    let mended = ODD.replace("\tx y", "x_y");
    let document = parse(&mended);
    assert_eq!(document.to_string(), mended);
    let general = document.block("general").unwrap();
    assert_eq!(general.value("rlnA"), Some("it's one"));
    assert_eq!(general.value("rlnB"), Some("two\r\nlines"));
}

#[test]
fn values_are_read_without_their_quotes() {
    let text = "data_a\nloop_\n_name\n_value\n'it's so' 1\n\"a \"b c\" +2.50e1\nx#y -3 # note\n";
    let document = parse(text);
    let table = document.require("a").unwrap().require_table().unwrap();
    assert_eq!(
        table.column_str("name").unwrap(),
        ["it's so", "a \"b c", "x#y"]
    );
    assert_eq!(table.column_f64("value").unwrap(), [1.0, 25.0, -3.0]);
    assert_eq!(table.column_i64("value").unwrap(), [1, 25, -3]);
    assert_eq!(table.len(), 3);
    assert_eq!(table.names().collect::<Vec<_>>(), ["name", "value"]);
}

#[test]
fn a_row_with_a_missing_value_is_refused() {
    let text = "data_a\nloop_\n_x\n_y\n1 2\n\n3\n4 5\n";
    assert_eq!(
        refusal(text),
        "line 7: row: expected 2 values, got 1; give each row one value a column; put quotes around values with spaces"
    );
}

#[test]
fn a_row_with_an_extra_value_is_refused() {
    assert!(
        refusal("data_a\nloop_\n_x\n_y\n1 2 3\n")
            .starts_with("line 5: row: expected 2 values, got 3;")
    );
}

#[test]
fn a_file_without_a_block_is_refused() {
    assert!(refusal("").starts_with("no block: a STAR file has a line data_NAME"));
    assert!(refusal("# nothing\n").starts_with("no block"));
    let message = refusal("\nloop_\n_x\n1\n");
    assert!(
        message.starts_with("line 2: first word: expected data_NAME or a comment, got \"loop_\"")
    );
}

#[test]
fn a_column_given_twice_is_refused() {
    let message = refusal("data_a\nloop_\n_x #1\n_y #2\n_x #3\n1 2 3\n");
    assert!(
        message.starts_with("line 5: name in the block: expected each name once, got _x again"),
        "{message}"
    );
}

#[test]
fn a_block_given_twice_is_refused() {
    let message = refusal("data_a\n_x 1\ndata_b\n_x 1\ndata_a\n_x 2\n");
    assert!(
        message.starts_with("line 5: block: expected each name once, got data_a again"),
        "{message}"
    );
}

#[test]
fn an_open_quote_is_refused() {
    let message = refusal("data_a\nloop_\n_x\n_y\n1 'a\n2 b'\n");
    assert!(
        message.starts_with(
            "line 5: quoted value: expected a closing quote on the same line, got none"
        ),
        "{message}"
    );
}

#[test]
fn an_open_text_block_is_refused() {
    let message = refusal("data_a\n_x\n;never\nclosed\n");
    assert!(
        message.starts_with("line 3: text block: expected a line that starts with ; after it"),
        "{message}"
    );
}

#[test]
fn more_right_after_a_text_block_is_refused() {
    let message = refusal("data_a\nloop_\n_x\n_y\n1\n;b\n;c\n");
    assert!(
        message
            .starts_with("line 6: text block: expected a blank after the closing ;, got more text"),
        "{message}"
    );
}

#[test]
fn values_outside_of_a_loop_are_refused() {
    let message = refusal("data_a\n_x 1\n2 3\n");
    assert!(
        message.starts_with(
            "line 3: line: expected data_, loop_ or a name that starts with _, got \"2\""
        ),
        "{message}"
    );
    let message = refusal("data_a\n_x 1 2\n");
    assert!(
        message.starts_with("line 2: line of a single value: expected nothing more than a comment"),
        "{message}"
    );
    assert!(
        refusal("data_a\n_x\n")
            .starts_with("line 2: value of x: expected one value after the name, got none")
    );
}

#[test]
fn too_many_columns_are_refused() {
    let names: String = (0..5000).map(|n| format!("_c{n}\n")).collect();
    let message = refusal(&format!("data_a\nloop_\n{names}"));
    assert_eq!(
        message,
        "line 2: columns of the loop: expected at most 4096, got more"
    );
}

#[test]
fn findings_are_bounded() {
    let text: String = (0..20_000)
        .map(|n| format!("data_{n}\nloop_\n_x\n1\n\n2\n"))
        .collect();
    let findings = validate(text.as_bytes());
    assert_eq!(findings.len(), 101);
    assert_eq!(findings[100].got, "too many to list");
}

#[test]
fn a_loop_without_columns_is_refused() {
    assert!(
        refusal("data_a\nloop_\n1 2\n")
            .starts_with("line 2: loop_: expected names of columns, got none")
    );
}

#[test]
fn a_bare_value_like_a_block_is_refused() {
    let message = refusal("data_a\nloop_\n_x\n_y\n1 2\ndata_3.mrc 4\n");
    assert!(
        message.starts_with(
            "line 6: row: expected a value or the start of a block, got \"data_3.mrc\" and more"
        ),
        "{message}"
    );
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    let message = Document::parse(b"data_a\n_x \xff\n".to_vec())
        .unwrap_err()
        .to_string();
    assert!(
        message.starts_with("byte 10: text: expected UTF-8, got byte 0xff"),
        "{message}"
    );
}

#[test]
fn a_value_that_is_no_number_is_refused_with_its_line() {
    let document = parse("data_a\nloop_\n_x\n_y\n1 2\n# c\n1.5 nan\n");
    let table = document.block("a").unwrap().table().unwrap();
    let message = table.column_f64("y").unwrap_err().to_string();
    assert_eq!(message, "line 7: y: expected a finite number, got \"nan\"");
    let message = table.column_i64("x").unwrap_err().to_string();
    assert_eq!(message, "line 7: x: expected a whole number, got \"1.5\"");
    assert_eq!(
        table.column_f64("z").unwrap_err().to_string(),
        "no column z; there is x, y"
    );
}

#[test]
fn only_what_changed_is_formatted_anew() {
    let text = "# top\ndata_a\n\nloop_ \n_x #1 \n_y #2 \n_z #3 \n  1.50   b  7 # one\n\n 2.000 'c d'\t8\n# end\n\ndata_b\n_v  1 # keep\n";
    let mut document = parse(text);
    let table = document.block_mut("a").unwrap().table_mut().unwrap();
    table.set_column("y", ["new one", "e"]).unwrap();
    let expected = text
        .replace("   b  7", "   \"new one\"  7")
        .replace("'c d'", "e");
    assert_eq!(document.to_string(), expected);

    document
        .block_mut("b")
        .unwrap()
        .set_value("v", "a b")
        .unwrap();
    document.block_mut("b").unwrap().set_value("w", 2).unwrap();
    let expected = expected.replace("_v  1 # keep\n", "_v  \"a b\" # keep\n_w  2\n");
    assert_eq!(document.to_string(), expected);

    let table = document.block_mut("a").unwrap().table_mut().unwrap();
    assert!(table.remove_column("x"));
    assert!(!table.remove_column("x"));
    table.set_column("t", [0.5, 1.0]).unwrap();
    table.push_row(&["p", "q r", "s"]).unwrap();
    assert_eq!(
        document.to_string(),
        "# top\ndata_a\n\nloop_ \n_y #1\n_z #2\n_t #3\n  \"new one\"  7 0.5 # one\n\n e\t8 1\np \"q r\" s\n# end\n\ndata_b\n_v  \"a b\" # keep\n_w  2\n"
    );
    let again = parse(&document.to_string());
    let table = again.block("a").unwrap().table().unwrap();
    assert_eq!(table.column_str("y").unwrap(), ["new one", "e", "p"]);
    assert_eq!(table.column_str("t").unwrap(), ["0.5", "1", "s"]);
}

#[test]
fn rows_with_text_blocks_survive_edits() {
    let mut document = parse("data_a\nloop_\n_x\n_y\n1\n;two\nlines\n;\n2 b\n");
    let table = document.block_mut("a").unwrap().table_mut().unwrap();
    table.set_column("x", ["7", "more\nlines"]).unwrap();
    let again = parse(&document.to_string());
    let table = again.block("a").unwrap().table().unwrap();
    assert_eq!(table.column_str("x").unwrap(), ["7", "more\nlines"]);
    assert_eq!(table.column_str("y").unwrap(), ["two\nlines", "b"]);
}

#[test]
fn values_that_come_to_begin_a_row_are_quoted() {
    let mut document = parse("data_a\nloop_\n_x\n_y\n1 ;\n2 _z\n3 data_4\n4 'c'\n5 d\n");
    let table = document.block_mut("a").unwrap().table_mut().unwrap();
    assert!(table.remove_column("x"));
    assert_eq!(
        document.to_string(),
        "data_a\nloop_\n_y\n\";\"\n\"_z\"\n\"data_4\"\n'c'\nd\n"
    );
}

#[test]
fn names_values_and_rows_can_go() {
    let mut document = parse("data_a\n_v 1\n_w 2 # why\n\nloop_\n_x #1\n_y\n1 2\n");
    let block = document.block_mut("a").unwrap();
    assert!(block.remove_value("v"));
    assert!(!block.remove_value("v"));
    let table = block.table_mut().unwrap();
    table.rename_column("x", "z").unwrap();
    assert_eq!(
        document.to_string(),
        "data_a\n_w 2 # why\n\nloop_\n_z #1\n_y\n1 2\n"
    );
    let table = document.block_mut("a").unwrap().table_mut().unwrap();
    assert!(table.remove_column("z") && table.remove_column("y") && table.is_empty());
    assert_eq!(document.to_string(), "data_a\n_w 2 # why\n");
}

#[test]
fn edits_that_star_cannot_hold_are_refused() {
    let mut table = Loop::new();
    table.set_column("x", [1, 2]).unwrap();
    let message = table.set_column("y", [1]).unwrap_err().to_string();
    assert_eq!(message, "values of column y: expected 2, got 1");
    assert!(table.set_column("a b", [1, 2]).is_err());
    assert!(table.set_column("y", ["a\n;b", "c"]).is_err());
    assert!(table.push_row(&[1, 2]).is_err());
    assert!(table.rename_column("x", "x").is_ok());
    assert!(table.rename_column("y", "z").is_err());
    let mut document = Document::new();
    document.add_block("a").unwrap().add_table(table);
    assert!(document.add_block("a").is_err());
    assert!(document.remove_block("a"));
    assert!(!document.remove_block("a"));
}

#[test]
fn new_documents_are_built_and_written_once() {
    let mut table = Loop::new();
    table.set_column("rlnTomoName", ["ts 1", "ts_2"]).unwrap();
    table.set_column("rlnCoordinateX", [1.5, -2.0]).unwrap();
    let mut document = Document::new();
    document.add_comment("two\nlines");
    document
        .add_block("general")
        .unwrap()
        .set_value("rlnA", "")
        .unwrap();
    document.add_block("particles").unwrap().add_table(table);
    let expected = "# two\n# lines\n\ndata_general\n\n_rlnA  \"\"\n\ndata_particles\n\nloop_\n_rlnTomoName #1\n_rlnCoordinateX #2\n\"ts 1\" 1.5\nts_2 -2\n";
    assert_eq!(document.to_string(), expected);
    assert_eq!(parse(expected).to_string(), expected);

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new.star");
    document.write(&path, Overwrite::Never).unwrap();
    assert!(document.write(&path, Overwrite::Never).is_err());
    assert_eq!(
        Document::read(&path, 1 << 20).unwrap().to_string(),
        expected
    );
    let message = Document::read(&path, 10).unwrap_err().to_string();
    assert!(message.contains("the limit is 10"), "{message}");
}

#[test]
fn large_loops_are_read_alike_on_any_number_of_threads() {
    let mut text = String::from("data_a\nloop_\n_x\n_y\n_z\n");
    for row in 0..200_000 {
        text.push_str(&format!("{row}.25 name_{row} {}\n", row % 7));
        if row % 50_000 == 0 {
            text.push_str("\n# between\n");
        }
    }
    text.push_str("\ndata_b\n_v 1\n");
    for threads in [1, 3] {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| {
            let document = parse(&text);
            let table = document.block("a").unwrap().table().unwrap();
            assert_eq!(table.len(), 200_000);
            assert_eq!(table.column_f64("x").unwrap()[123_456], 123_456.25);
            let [z, x] = table.columns_f64(["z", "x"]).unwrap();
            assert_eq!(
                (z[199_999], x[199_999]),
                (f64::from(199_999 % 7), 199_999.25)
            );
            assert_eq!(table.column("y").unwrap().get(199_999), "name_199999");
            assert_eq!(document.to_string(), text);
        });
    }
    let broken = text.replace("name_150000 ", "");
    let line = broken
        .lines()
        .position(|line| line.starts_with("150000.25 "))
        .unwrap()
        + 1;
    assert!(refusal(&broken).starts_with(&format!("line {line}: row: expected 3 values, got 2")));
    let blocked = text.replace("name_150000 ", "\n;name\n;\n");
    let document = parse(&blocked);
    assert_eq!(
        document
            .block("a")
            .unwrap()
            .table()
            .unwrap()
            .column("y")
            .unwrap()
            .get(150_000),
        "name"
    );
    assert_eq!(document.to_string(), blocked);
}

#[test]
fn validate_tells_what_other_programs_stumble_on() {
    let text = b"data_a\r\nloop_\r\n_x\r\n1\r\n\r\n2\r\n;t\r\n;\r\ndata_b\r\ndata_c\r\n_v 1\r\nloop_\r\n_w\r\n1";
    let findings = validate(text);
    let all: Vec<String> = findings.iter().map(ToString::to_string).collect();
    let expected = [
        "warning: line 1: expected lines that end with LF, got CR LF, which RELION refuses; convert the line ends",
        "note: end of the file: expected a line feed, got none; add one",
        "warning: line 5: expected rows without blank lines between, got a blank line; remove the blank line: RELION stops reading the table there",
        "warning: line 7: expected values on one line, got a ; text block; put the value on one line: RELION and Python starfile do not read it",
        "warning: block data_b: expected values or a table, got nothing; remove the block",
        "warning: block data_c: expected one table or single values, got 1 tables and 1 single values; give each table a block of its own: Python starfile reads the first of them only",
    ];
    assert_eq!(all, expected);
    let findings = validate(b"nonsense");
    assert_eq!(findings.len(), 1);
    assert_eq!(findings[0].severity, Severity::Error);
    assert_eq!(validate(b"data_a\n_x 1\n"), []);
}

fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z0-9.#;'\"_ -]{0,6}",
        Just("data_1".to_owned()),
        Just("a\nb".to_owned()),
        (-1e6..1e6_f64).prop_map(|value| value.to_string()),
    ]
}

#[test]
fn a_vertical_tab_after_a_label_is_kept() {
    // Found by the robustness test: Rust's ASCII whitespace leaves the vertical tab out.
    let text = "data_a\nloop_\n_rlnCoordinateX #1\n_rlnCoordinateY\u{b}#1\n1 2\n";
    assert_eq!(Document::parse(text).unwrap().to_string(), text);
}

proptest! {
    #[test]
    fn what_is_built_reads_back(rows in proptest::collection::vec([word(), word(), word()], 0..12)) {
        let mut table = Loop::new();
        for (index, name) in ["x", "y", "z"].into_iter().enumerate() {
            table.set_column(name, rows.iter().map(|row| &row[index])).unwrap();
        }
        let mut document = Document::new();
        document.add_block("a").unwrap().add_table(table);
        let again = parse(&document.to_string());
        let table = again.block("a").unwrap().table().unwrap();
        for (index, name) in ["x", "y", "z"].into_iter().enumerate() {
            let wanted: Vec<&str> = rows.iter().map(|row| row[index].as_str()).collect();
            prop_assert_eq!(table.column_str(name).unwrap(), wanted);
        }
    }

    #[test]
    fn star_like_text_never_panics_and_survives(
        head in "(|data_a\n|data_a\r\n_v ';'\nloop_\n_x #1\n|data_a\nloop_\n_x #1\n_y # 2\n)",
        body in "(data_b|loop_|_[zw] |a1|b |;|'c d' |\"|#| |\t|\r|\n|\n|\n;e\n; |f g\n){0,40}",
    ) {
        let text = head + &body;
        let _ = validate(text.as_bytes());
        let Ok(document) = Document::parse(text.as_str()) else {
            return Ok(());
        };
        prop_assert_eq!(document.to_string(), text);
        for column in ["new", "x"] {
            let mut edited = document.clone();
            let Some(table) = edited.block_mut("a").and_then(Block::table_mut) else {
                continue;
            };
            let rows = table.len();
            let others = ["x", "y"].into_iter().filter(|name| *name != column && table.has(name));
            let others: Vec<(&str, Vec<String>)> = others
                .map(|name| (name, table.column(name).unwrap().iter().map(str::to_owned).collect()))
                .collect();
            table.set_column(column, 0..rows).unwrap();
            let again = Document::parse(edited.to_string()).unwrap();
            let table = again.block("a").unwrap().table().unwrap();
            prop_assert_eq!(table.column_i64(column).unwrap(), (0..rows as i64).collect::<Vec<_>>());
            for (name, wanted) in &others {
                prop_assert_eq!(&table.column_str(name).unwrap(), wanted);
            }
            let table = edited.block_mut("a").and_then(Block::table_mut).unwrap();
            if table.remove_column("x") && table.names().len() > 0 {
                let again = Document::parse(edited.to_string()).unwrap();
                let table = again.block("a").unwrap().table().unwrap();
                prop_assert_eq!(table.len(), rows);
                for (name, wanted) in others.iter().filter(|(name, _)| *name != "x") {
                    prop_assert_eq!(&table.column_str(name).unwrap(), wanted);
                }
            }
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = validate(&bytes);
        let mut star = b"data_a\nloop_\n_x\n_y\n".to_vec();
        star.extend(bytes);
        if let Ok(document) = Document::parse(star.clone()) {
            prop_assert_eq!(document.to_string().into_bytes(), star);
        }
    }
}
