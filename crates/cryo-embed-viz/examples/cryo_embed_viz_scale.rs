//! Fits on a sample, places the rest, and says what it took: `cryo_embed_viz_scale [ROWS] [SAMPLE]`.
//!
//! Run with `cargo run --release -p cryo-embed-viz --example cryo_embed_viz_scale -- 1000000`.

use std::{error::Error, time::Instant};

use cryo_embed_viz::{Classes, ClassifyParams, Umap, UmapParams, sample_rows};
use ndarray::{Array2, Axis};

const DIMENSIONS: usize = 128;

/// Twenty groups of overlapping vectors.
fn vectors(rows: usize) -> Array2<f32> {
    let uniform = |index: usize| {
        let mixed = (index as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let mixed = (mixed ^ (mixed >> 32)).wrapping_mul(0xD6E8_FEB8_6659_FD93);
        ((mixed ^ (mixed >> 32)) >> 40) as f32 / 16_777_216.0 - 0.5
    };
    Array2::from_shape_fn((rows, DIMENSIONS), |(row, column)| {
        2.0 * uniform((row % 20) * 131 + column)
            + 3.0 * uniform((1 << 40) + row * DIMENSIONS + column)
    })
}

fn peak_mebibytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let digits = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    digits.unwrap_or(0) / 1024
}

fn main() -> Result<(), Box<dyn Error>> {
    let argument = |number, default| match std::env::args().nth(number) {
        Some(text) => text.parse(),
        None => Ok(default),
    };
    let (rows, sample): (usize, usize) = (argument(1, 200_000)?, argument(2, 50_000)?);
    let vectors = vectors(rows);
    println!("{rows} × {DIMENSIONS} made: peak {} MiB", peak_mebibytes());
    let some = vectors.select(Axis(0), &sample_rows(rows, sample, 1));
    let start = Instant::now();
    let said = |what: &str| {
        println!(
            "{what}: {:.1} s, peak {} MiB",
            start.elapsed().as_secs_f64(),
            peak_mebibytes()
        );
    };
    let classes = Classes::fit(some.view(), 48, &ClassifyParams::default(), &())?;
    said("classes fitted");
    let map = Umap::fit(some.view(), &UmapParams::default(), &())?;
    said("map fitted");
    let labels = classes.assign(vectors.view())?.labels;
    said("classes assigned");
    let layout = map.transform(vectors.view(), &())?;
    said("rows placed");
    assert_eq!((labels.len(), layout.nrows()), (rows, rows));
    Ok(())
}
