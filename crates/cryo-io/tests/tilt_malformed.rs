//! Tilt metadata that must be refused, with its message, and arbitrary bytes.

use cryo_io::tilt::{aln, mdoc, tilt_com, tlt, warp, xf};
use proptest::prelude::*;

fn message<T: std::fmt::Debug>(result: Result<T, cryo_io::Error>) -> String {
    result.expect_err("malformed").to_string()
}

#[test]
fn tlt_word_is_refused() {
    assert_eq!(
        message(tlt::parse(b"-3.0\nthree\n")),
        "line 2: tilt angle: expected a finite number, got \"three\""
    );
}

#[test]
fn tlt_infinite_angle_is_refused() {
    assert_eq!(
        message(tlt::parse(b"inf\n")),
        "line 1: tilt angle: expected a finite number, got \"inf\""
    );
}

#[test]
fn tlt_without_lines_is_refused() {
    assert_eq!(
        message(tlt::parse(b"\n \n")),
        "file: expected at least one tilt angle, got none; check that it is the file you mean"
    );
}

#[test]
fn tlt_of_binary_bytes_is_refused() {
    let text = message(tlt::parse(b"1\n\xff\xfe\x00"));
    assert!(
        text.starts_with("byte 2: text: expected UTF-8, got byte 0xff"),
        "{text}"
    );
}

#[test]
fn xf_of_five_numbers_is_refused() {
    assert_eq!(
        message(xf::parse(b"1 0 0 1 0 0\n1 0 0 1 5\n")),
        "line 2: transform: expected the six numbers A11 A12 A21 A22 DX DY, got 5"
    );
}

#[test]
fn renamed_aln_is_refused_as_xf() {
    assert_eq!(
        message(xf::parse(b"0 85.0 1.0 3.0 4.0 1 1 1 0 -3.0\n")),
        "line 1: transform: expected the six numbers A11 A12 A21 A22 DX DY, got 10; \
         ten fields are an AreTomo .aln: renaming one does not make it an .xf"
    );
}

#[test]
fn xf_without_inverse_is_reported() {
    let findings = xf::validate(b"1 0 0 1 0 0\n1 2 2 4 0 0\n");
    assert_eq!(
        findings[0].to_string(),
        "error: transform 1 (from 0): expected a matrix with an inverse, got determinant 0; \
         align the series again, or exclude the image"
    );
}

#[test]
fn mdoc_unclosed_section_is_refused() {
    assert_eq!(
        message(mdoc::parse(b"[ZValue = 0]\nTiltAngle = 0\n[ZValue = 1\n")),
        "line 3: section: expected [Type = name], got \"[ZValue = 1\""
    );
}

#[test]
fn mdoc_without_tilt_angle_is_refused() {
    let document = mdoc::parse(b"\n[ZValue = 7]\nDefocus = 2\nBinning = 1\n").expect("an mdoc");
    assert_eq!(
        message(document.table()),
        "line 2: no TiltAngle in [ZValue = 7]; there is Defocus, Binning"
    );
}

#[test]
fn mdoc_angle_that_is_no_number_is_refused() {
    let document = mdoc::parse(b"[ZValue = 7]\nTiltAngle = nan\n").expect("an mdoc");
    assert_eq!(
        message(document.table()),
        "line 1: TiltAngle: expected a finite number, got \"nan\""
    );
}

#[test]
fn mdoc_without_sections_is_refused() {
    assert_eq!(
        message(mdoc::parse(b"hello\n")),
        "file: expected sections such as [ZValue = 0], got none; check that it is a SerialEM .mdoc"
    );
    let document = mdoc::parse(b"Voltage = 300\n").expect("an mdoc");
    assert_eq!(
        message(document.table()),
        "no [ZValue = n] or [FrameSet = n] section; there is 0 sections of other types"
    );
}

#[test]
fn mdoc_section_number_twice_is_reported() {
    let text = b"[ZValue = 0]\nTiltAngle = 0\n[ZValue = 0]\nTiltAngle = 1\n";
    let findings = mdoc::validate(text);
    let texts: Vec<String> = findings.iter().map(ToString::to_string).collect();
    assert!(texts[0].contains("line 3: expected each section number once, got ZValue = 0 again"));
}

const ALN: &str = "# AreTomo Alignment / Priims bprmMn\n# RawSize = 8 6 2\n# NumPatches = 0\n";

#[test]
fn aln_row_of_nine_fields_is_refused() {
    let text = format!("{ALN}  1 85.0 1.0 3.0 4.0 1 1 1 0\n");
    assert_eq!(
        message(aln::parse(text.as_bytes())),
        "line 4: SEC ROT GMAG TX TY SMEAN SFIT SCALE BASE TILT: expected 10 fields, \
         got 9 in \"1 85.0 1.0 3.0 4.0 1 1 1 0\""
    );
}

#[test]
fn aln_negative_section_is_refused() {
    let text = format!("{ALN} -1 85.0 1.0 3.0 4.0 1 1 1 0 0\n");
    assert_eq!(
        message(aln::parse(text.as_bytes())),
        "line 4: SEC: expected a whole number from 0, got \"-1\""
    );
}

#[test]
fn aln_section_twice_is_refused() {
    let row = "1 85.0 1.0 3.0 4.0 1 1 1 0 0\n";
    let alignment =
        aln::parse(format!("{ALN}{row}{row}").as_bytes()).expect("rows are well formed");
    assert_eq!(
        message(alignment.table()),
        "SEC: expected each section once, got section 1 twice"
    );
}

#[test]
fn aln_section_beyond_the_stack_is_refused() {
    let text = format!("{ALN}1 85.0 1 3 4 1 1 1 0 0\n18446744073709551615 85.0 1 3 4 1 1 1 0 0\n");
    let alignment = aln::parse(text.as_bytes()).expect("rows are well formed");
    assert_eq!(
        message(alignment.table()),
        "SEC: expected a section below 3, got 18446744073709551615"
    );
}

#[test]
fn aln_without_images_is_refused() {
    assert_eq!(
        message(aln::parse(ALN.as_bytes())),
        "file: expected at least one aligned image, got none; check that it is an AreTomo .aln"
    );
}

#[test]
fn warp_entities_are_refused() {
    let text = b"<!DOCTYPE a [<!ENTITY x \"y\"><!ENTITY z \"&x;&x;\">]><TiltSeries><Angles>&z;</Angles></TiltSeries>";
    let text = message(warp::parse(text));
    assert!(
        text.starts_with("line 1: file: expected XML without a document type"),
        "{text}"
    );
}

#[test]
fn warp_nesting_costs_no_stack() {
    let deep = "<a>".repeat(200_000);
    let text = message(warp::parse(deep.as_bytes()));
    assert!(text.contains("expected XML"), "{text}");
    let closed = format!("{deep}{}", "</a>".repeat(200_000));
    let text = message(warp::parse(closed.as_bytes()));
    assert!(text.contains("expected <TiltSeries>, got <a>"), "{text}");
}

#[test]
fn warp_lists_of_different_lengths_are_refused() {
    let text = b"<TiltSeries><Angles>1\n2</Angles><Dose>1</Dose></TiltSeries>";
    assert_eq!(
        message(warp::parse(text)),
        "Dose: expected 2 values, as <Angles> has, got 1"
    );
}

#[test]
fn warp_wrong_values_are_refused_with_their_line() {
    let text = b"<TiltSeries>\n<Angles>1\n2</Angles>\n<UseTilt>True\nYes</UseTilt></TiltSeries>";
    assert_eq!(
        message(warp::parse(text)),
        "line 4: truth value: expected True or False, got \"Yes\""
    );
    let text = b"<TiltSeries><Angles>1 NaN</Angles></TiltSeries>";
    assert_eq!(
        message(warp::parse(text)),
        "line 1: Angles: expected a finite number, got \"NaN\""
    );
}

#[test]
fn warp_without_angles_is_refused() {
    assert_eq!(
        message(warp::parse(b"<TiltSeries><Dose>1</Dose></TiltSeries>")),
        "no <Angles>; there is Dose"
    );
}

#[test]
fn warp_offsets_without_pixel_size_are_refused() {
    let text = b"<TiltSeries><Angles>1</Angles><AxisOffsetX>3</AxisOffsetX></TiltSeries>";
    let series = warp::parse(text).expect("well formed");
    assert_eq!(
        message(series.table(None, warp::DoseCount::Before)),
        "the pixel size of the tilt series is needed and is not in the file; \
         give it: the offsets of the images are in ångström"
    );
}

#[test]
fn warp_levelling_is_applied_about_y_and_refused_about_x() {
    let text =
        b"<TiltSeries LevelAngleX=\"0\" LevelAngleY=\"1.5\" ImageDimensionsAngstrom=\"300, 200\">\
        <Angles>-3 0</Angles></TiltSeries>";
    let mut series = warp::parse(text).expect("well formed");
    let table = series
        .table(Some(2.0), warp::DoseCount::Before)
        .expect("no offsets");
    assert_eq!(table.angles_deg(), [-1.5, 1.5]);
    assert_eq!(table.image_shape, Some([100, 150]));
    assert!(table.check_level().is_ok());
    series.level_x_deg = -4.0;
    let table = series
        .table(Some(2.0), warp::DoseCount::Before)
        .expect("no offsets");
    assert_eq!(
        message(table.check_level()),
        "a tomogram that is rotated by -4° about x is not supported; \
         reconstruct it without, or do without views of the tilt series"
    );
    assert!(warp::WarpSeries::from_table(&table).is_err());
}

#[test]
fn tilt_com_with_a_senseless_range_is_refused() {
    assert_eq!(
        message(tilt_com::parse(b"TILTFILE a.tlt\nEXCLUDELIST 5-3\n")),
        "line 2: EXCLUDELIST: expected views from 1 such as 3 or 5-8, got \"5-3\""
    );
    let huge = tilt_com::parse(b"EXCLUDELIST 2-18446744073709551615\n").expect("a range");
    assert!(huge.is_excluded(1) && !huge.is_excluded(0));
}

#[test]
fn tilt_com_without_options_is_refused() {
    assert_eq!(
        message(tilt_com::parse(b"$tilt\nhello\n")),
        "file: expected options of tilt such as TILTFILE, got none; check that it is a tilt.com"
    );
}

#[test]
fn tilt_com_excluding_views_that_are_not_there_is_refused() {
    let folder = tempfile::tempdir().expect("a folder for the test");
    std::fs::write(folder.path().join("a.tlt"), "-3\n0\n").expect("written");
    let path = folder.path().join("tilt.com");
    std::fs::write(&path, "TILTFILE a.tlt\nEXCLUDELIST 3\n").expect("written");
    let text = message(tilt_com::read_table(&path));
    assert!(
        text.ends_with("EXCLUDELIST: expected views up to 2, as a.tlt has, got 3"),
        "{text}"
    );
}

fn all_readers(bytes: &[u8]) {
    let _ = tlt::validate(bytes);
    let _ = xf::validate(bytes);
    let _ = mdoc::validate(bytes);
    let _ = aln::validate(bytes);
    let _ = warp::validate(bytes);
    let _ = tilt_com::validate(bytes);
    let _ = cryo_io::tilt::format_of("unnamed".as_ref(), bytes);
    if let Ok(series) = warp::parse(bytes) {
        let _ = series.table(Some(1.0), warp::DoseCount::Before);
    }
    if let Ok(com) = tilt_com::parse(bytes) {
        let _ = com.applied_to(&cryo_io::tilt::TiltTable::from_angles(&[0.0, 1.0]));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        all_readers(&bytes);
    }

    #[test]
    fn mutated_files_never_panic(
        which in 0_usize..5,
        edits in proptest::collection::vec((any::<u32>(), any::<u8>(), 0_u8..4), 1..12),
    ) {
        let names = ["series.mdoc", "aretomo3.aln", "aretomo3.xf", "warp_utf16.xml", "warp_utf8.xml"];
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/data/tilt/");
        let mut bytes = std::fs::read(format!("{path}{}", names[which])).expect("there");
        for (place, byte, kind) in edits {
            let place = place as usize % bytes.len().max(1);
            match kind {
                0 => bytes[place] = byte,
                1 => bytes.insert(place, byte),
                2 => { bytes.remove(place); }
                _ => { bytes.truncate(place.max(1)); }
            }
            if bytes.is_empty() {
                bytes.push(byte);
            }
        }
        all_readers(&bytes);
    }
}
