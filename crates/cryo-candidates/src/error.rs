use cryo_core::VoxelSize;

/// What a source of planes says when it cannot read.
pub type SourceError = Box<dyn std::error::Error + Send + Sync>;

/// Why there are no candidates or views. Variants are sorted by who must act: the parameter, the data, the caller.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A parameter breaks its rule.
    #[error("{name} is {got}; {rule}")]
    Parameter {
        /// The field or argument.
        name: &'static str,
        /// The value.
        got: f64,
        /// What it must obey.
        rule: &'static str,
    },
    /// A buffer that was handed in has the wrong length.
    #[error("{name} has {got} values; expected {expected}")]
    Length {
        /// The argument.
        name: &'static str,
        /// How many it must have.
        expected: usize,
        /// How many it has.
        got: usize,
    },
    /// A view that does not exist was asked for.
    #[error("expected the number of a view below {views}, got {got}")]
    NoSuchView {
        /// How many there are.
        views: usize,
        /// The number.
        got: usize,
    },
    /// A normalization was measured on views with other channels.
    #[error("expected a normalization of {expected} channels, got one of {got}")]
    Channels {
        /// Channels of the views.
        expected: usize,
        /// Channels of the normalization.
        got: usize,
    },
    /// No image is tilted little enough.
    #[error(
        "no tilt is within ±{max_angle_deg}°, the least tilted image is at {least_angle_deg}°; raise the window"
    )]
    NoTilt {
        /// The window.
        max_angle_deg: f64,
        /// The angle nearest to 0.
        least_angle_deg: f64,
    },
    /// A length in ångström means nothing on voxels that are not cubes.
    #[error("the voxels measure {voxel_size}; give the box in voxels, or resample to cubes")]
    Anisotropic {
        /// The edges.
        voxel_size: VoxelSize,
    },
    /// Images or volume hold no value.
    #[error("the {what} has shape {shape:?}; every axis needs at least one value")]
    Empty {
        /// `tomogram` or `tilt series`.
        what: &'static str,
        /// Its shape.
        shape: Vec<usize>,
    },
    /// Images or volume hold NaN or an infinity.
    #[error("the {what} has {value} at {index:?}; replace values that are not finite first")]
    NotFinite {
        /// `tomogram`, `tilt series` or `map`.
        what: &'static str,
        /// The first such value, slowest axis first.
        index: [usize; 3],
        /// The value.
        value: f32,
    },
    /// A position has a coordinate that is NaN or infinite.
    #[error("expected finite coordinates, particle {particle} has ({x}, {y}, {z}) (x, y, z)")]
    NonFinitePosition {
        /// Its number in the set.
        particle: usize,
        /// Coordinate along x.
        x: f64,
        /// Along y.
        y: f64,
        /// Along z.
        z: f64,
    },
    /// The geometry of a tilt series holds a number that no microscope gives.
    #[error("tilt {tilt}: {name} is {got}; {rule}")]
    Tilt {
        /// The image.
        tilt: usize,
        /// What is wrong with it.
        name: &'static str,
        /// The value.
        got: f64,
        /// What it must obey.
        rule: &'static str,
    },
    /// The images show another field than the tomogram.
    #[error(
        "the images are {images_angstrom:.0} Å wide along {axis}, the tomogram is {tomogram_angstrom:.0} Å; \
         expected the same within {:.0} %: are the pixel sizes right, and do the two belong together?",
        tolerance * 100.0
    )]
    Extent {
        /// `y` or `x`.
        axis: char,
        /// Pixels of an image times the pixel size.
        images_angstrom: f64,
        /// Voxels of the tomogram times the voxel size.
        tomogram_angstrom: f64,
        /// The largest relative difference that is allowed.
        tolerance: f64,
    },
    /// There is too little to decide anything.
    #[error("expected at least {expected} {what}, got {got}")]
    TooFew {
        /// What there is too little of.
        what: &'static str,
        /// How many there must be.
        expected: usize,
        /// How many there are.
        got: usize,
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
    /// A filter did not run.
    #[error(transparent)]
    Filter(#[from] cryo_filters::Error),
    /// The caller asked to stop.
    #[error("cancelled")]
    Cancelled,
}

/// Nothing if `valid`, else the error of a parameter.
pub(crate) fn require(
    valid: bool,
    name: &'static str,
    got: f64,
    rule: &'static str,
) -> Result<(), Error> {
    if valid {
        return Ok(());
    }
    Err(Error::Parameter { name, got, rule })
}
