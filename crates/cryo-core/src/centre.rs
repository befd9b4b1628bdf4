use std::{fmt, str::FromStr};

/// Which coordinate a program calls the centre of an axis of `n` voxels.
///
/// Programs disagree, so that a centred coordinate means nothing without its rule: RELION's
/// `TomogramSet` takes `n/2` as a float, its picker `n/2 − 1`, its projection matrices (and
/// MiLoPYP, and Fourier transforms) `⌊n/2⌋`. For odd `n` the three are 0.5 or 1 voxel apart.
///
/// ```
/// use cryo_core::CentreRule;
/// assert_eq!(CentreRule::Half.centre_vox(7), 3.5);
/// assert_eq!(CentreRule::HalfMinusOne.centre_vox(7), 2.5);
/// assert_eq!(CentreRule::FloorHalf.centre_vox(7), 3.0);
/// assert_eq!("half".parse(), Ok(CentreRule::Half));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum CentreRule {
    /// `n/2` as a float: RELION 5's centred coordinates and copick's reading of them.
    #[default]
    Half,
    /// `n/2 − 1`: RELION's picker, and pytom-match-pick on RELION metadata.
    HalfMinusOne,
    /// `⌊n/2⌋`: the voxel of the zero frequency; MiLoPYP, IMOD-like tools on even sizes.
    FloorHalf,
}

impl CentreRule {
    /// The 0-based coordinate of the centre of an axis of `n` voxels.
    #[must_use]
    pub fn centre_vox(self, n: usize) -> f64 {
        match self {
            Self::Half => n as f64 / 2.0,
            Self::HalfMinusOne => n as f64 / 2.0 - 1.0,
            Self::FloorHalf => (n / 2) as f64,
        }
    }
}

impl fmt::Display for CentreRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Half => "half",
            Self::HalfMinusOne => "half-minus-one",
            Self::FloorHalf => "floor-half",
        })
    }
}

impl FromStr for CentreRule {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "half" => Ok(Self::Half),
            "half-minus-one" => Ok(Self::HalfMinusOne),
            "floor-half" => Ok(Self::FloorHalf),
            other => Err(format!(
                "expected half, half-minus-one or floor-half, got {other:?}"
            )),
        }
    }
}
