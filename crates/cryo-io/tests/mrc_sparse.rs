//! Parts of files larger than memory: alone in this file, because the memory of the process counts.

use std::{
    fs::{self, File},
    io::{Seek, SeekFrom, Write},
    path::Path,
    time::Instant,
};

use cryo_core::{Grid, Volume, VoxelSize};
use cryo_io::mrc::{self, ReadOptions, Reader, WriteOptions};
use ndarray::Array3;

/// A file of zeros that takes no place on the disk, with some voxels set.
fn sparse(path: &Path, shape: [usize; 3], voxels: &[([usize; 3], f32)]) {
    let grid = Grid::new([1; 3], VoxelSize::new(10.0).expect("valid"));
    let one = Volume::new(Array3::zeros((1, 1, 1)), grid).unwrap();
    mrc::write(path, &one, &WriteOptions::default()).unwrap();
    let bytes = fs::read(path).unwrap();
    let (mut header, _) = mrc::Header::parse(&bytes, false).unwrap();
    header.shape = shape;
    header.sampling = shape.map(|n| i32::try_from(n).unwrap());
    header.cell_angstrom = shape.map(|n| 10.0 * n as f32);
    let mut file = File::create(path).unwrap();
    file.write_all(&header.to_bytes()).unwrap();
    file.set_len(1024 + header.data_bytes().unwrap() as u64)
        .unwrap();
    for &([z, y, x], value) in voxels {
        let place = 1024 + 4 * ((z * shape[1] + y) * shape[2] + x) as u64;
        file.seek(SeekFrom::Start(place)).unwrap();
        file.write_all(&value.to_le_bytes()).unwrap();
    }
}

fn peak_memory_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? * 1024)
}

#[test]
fn parts_of_huge_files_cost_no_more_than_the_part() {
    let folder = tempfile::tempdir().unwrap();
    let before = peak_memory_bytes();
    // 8 GiB; 60 GiB, with rows so long that they are read one by one.
    for (shape, start) in [
        ([1024, 1024, 2048], [500, 700, 1900]),
        ([960, 1024, 16384], [880, 30, 16000]),
    ] {
        let path = folder.path().join(format!("{}.rec", shape[2]));
        let [z, y, x] = start;
        sparse(
            &path,
            shape,
            &[
                ([z, y, x], 1.0),
                ([z + 63, y + 62, x + 61], 2.0),
                ([z + 1, y, x - 1], 9.0),
            ],
        );
        let begin = Instant::now();
        let reader = Reader::open(&path, &ReadOptions::default()).unwrap();
        let part = reader.crop(start, [64; 3]).unwrap();
        let seconds = begin.elapsed().as_secs_f64();
        eprintln!("64³ of {shape:?} in {:.1} ms", 1e3 * seconds);
        assert_eq!(part.data()[[0, 0, 0]], 1.0);
        assert_eq!(part.data()[[63, 62, 61]], 2.0);
        assert_eq!(part.data().sum(), 3.0);
        assert_eq!(part.grid().origin.x, 10.0 * x as f64);
        assert_eq!(reader.slab(z..z + 1).unwrap().data().sum(), 1.0);
        // The limit of the design is 20 ms; other work may run beside this test.
        assert!(seconds < 0.5, "{seconds} s");
    }
    if let (Some(before), Some(after)) = (before, peak_memory_bytes()) {
        // The slab of one section of the larger file is 64 MiB.
        assert!(after - before < (64 + 50) << 20, "{} bytes", after - before);
    }
}
