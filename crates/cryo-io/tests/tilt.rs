//! Tilt metadata against the programs that other people read it with.

use std::path::{Path, PathBuf};

use cryo_core::{AngstromPos, Grid, ImagePos, TiltGeometry, TiltSign, VoxelSize};
use cryo_io::{
    Overwrite,
    tilt::{self, TiltFormat, TiltTable, aln, mdoc, tilt_com, tlt, warp, xf},
};

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../fixtures/data/tilt")
        .join(name)
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder for the test")
}

fn close(left: f64, right: f64, tolerance: f64) -> bool {
    (left - right).abs() <= tolerance
}

#[test]
fn tlt_round_trips() {
    let folder = folder();
    let path = folder.path().join("a.tlt");
    tlt::write(&path, Overwrite::Never, &[-60.0, -0.01, 59.99]).expect("written");
    let text = std::fs::read_to_string(&path).expect("there");
    assert_eq!(text, " -60.00\n  -0.01\n  59.99\n");
    let table = tilt::read(&path).expect("readable");
    assert_eq!(table.angles_deg(), [-60.0, -0.01, 59.99]);
    assert_eq!(table.excluded, [false; 3]);
}

#[test]
fn tlt_tolerates_blank_lines_and_reports_extra_columns() {
    let bytes = b"\r\n -3.0 1\r\n\r\n 0.0 2\r\n";
    assert_eq!(tlt::parse(bytes).expect("readable"), [-3.0, 0.0]);
    let findings = tlt::validate(bytes);
    assert_eq!(findings.len(), 1);
    assert_eq!(
        findings[0].to_string(),
        "warning: line 2: expected one angle a line, got more fields on 2 of 2 lines; \
         only the first field is read; check that it is the angle"
    );
}

#[test]
fn tlt_reports_angles_beyond_ninety_and_repeated_ones() {
    let findings = tlt::validate(b"0\n0\n120\n");
    let texts: Vec<String> = findings.iter().map(ToString::to_string).collect();
    assert!(texts[0].contains("image 2 (from 0): expected a tilt angle within ±90°, got 120°"));
    assert!(texts[1].contains("0° more than once"));
}

#[test]
fn xf_round_trips_within_the_digits_of_imod() {
    let folder = folder();
    let path = folder.path().join("a.xf");
    let transforms = xf::read(golden("aretomo3.xf")).expect("readable");
    xf::write(&path, Overwrite::Never, &transforms).expect("written");
    let again = xf::read(&path).expect("readable");
    assert_eq!(again.len(), 4);
    for (left, right) in transforms.iter().zip(&again) {
        assert!(close(left.shift.x, right.shift.x, 5e-4));
        assert!(close(left.shift.y, right.shift.y, 5e-4));
        assert!(close(left.matrix[0][1], right.matrix[0][1], 5e-8));
    }
}

#[test]
fn xf_of_any_affine_map_inverts_to_image_from_aligned() {
    let transform = xf::parse(b"0.98 0.11 -0.13 1.02 12.5 -7.25").expect("readable")[0];
    let inverse = xf::image_from_aligned(&transform).expect("invertible");
    let back = inverse.apply(transform.apply(ImagePos { y: -31.0, x: 44.0 }));
    assert!(close(back.x, 44.0, 1e-12) && close(back.y, -31.0, 1e-12));
}

#[test]
fn xf_recentred_moves_pixels_as_before() {
    for shape in [[4, 6], [5, 7], [4, 7]] {
        let turn = xf::parse(b"0 -1 1 0 3 0").expect("readable")[0];
        let imod = xf::imod_centre_px(shape);
        assert_eq!(imod.x, (shape[1] as f64 - 1.0) / 2.0);
        let floor = ImagePos {
            y: (shape[0] / 2) as f64,
            x: (shape[1] / 2) as f64,
        };
        let pixel = ImagePos { y: 1.0, x: 2.0 };
        let about = |centre: ImagePos, transform: cryo_core::ImageTransform| {
            let moved = transform.apply(ImagePos {
                y: pixel.y - centre.y,
                x: pixel.x - centre.x,
            });
            (moved.x + centre.x, moved.y + centre.y)
        };
        let expected = about(imod, turn);
        let got = about(floor, xf::recentred(&turn, imod, floor));
        assert!(close(got.0, expected.0, 1e-12) && close(got.1, expected.1, 1e-12));
    }
}

#[test]
fn aln_matches_alnfile_as_xf() {
    let alignment = aln::read(golden("aretomo3.aln")).expect("readable");
    let transforms = xf::read(golden("aretomo3.xf")).expect("readable");
    assert_eq!(alignment.images.len(), transforms.len());
    for (image, expected) in alignment.images.iter().zip(&transforms) {
        let got = image.aligned_from_raw();
        for row in 0..2 {
            for column in 0..2 {
                let (got, expected) = (got.matrix[row][column], expected.matrix[row][column]);
                assert!(close(got, expected, 1e-7));
            }
        }
        // The file keeps three digits of the shift.
        assert!(close(got.shift.x, expected.shift.x, 6e-4));
        assert!(close(got.shift.y, expected.shift.y, 6e-4));
        let inverse = xf::image_from_aligned(expected).expect("a rotation");
        let direct = image.image_from_aligned();
        assert!(close(inverse.shift.x, direct.shift.x, 1e-3));
        assert!(close(inverse.shift.y, direct.shift.y, 1e-3));
        assert!(close(
            xf::axis_angle_deg(expected),
            image.axis_angle_deg,
            1e-4
        ));
    }
}

#[test]
fn aln_shift_is_not_that_of_an_xf() {
    let alignment = aln::read(golden("aretomo3.aln")).expect("readable");
    let image = &alignment.images[0];
    let other = image.aligned_from_raw().shift;
    assert!((image.shift_x_px - other.x).abs() > 1.0);
    assert!((image.shift_x_px + other.x).abs() > 1.0);
}

#[test]
fn aln_table_is_in_the_order_of_the_raw_stack() {
    let table = tilt::read(golden("aretomo3.aln")).expect("readable");
    assert_eq!(table.angles_deg(), [0.0, 3.0, -3.0, 6.0, -9.0, -6.0]);
    assert_eq!(table.excluded, [false, true, false, false, false, true]);
    assert_eq!(table.image_shape, Some([480, 640]));
    assert_eq!(table.axis_angle_deg, None);
    let sorted = table.kept().sorted_by_angle();
    assert_eq!(sorted.angles_deg(), [-9.0, -3.0, 0.0, 6.0]);
    assert_eq!(sorted.tilts[0].image_from_aligned.shift.x, -52.974);
}

#[test]
fn aln_of_older_versions_counts_from_zero() {
    let text = b"# AreTomo Alignment / Priims bprmMn \n# RawSize = 8 6 3\n# NumPatches = 0\n\
        # DarkFrame =     2    1    60.00\n\
        # SEC     ROT         GMAG       TX          TY      SMEAN     SFIT    SCALE     BASE     TILT\n\
        2    -85.0    1.00000      1.000     2.000     1.00     1.00     1.00     0.00     -3.00\n\
        0    -85.0    1.00000      3.000     4.000     1.00     1.00     1.00     0.00      3.00\n";
    let alignment = aln::parse(text).expect("readable");
    assert_eq!(alignment.first_section(), 0);
    let table = alignment.table().expect("consistent");
    assert_eq!(table.angles_deg(), [3.0, 60.0, -3.0]);
    assert_eq!(table.excluded, [false, true, false]);
    assert_eq!(table.axis_angle_deg, Some(-85.0));
    assert!(aln::validate(text).is_empty());
}

#[test]
fn aln_round_trips() {
    let folder = folder();
    let path = folder.path().join("a.aln");
    let alignment = aln::read(golden("aretomo3.aln")).expect("readable");
    assert_eq!(alignment.beta_offset_deg, Some(-2.5));
    assert_eq!(alignment.thickness_px, Some(812.0));
    assert_eq!(alignment.local.len(), 8);
    aln::write(&path, Overwrite::Never, &alignment).expect("written");
    assert_eq!(aln::read(&path).expect("readable"), alignment);
    assert!(tilt::validate(&path).expect("readable").is_empty());
}

#[test]
fn aln_row_of_a_transform_says_the_same() {
    let alignment = aln::read(golden("aretomo3.aln")).expect("readable");
    for image in &alignment.images {
        let transform = image.image_from_aligned();
        let again = aln::AlignedImage::of(image.section, image.tilt_deg, &transform);
        assert!(close(again.axis_angle_deg, image.axis_angle_deg, 1e-9));
        assert_eq!(again.shift_y_px, image.shift_y_px);
    }
}

#[test]
fn mdoc_matches_mdocfile() {
    let document = mdoc::read(golden("series.mdoc")).expect("readable");
    let text = std::fs::read_to_string(golden("series_mdoc.json")).expect("there");
    let expected: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let values = |key: &str| expected[key].as_array().expect("a list").clone();
    for key in ["TiltAngle", "ExposureDose", "RotationAngle"] {
        let got: Vec<Option<f64>> = document
            .images()
            .map(|section| section.number(key).expect("a number"))
            .collect();
        let expected: Vec<Option<f64>> =
            values(key).iter().map(serde_json::Value::as_f64).collect();
        assert_eq!(got, expected, "{key}");
    }
    let names = values("SubFrameName");
    let names: Vec<&str> = names.iter().filter_map(|name| name.as_str()).collect();
    assert_eq!(document.frame_names(), names);
    assert_eq!(document.image_shape(), Some([3072, 4096]));
}

#[test]
fn mdoc_gives_order_dose_axis_and_pixel_size() {
    let table = tilt::read(golden("series.mdoc")).expect("readable");
    let doses: Vec<f64> = table
        .tilts
        .iter()
        .filter_map(|tilt| tilt.dose_before)
        .collect();
    assert_eq!(doses, [0.0, 2.5, 5.0, 7.75, 10.75]);
    let order = table.tilts.iter().filter_map(|tilt| tilt.acquisition_index);
    assert_eq!(order.collect::<Vec<u32>>(), [0, 1, 2, 3, 4]);
    assert_eq!(table.axis_angle_deg, Some(85.3));
    assert_eq!(table.pixel_size_angstrom, Some(1.35));
}

#[test]
fn mdoc_sorted_by_angle_keeps_order_and_dose_of_acquisition() {
    let mut document = mdoc::read(golden("series.mdoc")).expect("readable");
    let angle = |section: &mdoc::Section| section.number("TiltAngle").ok().flatten();
    document
        .sections
        .sort_by(|a, b| angle(a).partial_cmp(&angle(b)).expect("finite"));
    let table = document.table().expect("complete");
    assert_eq!(table.angles_deg(), [-6.0, -3.01, 0.01, 2.99, 5.98]);
    let order = table.tilts.iter().filter_map(|tilt| tilt.acquisition_index);
    assert_eq!(order.collect::<Vec<u32>>(), [3, 2, 0, 1, 4]);
    assert_eq!(table.tilts[0].dose_before, Some(7.75));
}

#[test]
fn mdoc_axis_without_title_comes_from_the_rotation_angle() {
    let cases = [
        ("175.3", 85.3),
        ("-85.0", -175.0),
        ("-95.5", 174.5),
        ("3.349", -86.651),
    ];
    for (rotation, expected) in cases {
        let text = format!("[FrameSet = 0]\nTiltAngle = 0\nRotationAngle = {rotation}\n");
        let document = mdoc::parse(text.as_bytes()).expect("readable");
        let axis = document.axis_angle_deg().expect("a number").expect("there");
        assert!(close(axis, expected, 1e-9), "{rotation}: {axis}");
    }
}

#[test]
fn mdoc_of_tomography_5_gives_its_axis() {
    let text = b"[T = no axis here]\n[T = TiltAxisAngle = -95.25  Binning = 1 SpotSize = 8]\n\
        [ZValue = 0]\nTiltAngle = 3.0\nDateTime = 12-Jan-2023 10:10:10\n";
    let document = mdoc::parse(text).expect("readable");
    assert_eq!(document.axis_angle_deg().expect("a number"), Some(-95.25));
    let time = mdoc::Timestamp::parse("12-Jan-2023 10:10:11").expect("a time");
    assert_eq!(
        (time.year, time.month, time.day, time.second),
        (2023, 1, 12, 11)
    );
}

#[test]
fn mdoc_round_trips_unknown_keys_and_sections() {
    let text = "Odd Key = a = b\n\n[T = one]\n\n[MontSection = 0]\nX = 1 2\n\n[ZValue = 3]\n\
                TiltAngle = 4\n# a comment\nTiltAngle = 5\n\n";
    let document = mdoc::parse(text.as_bytes()).expect("readable");
    assert_eq!(document.to_string(), text);
    assert_eq!(document.value("Odd Key"), Some("a = b"));
    assert_eq!(document.table().expect("one image").angles_deg(), [5.0]);
    let mut changed = document;
    changed.sections[1].set("TiltAngle", "6");
    changed.sections[1].set("New", "7");
    let text = changed.to_string();
    assert!(text.ends_with("# a comment\nTiltAngle = 6\nNew = 7\n\n"));
    let folder = folder();
    let path = folder.path().join("a.mdoc");
    mdoc::write(&path, Overwrite::Never, &changed).expect("written");
    assert_eq!(std::fs::read_to_string(&path).expect("there"), text);
}

#[test]
fn mdoc_without_dose_calibration_has_no_dose() {
    let text = b"[ZValue = 0]\nTiltAngle = 0\nExposureDose = 0\nDateTime = 01-Jan-20 00:00:00\n";
    let document = mdoc::parse(text).expect("readable");
    assert_eq!(document.dose_before().expect("numbers"), None);
    let findings = mdoc::validate(text);
    assert!(findings.iter().any(|finding| finding.place == "dose"));
}

#[test]
fn warp_reads_both_encodings_alike() {
    let wide = warp::read(golden("warp_utf16.xml")).expect("readable");
    let narrow = warp::read(golden("warp_utf8.xml")).expect("readable");
    assert_eq!(wide, narrow);
    assert!(wide.are_angles_inverted && !wide.has_local_refinement);
    assert_eq!(wide.movie_paths[1], "../frames/tilt 1 & more.mrc");
    let table = wide
        .table(None, warp::DoseCount::Before)
        .expect("a pixel size");
    assert_eq!(table.angles_deg(), [3.0, 0.0, -3.0]);
    assert_eq!(table.excluded, [false, false, true]);
    assert_eq!(table.sign, Some(TiltSign::Negative));
    assert_eq!(table.axis_angle_deg, Some(84.5));
    assert!(close(
        table.tilts[0].image_from_aligned.shift.x,
        10.0,
        1e-12
    ));
    assert!(close(
        table.tilts[2].image_from_aligned.shift.y,
        20.0,
        1e-12
    ));
    assert_eq!(table.tilts[0].defocus_angstrom, Some(31000.0));
    let order = table.tilts.iter().filter_map(|tilt| tilt.acquisition_index);
    assert_eq!(order.collect::<Vec<u32>>(), [1, 0, 2]);
}

#[test]
fn warp_dose_of_older_versions_is_taken_back() {
    let series = warp::read(golden("warp_utf8.xml")).expect("readable");
    let dose = warp::DoseCount::Including {
        exposure: 2.0,
        share: 0.5,
    };
    let table = series.table(None, dose).expect("a pixel size");
    assert_eq!(table.tilts[0].dose_before, Some(1.5));
}

/// `GetPositionInAllTilts` of Warp written out: `Euler(0, θ, −axis) · d + offset`.
#[test]
fn warp_table_projects_by_the_formula_of_warp() {
    let series = warp::read(golden("warp_utf16.xml")).expect("readable");
    let table = series
        .table(None, warp::DoseCount::Before)
        .expect("a pixel size");
    let grid = Grid::new([100, 200, 300], VoxelSize::new(1.35).expect("valid"));
    let sign = table.sign.expect("fixed by the format");
    let geometry = TiltGeometry::centred(table.tilts, sign, &grid, [200, 300], 1.35);
    let d = [40.0, -25.0, 30.0];
    let centre = geometry.rotation_centre;
    for (tilt, angle) in [(0, 3.0_f64), (2, -3.0)] {
        let (sine, cosine) = angle.to_radians().sin_cos();
        let (sin_psi, cos_psi) = (-84.5_f64).to_radians().sin_cos();
        let rows = [
            [cos_psi * cosine, sin_psi, -cos_psi * sine],
            [-sin_psi * cosine, cos_psi, sin_psi * sine],
        ];
        let dot = |row: [f64; 3]| row[0] * d[0] + row[1] * d[1] + row[2] * d[2];
        let x = dot(rows[0]) + series.offsets_x_angstrom[tilt];
        let y = dot(rows[1]) + series.offsets_y_angstrom[tilt];
        let place = AngstromPos::xyz(centre.x + d[0], centre.y + d[1], centre.z + d[2]);
        let seen = geometry.project(tilt, place);
        assert!(close(seen.x, 150.0 + x / 1.35, 1e-9), "{tilt}");
        assert!(close(seen.y, 100.0 + y / 1.35, 1e-9), "{tilt}");
    }
}

#[test]
fn warp_round_trips() {
    let folder = folder();
    let path = folder.path().join("a.xml");
    let series = warp::read(golden("warp_utf16.xml")).expect("readable");
    warp::write(&path, Overwrite::Never, &series).expect("written");
    assert_eq!(warp::read(&path).expect("readable"), series);
    let table = series
        .table(None, warp::DoseCount::Before)
        .expect("a pixel size");
    let again = warp::WarpSeries::from_table(&table).expect("Warp's sign");
    let back = again
        .table(None, warp::DoseCount::Before)
        .expect("a pixel size");
    for (left, right) in table.tilts.iter().zip(&back.tilts) {
        let (x, y) = (
            left.image_from_aligned.shift.x,
            right.image_from_aligned.shift.x,
        );
        assert!(close(x, y, 1e-9));
        assert_eq!(left.dose_before, right.dose_before);
    }
}

/// `ts_import_alignments` of Warp: the offset is −Aᵀ d times the pixel size.
#[test]
fn warp_alignment_equals_the_xf_it_would_be_imported_from() {
    let transforms = xf::read(golden("aretomo3.xf")).expect("readable");
    let alignment = aln::read(golden("aretomo3.aln")).expect("readable");
    let table = TiltTable {
        pixel_size_angstrom: Some(2.0),
        ..alignment.table().expect("consistent").kept()
    };
    let series = warp::WarpSeries::from_table(&table).expect("no sign given");
    for (image, transform) in alignment.images.iter().zip(&transforms) {
        let [[a11, a12], [a21, a22]] = transform.matrix;
        let x = -(a11 * transform.shift.x + a21 * transform.shift.y) * 2.0;
        let y = -(a12 * transform.shift.x + a22 * transform.shift.y) * 2.0;
        let mut angles = series.angles_deg.iter();
        let place = angles
            .position(|&angle| angle == image.tilt_deg)
            .expect("each angle once");
        assert!(close(series.offsets_x_angstrom[place], x, 3e-3));
        assert!(close(series.offsets_y_angstrom[place], y, 3e-3));
        assert!(close(
            series.axis_angles_deg[place],
            image.axis_angle_deg,
            1e-9
        ));
    }
}

#[test]
fn tilt_com_excludes_views_and_adds_the_offset() {
    let folder = folder();
    std::fs::write(folder.path().join("a.tlt"), "-3\n0\n3\n6\n").expect("written");
    let com = folder.path().join("tilt.com");
    let text = "$setenv IMOD_OUTPUT_FORMAT MRC\n# comment\n$tilt -StandardInput\n\
                InputProjections a.ali\nTILTFILE a.tlt\nTHICKNESS 1500\nEXCLUDELIST 2\n\
                EXCLUDELIST2 3-4\nOFFSET 1.5 -2.0\nFULLIMAGE 4096 3072\nSHIFT 0.0 0.0\n\
                $if (-e ./savework) ./savework\n";
    std::fs::write(&com, text).expect("written");
    let table = tilt::read(&com).expect("readable");
    assert_eq!(table.angles_deg(), [-1.5, 1.5, 4.5, 7.5]);
    assert_eq!(table.excluded, [false, true, true, true]);
    assert_eq!(table.image_shape, Some([3072, 4096]));
    let findings = tilt_com::validate(text.as_bytes());
    assert!(findings[0].to_string().contains("tilted or shifted"));
}

#[test]
fn tilt_com_of_a_template_is_read_up_to_done() {
    let text =
        b"$tilt\ng5a.ali\ng5a.rec\nIMAGEBINNED 1\nTILTFILE g5a.tlt\nTHICKNESS 100\nEXCLUDELIST\n\
        FULLIMAGE\nDONE\nOFFSET 9\n";
    let com = tilt_com::parse(text).expect("readable");
    assert_eq!(com.tilt_file.as_deref(), Some("g5a.tlt"));
    assert_eq!((com.thickness_px, com.binning), (Some(100.0), Some(1.0)));
    assert_eq!((com.angle_offset_deg, com.full_image), (0.0, None));
}

#[test]
fn imod_pair_gives_angles_and_inverse_transforms() {
    let folder = folder();
    let angles = folder.path().join("a.tlt");
    tlt::write(&angles, Overwrite::Never, &[-9.0, -3.0, 0.0, 6.0]).expect("written");
    let table = tilt::read_imod(&angles, golden("aretomo3.xf")).expect("same number");
    let alignment = aln::read(golden("aretomo3.aln")).expect("readable");
    assert_eq!(table.axis_angle_deg, None);
    for (tilt, image) in table.tilts.iter().zip(&alignment.images) {
        assert!(close(
            tilt.image_from_aligned.shift.x,
            image.shift_x_px,
            1e-3
        ));
    }
    tlt::write(&angles, Overwrite::Replace, &[0.0]).expect("written");
    let error = tilt::read_imod(&angles, golden("aretomo3.xf")).expect_err("different numbers");
    assert!(
        error
            .to_string()
            .contains("number of tilts: expected 4, one an image, got 1")
    );
}

#[test]
fn formats_are_told_apart_by_name_and_content() {
    let format = |name: &str, bytes: &[u8]| tilt::format_of(Path::new(name), bytes);
    assert_eq!(format("a.mrc.mdoc", b""), Some(TiltFormat::Mdoc));
    assert_eq!(format("a.RAWTLT", b""), Some(TiltFormat::Angles));
    for (name, expected) in [
        ("series.mdoc", TiltFormat::Mdoc),
        ("aretomo3.aln", TiltFormat::AreTomo),
        ("aretomo3.xf", TiltFormat::Transforms),
        ("warp_utf16.xml", TiltFormat::Warp),
        ("warp_utf8.xml", TiltFormat::Warp),
    ] {
        let bytes = std::fs::read(golden(name)).expect("there");
        assert_eq!(format("unnamed", &bytes), Some(expected), "{name}");
    }
    assert_eq!(format("unnamed", b"-3.0\n0\n"), Some(TiltFormat::Angles));
    assert_eq!(format("unnamed", b"a b\n"), None);
    let error = tilt::read(golden("aretomo3.xf")).expect_err("no angles");
    assert!(error.to_string().ends_with("give the .tlt beside the .xf"));
}
