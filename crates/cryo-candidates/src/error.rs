use cryo_core::VoxelSize;

/// What a source of planes says when it cannot read.
pub type SourceError = Box<dyn std::error::Error + Send + Sync>;

/// Why there are no candidates or views. Variants are sorted by who must act: the caller's parameter first, then the data.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A parameter breaks its rule.
    #[error("{name} is {got}; expected {rule}")]
    Parameter {
        /// The field.
        name: &'static str,
        /// Its value.
        got: f64,
        /// What it must obey.
        rule: &'static str,
    },
    /// The memory that may be used does not hold what the smallest step needs.
    #[error(
        "the search needs {needed} bytes of memory, {allowed} may be used; allow more, bin the tomogram, or look for smaller particles"
    )]
    Memory {
        /// Bytes of the smallest step.
        needed: u64,
        /// Bytes that were allowed.
        allowed: u64,
    },
    /// The volume is thinner than what is looked for.
    #[error(
        "the volume has {got} voxels along {axis}, the largest particle that is looked for spans {needed}; is this a 2D image, or are the diameters in the wrong unit?"
    )]
    TooSmall {
        /// `z`, `y` or `x`.
        axis: char,
        /// Number of voxels.
        got: usize,
        /// Least number of voxels.
        needed: usize,
    },
    /// The voxels are not cubes.
    #[error(
        "the voxels are not cubes ({got}); bin or resample the tomogram to one edge length, or correct the voxel size if the header is wrong"
    )]
    NotCubic {
        /// The edges.
        got: VoxelSize,
    },
    /// A voxel holds NaN or an infinity.
    #[error(
        "voxel x {x}, y {y}, z {z} is {value}; replace values that are not finite, or reconstruct the tomogram again"
    )]
    NotFinite {
        /// Plane.
        z: usize,
        /// Row.
        y: usize,
        /// Column.
        x: usize,
        /// The value.
        value: f32,
    },
    /// All voxels are equal, or all that are not padding.
    #[error("the volume has no contrast: every voxel that is not padding is {value}")]
    Constant {
        /// Their value.
        value: f32,
    },
    /// The planes could not be read.
    #[error("planes {first} to {last} could not be read")]
    Source {
        /// First plane of the request.
        first: usize,
        /// Its last plane.
        last: usize,
        /// What the source said.
        source: SourceError,
    },
    /// A filter refused its input.
    #[error(transparent)]
    Filter(#[from] cryo_filters::Error),
    /// The caller asked to stop.
    #[error("cancelled")]
    Cancelled,
}
