use cryo_core::VoxelPos;

use crate::error::{Error, require};

/// Largest edge of a view in pixels: far beyond any particle, so that a length in the wrong unit is seen.
const MAX_EDGE: f64 = 4096.0;

/// Edge of the square that a view shows.
///
/// Pixel ⌊B/2⌋ of a view of B pixels lies on the position, so an odd box reaches equally far to both
/// sides and an even one reaches one pixel further to low coordinates, as `t − B/2 … t + B/2 − 1`.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
pub enum BoxSize {
    /// Voxels of the tomogram, or pixels of the tilt images; any parity, 1 to 4096.
    Pixels(usize),
    /// Length in ångström, rounded to the next whole number of pixels. Tilt images and tomogram show the
    /// same field then, whatever their pixel sizes.
    Angstrom(f64),
}

impl BoxSize {
    /// Pixels along an edge, where a pixel has this length.
    ///
    /// # Errors
    /// [`Error::Parameter`] unless these are 1 to 4096.
    pub fn pixels(self, pixel_size_angstrom: f64) -> Result<usize, Error> {
        let (pixels, rule) = match self {
            Self::Pixels(pixels) => (pixels as f64, "expected 1 to 4096 pixels"),
            Self::Angstrom(length) => (
                (length / pixel_size_angstrom).round(),
                "expected a length in ångström that makes 1 to 4096 pixels; this is their number",
            ),
        };
        require((1.0..=MAX_EDGE).contains(&pixels), "size", pixels, rule)?;
        Ok(pixels as usize)
    }
}

/// How values between pixels are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
pub enum Sampling {
    /// The position is rounded to the nearest pixel: off by up to half a pixel, values as they are.
    #[default]
    Nearest,
    /// Linear between neighbouring pixels (and slices): exact positions, slightly smoothed values.
    Linear,
    /// The position is cut to a whole number, as MiLoPYP does; on average half a pixel low.
    Truncated,
}

impl Sampling {
    /// Whole pixel at or below the position, and the part beyond it.
    pub(crate) fn split(self, coordinate: f64) -> (i64, f32) {
        // Units went from voxels to ångström and back: what was whole shall stay whole.
        let whole = coordinate.round();
        if (coordinate - whole).abs() < 1e-6 {
            return (whole as i64, 0.0);
        }
        match self {
            Self::Nearest => ((coordinate + 0.5).floor() as i64, 0.0),
            Self::Truncated => (coordinate.trunc() as i64, 0.0),
            Self::Linear => {
                let floor = coordinate.floor();
                (floor as i64, (coordinate - floor) as f32)
            }
        }
    }
}

/// What a view shows beyond the edge of an image or volume, and which views exist there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
pub enum Border {
    /// The image mirrored about its edge, `c b a | a b c`; every position within it has a view.
    #[default]
    Reflect,
    /// The value at the edge, `a a a | a b c`; every position within it has a view.
    Clamp,
    /// Nothing: only what lies wholly inside is shown. Tilts where it does not are left out of the mean,
    /// positions without any are left out.
    Drop,
    /// MiLoPYP's margin m = ⌊B / 1.8⌋ (Python's `//`; `milopyp-spec` C and D.1): tilts with m < x < W − m and
    /// m < y < H − m, slices with m < x < W − m and m ≤ y ≤ H − m; z is clamped.
    CetPick,
}

impl Border {
    /// The index within 0..n that an index beyond shows.
    pub(crate) fn index(self, index: i64, n: usize) -> usize {
        let n = n as i64;
        let inside = match self {
            Self::Reflect => {
                let folded = index.rem_euclid(2 * n);
                folded.min(2 * n - 1 - folded)
            }
            Self::Clamp | Self::Drop | Self::CetPick => index.clamp(0, n - 1),
        };
        inside as usize
    }
}

/// MiLoPYP's margin of a box: Python's `B // 1.8`, which is exact where the quotient would round up.
pub(crate) fn cet_pick_margin(size: usize) -> i64 {
    let size = size as f64;
    ((size - size % 1.8) / 1.8).round() as i64
}

/// How several images of one position become a view.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
pub enum Combine {
    /// Their mean.
    #[default]
    Mean,
    /// Their sum; the same as the mean once a view is scaled to a range of its own.
    Sum,
}

/// A step from one position to another, in voxels of the tomogram.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct VoxelOffset {
    /// Along z.
    pub dz: f64,
    /// Along y.
    pub dy: f64,
    /// Along x.
    pub dx: f64,
}

impl VoxelOffset {
    /// No step.
    pub const NONE: Self = Self::zyx(0.0, 0.0, 0.0);

    /// From steps in array order.
    #[must_use]
    pub const fn zyx(dz: f64, dy: f64, dx: f64) -> Self {
        Self { dz, dy, dx }
    }

    pub(crate) fn from(self, position: VoxelPos) -> VoxelPos {
        VoxelPos {
            z: position.z + self.dz,
            y: position.y + self.dy,
            x: position.x + self.dx,
        }
    }
}

/// Where MiLoPYP takes the second view of a pair from (`milopyp-spec` D.1): (x, y, z + 1), (x, y, z − 1),
/// (x − 1, y, z − 1), (x, y + 1, z − 1).
pub const NEIGHBOURS: [VoxelOffset; 4] = [
    VoxelOffset::zyx(1.0, 0.0, 0.0),
    VoxelOffset::zyx(-1.0, 0.0, 0.0),
    VoxelOffset::zyx(-1.0, 0.0, -1.0),
    VoxelOffset::zyx(-1.0, 1.0, 0.0),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn borders_match_closed_form() {
        let shown = |border: Border| (-4..7).map(|i| border.index(i, 3)).collect::<Vec<_>>();
        assert_eq!(shown(Border::Reflect), [2, 2, 1, 0, 0, 1, 2, 2, 1, 0, 0]);
        assert_eq!(shown(Border::Clamp), [0, 0, 0, 0, 0, 1, 2, 2, 2, 2, 2]);
        assert_eq!(Border::Reflect.index(-1_000_001, 1), 0);
    }

    #[test]
    fn margin_is_that_of_the_reference() {
        // milopyp-spec L.6
        for (size, margin) in [(18, 9), (24, 13), (32, 17), (36, 19), (48, 26), (72, 39)] {
            assert_eq!(cet_pick_margin(size), margin);
        }
    }

    #[test]
    fn positions_are_split_by_the_rule() {
        assert_eq!(Sampling::Nearest.split(2.5), (3, 0.0));
        assert_eq!(Sampling::Nearest.split(-0.4), (0, 0.0));
        assert_eq!(Sampling::Truncated.split(2.9), (2, 0.0));
        assert_eq!(Sampling::Linear.split(-0.25), (-1, 0.75));
        for sampling in [Sampling::Nearest, Sampling::Truncated, Sampling::Linear] {
            assert_eq!(sampling.split(44.0 * 3.7 / 3.7 - 1e-9), (44, 0.0));
        }
    }

    #[test]
    fn a_length_becomes_pixels() {
        assert_eq!(BoxSize::Angstrom(364.0).pixels(10.0).unwrap(), 36);
        assert_eq!(BoxSize::Pixels(7).pixels(10.0).unwrap(), 7);
        for wrong in [
            BoxSize::Pixels(0),
            BoxSize::Angstrom(2.0),
            BoxSize::Angstrom(f64::NAN),
            BoxSize::Pixels(5000),
        ] {
            assert!(wrong.pixels(10.0).is_err(), "{wrong:?}");
        }
    }
}
