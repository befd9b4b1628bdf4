//! Golden data and points that several tests need.
#![allow(dead_code)]

use cryo_fixtures::{EmbeddingParams, LabelledPoints, labelled_blobs};
use ndarray::{Array1, Array2};
use serde_json::Value;

pub(crate) fn golden(name: &str) -> Value {
    let path = cryo_fixtures::golden(&format!("embed/{name}"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

pub(crate) fn numbers(value: &Value) -> Vec<f64> {
    let entries = value.as_array().unwrap().iter();
    entries.map(|entry| entry.as_f64().unwrap()).collect()
}

/// 1500 handwritten digits, `[1500, 64]`, and what they are.
pub(crate) fn digits() -> (Array2<f32>, Vec<u32>) {
    let path = |name: &str| cryo_fixtures::golden(&format!("embed/{name}"));
    let points: Array2<u8> = ndarray_npy::read_npy(path("digits.npy")).unwrap();
    let labels: Array1<u8> = ndarray_npy::read_npy(path("digits_labels.npy")).unwrap();
    (points.mapv(f32::from), labels.mapv(u32::from).to_vec())
}

/// Blobs of different sizes in `dimensions` dimensions.
pub(crate) fn blobs(counts: &[usize], dimensions: usize, separation: f64) -> LabelledPoints {
    let params = EmbeddingParams {
        dimensions,
        counts: counts.to_vec(),
        separation,
        seed: 5,
        ..EmbeddingParams::default()
    };
    labelled_blobs(&params).unwrap()
}

/// The job's result in a pool of so many threads.
pub(crate) fn with_threads<T: Send>(threads: usize, job: impl FnOnce() -> T + Send) -> T {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    pool.unwrap().install(job)
}
