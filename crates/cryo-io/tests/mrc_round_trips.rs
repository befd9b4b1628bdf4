//! What is written comes back, in every mode, byte order and packing.

use std::path::Path;

use cryo_core::{AngstromPos, Grid, Volume, VoxelSize};
use cryo_io::{
    Overwrite,
    mrc::{
        self, ByteOrder, ByteSign, ExtendedHeader, ExtendedKind, Kind, Mode, ReadOptions, Reader,
        Statistics, Voxel, WriteOptions,
    },
};
use half::f16;
use ndarray::{Array3, Axis, s};
use num_complex::Complex;
use proptest::{collection::vec, prelude::*};

const ENDINGS: [&str; 3] = ["mrc", "mrc.gz", "rec.bz2"];

fn order() -> impl Strategy<Value = ByteOrder> {
    prop_oneof![Just(ByteOrder::Little), Just(ByteOrder::Big)]
}

/// Three different lengths, or as good as.
fn array<T: Clone + std::fmt::Debug>(
    voxel: impl Strategy<Value = T> + Clone,
) -> impl Strategy<Value = Array3<T>> {
    (1..5_usize, 1..7_usize, 1..9_usize).prop_flat_map(move |(depth, height, width)| {
        vec(voxel.clone(), depth * height * width)
            .prop_map(move |values| Array3::from_shape_vec((depth, height, width), values).unwrap())
    })
}

fn grid(shape: (usize, usize, usize)) -> Grid {
    let size = VoxelSize::zyx(13.48, 10.52, 2.621).unwrap();
    Grid::new(shape.into(), size).with_origin(AngstromPos::xyz(-5.25, 26.96, 1000.5))
}

/// Whole numbers, so that the order of sums does not matter.
fn check_statistics(statistics: Statistics, data: &Array3<f32>) {
    let count = data.len() as f64;
    let mean = data.iter().map(|&v| f64::from(v)).sum::<f64>() / count;
    let squares = data
        .iter()
        .map(|&v| (f64::from(v) - mean).powi(2))
        .sum::<f64>();
    assert_eq!(
        statistics.minimum,
        data.iter().copied().fold(f32::MAX, f32::min)
    );
    assert_eq!(
        statistics.maximum,
        data.iter().copied().fold(f32::MIN, f32::max)
    );
    let close = |a: f32, b: f64| (f64::from(a) - b).abs() <= 1e-5 * b.abs() + 1e-5;
    assert!(close(statistics.mean, mean), "{} {mean}", statistics.mean);
    assert!(close(statistics.rms, (squares / count).sqrt()));
}

fn check_native<T: Voxel + PartialEq + std::fmt::Debug>(
    data: &Array3<T>,
    order: ByteOrder,
    to_f32: impl Fn(T) -> f32 + Copy,
) {
    let folder = tempfile::tempdir().unwrap();
    for ending in ENDINGS {
        let path = folder.path().join("volume").with_extension(ending);
        let options = WriteOptions {
            byte_order: order,
            ..WriteOptions::default()
        };
        mrc::write_array(&path, data.view(), &grid(data.dim()), &options).unwrap();
        let signed = ReadOptions {
            byte_sign: ByteSign::Signed,
            ..ReadOptions::default()
        };
        let reader = Reader::open(&path, &signed).unwrap();
        assert_eq!((reader.mode(), reader.byte_order()), (T::MODE, order));
        let volume = reader.volume().unwrap();
        let expected = data.mapv(to_f32);
        assert_eq!(volume.data(), expected);
        assert_eq!(*volume.grid(), grid(data.dim()));
        check_statistics(reader.header().statistics, &expected);
        if order == ByteOrder::NATIVE && ending == "mrc" {
            let mapped = mrc::Mapped::<T>::open(&path, &signed).unwrap();
            assert_eq!(mapped.view(), data);
        }
        let findings = mrc::validate(&path).unwrap();
        let places: Vec<_> = findings
            .iter()
            .map(|finding| finding.place.as_str())
            .collect();
        assert_eq!(places, ["voxel size"], "{findings:?}");
        check_with_the_crate(&path, &expected);
    }
}

/// The `mrc` crate reads our files as we do.
fn check_with_the_crate(path: &Path, expected: &Array3<f32>) {
    let reader = ::mrc::Reader::open(path.to_str().unwrap()).unwrap();
    let block = reader.convert::<f32>().read_volume().unwrap();
    assert_eq!(block.data, expected.iter().copied().collect::<Vec<_>>());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn bytes_round_trip(data in array(any::<i8>()), order in order()) {
        check_native(&data, order, f32::from);
    }

    #[test]
    fn shorts_round_trip(data in array(any::<i16>()), order in order()) {
        check_native(&data, order, f32::from);
    }

    #[test]
    fn unsigned_shorts_round_trip(data in array(any::<u16>()), order in order()) {
        check_native(&data, order, f32::from);
    }

    #[test]
    fn halves_round_trip(data in array(-500_i16..500), order in order()) {
        check_native(&data.mapv(|v| f16::from_f32(f32::from(v))), order, f16::to_f32);
    }

    #[test]
    fn floats_round_trip(data in array(-1000_i16..1000), order in order()) {
        check_native(&data.mapv(|v| 0.25 * f32::from(v)), order, |v| v);
    }

    #[test]
    fn complex_numbers_round_trip(
        data in array((-1000_i16..1000, -1000_i16..1000)),
        order in order(),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let options = WriteOptions { byte_order: order, ..WriteOptions::default() };
        let grid = grid(data.dim());
        let shorts = data.mapv(|(re, im)| Complex::new(re, im));
        let floats = data.mapv(|(re, im)| Complex::new(f32::from(re), f32::from(im)));
        for ending in ENDINGS {
            let path = folder.path().join("shorts").with_extension(ending);
            mrc::write_array(&path, shorts.view(), &grid, &options).unwrap();
            let none = ReadOptions::default();
            prop_assert_eq!(&mrc::read_complex(&path, &none).unwrap(), &floats);
            let path = folder.path().join("floats").with_extension(ending);
            mrc::write_array(&path, floats.view(), &grid, &options).unwrap();
            prop_assert_eq!(&mrc::read_complex(&path, &none).unwrap(), &floats);
            let header = Reader::open(&path, &none).unwrap().header().clone();
            prop_assert_eq!(header.mode, Mode::ComplexFloat32);
            prop_assert_eq!(header.statistics.maximum, Statistics::UNDETERMINED.maximum);
            let mean = floats.sum() / floats.len() as f32;
            let squares: f32 = floats.iter().map(|v| (v - mean).norm_sqr()).sum();
            let rms = (squares / floats.len() as f32).sqrt();
            prop_assert!((header.statistics.rms - rms).abs() <= 1e-3 * rms + 1e-3);
        }
    }

    #[test]
    fn real_numbers_round_trip_in_the_mode_asked_for(
        data in array(0_i8..127),
        order in order(),
        mode in prop_oneof![
            Just(Mode::Int8), Just(Mode::Int16), Just(Mode::UInt16),
            Just(Mode::Float16), Just(Mode::Float32),
        ],
    ) {
        let folder = tempfile::tempdir().unwrap();
        let volume = Volume::new(data.mapv(f32::from), grid(data.dim())).unwrap();
        for ending in ENDINGS {
            let path = folder.path().join("volume").with_extension(ending);
            let options = WriteOptions { mode, byte_order: order, ..WriteOptions::default() };
            mrc::write(&path, &volume, &options).unwrap();
            prop_assert_eq!(&mrc::read(&path, &ReadOptions::default()).unwrap(), &volume);
            let reader = Reader::open(&path, &ReadOptions::default()).unwrap();
            prop_assert_eq!(reader.mode(), mode);
            check_statistics(reader.header().statistics, volume.data());
        }
    }
}

fn numbered(shape: (usize, usize, usize)) -> Array3<f32> {
    Array3::from_shape_fn(shape, |(z, y, x)| (100 * z + 10 * y + x) as f32)
}

#[test]
fn headers_round_trip() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("volume.mrc");
    let volume = Volume::new(numbered((2, 3, 4)), grid((2, 3, 4))).unwrap();
    let labels = vec![
        "first".to_owned(),
        "second, of eighty ".repeat(4) + "12345678",
    ];
    for byte_order in [ByteOrder::Little, ByteOrder::Big] {
        let options = WriteOptions {
            labels: labels.clone(),
            byte_order,
            overwrite: Overwrite::Replace,
            ..WriteOptions::default()
        };
        mrc::write(&path, &volume, &options).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        let (header, findings) = mrc::Header::parse(&bytes, false).unwrap();
        assert_eq!(findings, []);
        assert_eq!(header.labels[..2], labels[..]);
        assert_eq!((header.label_count, header.version), (2, 20141));
        assert_eq!(header.to_bytes(), bytes[..1024]);
    }
}

#[test]
fn extended_headers_round_trip() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("series.st");
    let angles = [-6000_i16, 12, 5950];
    let bytes = angles
        .iter()
        .flat_map(|angle| angle.to_be_bytes())
        .collect();
    let extended = ExtendedHeader {
        record_words: [2, 1],
        ..ExtendedHeader::new(ExtendedKind::SerialEm, ByteOrder::Big, bytes)
    };
    let mut options = WriteOptions {
        extended: Some(extended.clone()),
        byte_order: ByteOrder::Big,
        ..WriteOptions::default()
    };
    let images = numbered((3, 4, 5));
    mrc::write_image_stack(&path, images.view(), 2.62, &options).unwrap();
    let reader = Reader::open(&path, &ReadOptions::default()).unwrap();
    assert_eq!(reader.extended_header().unwrap(), extended);
    let stack = mrc::read_image_stack(&path, &ReadOptions::default()).unwrap();
    assert_eq!(
        stack.tilt_angles_deg.as_deref(),
        Some(&[-60.0, 0.12, 59.5][..])
    );
    assert_eq!(stack.images, images);

    options.byte_order = ByteOrder::Little;
    let error = mrc::write_image_stack(&path, images.view(), 2.62, &options).unwrap_err();
    let message = error.to_string();
    assert!(
        message.ends_with(
            "byte order of the extended header: expected little-endian, as the file, got \
             big-endian; write the file in the byte order of its extended header"
        ),
        "{message}"
    );
}

#[test]
fn image_stacks_round_trip() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("series.ali.gz");
    let images = numbered((41, 3, 4));
    mrc::write_image_stack(&path, images.view(), 2.62, &WriteOptions::default()).unwrap();
    let reader = Reader::open(&path, &ReadOptions::default()).unwrap();
    assert_eq!(reader.kind(), Kind::ImageStack);
    assert_eq!(reader.header().sampling, [1, 3, 4]);
    assert_eq!(reader.slice(7).unwrap(), images.index_axis(Axis(0), 7));
    assert_eq!(reader.grid().unwrap().voxel_size.isotropic(), Some(2.62));
    assert_eq!(mrc::validate(&path).unwrap(), []);
    let error = mrc::write_image_stack(&path, images.view(), 0.0, &WriteOptions::default());
    let message = error.unwrap_err().to_string();
    assert!(
        message.ends_with("pixel size: expected a finite length above 0 Å, got 0 Å"),
        "{message}"
    );
}

#[test]
fn volume_stacks_round_trip() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("particles.mrcs");
    let volumes: Vec<_> = (0..3)
        .map(|index| {
            let data = numbered((2, 3, 4)) + 1000.0 * index as f32;
            Volume::new(data, grid((2, 3, 4))).unwrap()
        })
        .collect();
    mrc::write_volume_stack(&path, &volumes, &WriteOptions::default()).unwrap();
    let reader = Reader::open(&path, &ReadOptions::default()).unwrap();
    assert_eq!(
        (reader.kind(), reader.volumes(), reader.shape()),
        (Kind::VolumeStack, 3, [2, 3, 4])
    );
    for (index, volume) in volumes.iter().enumerate() {
        assert_eq!(&reader.volume_at(index).unwrap(), volume);
    }
    let error = mrc::write_volume_stack(&path, &[], &WriteOptions::default()).unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("volumes: expected one or more, got none"),
        "{error}"
    );
}

#[test]
fn slabs_make_the_same_file_as_the_volume() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, pieces) = (
        folder.path().join("whole.mrc"),
        folder.path().join("pieces.mrc"),
    );
    let volume = Volume::new(numbered((7, 5, 6)), grid((7, 5, 6))).unwrap();
    for mode in [Mode::Float32, Mode::Int16] {
        let options = WriteOptions {
            mode,
            overwrite: Overwrite::Replace,
            ..WriteOptions::default()
        };
        mrc::write(&whole, &volume, &options).unwrap();
        let slabs = [0..3, 3..4, 4..7];
        let slabs = slabs.map(|range| Ok(volume.data().slice(s![range, .., ..]).to_owned()));
        mrc::write_slabs(&pieces, volume.grid(), slabs, &options).unwrap();
        assert_eq!(
            std::fs::read(&whole).unwrap(),
            std::fs::read(&pieces).unwrap()
        );
    }
    let options = WriteOptions::default();
    let path = folder.path().join("pieces.mrc.gz");
    let slab = || Ok(volume.data().slice(s![..4, .., ..]).to_owned());
    let error = mrc::write_slabs(&path, volume.grid(), [slab()], &options).unwrap_err();
    let message = error.to_string();
    assert!(
        message.ends_with("voxels to write: expected 210, as the grid has, got 120"),
        "{message}"
    );
    let narrow = Ok(Array3::zeros((7, 5, 4)));
    let error = mrc::write_slabs(&path, volume.grid(), [narrow], &options).unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("slab: expected 6 × 5 (x, y), got 4 × 5"),
        "{error}"
    );
    assert!(!path.exists());
    mrc::write_slabs(&path, volume.grid(), [Ok(volume.data().clone())], &options).unwrap();
    let header = Reader::open(&path, &ReadOptions::default())
        .unwrap()
        .header()
        .clone();
    assert_eq!(header.statistics, Statistics::UNDETERMINED);
}

#[test]
fn arrays_in_any_memory_order_are_written_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("transposed.mrc");
    let data = numbered((4, 3, 2)).reversed_axes();
    mrc::write_array(
        &path,
        data.view(),
        &grid((2, 3, 4)),
        &WriteOptions::default(),
    )
    .unwrap();
    assert_eq!(
        Reader::open(&path, &ReadOptions::default())
            .unwrap()
            .read()
            .unwrap(),
        data
    );
}

#[test]
fn what_cannot_be_written_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("volume.mrc");
    let refused = |value: f32, options: &WriteOptions| {
        let mut data = numbered((2, 3, 4));
        data[[1, 2, 3]] = value;
        let volume = Volume::new(data, grid((2, 3, 4))).unwrap();
        let message = mrc::write(&path, &volume, options).unwrap_err().to_string();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        message
            .strip_prefix(&format!("{}: ", path.display()))
            .unwrap()
            .to_owned()
    };
    let mode = |mode| WriteOptions {
        mode,
        ..WriteOptions::default()
    };
    let labels = |label: &str| WriteOptions {
        labels: vec![label.to_owned()],
        ..WriteOptions::default()
    };
    assert_eq!(
        refused(128.0, &mode(Mode::Int8)),
        "voxel: expected values from -128 to 127 for mode 0 (8-bit integer), got 128; choose a mode \
         with a larger range, or scale the values"
    );
    assert!(refused(-1.0, &mode(Mode::UInt16)).contains("from 0 to 65535"));
    assert!(refused(1e5, &mode(Mode::Int16)).contains("from -32768 to 32767"));
    assert!(refused(1e5, &mode(Mode::Float16)).contains("from -65504 to 65504"));
    assert!(refused(f32::NAN, &mode(Mode::Int16)).contains("got NaN"));
    assert_eq!(
        refused(f32::INFINITY, &WriteOptions::default()),
        "voxels to write: expected finite numbers, got 1 that are NaN or infinite; find out where \
         they come from, or allow them"
    );
    assert!(refused(0.0, &mode(Mode::Packed4)).starts_with("writing real numbers in mode 101"));
    assert!(refused(0.0, &labels("å")).contains("label: expected 1 to 80 printable ASCII"));
    assert!(refused(0.0, &labels(&"x".repeat(81))).contains("label: expected"));
}

#[test]
fn an_existing_file_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("volume.mrc");
    let volume = Volume::new(numbered((2, 3, 4)), grid((2, 3, 4))).unwrap();
    mrc::write(&path, &volume, &WriteOptions::default()).unwrap();
    let error = mrc::write(&path, &volume, &WriteOptions::default()).unwrap_err();
    let message = error.to_string();
    assert!(
        message.contains("the file exists and is not overwritten"),
        "{message}"
    );
    let mut data = numbered((2, 3, 4));
    data[[0, 0, 0]] = f32::NAN;
    let options = WriteOptions {
        overwrite: Overwrite::Replace,
        allow_non_finite: true,
        ..WriteOptions::default()
    };
    mrc::write(
        &path,
        &Volume::new(data, grid((2, 3, 4))).unwrap(),
        &options,
    )
    .unwrap();
    let findings = mrc::validate(&path).unwrap();
    assert!(
        findings
            .iter()
            .any(|finding| finding.got == "1 that are NaN or infinite")
    );
}
