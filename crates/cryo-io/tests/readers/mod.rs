//! Every reader as a function of bytes: for the robustness test and for the fuzz targets.

use cryo_core::VoxelSize;
use cryo_io::{
    Frame, Frames, PicksOptions, copick, dataset, dynamo, em, imod, mrc, pickers, star, tables,
    tilt,
};

/// Name of a reader, extensions of its files, and the reader with its validator.
pub(crate) type Reader = (&'static str, &'static [&'static str], fn(&[u8]));

/// Largest array or unpacked file that the readers are allowed here.
pub(crate) const MAX_BYTES: u64 = 1 << 20;

pub(crate) const READERS: [Reader; 17] = [
    (
        "mrc",
        &["mrc", "map", "rec", "mrcs", "st", "gz", "bz2"],
        read_mrc,
    ),
    (
        "mrc_permissive",
        &["mrc", "map", "rec", "mrcs", "st", "gz", "bz2"],
        read_mrc_permissive,
    ),
    ("star", &["star", "tomostar"], read_star),
    ("relion", &["star"], read_relion),
    ("angles", &["tlt", "rawtlt"], read_angles),
    ("transforms", &["xf"], read_transforms),
    ("mdoc", &["mdoc"], read_mdoc),
    ("aretomo", &["aln"], read_aretomo),
    ("warp", &["xml"], read_warp),
    ("tilt_com", &["com"], read_tilt_com),
    ("imod", &["mod"], read_imod),
    ("copick", &["json"], read_copick),
    ("dynamo", &["tbl"], read_dynamo),
    ("em", &["em"], read_em),
    ("tables", &["csv", "tsv", "txt"], read_tables),
    ("datasets", &["csv", "tsv", "toml"], read_datasets),
    ("pickers", &["xml", "cbox", "coords"], read_pickers),
];

fn options() -> PicksOptions {
    let frame = Frame {
        shape: Some([5, 7, 9]),
        voxel_size: VoxelSize::new(10.0),
        unbinned_shape: None,
        tilt_series_pixel_size: Some(2.5),
    };
    let tomogram = Some("tomogram".to_owned());
    PicksOptions {
        frames: Frames::all(frame),
        tomogram,
        max_bytes: MAX_BYTES,
        ..PicksOptions::default()
    }
}

fn read_pickers(bytes: &[u8]) {
    for format in pickers::PickerFormat::ALL {
        let _ = pickers::parse(bytes, format, &options());
        let _ = pickers::validate(bytes, format);
    }
}

fn read_mrc(bytes: &[u8]) {
    let options = mrc::ReadOptions {
        max_bytes: MAX_BYTES,
        ..Default::default()
    };
    let _ = mrc::parse(bytes, &options);
}

fn read_mrc_permissive(bytes: &[u8]) {
    let options = mrc::ReadOptions {
        max_bytes: MAX_BYTES,
        permissive: true,
        ..Default::default()
    };
    if let Ok(reader) = mrc::Reader::from_bytes(bytes, &options) {
        let _ = reader.read();
        let _ = reader.read_complex();
        let _ = reader.crop([0, 1, 2], [1, 1, 1]);
        let _ = reader
            .extended_header()
            .map(|extended| extended.sections(reader.shape()[0]));
    }
    // The validator has a limit of its own, far above what a small packed file should take here.
    if !is_packed(bytes) {
        let _ = mrc::validate_bytes(bytes);
    }
}

/// Whether the bytes may unpack to many more.
pub(crate) fn is_packed(bytes: &[u8]) -> bool {
    matches!(bytes, [0x1f, 0x8b, ..] | [b'B', b'Z', b'h', ..])
}

fn read_star(bytes: &[u8]) {
    if let Ok(document) = star::Document::parse(bytes) {
        let utf16 = matches!(bytes, [0xff, 0xfe, ..] | [0xfe, 0xff, ..]);
        let written = document.to_string();
        let same = utf16 || written.as_bytes() == bytes;
        assert!(
            same,
            "read {:?}, wrote {written:?}",
            String::from_utf8_lossy(bytes)
        );
    }
    let _ = star::validate(bytes);
}

fn read_relion(bytes: &[u8]) {
    if let Ok(document) = star::Document::parse(bytes) {
        let _ = star::relion::picks_from(&document, None, &options());
        let _ = star::tilt::TiltSeriesTable::from_relion(&document, 2.5);
        let _ = star::tilt::TiltSeriesTable::from_tomostar(&document, 2.5);
        let _ = star::tilt::TiltSeriesSet::from_document(&document);
    }
}

fn read_angles(bytes: &[u8]) {
    let _ = tilt::tlt::parse(bytes);
    let _ = tilt::tlt::validate(bytes);
}

fn read_transforms(bytes: &[u8]) {
    let _ = tilt::xf::parse(bytes);
    let _ = tilt::xf::validate(bytes);
}

fn read_mdoc(bytes: &[u8]) {
    let _ = tilt::mdoc::parse(bytes).map(|mdoc| mdoc.table());
    let _ = tilt::mdoc::validate(bytes);
}

fn read_aretomo(bytes: &[u8]) {
    let _ = tilt::aln::parse(bytes).map(|aln| aln.table());
    let _ = tilt::aln::validate(bytes);
}

fn read_warp(bytes: &[u8]) {
    let _ =
        tilt::warp::parse(bytes).map(|series| series.table(None, tilt::warp::DoseCount::Before));
    let _ = tilt::warp::validate(bytes);
}

fn read_tilt_com(bytes: &[u8]) {
    let _ = tilt::tilt_com::parse(bytes);
    let _ = tilt::tilt_com::validate(bytes);
}

fn read_imod(bytes: &[u8]) {
    let _ = imod::parse(bytes, &options());
    let _ = imod::validate(bytes);
}

fn read_copick(bytes: &[u8]) {
    let _ = copick::parse(bytes, &options());
    let _ = copick::validate(bytes);
}

fn read_dynamo(bytes: &[u8]) {
    let _ = dynamo::parse(bytes, &options());
    let _ = dynamo::validate(bytes);
}

fn read_em(bytes: &[u8]) {
    let _ = em::parse(bytes, &options());
    let _ = VoxelSize::new(10.0).map(|size| em::parse_volume(bytes, size));
    let _ = em::validate(bytes);
}

fn read_tables(bytes: &[u8]) {
    let _ = tables::parse(bytes, &options());
    let _ = tables::validate(bytes);
}

fn read_datasets(bytes: &[u8]) {
    for syntax in [dataset::Syntax::Delimited, dataset::Syntax::Toml] {
        let _ = dataset::Dataset::parse(bytes, syntax, "lists".as_ref());
    }
}

/// Runs the reader of that name.
pub(crate) fn run(name: &str, bytes: &[u8]) {
    let (_, _, read) = READERS
        .iter()
        .find(|(known, ..)| *known == name)
        .expect("a reader of that name");
    read(bytes);
}
