//! Gaussians beside a copy and scipy, and the whole way from a tomogram to candidates beside the reference's steps, in one run.
//!
//! `candidates_side_by_side [PYTHON] [TOMOGRAM]`: PYTHON has numpy, scipy and mrcfile; without it its rows are missing. A TOMOGRAM is
//! repeated to 256 × 512 × 512 voxels; without it the search is timed on noise.

use std::{
    env,
    hint::black_box,
    ops::Range,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use cryo_bench::{
    inputs, machine,
    rounds::{Way, race, table},
};
use cryo_candidates::{CandidateParams, PlaneSource, SourceError, find_candidates};
use cryo_core::Grid;
use cryo_filters::{GaussianParams, gaussian_into};
use cryo_io::{CoordinateFormat, Frame, Frames, Overwrite, Picks, PicksOptions, mrc};
use ndarray::{Array3, ArrayViewMut3, Zip};
use serde_json::Value;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ROUNDS: usize = 5;
const SHAPE: [usize; 3] = [256, 512, 512];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<String> = env::args().collect();
    if let [_, stage, input, out, preset, threads] = words.as_slice()
        && stage == "search"
    {
        return search(Path::new(input), Path::new(out), preset, threads.parse()?);
    }
    let python = words.get(1).map(PathBuf::from);
    println!("Machine: {}", machine::describe());
    if python.is_none() {
        println!("skipped: rows of Python's programs (no PYTHON given)");
    }
    print!("{}", gaussians(python.as_deref())?);
    let folder = tempfile::tempdir_in(".")?;
    let tomogram = folder.path().join("tomogram.mrc");
    write_tomogram(&tomogram, words.get(2).map(Path::new))?;
    print!(
        "{}",
        whole_stage(&tomogram, folder.path(), python.as_deref())?
    );
    Ok(())
}

/// σ 2 and σ 8 on 128 × 512 × 512; scipy times itself on the same values.
fn gaussians(python: Option<&Path>) -> Result<String, Box<dyn std::error::Error>> {
    let volume = inputs::volume([128, 512, 512]);
    let mut text = String::new();
    for threads in [1, 2] {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()?;
        for sigma in [2.0, 8.0] {
            let params = GaussianParams::isotropic(sigma);
            let mut out = Array3::zeros(volume.data().raw_dim());
            let mut other = Array3::zeros(volume.data().raw_dim());
            let mut ways = Vec::new();
            if let Some(python) = python {
                ways.push(Way::self_timed(
                    "scipy.ndimage.gaussian_filter",
                    move || scipy(python, sigma),
                ));
            }
            ways.push(Way::timed("two copies (the floor of two passes)", || {
                pool.install(|| {
                    for _ in 0..2 {
                        Zip::from(&mut other)
                            .and(volume.data())
                            .par_for_each(|to, from| *to = *from);
                    }
                });
                black_box(&mut other);
            }));
            ways.push(Way::timed("cryo_filters::gaussian_into", || {
                pool.install(|| gaussian_into(volume.data().view(), &params, out.view_mut()))
                    .expect("finite");
                black_box(&mut out);
            }));
            let times = race(ROUNDS, &mut ways);
            text += &table(
                &format!("Gaussian σ {sigma}, 128 × 512 × 512 f32, {threads} threads"),
                &times,
            );
        }
    }
    Ok(text)
}

fn scipy(python: &Path, sigma: f64) -> f64 {
    let program = "import sys, time, numpy\nfrom scipy import ndimage\n\
        volume = numpy.random.default_rng(0).random((128, 512, 512), dtype=numpy.float32)\n\
        out = numpy.empty_like(volume)\nstart = time.perf_counter()\n\
        ndimage.gaussian_filter(volume, float(sys.argv[1]), output=out)\nprint(time.perf_counter() - start)";
    let output = Command::new(python)
        .args(["-c", program, &sigma.to_string()])
        .output();
    let output = output.expect("the given Python starts");
    String::from_utf8_lossy(&output.stdout)
        .trim()
        .parse()
        .expect("scipy is there")
}

/// The tomogram repeated, with a little noise so that no voxel stands twice; or noise alone.
fn write_tomogram(path: &Path, from: Option<&Path>) -> Result<(), Box<dyn std::error::Error>> {
    let mut volume = inputs::volume(SHAPE);
    if let Some(from) = from {
        let small = mrc::read(from, &mrc::ReadOptions::default())?;
        let [depth, height, width] = small.grid().shape;
        let std = small.data().std(0.0);
        volume = volume.map_data(|mut data| {
            for ((z, y, x), value) in data.indexed_iter_mut() {
                *value = small.data()[[z % depth, y % height, x % width]] + 0.1 * std * *value;
            }
            data
        })?;
    }
    let options = mrc::WriteOptions {
        overwrite: Overwrite::Replace,
        ..Default::default()
    };
    Ok(mrc::write(path, &volume, &options)?)
}

/// Read, preprocess, pyramid, suppression, table: each way in a process of its own, whose peak memory is its own.
fn whole_stage(
    tomogram: &Path,
    folder: &Path,
    python: Option<&Path>,
) -> Result<String, Box<dyn std::error::Error>> {
    let volume_bytes = SHAPE.iter().product::<usize>() as f64 * 4.0;
    let facts = std::cell::RefCell::new(Vec::new());
    let this = env::current_exe()?;
    let mut ways = Vec::new();
    if let Some(python) = python {
        let facts = &facts;
        ways.push(Way::self_timed(
            "the reference's steps in numpy and scipy",
            move || {
                let script = concat!(env!("CARGO_MANIFEST_DIR"), "/python/candidates_peer.py");
                let mut command = Command::new(python);
                command
                    .arg(script)
                    .arg(tomogram)
                    .arg(folder.join("peer.txt"))
                    .args(["--border", "10,60"]);
                told("reference", &mut command, facts)
            },
        ));
    }
    for (preset, threads) in [("cet-pick", 2), ("recommended", 2), ("recommended", 1)] {
        let (this, facts) = (&this, &facts);
        let name = format!("cryo, {preset}, {threads} threads");
        let key = name.clone();
        ways.push(Way::self_timed(&name, move || {
            let mut command = Command::new(this);
            command
                .arg("search")
                .arg(tomogram)
                .arg(folder.join("ours.star"));
            command.args([preset, &threads.to_string()]);
            told(&key, &mut command, facts)
        }));
    }
    let times = race(2, &mut ways);
    drop(ways);
    let mut text = table("Tomogram to candidates, 256 × 512 × 512 f32", &times);
    let mut said: Vec<(String, f64, u64)> = facts.into_inner();
    said.sort_by(|a, b| a.0.cmp(&b.0));
    said.dedup_by(|a, b| a.0 == b.0);
    text.push('\n');
    for (name, peak, found) in said {
        text += &format!(
            "{name}: {found} candidates, peak memory {:.2} volumes.\n",
            peak / volume_bytes
        );
    }
    Ok(text)
}

fn told(
    name: &str,
    command: &mut Command,
    facts: &std::cell::RefCell<Vec<(String, f64, u64)>>,
) -> f64 {
    let output = command.output().expect("the program starts");
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    let value: Value =
        serde_json::from_str(&text).unwrap_or_else(|_| panic!("{name} failed: {errors}"));
    let number = |key: &str| {
        value[key]
            .as_f64()
            .unwrap_or_else(|| panic!("{name} says no {key}: {text}"))
    };
    facts.borrow_mut().push((
        name.to_owned(),
        number("peak_bytes"),
        number("candidates") as u64,
    ));
    number("seconds")
}

/// A tomogram in a file, read as it is asked for.
struct File(mrc::Reader, Grid);

impl PlaneSource for File {
    fn grid(&self) -> Grid {
        self.1
    }

    fn read_planes(
        &self,
        planes: Range<usize>,
        mut out: ArrayViewMut3<'_, f32>,
    ) -> Result<(), SourceError> {
        let [_, height, width] = self.1.shape;
        out.assign(
            &self
                .0
                .part([planes.start, 0, 0], [planes.len(), height, width])?,
        );
        Ok(())
    }
}

fn search(
    input: &Path,
    out: &Path,
    preset: &str,
    threads: usize,
) -> Result<(), Box<dyn std::error::Error>> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build_global()?;
    let params = match preset {
        "cet-pick" => CandidateParams {
            margin_vox: [10, 60, 60],
            ..CandidateParams::cet_pick()
        },
        _ => CandidateParams::default(),
    };
    let start = Instant::now();
    let reader = mrc::Reader::open(input, &mrc::ReadOptions::default())?;
    let grid = reader.grid()?;
    let mut found = find_candidates(&File(reader, grid), &params, None, &())?;
    found.tomogram = "tomogram".to_owned();
    let candidates = found.len();
    let mut frame = Frame::of(&grid);
    frame.tilt_series_pixel_size = grid.voxel_size.isotropic();
    let options = PicksOptions {
        frames: Frames::all(frame),
        ..PicksOptions::default()
    };
    let picks = Picks {
        sets: vec![found],
        ..Picks::default()
    };
    cryo_io::write_picks(
        out,
        CoordinateFormat::Relion5,
        &picks,
        &options,
        Overwrite::Replace,
    )?;
    let facts = serde_json::json!({
        "seconds": start.elapsed().as_secs_f64(),
        "candidates": candidates,
        "peak_bytes": machine::peak_resident_bytes(),
    });
    println!("{facts}");
    Ok(())
}
