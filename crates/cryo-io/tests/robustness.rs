//! On any bytes no reader panics, hangs, or allocates beyond its limit.
//!
//! A time-bounded search from real and hand-made files; `fuzz/` has the same readers for cargo-fuzz.

mod dense;
#[allow(dead_code)]
mod readers;

use std::{
    alloc::{GlobalAlloc, Layout, System},
    fs,
    path::{Path, PathBuf},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

use readers::{MAX_BYTES, READERS};

/// Counts what the process holds, and the most that it held.
struct Counting;

static HELD: AtomicI64 = AtomicI64::new(0);
static MOST: AtomicI64 = AtomicI64::new(0);

/// One test at a time, so that the count is its own; its threads are counted with it.
static ALONE: Mutex<()> = Mutex::new(());

/// Waits for the other tests, and starts the threads that readers share.
fn alone() -> MutexGuard<'static, ()> {
    let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    for (name, _, bytes) in dense::files() {
        readers::run(name, &bytes);
    }
    alone
}

fn count(bytes: i64) {
    let held = HELD.fetch_add(bytes, Ordering::Relaxed) + bytes;
    MOST.fetch_max(held, Ordering::Relaxed);
}

// SAFETY: all work is the system allocator's; counting neither allocates nor touches the memory.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as i64);
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-(layout.size() as i64));
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size as i64 - layout.size() as i64);
        // SAFETY: the caller keeps the contract of `realloc`.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Most bytes that a reader holds for each byte of its input.
///
/// Little more than what the files of [`dense`] take: a value of two letters becomes a particle or a tilt,
/// a `Value` of a JSON file, a table of a TOML file (whose length is limited for that).
const MEMORY_A_BYTE: [(&str, usize); 17] = [
    ("mrc", 10),
    ("mrc_permissive", 10),
    ("star", 90),
    ("relion", 130),
    ("angles", 15),
    ("transforms", 35),
    ("mdoc", 70),
    ("aretomo", 20),
    ("warp", 60),
    ("tilt_com", 20),
    ("imod", 45),
    ("copick", 150),
    ("dynamo", 30),
    ("em", 20),
    ("tables", 105),
    ("datasets", 340),
    ("pickers", 105),
];

/// What bzip2 needs to unpack a block of 900 kB.
const BZIP2: i64 = 4 << 20;

/// Memory that a reader may hold for an input: what its contents take, buffers, and for a packed one
/// three times what the options allow.
fn limit(name: &str, bytes: &[u8]) -> i64 {
    let known = MEMORY_A_BYTE.iter().find(|(known, _)| *known == name);
    let (_, a_byte) = known.expect("a reader of that name");
    let unpacked = if readers::is_packed(bytes) {
        BZIP2 + 3 * MAX_BYTES as i64
    } else {
        0
    };
    (a_byte * bytes.len()) as i64 + unpacked + (16 << 10)
}

/// Runs a reader and fails if it held too much or took too long.
fn watch(name: &str, read: fn(&[u8]), bytes: &[u8], what: &dyn Fn() -> String) {
    let before = HELD.load(Ordering::Relaxed);
    MOST.store(before, Ordering::Relaxed);
    let start = Instant::now();
    read(bytes);
    let held = MOST.load(Ordering::Relaxed) - before;
    assert!(
        held <= limit(name, bytes),
        "{name} held {held} bytes for {} of {}",
        bytes.len(),
        what()
    );
    assert!(
        start.elapsed() < Duration::from_secs(20),
        "{name} took too long on {}",
        what()
    );
}

fn files_below(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            files_below(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// Golden files and hand-made ones, by the reader's extensions.
fn seeds(extensions: &[&str]) -> Vec<(String, Vec<u8>)> {
    let mut paths = Vec::new();
    files_below(
        &cryo_fixtures::golden("maps").with_file_name(""),
        &mut paths,
    );
    let fits = |name: &str| {
        extensions
            .iter()
            .any(|extension| name.ends_with(&format!(".{extension}")))
    };
    let mut seeds: Vec<(String, Vec<u8>)> = Vec::new();
    for path in paths {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if fits(&name) {
            seeds.push((name, fs::read(path).unwrap()));
        }
    }
    for file in cryo_fixtures::mrc_files()
        .into_iter()
        .chain(cryo_fixtures::text_files())
        .chain(cryo_fixtures::imod_files())
    {
        if fits(file.name) {
            seeds.push((file.name.to_owned(), file.bytes));
        }
    }
    seeds
}

#[test]
fn no_reader_panics_hangs_or_takes_too_much_memory_on_mutated_files() {
    const TIME_A_READER: Duration = Duration::from_millis(1200);
    const LEAST_INPUTS: u64 = 200;
    let _alone = alone();
    for (name, extensions, read) in READERS {
        let seeds = seeds(extensions);
        assert!(!seeds.is_empty(), "{name} has no seed file");
        for (file, bytes) in &seeds {
            watch(name, read, bytes, &|| file.clone());
            for (other, extensions, read) in READERS {
                // Someone else's files, too.
                if !extensions.contains(&"star") {
                    watch(other, read, bytes, &|| format!("{file}, not its own"));
                }
            }
        }
        let start = Instant::now();
        let mut count = 0_u64;
        while count < LEAST_INPUTS || start.elapsed() < TIME_A_READER {
            let (file, bytes) = &seeds[count as usize % seeds.len()];
            // Small inputs find more in the time.
            let bytes = &bytes[..bytes.len().min(20_000)];
            let mutated = cryo_fixtures::mutate(bytes, count);
            watch(name, read, &mutated, &|| {
                format!("{file} mutated with seed {count}")
            });
            count += 1;
        }
        assert!(count >= LEAST_INPUTS);
    }
}

#[test]
fn no_reader_panics_on_files_cut_at_any_byte() {
    let _alone = alone();
    for (name, extensions, read) in READERS {
        for (file, bytes) in seeds(extensions) {
            let step = (bytes.len() / 60).max(1);
            for length in (0..bytes.len()).step_by(step) {
                watch(name, read, &bytes[..length], &|| {
                    format!("{file} cut at {length}")
                });
            }
        }
    }
}

#[test]
fn the_files_with_most_contents_for_their_length_stay_within_the_limits() {
    let _alone = alone();
    for (name, what, bytes) in dense::files() {
        let (_, _, read) = READERS
            .into_iter()
            .find(|(known, ..)| *known == name)
            .unwrap();
        watch(name, read, &bytes, &|| what.to_owned());
    }
}
