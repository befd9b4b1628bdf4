/// Why a filter did not run. Variants are sorted by who must act: the caller's parameter first, then the data.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A width of a Gaussian is negative, not finite, or too large.
    #[error("sigma of axis {axis} is {got} voxels; {rule}")]
    Sigma {
        /// `z`, `y` or `x`.
        axis: char,
        /// The value.
        got: f64,
        /// What it must obey.
        rule: &'static str,
    },
    /// Another parameter breaks its rule.
    #[error("{name} is {got}; {rule}")]
    Parameter {
        /// The field or argument.
        name: &'static str,
        /// The value.
        got: f64,
        /// What it must obey.
        rule: &'static str,
    },
    /// An array that was handed in has the wrong shape.
    #[error("{name} has shape {got:?}; expected {expected:?}")]
    Shape {
        /// The argument.
        name: &'static str,
        /// The shape it must have.
        expected: Vec<usize>,
        /// The shape it has.
        got: Vec<usize>,
    },
    /// The array holds no value.
    #[error("array of shape {shape:?} is empty; every axis needs at least one voxel")]
    Empty {
        /// Its shape.
        shape: Vec<usize>,
    },
    /// The array holds NaN or an infinity. Mask or replace such voxels first: a filter would spread them.
    #[error("voxel {index:?} is {value}; replace values that are not finite before filtering")]
    NotFinite {
        /// The first such voxel in memory order, in the order of the axes.
        index: Vec<usize>,
        /// Its value.
        value: f32,
    },
    /// All values are equal, so that there is nothing to divide by.
    #[error("all values are {value}; {needs}")]
    Constant {
        /// The value.
        value: f32,
        /// What the computation needs.
        needs: &'static str,
    },
}
