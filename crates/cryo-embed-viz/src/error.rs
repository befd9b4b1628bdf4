use thiserror::Error;

/// Why a picture could not be made.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// Parameter: a value is out of its range.
    #[error("{name}: expected {rule}, got {got}")]
    Parameter {
        /// The field.
        name: &'static str,
        /// The rule that it breaks.
        rule: &'static str,
        /// Its value.
        got: f64,
    },
    /// Data: there is nothing to show.
    #[error("expected at least one pixel, got an array of shape {shape:?}")]
    Empty {
        /// Shape of the array.
        shape: Vec<usize>,
    },
    /// Environment: the picture could not be written.
    #[error("could not write the PNG")]
    Png(#[from] png::EncodingError),
}
