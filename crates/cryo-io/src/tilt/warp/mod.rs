//! Warp's metadata of a tilt series, `.xml` beside the `.tomostar` (UTF-16 or UTF-8).
//!
//! Read are, one value a line and an image, `Angles` (degrees), `Dose` (e/Å², accumulated),
//! `UseTilt`, `AxisAngle` (degrees), `AxisOffsetX`/`AxisOffsetY` (ångström), `MoviePath`; the
//! attributes `AreAnglesInverted`, `LevelAngleX`/`Y` and `ImageDimensionsAngstrom`; `PixelSize` of `CTF`; and the defocus of each image (µm) from
//! `GridCTF` if it has one node an image.
//!
//! **Geometry** (`TiltSeries.cs`, `GetPositionInAllTilts`; `Matrix3.Euler`): with `d` the vector
//! from the centre of the volume in ångström, `x' = dx cos θ − dz sin θ` and `y' = dy`; then the
//! rotation by `AxisAngle` from x towards y, plus the offset, about the image centre. So the sense
//! of the angles is [`TiltSign::Negative`](cryo_core::TiltSign::Negative) whatever
//! `AreAnglesInverted` says: that one turns the defocus gradient only. `ts_import` stores the
//! negative of the stage's angle unless told `--dont_invert`, and `ts_import_alignments` takes
//! `.tlt` angles as they are: whether a file's angles have IMOD's sign cannot be told from it.
//! `GridMovementX`/`Y` and `GridVolumeWarp*`, local refinements by M, are not applied;
//! [`validate`] says where they are.
//!
//! **Dose**: WarpTools writes the dose before the image (0 for the first); older versions counted
//! half of the image's own dose, or all of it ([`DoseCount`]). A file does not say which.

mod parse;
mod table;
mod validate;
mod write;

use std::path::Path;

pub use parse::parse;
pub use table::DoseCount;
pub use validate::validate;
pub use write::write;

use super::{MAX_BYTES, TiltTable};
use crate::{Error, text::read_bytes};

/// What a Warp file says of its images; the lists are empty or have one entry an image.
///
/// ```
/// use cryo_io::tilt::warp;
/// let text = br#"<TiltSeries AreAnglesInverted="False"><Angles>-3
/// 0</Angles><Dose>2.5
/// 0</Dose><AxisAngle>85
/// 85</AxisAngle></TiltSeries>"#;
/// let series = warp::parse(text)?;
/// let table = series.table(None, warp::DoseCount::Before)?;
/// assert_eq!(table.tilts[0].dose_before, Some(2.5));
/// assert_eq!(table.tilts[1].acquisition_index, Some(0));
/// # Ok::<(), cryo_io::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct WarpSeries {
    /// Tilt angles in degrees, in Warp's sense.
    pub angles_deg: Vec<f64>,
    /// Accumulated dose in e/Å², counted as [`DoseCount`] says.
    pub dose: Vec<f64>,
    /// Whether the image is used.
    pub use_tilt: Vec<bool>,
    /// Direction of the tilt axis in degrees, from y, positive from x towards y.
    pub axis_angles_deg: Vec<f64>,
    /// Offset of the image along x in ångström, added after the rotation.
    pub offsets_x_angstrom: Vec<f64>,
    /// Offset of the image along y in ångström.
    pub offsets_y_angstrom: Vec<f64>,
    /// Paths of the images as written.
    pub movie_paths: Vec<String>,
    /// Defocus in µm, positive below focus.
    pub defocus_um: Vec<f64>,
    /// Whether the defocus gradient is turned round.
    pub are_angles_inverted: bool,
    /// Edge of a pixel of the images in ångström.
    pub pixel_size_angstrom: Option<f64>,
    /// `LevelAngleX`: rotation of the volume about x before tilting, in degrees.
    pub level_x_deg: f64,
    /// `LevelAngleY`: degrees that are added to all angles.
    pub level_y_deg: f64,
    /// `ImageDimensionsAngstrom`: extents of the images along x and y in ångström.
    pub image_size_angstrom: Option<[f64; 2]>,
    /// Whether `GridMovement` or `GridVolumeWarp` hold anything but zeros.
    pub has_local_refinement: bool,
}

/// The series in a file.
///
/// # Errors
/// As [`parse()`], and when the file cannot be read.
pub fn read(path: impl AsRef<Path>) -> Result<WarpSeries, Error> {
    let path = path.as_ref();
    parse(&read_bytes(path, MAX_BYTES)?).map_err(|error| error.in_file(path))
}

/// The table of a file: [`read`] and [`WarpSeries::table`] with the pixel size of the file.
///
/// # Errors
/// As both.
pub fn read_table(path: impl AsRef<Path>, dose: DoseCount) -> Result<TiltTable, Error> {
    let path = path.as_ref();
    let table = read(path)?.table(None, dose);
    table.map_err(|error| error.in_file(path))
}
