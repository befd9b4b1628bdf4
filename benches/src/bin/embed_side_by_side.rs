//! Our UMAP and k-means beside umap-learn and scikit-learn, on the same vectors, in one run.
//!
//! `embed_side_by_side [PYTHON [FILE.npy ...]]`: PYTHON has umap-learn and scikit-learn; files `[n, d]` of f32 are
//! mapped instead of what is drawn at random.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use cryo_bench::{machine, vectors::mixture};
use cryo_embed_viz::{
    KMeansParams, NeighbourParams, Search, Umap, UmapParams, kmeans, nearest_neighbours,
    neighbour_preservation, trustworthiness,
};
use ndarray::{Array2, ArrayView2};
use ndarray_npy::{read_npy, write_npy};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let python = env::args_os().nth(1).map(PathBuf::from);
    let folder = tempfile::tempdir_in(".")?;
    println!("Machine: {}.", machine::describe());
    if python.is_none() {
        println!("skipped: rows of Python's programs (no PYTHON given)");
    }
    let python = python.as_deref();
    let files: Vec<_> = env::args_os().skip(2).collect();
    if files.is_empty() {
        neighbours(mixture(20_000, 128, 20).view())?;
    }
    println!(
        "\n| map | way | wall s | CPU s | trustworthiness | 15 neighbours kept |\n|---|---|---|---|---|---|"
    );
    for file in &files {
        let points: Array2<f32> = read_npy(file)?;
        let name = Path::new(file)
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        maps(&name, points.view(), python, folder.path())?;
    }
    if !files.is_empty() {
        return Ok(());
    }
    let blobs = mixture(20_000, 128, 20);
    maps(
        "20 blobs, 20,000 × 128",
        blobs.view(),
        python,
        folder.path(),
    )?;
    println!("\n| k-means | wall s | CPU s | inertia | rounds |\n|---|---|---|---|---|");
    clusters(mixture(50_000, 128, 200).view(), python, folder.path())
}

/// What a job returns, its wall seconds and its CPU seconds.
fn timed<T>(job: impl FnOnce() -> T) -> (T, f64, f64) {
    let busy = machine::cpu_seconds().unwrap_or(f64::NAN);
    let start = Instant::now();
    let result = job();
    let wall = start.elapsed().as_secs_f64();
    (
        result,
        wall,
        machine::cpu_seconds().unwrap_or(f64::NAN) - busy,
    )
}

fn neighbours(points: ArrayView2<'_, f32>) -> Result<(), Failure> {
    println!("\n| 39 neighbours of 20,000 × 128 | wall s | CPU s | recall |\n|---|---|---|---|");
    let search = |search| {
        let params = NeighbourParams {
            search,
            ..Default::default()
        };
        timed(|| nearest_neighbours(points, 39, &params, &()))
    };
    let (exact, wall, busy) = search(Search::Exact);
    let exact = exact?;
    println!("| exact | {wall:.2} | {busy:.2} | 1 |");
    let (found, wall, busy) = search(Search::Approximate);
    println!(
        "| approximate | {wall:.2} | {busy:.2} | {:.4} |",
        found?.recall(&exact)?
    );
    Ok(())
}

fn maps(
    name: &str,
    points: ArrayView2<'_, f32>,
    python: Option<&Path>,
    folder: &Path,
) -> Result<(), Failure> {
    let row =
        |way: &str, layout: ArrayView2<'_, f32>, wall: f64, busy: f64| -> Result<(), Failure> {
            let rows = Some(2000);
            let trust = trustworthiness(points, layout, 15, rows, 0)?;
            let kept = neighbour_preservation(points, layout, 15, rows, 0)?;
            println!("| {name} | {way} | {wall:.2} | {busy:.2} | {trust:.4} | {kept:.3} |");
            Ok(())
        };
    let (file, out) = (folder.join("points.npy"), folder.join("layout.npy"));
    write_npy(&file, &points)?;
    for (neighbours, min_dist) in [(15, 0.1), (40, 0.5)] {
        let params = UmapParams {
            neighbours,
            min_dist,
            ..Default::default()
        };
        for _ in 0..2 {
            let (map, wall, busy) = timed(|| Umap::fit(points, &params, &()));
            row(
                &format!("ours, k {neighbours}"),
                map?.layout.view(),
                wall,
                busy,
            )?;
        }
        let Some(python) = python else { continue };
        for (way, operation) in [
            ("umap-learn", "umap"),
            ("umap-learn, seeded", "umap-seeded"),
        ] {
            let facts = peer(
                python,
                &format!("{operation}:{neighbours}:{min_dist}"),
                &file,
                &out,
            )?;
            let layout: Array2<f32> = read_npy(&out)?;
            let way = format!("{way}, k {neighbours}");
            row(
                &way,
                layout.view(),
                number(&facts, "seconds"),
                number(&facts, "cpu_seconds"),
            )?;
        }
    }
    Ok(())
}

fn clusters(
    points: ArrayView2<'_, f32>,
    python: Option<&Path>,
    folder: &Path,
) -> Result<(), Failure> {
    const K: usize = 300;
    for _ in 0..2 {
        let (found, wall, busy) = timed(|| kmeans(points, K, &KMeansParams::default(), &()));
        let found = found?;
        println!(
            "| ours | {wall:.2} | {busy:.2} | {:.0} | {} |",
            found.inertia, found.iterations
        );
    }
    let Some(python) = python else { return Ok(()) };
    let file = folder.join("points.npy");
    write_npy(&file, &points)?;
    for _ in 0..2 {
        let facts = peer(
            python,
            &format!("kmeans:{K}"),
            &file,
            &folder.join("unused.npy"),
        )?;
        let [wall, busy, inertia, rounds] =
            ["seconds", "cpu_seconds", "inertia", "iterations"].map(|name| number(&facts, name));
        println!("| scikit-learn, n_init 1 | {wall:.2} | {busy:.2} | {inertia:.0} | {rounds} |");
    }
    Ok(())
}

fn number(facts: &serde_json::Value, name: &str) -> f64 {
    facts[name].as_f64().unwrap_or(f64::NAN)
}

fn peer(
    python: &Path,
    operation: &str,
    file: &Path,
    out: &Path,
) -> Result<serde_json::Value, Failure> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/python/embed_peers.py");
    let output = Command::new(python)
        .arg(script)
        .arg(operation)
        .arg(file)
        .arg(out)
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    serde_json::from_str(&text).map_err(|_| format!("{operation} failed: {errors}").into())
}
