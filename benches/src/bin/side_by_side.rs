//! Our readers and writers beside the machine's raw speed and Python's programs, in one run.
//!
//! `side_by_side [PYTHON]`: PYTHON has numpy, mrcfile and starfile; without it those rows are missing.

use std::{
    env, fs,
    fs::File,
    hint::black_box,
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use cryo_bench::{
    inputs, machine,
    rounds::{Way, race, table},
};
use cryo_io::{Overwrite, mrc, star::Document};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ROUNDS: usize = 7;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let python = env::args_os().nth(1).map(PathBuf::from);
    let folder = tempfile::tempdir_in(".")?;
    println!(
        "Machine: {}; {ROUNDS} rounds in turns after one that is not counted.",
        machine::describe()
    );
    if python.is_none() {
        println!("skipped: rows of Python's programs (no PYTHON given)");
    }
    let python = python.as_deref();
    print!("{}", mrc_speed(folder.path(), python)?);
    println!("{}", crop_of_a_large_file(folder.path())?);
    print!("{}", star_speed(folder.path(), python)?);
    Ok(())
}

fn peer(python: &Path, operation: &str, path: &Path, out: &Path) -> (f64, u64) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/python/io_peers.py");
    let output = Command::new(python)
        .arg(script)
        .arg(operation)
        .arg(path)
        .arg(out)
        .output();
    let output = output.expect("the given Python starts");
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    let facts: serde_json::Value =
        serde_json::from_str(&text).unwrap_or_else(|_| panic!("{operation} failed: {errors}"));
    let seconds = facts["seconds"]
        .as_f64()
        .expect("the script prints seconds");
    (seconds, facts["peak_bytes"].as_u64().unwrap_or(0))
}

fn mrc_speed(folder: &Path, python: Option<&Path>) -> Result<String, Box<dyn std::error::Error>> {
    let volume = inputs::volume([256, 512, 512]);
    let (path, out) = (folder.join("volume.mrc"), folder.join("out.mrc"));
    let options = mrc::WriteOptions {
        overwrite: Overwrite::Replace,
        ..Default::default()
    };
    mrc::write(&path, &volume, &options)?;
    let bytes = fs::read(&path)?;

    let mut ways = vec![
        Way::timed("raw: read the bytes into fresh memory", || {
            black_box(fs::read(&path).expect("the file is there"));
        }),
        Way::timed("cryo_io::mrc::read", || {
            black_box(mrc::read(&path, &mrc::ReadOptions::default()).expect("it is an MRC file"));
        }),
    ];
    if let Some(python) = python {
        for operation in ["mrcfile-read", "numpy-read"] {
            let (path, out) = (&path, &out);
            ways.push(Way::self_timed(operation, move || {
                peer(python, operation, path, out).0
            }));
        }
    }
    let read = race(ROUNDS, &mut ways);
    drop(ways);

    let mut ways = vec![
        Way::timed("raw: write the bytes and sync", || {
            let mut file = File::create(&out).expect("the folder is there");
            file.write_all(&bytes).expect("the disk has room");
            file.sync_all().expect("the disk has room");
        }),
        Way::timed("cryo_io::mrc::write (synced, renamed)", || {
            mrc::write(&out, &volume, &options).expect("the disk has room");
        }),
    ];
    if let Some(python) = python {
        for operation in ["mrcfile-write", "numpy-write"] {
            let (path, out) = (&path, &out);
            ways.push(Way::self_timed(operation, move || {
                peer(python, operation, path, out).0
            }));
        }
    }
    let written = race(ROUNDS, &mut ways);
    let title = "256 × 512 × 512 f32 (268 MB)";
    Ok(table(&format!("Reading {title}"), &read) + &table(&format!("Writing {title}"), &written))
}

/// A sparse 8 GiB volume, so that nothing of it is in memory.
fn large_file(path: &Path) -> io::Result<()> {
    const SHAPE: [usize; 3] = [512, 2048, 2048];
    let small = path.with_extension("small.mrc");
    let volume = inputs::volume([1, 4, 4]);
    let options = mrc::WriteOptions {
        overwrite: Overwrite::Replace,
        ..Default::default()
    };
    mrc::write(&small, &volume, &options).map_err(io::Error::other)?;
    let mut header = vec![0; 1024];
    File::open(&small)?.read_exact(&mut header)?;
    for (start, n) in [(0, 2), (4, 1), (8, 0), (28, 2), (32, 1), (36, 0)] {
        header[start..start + 4].copy_from_slice(&(SHAPE[n] as i32).to_le_bytes());
    }
    for (start, n) in [(40, 2), (44, 1), (48, 0)] {
        header[start..start + 4].copy_from_slice(&(SHAPE[n] as f32 * 10.0).to_le_bytes());
    }
    let mut file = File::create(path)?;
    file.write_all(&header)?;
    let bytes = SHAPE.iter().product::<usize>() as u64 * 4;
    file.set_len(1024 + bytes)?;
    let [_, height, width] = SHAPE;
    let middle = ((256 * height + 1024) * width + 1024) as u64 * 4;
    file.seek(SeekFrom::Start(1024 + middle))?;
    file.write_all(&1.5_f32.to_le_bytes())
}

fn crop_of_a_large_file(folder: &Path) -> Result<String, Box<dyn std::error::Error>> {
    let path = folder.join("large.mrc");
    large_file(&path)?;
    let before = machine::resident_bytes().unwrap_or(0);
    let start = Instant::now();
    let reader = mrc::Reader::open(&path, &mrc::ReadOptions::default())?;
    let crop = reader.crop([224, 992, 992], [64, 64, 64])?;
    let first = start.elapsed().as_secs_f64();
    let resident = machine::resident_bytes()
        .unwrap_or(0)
        .saturating_sub(before);
    let start = Instant::now();
    black_box(reader.crop([300, 100, 1500], [64, 64, 64])?);
    let second = start.elapsed().as_secs_f64();
    assert_eq!(
        crop.data()[[32, 32, 32]],
        1.5,
        "the one voxel that is not 0 lies there"
    );
    Ok(format!(
        "\n### 64³ out of an 8 GiB MRC (sparse file)\n\nopen and crop {:.1} ms, another crop {:.1} ms, {:.1} MB more resident.\n",
        first * 1e3,
        second * 1e3,
        resident as f64 / 1e6
    ))
}

fn star_speed(folder: &Path, python: Option<&Path>) -> Result<String, Box<dyn std::error::Error>> {
    let path = folder.join("particles.star");
    inputs::write_star(&path, 1_000_000)?;
    let bytes = fs::metadata(&path)?.len();
    let before = machine::resident_bytes().unwrap_or(0);
    let document = Document::read(&path, u64::MAX)?;
    let resident = machine::resident_bytes()
        .unwrap_or(0)
        .saturating_sub(before);
    drop(document);

    let [_, numbers @ ..] = inputs::STAR_COLUMNS;
    let mut ways = vec![Way::timed(
        "cryo_io: Document::read and all 11 columns of numbers",
        || {
            let document = Document::read(&path, u64::MAX).expect("it is a STAR file");
            let block = document.require("particles").expect("it has particles");
            let table = block.require_table().expect("they are a table");
            black_box(table.columns_f64(numbers).expect("they are numbers"));
        },
    )];
    let mut peak = 0;
    if let Some(python) = python {
        let (path, peak) = (&path, &mut peak);
        ways.push(Way::self_timed("starfile.read", move || {
            let (seconds, bytes) = peer(python, "starfile-read", path, path);
            *peak = bytes;
            seconds
        }));
    }
    let read = race(3, &mut ways);
    drop(ways);
    let ratio = resident as f64 / bytes as f64;
    let mut text = table("Reading STAR, 1e6 rows × 12 columns", &read);
    text += &format!(
        "\nThe file has {:.0} MB; the document holds {ratio:.2} times that.",
        bytes as f64 / 1e6
    );
    if peak > 0 {
        text += &format!(
            " Peak of the Python process: {:.2} times.",
            peak as f64 / bytes as f64
        );
    }
    Ok(text + "\n")
}
