//! Files that must be refused, each with the message that the user sees.

use std::{fs, io::Write, path::PathBuf, time::Instant};

use cryo_io::{
    ErrorKind, Severity,
    mrc::{self, ByteOrder, Kind, ReadOptions, Reader},
};
use flate2::{Compression, write::GzEncoder};
use proptest::{collection::vec, prelude::*};

/// 5 × 4 × 3 (x, y, z) f32, little-endian, voxel size 2 Å.
fn valid() -> Vec<u8> {
    let mut bytes = vec![0; 1024 + 240];
    for (place, word) in [
        (0, 5),
        (4, 4),
        (8, 3),
        (12, 2),
        (28, 5),
        (32, 4),
        (36, 3),
        (64, 1),
        (68, 2),
        (72, 3),
        (88, 1),
        (108, 20141),
    ] {
        set(&mut bytes, place, word);
    }
    for (place, length) in [
        (40, 10.0),
        (44, 8.0),
        (48, 6.0),
        (52, 90.0),
        (56, 90.0),
        (60, 90.0),
    ] {
        set_float(&mut bytes, place, length);
    }
    for (place, value) in [(76, 0.0), (80, -1.0), (84, -2.0), (216, -1.0)] {
        set_float(&mut bytes, place, value);
    }
    bytes[208..216].copy_from_slice(b"MAP DD\0\0");
    for index in 0..60_u8 {
        set_float(&mut bytes, 1024 + 4 * usize::from(index), f32::from(index));
    }
    bytes
}

fn set(bytes: &mut [u8], place: usize, word: i32) {
    bytes[place..place + 4].copy_from_slice(&word.to_le_bytes());
}

fn set_float(bytes: &mut [u8], place: usize, value: f32) {
    bytes[place..place + 4].copy_from_slice(&value.to_le_bytes());
}

fn with(words: &[(usize, i32)]) -> Vec<u8> {
    let mut bytes = valid();
    for &(place, word) in words {
        set(&mut bytes, place, word);
    }
    bytes
}

fn permissive() -> ReadOptions {
    ReadOptions {
        permissive: true,
        ..ReadOptions::default()
    }
}

fn message(bytes: &[u8]) -> String {
    mrc::parse(bytes, &ReadOptions::default())
        .unwrap_err()
        .to_string()
}

#[track_caller]
fn refused(bytes: &[u8], expected: &str) {
    assert_eq!(message(bytes), expected);
    // The permissive reader must not fall for it either, and `validate` must say so.
    let findings = mrc::validate_bytes(bytes);
    assert!(
        findings
            .iter()
            .any(|finding| finding.severity == Severity::Error),
        "{findings:?}"
    );
}

#[test]
fn a_valid_file_is_read() {
    let volume = mrc::parse(&valid(), &ReadOptions::default()).unwrap();
    assert_eq!(volume.data()[[2, 3, 4]], 59.0);
    assert_eq!(volume.grid().voxel_size.isotropic(), Some(2.0));
    assert_eq!(mrc::validate_bytes(&valid()), []);
}

#[test]
fn an_empty_file_is_refused() {
    let fix = "check that it is an MRC file and that it was copied completely";
    refused(&[], &format!("expected 1024 bytes, the file has 0; {fix}"));
    refused(
        &valid()[..1023],
        &format!("expected 1024 bytes, the file has 1023; {fix}"),
    );
}

#[test]
fn garbage_is_refused() {
    let garbage: Vec<u8> = (0..5000_u32)
        .map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    let message = message(&garbage);
    assert!(
        message.starts_with("byte 208: map: expected \"MAP \", got "),
        "{message}"
    );
    assert!(
        message
            .ends_with("check that it is an MRC file; if it is an old one, read it permissively")
    );
    assert!(mrc::parse(&garbage, &permissive()).is_err());
}

#[test]
fn a_file_without_map_is_refused_unless_permissive() {
    let mut bytes = valid();
    bytes[208..212].copy_from_slice(b"PAM\n");
    refused(
        &bytes,
        "byte 208: map: expected \"MAP \", got \"PAM\\n\"; check that it is an MRC file; if it is an \
         old one, read it permissively",
    );
    let reader = Reader::from_bytes(&bytes, &permissive()).unwrap();
    assert_eq!(reader.volume().unwrap().data()[[0, 0, 1]], 1.0);
    assert_eq!(reader.warnings().len(), 1);
    assert_eq!(
        reader.warnings()[0].to_string(),
        "warning: map (byte 208): expected \"MAP \", got \"PAM\\n\"; old programs leave it out; write \
         the file anew"
    );
}

#[test]
fn a_wrong_machine_stamp_is_refused_unless_permissive() {
    let mut bytes = valid();
    bytes[212..216].copy_from_slice(&[0, 1, 2, 255]);
    refused(
        &bytes,
        "byte 212: machine stamp: expected 44 44 00 00, 44 41 00 00 or 11 11 00 00, got 00 01 02 ff; \
         read it permissively to have the byte order guessed",
    );
    let reader = Reader::from_bytes(&bytes, &permissive()).unwrap();
    assert_eq!(reader.byte_order(), ByteOrder::Little);
    assert_eq!(
        reader.warnings()[0].fix,
        "read as little-endian; write the file anew"
    );

    bytes[212..216].copy_from_slice(&[0x11, 0x11, 0, 0]);
    refused(
        &bytes,
        "byte 12: mode: expected 0, 1, 2, 3, 4, 6, 12 or 101, got 33554432; the machine stamp \
         contradicts the data; read it permissively",
    );
    let reader = Reader::from_bytes(&bytes, &permissive()).unwrap();
    assert_eq!(reader.byte_order(), ByteOrder::Little);
    assert_eq!(reader.volume().unwrap().data()[[2, 3, 4]], 59.0);
}

#[test]
fn impossible_dimensions_are_refused() {
    let fix = "the header is damaged; get the file again";
    refused(
        &with(&[(0, 0)]),
        &format!("byte 0: nx: expected a positive number, got 0; {fix}"),
    );
    refused(
        &with(&[(4, -4)]),
        &format!("byte 4: ny: expected a positive number, got -4; {fix}"),
    );
    refused(
        &with(&[(8, i32::MIN)]),
        &format!("byte 8: nz: expected a positive number, got -2147483648; {fix}"),
    );
}

#[test]
fn dimensions_that_overflow_are_refused() {
    let huge = i32::MAX;
    refused(
        &with(&[(0, huge), (4, huge), (8, huge)]),
        "byte 0: nx, ny, nz: expected dimensions of a file that can exist, got 2147483647 × 2147483647 \
         × 2147483647; the header is damaged; get the file again",
    );
    let message = message(&with(&[(0, huge), (4, huge), (8, 1)]));
    assert!(
        message.contains("dimensions of a file that can exist"),
        "{message}"
    );
}

#[test]
fn ten_gigabytes_in_a_kilobyte_are_refused() {
    let bytes = with(&[(0, 2048), (4, 1024), (8, 1280)]);
    refused(
        &bytes[..1024],
        "expected 10737419264 bytes, the file has 1024; the file is cut, or its header is damaged; \
         get it again",
    );
    let reader = Reader::from_bytes(&bytes, &permissive()).unwrap();
    assert_eq!(reader.shape(), [1280, 1024, 2048]);
    assert!(matches!(
        reader.read().unwrap_err().kind,
        ErrorKind::Truncated { .. }
    ));
    assert!(matches!(
        reader.slice(0).unwrap_err().kind,
        ErrorKind::Truncated { .. }
    ));
}

#[test]
fn truncated_data_is_refused() {
    let fix = "the file is cut, or its header is damaged; get it again";
    let bytes = valid();
    refused(
        &bytes[..1263],
        &format!("expected 1264 bytes, the file has 1263; {fix}"),
    );
    refused(
        &bytes[..1024],
        &format!("expected 1264 bytes, the file has 1024; {fix}"),
    );
}

#[test]
fn a_mode_that_lies_is_refused() {
    let fix = "the file is cut, or its header is damaged; get it again";
    refused(
        &with(&[(12, 4)]),
        &format!("expected 1504 bytes, the file has 1264; {fix}"),
    );
    let modes = "byte 12: mode: expected 0, 1, 2, 3, 4, 6, 12 or 101";
    refused(
        &with(&[(12, 5)]),
        &format!("{modes}, got 5; check that it is an MRC file"),
    );
    refused(
        &with(&[(12, -1)]),
        &format!("{modes}, got -1; check that it is an MRC file"),
    );
    // A mode of fewer bytes leaves some over, which a warning says.
    let reader = Reader::from_bytes(&with(&[(12, 1)]), &ReadOptions::default()).unwrap();
    assert_eq!(
        reader.warnings()[0].to_string(),
        "warning: length: expected 1144 bytes, got 1264 bytes or more; what follows the data is not \
         read; check the dimensions"
    );
}

#[test]
fn complex_voxels_are_refused_as_a_volume() {
    let mut bytes = with(&[(12, 4)]);
    bytes.resize(1504, 0);
    assert_eq!(
        message(&bytes),
        "byte 12: mode 4 (complex 32-bit float) as real numbers is not supported; it holds a Fourier \
         transform; read it as complex numbers"
    );
    let reader = Reader::from_bytes(&valid(), &ReadOptions::default()).unwrap();
    assert_eq!(
        reader.read_complex().unwrap_err().to_string(),
        "mode 2 (32-bit float) as complex numbers is not supported; read it as real numbers"
    );
}

#[test]
fn a_missing_voxel_size_is_asked_for() {
    for edge in [f32::NAN, 0.0, -10.0, f32::INFINITY] {
        let mut bytes = valid();
        set_float(&mut bytes, 40, edge);
        assert_eq!(
            message(&bytes),
            "byte 28: the voxel size is needed and is not in the file; give the voxel size, or read \
             permissively to take 1 Å"
        );
        let given = ReadOptions {
            voxel_size_angstrom: Some(7.5),
            ..ReadOptions::default()
        };
        let volume = mrc::parse(&bytes, &given).unwrap();
        assert_eq!(volume.grid().voxel_size.isotropic(), Some(7.5));
        let reader = Reader::from_bytes(&bytes, &permissive()).unwrap();
        assert_eq!(reader.grid().unwrap().voxel_size.isotropic(), Some(1.0));
        assert_eq!(
            reader.warnings()[0].to_string(),
            "warning: cell and mx, my, mz (byte 28): expected the edges of the cell above 0 Å, got no \
             voxel size, 1 Å taken; positions in ångström are wrong; give the voxel size"
        );
        // Voxels can be had without.
        let reader = Reader::from_bytes(&bytes, &ReadOptions::default()).unwrap();
        assert_eq!(reader.part([1, 2, 3], [1, 1, 1]).unwrap()[[0, 0, 0]], 33.0);
    }
    let nothing = ReadOptions {
        voxel_size_angstrom: Some(f64::NAN),
        ..ReadOptions::default()
    };
    let message = mrc::parse(&valid(), &nothing).unwrap_err().to_string();
    assert_eq!(
        message,
        "voxel size: expected a finite length above 0 Å, got NaN Å"
    );
}

#[test]
fn missing_sampling_falls_back_to_the_dimensions() {
    let reader = Reader::from_bytes(
        &with(&[(28, 0), (32, 0), (36, -3)]),
        &ReadOptions::default(),
    )
    .unwrap();
    assert_eq!(reader.grid().unwrap().voxel_size.isotropic(), Some(2.0));
    assert_eq!(
        reader.warnings()[0].to_string(),
        "warning: mx, my, mz (byte 28): expected positive numbers, got 0, 0, -3; the number of voxels \
         was taken instead; write the file anew"
    );
}

#[test]
fn odd_voxel_sizes_are_noticed() {
    let mut bytes = valid();
    for (place, edge) in [(40, 5.0), (44, 4.0), (48, 3.0)] {
        set_float(&mut bytes, place, edge);
    }
    let noticed = |bytes: &[u8]| mrc::validate_bytes(bytes)[0].got.clone();
    assert_eq!(noticed(&bytes), "1 Å");
    set_float(&mut bytes, 40, 50.0);
    assert_eq!(noticed(&bytes), "1 × 1 × 10 Å (z, y, x)");
}

#[test]
fn extended_headers_of_impossible_length_are_refused() {
    let fix = "the file is cut, or its header is damaged; get it again";
    refused(
        &with(&[(92, -5)]),
        "byte 92: nsymbt: expected the length of the extended header, 0 or more, got -5",
    );
    refused(
        &with(&[(92, i32::MAX)]),
        &format!("expected 2147484911 bytes, the file has 1264; {fix}"),
    );
    refused(
        &with(&[(92, 7)]),
        &format!("expected 1271 bytes, the file has 1264; {fix}"),
    );
    let reader = Reader::from_bytes(&with(&[(92, i32::MAX)]), &permissive()).unwrap();
    let message = reader.extended_header().unwrap_err().to_string();
    assert!(
        message.starts_with("expected 2147484671 bytes, the file has 1264"),
        "{message}"
    );
}

#[test]
fn a_wrong_axis_map_is_refused_unless_permissive() {
    let bytes = with(&[(64, 1), (68, 1), (72, 3)]);
    assert_eq!(
        message(&bytes),
        "byte 64: mapc, mapr, maps: expected 1, 2 and 3 in some order, got 1, 1, 3; read it \
         permissively to take 1, 2, 3"
    );
    assert!(mrc::parse(&bytes, &permissive()).is_ok());
    // Unset is common in old files and can only mean one thing.
    let unset = with(&[(64, 0), (68, 0), (72, 0)]);
    let reader = Reader::from_bytes(&unset, &ReadOptions::default()).unwrap();
    assert_eq!(reader.warnings()[0].got, "0, 0, 0");
}

#[test]
fn a_volume_stack_that_does_not_divide_is_refused_unless_permissive() {
    for depth in [2, 0, -1] {
        let bytes = with(&[(88, 401), (36, depth)]);
        assert_eq!(
            message(&bytes),
            format!(
                "byte 36: mz: expected a divisor of the 3 sections of the volume stack, got {depth}; \
                 read it permissively to have one volume"
            )
        );
        let reader = Reader::from_bytes(&bytes, &permissive()).unwrap();
        assert_eq!((reader.kind(), reader.volumes()), (Kind::VolumeStack, 1));
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

#[test]
fn a_gzip_bomb_is_refused() {
    let mut bytes = with(&[(0, 4096), (4, 4096), (8, 4096)]);
    bytes.resize(8 << 20, 0);
    let packed = gzip(&bytes);
    let options = ReadOptions {
        max_bytes: 1 << 30,
        ..ReadOptions::default()
    };
    assert_eq!(
        mrc::parse(&packed, &options).unwrap_err().to_string(),
        "the unpacked file needs 274877907968 bytes, the limit is 1073741824; unpack it first, or \
         raise max_bytes if it is meant to be so large"
    );
    // A small header before much data: no more is unpacked than the header says.
    let mut bytes = valid();
    bytes.resize(64 << 20, 0);
    let reader = Reader::from_bytes(&gzip(&bytes), &ReadOptions::default()).unwrap();
    assert_eq!(reader.volume().unwrap().data()[[2, 3, 4]], 59.0);
    assert_eq!(reader.warnings()[0].got, "1265 bytes or more");
}

#[test]
fn a_cut_or_short_gzip_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path: PathBuf = folder.path().join("cut.mrc.gz");
    let packed = gzip(&valid());
    fs::write(&path, &packed[..packed.len() - 20]).unwrap();
    let message = mrc::read(&path, &ReadOptions::default())
        .unwrap_err()
        .to_string();
    assert!(
        message.ends_with(
            "cut.mrc.gz: could not unpack the gzip file; the file is cut or damaged; get it again"
        ),
        "{message}"
    );
    fs::write(&path, gzip(&valid()[..1200])).unwrap();
    let message = mrc::read(&path, &ReadOptions::default())
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("expected 1264 bytes, the file has 1200"),
        "{message}"
    );
    fs::write(&path, b"BZh9 and no more").unwrap();
    let message = mrc::read(&path, &ReadOptions::default())
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("could not unpack the bzip2 file"),
        "{message}"
    );
}

#[test]
fn what_is_no_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let open = |path| {
        Reader::open(path, &ReadOptions::default())
            .unwrap_err()
            .to_string()
    };
    assert!(open(folder.path().to_owned()).ends_with("path: expected a file, got a folder"));
    let missing = folder.path().join("missing.mrc");
    assert!(open(missing.clone()).ends_with("missing.mrc: could not open the file"));
    assert!(mrc::validate(missing).is_err());
}

#[test]
fn memory_is_limited() {
    let options = ReadOptions {
        max_bytes: 200,
        ..ReadOptions::default()
    };
    assert_eq!(
        message_with(&options),
        "the array needs 240 bytes, the limit is 200; read a part of the file, or raise max_bytes"
    );
}

fn message_with(options: &ReadOptions) -> String {
    mrc::parse(&valid(), options).unwrap_err().to_string()
}

#[test]
fn validate_names_every_fault_of_a_header() {
    let mut bytes = with(&[(88, 9999), (108, 0), (220, 3), (92, 6)]);
    bytes.splice(1024..1024, [1, 2, 3, 4, 5, 6]);
    bytes[104..108].copy_from_slice(b"ABCD");
    bytes[224 + 80..224 + 85].copy_from_slice(b"label");
    for (place, value) in [(76, 1.0), (80, 58.0), (84, 20.0), (216, 5.0)] {
        set_float(&mut bytes, place, value);
    }
    let findings = mrc::validate_bytes(&bytes);
    let places: Vec<_> = findings
        .iter()
        .map(|finding| finding.place.as_str())
        .collect();
    assert_eq!(
        places,
        [
            "ispg (byte 88)",
            "nversion (byte 108)",
            "nlabl (byte 220)",
            "labels (byte 224)",
            "exttyp (byte 104)",
            "nsymbt (byte 92)",
            "dmin (byte 76)",
            "dmax (byte 80)",
            "dmean (byte 84)",
            "rms (byte 216)",
        ]
    );
    assert_eq!(
        findings[7].to_string(),
        "warning: dmax (byte 80): expected 59, as the data, got 58; programs scale the display with \
         it; write the file anew"
    );
}

/// Whatever the bytes are, no function panics, hangs or takes much memory.
fn survives(bytes: &[u8]) {
    let start = Instant::now();
    for permissive in [false, true] {
        let options = ReadOptions {
            permissive,
            max_bytes: 1 << 24,
            ..ReadOptions::default()
        };
        if let Ok(reader) = Reader::from_bytes(bytes, &options) {
            let _ = (reader.volume(), reader.read_complex(), reader.volume_at(1));
            let _ = (
                reader.slab(1..2),
                reader.crop([0, 1, 2], [1, 2, 2]),
                reader.slice(0),
            );
            let _ = reader
                .extended_header()
                .map(|extended| (extended.sections(9), extended.symmetry()));
        }
    }
    let _ = mrc::validate_bytes(bytes);
    assert!(start.elapsed().as_secs() < 10);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_never_panic(bytes in vec(any::<u8>(), 0..3000)) {
        survives(&bytes);
    }

    #[test]
    fn mutated_files_never_panic(
        mode in prop_oneof![Just(0), Just(1), Just(2), Just(3), Just(4), Just(6), Just(12), Just(101)],
        words in vec((0..256_usize, any::<i32>()), 0..4),
        small in vec((0..28_usize, -2..9_i32), 0..6),
        bytes in vec((0..1264_usize, any::<u8>()), 0..6),
        length in 900..1600_usize,
        packed in any::<bool>(),
    ) {
        let mut file = with(&[(12, mode)]);
        for (place, word) in words.into_iter().chain(small) {
            set(&mut file, 4 * place, word);
        }
        for (place, byte) in bytes {
            file[place] = byte;
        }
        file.resize(length, 7);
        survives(&if packed { gzip(&file) } else { file });
    }
}
