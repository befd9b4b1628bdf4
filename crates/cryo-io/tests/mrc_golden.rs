//! Files that `mrcfile` wrote (`fixtures/reference/mrc.py`) read as it reads them.

use std::{fs, path::PathBuf};

use cryo_core::AngstromPos;
use cryo_io::mrc::{
    self, ByteOrder, ByteSign, ExtendedKind, Kind, Mode, OriginRule, ReadOptions, Reader,
};
use ndarray::Array3;

fn golden(name: &str) -> PathBuf {
    PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../fixtures/data/mrc"
    ))
    .join(name)
}

fn shared() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data"))
}

fn formula(z: usize, y: usize, x: usize) -> f32 {
    (100 * z + 10 * y + x) as f32 - 17.0
}

fn expected(mode: Mode) -> Array3<f32> {
    Array3::from_shape_fn((3, 4, 5), |(z, y, x)| {
        let value = formula(z, y, x);
        match mode {
            Mode::Int8 => value.rem_euclid(256.0) - 128.0,
            Mode::UInt16 => value.abs(),
            Mode::Int16 => value,
            _ => 1.5 * value,
        }
    })
}

const ORDERS: [(&str, ByteOrder); 2] = [("le", ByteOrder::Little), ("be", ByteOrder::Big)];

#[test]
fn every_mode_and_byte_order_matches_mrcfile() {
    for mode in [
        Mode::Int8,
        Mode::Int16,
        Mode::Float32,
        Mode::UInt16,
        Mode::Float16,
    ] {
        for (name, order) in ORDERS {
            let path = golden(&format!("mode{}_{name}.mrc", mode.number()));
            let reader = Reader::open(&path, &ReadOptions::default()).unwrap();
            assert_eq!((reader.mode(), reader.byte_order()), (mode, order));
            let volume = reader.volume().unwrap();
            assert_eq!(volume.data(), expected(mode), "{mode} {name}");
            assert_eq!(volume.grid().voxel_size.isotropic(), Some(13.48));
            assert!(reader.warnings().is_empty(), "{:?}", reader.warnings());
            assert_eq!(mrc::validate(&path).unwrap(), []);
        }
    }
}

#[test]
fn complex_voxels_match_mrcfile_in_both_byte_orders() {
    for (name, _) in ORDERS {
        let path = golden(&format!("mode4_{name}.mrc"));
        let data = mrc::read_complex(&path, &ReadOptions::default()).unwrap();
        for ((z, y, x), value) in data.indexed_iter() {
            let v = formula(z, y, x);
            assert_eq!((value.re, value.im), (1.5 * v, -v));
        }
        assert_eq!(mrc::validate(&path).unwrap(), []);
    }
}

#[test]
fn compressed_files_match_mrcfile() {
    for name in ["mode2_le.mrc.gz", "mode2_le.mrc.bz2"] {
        let volume = mrc::read(golden(name), &ReadOptions::default()).unwrap();
        assert_eq!(volume.data(), expected(Mode::Float32));
        let reader = Reader::open(golden(name), &ReadOptions::default()).unwrap();
        let part = reader.crop([1, 2, 3], [2, 1, 2]).unwrap();
        assert_eq!(part.data()[[1, 0, 1]], 1.5 * formula(2, 2, 4));
    }
}

#[test]
fn fei_extended_headers_match_mrcfile_in_both_byte_orders() {
    for (code, kind) in [("fei1", ExtendedKind::Fei1), ("fei2", ExtendedKind::Fei2)] {
        for (name, _) in ORDERS {
            let path = golden(&format!("{code}_{name}.mrc"));
            let reader = Reader::open(&path, &ReadOptions::default()).unwrap();
            let extended = reader.extended_header().unwrap();
            assert_eq!(extended.kind, kind);
            let sections = extended.sections(3);
            let angles: Vec<_> = sections.iter().filter_map(|s| s.tilt_angle_deg).collect();
            assert_eq!(angles, [-30.0, 0.0, 30.5]);
            assert_eq!(sections[1].tilt_axis_deg, Some(84.25));
            let pixel_size = sections[2].pixel_size_angstrom.unwrap();
            assert!((pixel_size - 2.621).abs() < 1e-9);
            let stack = mrc::read_image_stack(&path, &ReadOptions::default()).unwrap();
            assert_eq!(
                stack.tilt_angles_deg.as_deref(),
                Some(&[-30.0, 0.0, 30.5][..])
            );
            assert_eq!(stack.images, expected(Mode::Float32));
            assert_eq!(mrc::validate(&path).unwrap(), []);
        }
    }
}

#[test]
fn serialem_extended_header_matches_what_was_written() {
    let path = golden("serialem.mrc");
    let reader = Reader::open(&path, &ReadOptions::default()).unwrap();
    let extended = reader.extended_header().unwrap();
    assert_eq!(extended.kind, ExtendedKind::SerialEm);
    assert_eq!(extended.record_words, [6, 5]);
    let stack = mrc::read_image_stack(&path, &ReadOptions::default()).unwrap();
    assert_eq!(
        stack.tilt_angles_deg.as_deref(),
        Some(&[-60.0, 0.12, 59.5][..])
    );
}

#[test]
fn ccp4_symmetry_is_kept() {
    let reader = Reader::open(golden("ccp4.map"), &ReadOptions::default()).unwrap();
    let extended = reader.extended_header().unwrap();
    assert_eq!(extended.symmetry(), ["X,  Y,  Z", "-X,  Y+1/2,  -Z"]);
    assert_eq!(reader.read().unwrap(), expected(Mode::Float32));
}

#[test]
fn axis_permutation_is_applied() {
    let reader = Reader::open(golden("permuted.map"), &ReadOptions::default()).unwrap();
    assert_eq!(reader.shape(), [5, 3, 4]);
    let volume = reader.volume().unwrap();
    for ((z, y, x), &value) in volume.data().indexed_iter() {
        assert_eq!(value, 1.5 * formula(y, x, z));
    }
    let size = volume.grid().voxel_size;
    assert_eq!((size.x(), size.y(), size.z()), (2.0, 3.0, 4.0));
    // The first column is 30 (of z), the first row 10 (of x), the first section 20 (of y).
    assert_eq!(volume.grid().origin, AngstromPos::xyz(20.0, 60.0, 120.0));
    let part = reader.crop([2, 1, 1], [2, 2, 3]).unwrap();
    assert_eq!(part, volume.crop([2, 1, 1], [2, 2, 3]).unwrap().to_volume());
}

#[test]
fn origin_goes_before_start_indices() {
    let grid =
        |name, options: &ReadOptions| Reader::open(golden(name), options).unwrap().grid().unwrap();
    let options = ReadOptions::default();
    assert_eq!(
        grid("origin.mrc", &options).origin,
        AngstromPos::xyz(-5.25, 26.96, 1000.5)
    );
    let origin = grid("nstart.mrc", &options).origin;
    assert_eq!(origin, AngstromPos::xyz(-13.48, 26.96, 30.0 * 13.48));
    let options = ReadOptions {
        origin: OriginRule::Zero,
        ..options
    };
    assert_eq!(grid("origin.mrc", &options).origin, AngstromPos::default());
}

#[test]
fn data_behind_an_odd_extended_header_is_read() {
    let volume = mrc::read(golden("odd_extended.mrc"), &ReadOptions::default()).unwrap();
    assert_eq!(volume.data(), expected(Mode::Int16));
    let mapped = mrc::Mapped::<i16>::open(golden("odd_extended.mrc"), &ReadOptions::default());
    let message = mapped.unwrap_err().to_string();
    assert!(
        message.contains("data from byte 1031 as a mapped array"),
        "{message}"
    );
}

#[test]
fn stacks_are_told_apart() {
    let stack = mrc::read_image_stack(golden("image_stack.mrcs"), &ReadOptions::default()).unwrap();
    assert_eq!(stack.header.kind(), Kind::ImageStack);
    assert_eq!(stack.pixel_size_angstrom, Some(2.62));
    assert_eq!(stack.tilt_angles_deg, None);
    // The cell is three pixels deep over one interval: images have no spacing.
    let reader = Reader::open(golden("image_stack.mrcs"), &ReadOptions::default()).unwrap();
    assert_eq!(reader.grid().unwrap().voxel_size.isotropic(), Some(2.62));

    let reader = Reader::open(golden("volume_stack.mrc"), &ReadOptions::default()).unwrap();
    assert_eq!((reader.kind(), reader.volumes()), (Kind::VolumeStack, 2));
    let second = reader.volume_at(1).unwrap();
    assert_eq!(second.data(), expected(Mode::Float32) + 1000.0);
    assert_eq!(second.grid().voxel_size.isotropic(), Some(13.48));
    let message = reader.volume().unwrap_err().to_string();
    assert!(
        message
            .ends_with("a stack of 2 volumes as one is not supported; read one volume at a time")
    );
    let message = reader.volume_at(2).unwrap_err().to_string();
    assert!(
        message.ends_with("volume: expected a number below 2, got 2"),
        "{message}"
    );
}

#[test]
fn imods_flags_make_bytes_unsigned_and_turn_the_origin() {
    let path = golden("imod_unsigned.mrc");
    let reader = Reader::open(&path, &ReadOptions::default()).unwrap();
    assert!(reader.has_unsigned_bytes());
    let signed = expected(Mode::Int8);
    assert_eq!(
        reader.read().unwrap(),
        signed.mapv(|v| if v < 0.0 { v + 256.0 } else { v })
    );
    assert_eq!(
        reader.grid().unwrap().origin,
        AngstromPos::xyz(-10.0, -20.0, -30.0)
    );
    let options = ReadOptions {
        byte_sign: ByteSign::Signed,
        ..ReadOptions::default()
    };
    assert_eq!(mrc::read(&path, &options).unwrap().data(), signed);
}

#[test]
fn emdb_map_is_read_with_its_start() {
    let path = golden("EMD-3197.map");
    let volume = mrc::read(&path, &ReadOptions::default()).unwrap();
    assert_eq!(volume.grid().shape, [20; 3]);
    assert_eq!(volume.grid().origin, AngstromPos::xyz(-22.8, 0.0, 0.0));
    let findings = mrc::validate(&path).unwrap();
    let places: Vec<_> = findings
        .iter()
        .map(|finding| finding.place.as_str())
        .collect();
    assert_eq!(places, ["nversion (byte 108)"]);
}

#[test]
fn shared_data_matches_mrcfile() {
    let folder = shared();
    if !folder.is_dir() {
        cryo_fixtures::say_skipped("no shared test data");
        return;
    }
    let table = fs::read_to_string(golden("shared_data.tsv")).unwrap();
    let mut count = 0;
    for line in table.lines().filter(|line| !line.starts_with('#')) {
        let fields: Vec<_> = line.split('\t').collect();
        let [name, shape, sizes, crc] = fields[..] else {
            panic!("four fields: {line}");
        };
        let options = ReadOptions {
            permissive: true,
            byte_sign: ByteSign::Signed,
            ..ReadOptions::default()
        };
        let reader = Reader::open(folder.join(name), &options).unwrap();
        let data = reader.read().unwrap();
        assert_eq!(
            reader.shape().map(|n| n.to_string()).join(","),
            shape,
            "{name}"
        );
        let mut sum = flate2::Crc::new();
        for value in &data {
            sum.update(&value.to_le_bytes());
        }
        assert_eq!(format!("{:08x}", sum.sum()), crc, "{name}");
        let size = reader.voxel_size().unwrap();
        let sizes: Vec<f64> = sizes.split(',').map(|size| size.parse().unwrap()).collect();
        if sizes[2] > 0.0 {
            assert!((size.x() / sizes[2] - 1.0).abs() < 1e-6, "{name}");
            assert!((size.y() / sizes[1] - 1.0).abs() < 1e-6, "{name}");
        }
        count += 1;
    }
    assert!(count > 40, "{count} files");
}

#[test]
fn an_old_file_of_imod_is_unsigned_as_its_header_says() {
    let path = shared().join("real/mrc_reader/tardis_rec3D_imod_int8.rec");
    if !path.is_file() {
        cryo_fixtures::say_skipped("no shared test data");
        return;
    }
    let message = Reader::open(&path, &ReadOptions::default())
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("byte 208: map: expected \"MAP \""),
        "{message}"
    );
    let options = ReadOptions {
        permissive: true,
        ..ReadOptions::default()
    };
    let reader = Reader::open(&path, &options).unwrap();
    let data = reader.read().unwrap();
    let extrema = data.iter().fold((f32::MAX, f32::MIN), |(low, high), &v| {
        (low.min(v), high.max(v))
    });
    assert_eq!(extrema, (141.0, 163.0));
    assert_eq!(reader.header().statistics.minimum, 141.0);
    assert_eq!(
        reader.grid().unwrap().origin,
        AngstromPos::xyz(0.0, 0.0, -4640.0)
    );
}
