//! Writes a RELION-like table of a million rows and twelve columns, reads it back and prints the times.
//!
//! `cargo run --release -p cryo-io --example cryo_io_time_star -- [ROWS] [FILE]`

use std::{env, fs, path::PathBuf, time::Instant};

use cryo_io::{
    Overwrite,
    star::{Document, Loop},
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let rows: usize = env::args()
        .nth(1)
        .map_or(Ok(1_000_000), |rows| rows.parse())?;
    let path = env::args()
        .nth(2)
        .map_or_else(|| env::temp_dir().join("cryo_io_time.star"), PathBuf::from);
    if !path.exists() {
        let start = Instant::now();
        let mut table = Loop::new();
        table.set_column(
            "rlnTomoName",
            (0..rows).map(|row| format!("TS_{:03}", row / 5000)),
        )?;
        for column in 0..10 {
            let value = |row: usize| ((row * (column + 7) * 7919) % 9_999_991) as f64 / 1000.0;
            let values = (0..rows).map(|row| format!("{:.6}", value(row)));
            table.set_column(&format!("rlnValue{column}"), values)?;
        }
        table.set_column("rlnClassNumber", (0..rows).map(|row| row % 5 + 1))?;
        let mut document = Document::new();
        document.add_block("particles")?.add_table(table);
        document.write(&path, Overwrite::Never)?;
        println!("write    {:.3} s", start.elapsed().as_secs_f64());
    }
    let size = fs::metadata(&path)?.len() as f64 / 1e6;
    let start = Instant::now();
    let document = Document::read(&path, u64::MAX)?;
    let table = document.require("particles")?.require_table()?;
    println!(
        "read     {:.3} s: {} rows, {size:.1} MB",
        start.elapsed().as_secs_f64(),
        table.len()
    );
    let start = Instant::now();
    let names: [String; 10] = std::array::from_fn(|column| format!("rlnValue{column}"));
    let columns = table.columns_f64(names.each_ref().map(String::as_str))?;
    let sum: f64 = columns
        .iter()
        .map(|column| column.iter().sum::<f64>())
        .sum();
    let classes = table.column_i64("rlnClassNumber")?.iter().sum::<i64>();
    println!(
        "columns  {:.3} s: sums {sum:.3} and {classes}",
        start.elapsed().as_secs_f64()
    );
    if let Ok(status) = fs::read_to_string("/proc/self/status") {
        let peak = status.lines().find(|line| line.starts_with("VmHWM"));
        println!("memory   {}", peak.unwrap_or("unknown"));
    }
    Ok(())
}
