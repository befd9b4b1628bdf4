//! Parts of files: boxes, slabs, slices, axis orders, mapped files.

use cryo_core::{Grid, Volume, VoxelSize};
use cryo_io::mrc::{self, AxisOrder, Mapped, Mode, ReadOptions, Reader, WriteOptions};
use ndarray::{Array3, s};
use num_complex::Complex;
use proptest::prelude::*;

const SHAPE: [usize; 3] = [7, 5, 9];

fn numbered() -> Array3<f32> {
    Array3::from_shape_fn(SHAPE, |(z, y, x)| ((z * 5 + y) * 9 + x) as f32 - 60.0)
}

fn volume() -> Volume {
    let size = VoxelSize::zyx(3.0, 4.0, 5.0).expect("valid");
    Volume::new(numbered(), Grid::new(SHAPE, size)).unwrap()
}

fn open(options: &ReadOptions) -> (tempfile::TempDir, Reader) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("volume.mrc");
    mrc::write(&path, &volume(), &WriteOptions::default()).unwrap();
    (folder, Reader::open(path, options).unwrap())
}

/// Bytes of a file of 4-bit voxels, each row in whole bytes, the first in the lower half.
fn packed(upper_half_first: bool) -> (Vec<u8>, Array3<f32>) {
    let data = Array3::from_shape_fn((2, 3, 5), |(z, y, x)| ((7 * z + 3 * y + x) % 16) as u8);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bytes.mrc");
    let grid = Grid::new([2, 3, 5], VoxelSize::new(2.0).expect("valid"));
    mrc::write_array(
        &path,
        data.mapv(|v| v as i8).view(),
        &grid,
        &WriteOptions::default(),
    )
    .unwrap();
    let mut bytes = std::fs::read(path).unwrap();
    bytes.truncate(1024);
    bytes[12..16].copy_from_slice(&101_i32.to_le_bytes());
    if upper_half_first {
        bytes[152..156].copy_from_slice(b"IMOD");
        bytes[156..160].copy_from_slice(&16_i32.to_le_bytes());
    }
    for row in data.rows() {
        for pair in row.to_vec().chunks(2) {
            let second = pair.get(1).copied().unwrap_or(0);
            let byte = pair[0] | second << 4;
            bytes.push(if upper_half_first {
                byte.rotate_left(4)
            } else {
                byte
            });
        }
    }
    (bytes, data.mapv(f32::from))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_box_matches_the_whole(
        (start, shape) in (0..7_usize, 0..5_usize, 0..9_usize).prop_flat_map(|(z, y, x)| {
            (Just([z, y, x]), (0..=7 - z, 0..=5 - y, 0..=9 - x).prop_map(|(d, h, w)| [d, h, w]))
        }),
        mode in prop_oneof![Just(Mode::Float32), Just(Mode::Int16), Just(Mode::Float16)],
        order in prop_oneof![
            Just(AxisOrder::Zyx), Just(AxisOrder::Yzx), Just(AxisOrder::Xyz), Just(AxisOrder::Zxy),
            Just(AxisOrder::Yxz), Just(AxisOrder::Xzy),
        ],
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("volume.mrc");
        mrc::write(&path, &volume(), &WriteOptions { mode, ..WriteOptions::default() }).unwrap();
        let reader = Reader::open(&path, &ReadOptions::default()).unwrap();
        let part = reader.crop(start, shape).unwrap();
        prop_assert_eq!(&part, &volume().crop(start, shape).unwrap().to_volume());

        let options = ReadOptions { axis_order: order, ..ReadOptions::default() };
        let reader = Reader::open(&path, &options).unwrap();
        let whole = reader.volume().unwrap();
        let fits = (0..3).all(|axis| start[axis] + shape[axis] <= whole.grid().shape[axis]);
        match reader.crop(start, shape) {
            Ok(part) => prop_assert_eq!(part, whole.crop(start, shape).unwrap().to_volume()),
            Err(_) => prop_assert!(!fits),
        }
    }
}

#[test]
fn slabs_and_slices_match_the_whole() {
    let (_folder, reader) = open(&ReadOptions::default());
    let slab = reader.slab(2..5).unwrap();
    assert_eq!(slab.data(), numbered().slice(s![2..5, .., ..]));
    assert_eq!(slab.grid().origin.z, 6.0);
    assert_eq!(reader.slice(6).unwrap(), numbered().slice(s![6, .., ..]));
}

#[test]
fn a_box_that_leaves_the_volume_is_refused() {
    let (_folder, reader) = open(&ReadOptions::default());
    let message = reader.crop([6, 0, 0], [2, 1, 1]).unwrap_err().to_string();
    assert!(
        message.ends_with(
            "volume.mrc: box: expected inside of [7, 5, 9] (z, y, x), got [2, 1, 1] voxels from [6, 0, 0]"
        ),
        "{message}"
    );
    assert!(reader.crop([1, 0, 0], [usize::MAX, 1, 1]).is_err());
    assert!(reader.slice(7).is_err());
}

#[test]
fn thickness_along_y_becomes_z() {
    let swapped = numbered().permuted_axes([1, 0, 2]);
    for axis_order in [AxisOrder::Yzx, AxisOrder::Auto] {
        let options = ReadOptions {
            axis_order,
            ..ReadOptions::default()
        };
        let (_folder, reader) = open(&options);
        let volume = reader.volume().unwrap();
        assert_eq!(volume.data(), swapped);
        let size = volume.grid().voxel_size;
        assert_eq!((size.z(), size.y(), size.x()), (4.0, 3.0, 5.0));
        let said = reader.warnings().iter().any(|finding| {
            finding.to_string()
                == "warning: axis order: expected z, the shortest axis, got y is shorter and was \
                    exchanged with z; check that it is the thickness, and the hand of the specimen"
        });
        assert_eq!(said, axis_order == AxisOrder::Auto);
    }
}

#[test]
fn four_bit_voxels_are_read_row_by_row() {
    for upper_half_first in [false, true] {
        let (bytes, data) = packed(upper_half_first);
        let reader = Reader::from_bytes(&bytes, &ReadOptions::default()).unwrap();
        assert_eq!(reader.mode(), Mode::Packed4);
        assert_eq!(reader.read().unwrap(), data);
        let part = reader.part([1, 1, 2], [1, 2, 3]).unwrap();
        assert_eq!(part, data.slice(s![1..2, 1..3, 2..5]));
    }
}

#[test]
fn a_mapped_file_is_the_same_array() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("volume.mrc");
    mrc::write(&path, &volume(), &WriteOptions::default()).unwrap();
    let mapped = Mapped::<f32>::open(&path, &ReadOptions::default()).unwrap();
    assert_eq!(mapped.view(), numbered());
    assert_eq!(mapped.reader().grid().unwrap(), *volume().grid());
    let message = |result: Result<(), cryo_io::Error>| result.unwrap_err().to_string();

    let wrong = Mapped::<i16>::open(&path, &ReadOptions::default()).map(drop);
    let wrong = message(wrong);
    assert!(wrong.ends_with("as a mapped array of mode 1 (16-bit signed integer) is not supported; read it with Reader"), "{wrong}");
    let turned = ReadOptions {
        axis_order: AxisOrder::Yzx,
        ..ReadOptions::default()
    };
    assert!(message(Mapped::<f32>::open(&path, &turned).map(drop)).contains("as a mapped array"));
    let packed = folder.path().join("volume.mrc.gz");
    mrc::write(&packed, &volume(), &WriteOptions::default()).unwrap();
    let packed = message(Mapped::<f32>::open(&packed, &ReadOptions::default()).map(drop));
    assert!(packed.ends_with("a compressed file as a mapped array is not supported; unpack it, or read it with Reader"), "{packed}");
}

#[test]
fn complex_voxels_can_be_mapped() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("transform.mrc");
    let data = numbered().mapv(|v| Complex::new(v, -v));
    mrc::write_array(
        &path,
        data.view(),
        volume().grid(),
        &WriteOptions::default(),
    )
    .unwrap();
    let mapped = Mapped::<Complex<f32>>::open(&path, &ReadOptions::default()).unwrap();
    assert_eq!(mapped.view(), data);
}

#[test]
fn one_and_four_threads_write_and_read_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let grid = Grid::new([33, 130, 127], VoxelSize::new(2.0).expect("valid"));
    let data = Array3::from_shape_fn(grid.shape, |(z, y, x)| ((z * 7 + y * 3 + x) as f32).sin());
    let volume = Volume::new(data, grid).unwrap();
    let on = |threads: usize| {
        let path = folder.path().join(format!("{threads}.mrc"));
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        let read = pool.install(|| {
            mrc::write(&path, &volume, &WriteOptions::default())?;
            mrc::read(&path, &ReadOptions::default())
        });
        assert_eq!(read.unwrap(), volume);
        std::fs::read(path).unwrap()
    };
    assert!(on(1) == on(4));
}
