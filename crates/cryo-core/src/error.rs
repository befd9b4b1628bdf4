use thiserror::Error;

/// An array has another shape than its companion says.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("expected an array of shape {expected:?}, got {got:?}")]
pub struct ShapeMismatch {
    /// The shape that was asked for, slowest axis first.
    pub expected: Vec<usize>,
    /// The shape that came, slowest axis first.
    pub got: Vec<usize>,
}

/// Two things that must be counted on one grid are counted on two.
#[derive(Debug, Clone, PartialEq, Error)]
#[error("expected positions on the grid {expected}, got {got}")]
pub struct GridMismatch {
    /// The grid that was asked for.
    pub expected: crate::Grid,
    /// The grid that came.
    pub got: crate::Grid,
}
