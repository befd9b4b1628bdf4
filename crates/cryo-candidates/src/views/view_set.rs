use ndarray::Array4;

/// Views in memory, with the particles that they show.
#[derive(Debug, Clone, PartialEq)]
pub struct ViewSet<T = f32> {
    /// `[n, c, y, x]`.
    pub views: Array4<T>,
    /// Number of each view's particle in its set, ascending; particles without a view are missing.
    pub source: Vec<usize>,
}
