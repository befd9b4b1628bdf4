//! AreTomo alignments, `.aln`, of AreTomo 1, 2 and 3.
//!
//! Header lines `# RawSize = x y n`, `# NumPatches = p`, `# DarkFrame = place section tilt` (an image
//! left out), in AreTomo 3 also `# AlphaOffset`, `# BetaOffset`, `# Thickness`; then a line an
//! aligned image, by rising angle: `SEC ROT GMAG TX TY SMEAN SFIT SCALE BASE TILT`; then
//! `# Local Alignment` with a line a patch and image (`CSaveAlignFile.cpp` of AreTomo 2 and 3).
//!
//! **Shift.** `ROT` and `TX`, `TY` take the aligned image into the raw one,
//! `raw = R(ROT) · aligned + (TX, TY)` in raw pixels about the image centre, while an IMOD `.xf`
//! goes the other way: `aligned = A · raw + (DX, DY)` with `A = R(−ROT)` and
//! `(DX, DY) = −A · (TX, TY)` (`CSaveXF.cpp` of AreTomo 2 and 3). An `.aln` that is renamed to
//! `.xf` is therefore wrong in the columns, the direction and the sign of its shifts.
//!
//! **Sections** count images of the raw stack, from 0 in files of AreTomo 1 and 2 and from 1 in
//! those of AreTomo 3; a file does not say which. Here: from 0 if one of the numbers is 0, else
//! from 1, as AreTomo 3 itself decides (`CLoadAlignFile.cpp`, `mToOneBased`).
//!
//! `GMAG`, `SMEAN`, `SFIT`, `SCALE` and `BASE` are constants in what AreTomo writes and are not used
//! by what it reads; local shifts are kept and take no part in the [`TiltTable`].

mod parse;
mod table;
mod write;

use std::path::Path;

pub use parse::parse;
pub use table::validate;
pub use write::write;

use super::{MAX_BYTES, TiltTable};
use crate::{Error, text::read_bytes};

/// An alignment of one tilt series.
///
/// ```
/// use cryo_io::tilt::aln;
/// let text = b" 0 90.0 1.0 5.0 0.0 1 1 1 0 -3.0\n";
/// let alignment = aln::parse(text)?;
/// let seen = alignment.images[0].image_from_aligned().apply(cryo_core::ImagePos { y: 0.0, x: 2.0 });
/// assert_eq!((seen.x.round(), seen.y.round()), (5.0, 2.0));
/// # Ok::<(), cryo_io::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Alignment {
    /// Pixels along x and y and images of the raw stack, dark ones among them.
    pub raw_size: Option<[usize; 3]>,
    /// Images that are left out.
    pub dark: Vec<DarkFrame>,
    /// Offset of the angle about the image's x axis in degrees (AreTomo 3).
    pub alpha_offset_deg: Option<f64>,
    /// Offset of the tilt angles in degrees (AreTomo 3).
    pub beta_offset_deg: Option<f64>,
    /// Thickness of the specimen in raw pixels as measured (AreTomo 3).
    pub thickness_px: Option<f64>,
    /// The aligned images, in the order of the file.
    pub images: Vec<AlignedImage>,
    /// Shifts of patches, in the order of the file.
    pub local: Vec<LocalShift>,
    /// `NumPatches`: patches an image.
    pub patches: usize,
}

/// An image that AreTomo left out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DarkFrame {
    /// Its place from 0 among all images by rising angle.
    pub place: usize,
    /// Its number in the raw stack, as the file counts.
    pub section: usize,
    /// Its tilt angle in degrees.
    pub tilt_deg: f64,
}

/// The alignment of one image.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AlignedImage {
    /// Its number in the raw stack, as the file counts.
    pub section: usize,
    /// `ROT`: direction of the tilt axis in degrees, from y, positive from x towards y.
    pub axis_angle_deg: f64,
    /// `GMAG`, 1 in every file that AreTomo writes; not used.
    pub magnification: f64,
    /// `TX` in raw pixels.
    pub shift_x_px: f64,
    /// `TY` in raw pixels.
    pub shift_y_px: f64,
    /// `SMEAN SFIT SCALE BASE`, kept for writing.
    pub unused: [f64; 4],
    /// Tilt angle in degrees.
    pub tilt_deg: f64,
}

/// The shift of one patch in one image; kept for writing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LocalShift {
    /// The image, from 0 in the order of [`Alignment::images`].
    pub image: usize,
    /// The patch, from 0.
    pub patch: usize,
    /// `x y` of its centre, `x y` of its shift, and 1 where the shift is reliable; in pixels.
    pub values: [f64; 5],
}

/// The alignment in a file.
///
/// # Errors
/// As [`parse()`], and when the file cannot be read.
pub fn read(path: impl AsRef<Path>) -> Result<Alignment, Error> {
    let path = path.as_ref();
    parse(&read_bytes(path, MAX_BYTES)?).map_err(|error| error.in_file(path))
}

/// The table of a file: [`read`] and [`Alignment::table`].
///
/// # Errors
/// As both.
pub fn read_table(path: impl AsRef<Path>) -> Result<TiltTable, Error> {
    let path = path.as_ref();
    read(path)?.table().map_err(|error| error.in_file(path))
}
