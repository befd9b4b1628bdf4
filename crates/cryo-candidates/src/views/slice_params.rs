use super::{
    options::{Border, BoxSize, Combine, Sampling},
    scale::ViewScale,
};
use crate::error::{Error, require};

/// A plane through a tomogram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
pub enum Plane {
    /// Rows along y, columns along x; slices follow each other along z.
    Xy,
    /// Rows along z, columns along x; slices follow each other along y.
    Xz,
    /// Rows along z, columns along y; slices follow each other along x.
    Yz,
}

impl Plane {
    /// Axes (0 is z) of the normal, the rows and the columns.
    pub(crate) fn axes(self) -> [usize; 3] {
        match self {
            Self::Xy => [0, 1, 2],
            Self::Xz => [1, 0, 2],
            Self::Yz => [2, 0, 1],
        }
    }
}

/// What the slices of a tomogram at a position are.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SliceViewParams {
    /// Edge of a view; 36 voxels by default, as in MiLoPYP's documentation.
    pub size: BoxSize,
    /// The planes, each of its own channels; xy alone by default. In xz and yz the missing wedge shows.
    pub planes: Vec<Plane>,
    /// Slices of a plane about the position, 1 to 4096; 3 by default. They are `⌊k/2⌋` below the position to
    /// `⌈k/2⌉ − 1` above it. More of them mean less noise and more of what lies above and below.
    pub slices: usize,
    /// How slices become one channel, the mean by default; `None` gives each a channel of its own.
    pub combine: Option<Combine>,
    /// How values between voxels are found; the nearest by default.
    pub sampling: Sampling,
    /// What is shown beyond the faces; the mirrored volume by default.
    pub border: Border,
    /// Scale of each view; 0 to 1 by default.
    pub scale: ViewScale,
}

impl Default for SliceViewParams {
    fn default() -> Self {
        Self {
            size: BoxSize::Pixels(36),
            planes: vec![Plane::Xy],
            slices: 3,
            combine: Some(Combine::Mean),
            sampling: Sampling::Nearest,
            border: Border::Reflect,
            scale: ViewScale::MinMax,
        }
    }
}

impl SliceViewParams {
    /// MiLoPYP's public code in 3d mode: the sum of three slices (`milopyp-spec` D.2).
    #[must_use]
    pub fn cet_pick_3d() -> Self {
        Self {
            combine: Some(Combine::Sum),
            sampling: Sampling::Truncated,
            border: Border::CetPick,
            ..Self::default()
        }
    }

    /// MiLoPYP's public code in 2d3d mode: one slice beside the tilt view (`milopyp-spec` D.1).
    #[must_use]
    pub fn cet_pick_2d3d() -> Self {
        Self {
            slices: 1,
            ..Self::cet_pick_3d()
        }
    }

    /// Number of channels of a view.
    #[must_use]
    pub fn channels(&self) -> usize {
        self.planes.len() * self.combine.map_or(self.slices, |_| 1)
    }

    /// Nothing if all fields are in their ranges.
    ///
    /// # Errors
    /// [`Error::Parameter`] with the first field that is not.
    pub fn validate(&self) -> Result<(), Error> {
        // A length is looked at again when the voxel size is known.
        let assumed = match self.size {
            BoxSize::Pixels(_) => 1.0,
            BoxSize::Angstrom(length) => length,
        };
        self.size.pixels(assumed)?;
        let planes = self.planes.len() as f64;
        let rule = "expected at least one plane";
        require(!self.planes.is_empty(), "planes", planes, rule)?;
        let rule = "expected 1 to 4096 slices";
        let slices = (1..=4096).contains(&self.slices);
        require(slices, "slices", self.slices as f64, rule)
    }
}
