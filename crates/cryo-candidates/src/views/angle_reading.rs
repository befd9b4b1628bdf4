use std::fmt;

use cryo_core::{TiltGeometry, TiltSign};

use super::tilts::ranked;

/// A way to read the same angles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AngleReading {
    /// As given.
    Given,
    /// Every angle with the other sign; of a series that is symmetric about 0 the same as
    /// [`OrderReversed`](Self::OrderReversed).
    SignFlipped,
    /// The first angle belongs to the last image.
    OrderReversed,
    /// The images lie by ascending angle, the angles in another order, as that of acquisition.
    Ascending,
    /// The images lie by descending angle.
    Descending,
}

impl AngleReading {
    pub(crate) const OTHERS: [Self; 4] = [
        Self::SignFlipped,
        Self::OrderReversed,
        Self::Ascending,
        Self::Descending,
    ];

    /// The geometry that this reading makes of another; transforms stay with their images.
    #[must_use]
    pub fn apply(self, given: &TiltGeometry) -> TiltGeometry {
        let mut read = given.clone();
        let angles: Vec<f64> = match self {
            Self::Given => return read,
            Self::SignFlipped => {
                read.sign = match given.sign {
                    TiltSign::Positive => TiltSign::Negative,
                    TiltSign::Negative => TiltSign::Positive,
                };
                return read;
            }
            Self::OrderReversed => given
                .tilts
                .iter()
                .rev()
                .map(|tilt| tilt.angle_deg)
                .collect(),
            Self::Ascending => ranked(given).into_iter().map(|(_, angle)| angle).collect(),
            Self::Descending => (ranked(given).into_iter().rev())
                .map(|(_, angle)| angle)
                .collect(),
        };
        for (tilt, angle_deg) in read.tilts.iter_mut().zip(angles) {
            tilt.angle_deg = angle_deg;
        }
        read
    }
}

impl fmt::Display for AngleReading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Given => "the angles as given",
            Self::SignFlipped => "the angles with the other sign",
            Self::OrderReversed => "the angles in reversed order",
            Self::Ascending => "the angles in ascending order",
            Self::Descending => "the angles in descending order",
        })
    }
}
