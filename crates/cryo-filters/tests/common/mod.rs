//! Golden arrays, and how near is near.
#![allow(dead_code)]

use std::path::PathBuf;

use ndarray::{Array, Array3, Dimension};
use ndarray_npy::ReadableElement;

/// An array that `fixtures/reference/filters.py` wrote.
pub(crate) fn golden<A: ReadableElement, D: Dimension>(name: &str) -> Array<A, D> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/data/filters");
    ndarray_npy::read_npy(folder.join(format!("{name}.npy"))).expect(name)
}

/// The input of all golden arrays.
pub(crate) fn volume() -> Array3<f32> {
    golden("volume")
}

/// Whether every value differs by at most `relative` times the larger of its own size and the rms of what is expected:
/// where values pass through zero an error relative to the value says nothing.
#[track_caller]
pub(crate) fn assert_close<D: Dimension>(
    got: &Array<f32, D>,
    expected: &Array<f32, D>,
    relative: f64,
    what: &str,
) {
    assert_eq!(got.shape(), expected.shape(), "{what}");
    let squares: f64 = expected.iter().map(|&value| f64::from(value).powi(2)).sum();
    let rms = (squares / expected.len() as f64).sqrt();
    for (index, (&got, &expected)) in got.iter().zip(expected).enumerate() {
        let limit = relative * f64::from(expected).abs().max(rms);
        let difference = (f64::from(got) - f64::from(expected)).abs();
        assert!(
            difference <= limit,
            "{what} at {index}: got {got}, expected {expected}"
        );
    }
}
