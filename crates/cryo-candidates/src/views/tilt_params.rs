use super::{
    options::{Border, BoxSize, Combine, Sampling},
    scale::ViewScale,
};
use crate::error::{Error, require};

/// Which tilts a view is made of, counted by ascending angle.
///
/// Views of odd and of even tilts of one position have independent noise: no electron is in both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
pub enum TiltSubset {
    /// All within the window.
    #[default]
    All,
    /// Those of odd rank (1, 3, …) among all tilts of the series sorted by angle, from rank 0.
    Odd,
    /// Those of even rank (0, 2, …).
    Even,
}

impl TiltSubset {
    pub(crate) fn holds(self, rank: usize) -> bool {
        match self {
            Self::All => true,
            Self::Odd => rank % 2 == 1,
            Self::Even => rank.is_multiple_of(2),
        }
    }
}

/// What the mean tilt image of a position is.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct TiltViewParams {
    /// Edge of a view; 36 pixels by default, as in MiLoPYP's documentation.
    pub size: BoxSize,
    /// Largest angle of the tilts that are used, 0 to 90°, inclusive; 15° by default, as in the paper.
    /// Raising it averages more noise away and blurs the particle, seen from more sides.
    pub max_angle_deg: f64,
    /// Which of these; all by default.
    pub tilts: TiltSubset,
    /// How they become one image; the mean by default.
    pub combine: Combine,
    /// How values between pixels are found; the nearest by default.
    pub sampling: Sampling,
    /// What is shown beyond the edges, and when a tilt is left out; the mirrored image by default, and a tilt
    /// is left out if the position is seen outside of it.
    pub border: Border,
    /// Scale of each view; 0 to 1 by default.
    pub scale: ViewScale,
    /// Largest relative difference between the field of the images and that of the tomogram, from 0; 0.1 by
    /// default, so that a wrong binning is an error. 1e9 allows all, for positions in a part of a tomogram.
    pub extent_tolerance: f64,
}

impl Default for TiltViewParams {
    fn default() -> Self {
        Self {
            size: BoxSize::Pixels(36),
            max_angle_deg: 15.0,
            tilts: TiltSubset::All,
            combine: Combine::Mean,
            sampling: Sampling::Nearest,
            border: Border::Reflect,
            scale: ViewScale::MinMax,
            extent_tolerance: 0.1,
        }
    }
}

impl TiltViewParams {
    /// MiLoPYP's public code: the sum of ±20°, positions cut to whole pixels, no view near the borders
    /// (`milopyp-spec` D.1).
    #[must_use]
    pub fn cet_pick() -> Self {
        Self {
            max_angle_deg: 20.0,
            combine: Combine::Sum,
            sampling: Sampling::Truncated,
            border: Border::CetPick,
            ..Self::default()
        }
    }

    /// Nothing if all fields are in their ranges.
    ///
    /// # Errors
    /// [`Error::Parameter`] with the first field that is not.
    pub fn validate(&self) -> Result<(), Error> {
        // A length is looked at again when the pixel size is known.
        let assumed = match self.size {
            BoxSize::Pixels(_) => 1.0,
            BoxSize::Angstrom(length) => length,
        };
        self.size.pixels(assumed)?;
        let angle = self.max_angle_deg;
        let rule = "expected an angle from 0 to 90°";
        require((0.0..=90.0).contains(&angle), "max_angle_deg", angle, rule)?;
        let tolerance = self.extent_tolerance;
        let rule = "expected a fraction from 0";
        require(tolerance >= 0.0, "extent_tolerance", tolerance, rule)
    }
}
