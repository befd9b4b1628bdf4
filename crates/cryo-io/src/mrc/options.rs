use std::{fmt, str::FromStr};

use super::{ByteOrder, ExtendedHeader, Mode};
use crate::{Error, Overwrite, text::shorten};

/// How a file is read.
///
/// ```
/// use cryo_io::mrc::{AxisOrder, ReadOptions};
/// let options = ReadOptions { axis_order: AxisOrder::Yzx, ..Default::default() };
/// assert!(!options.permissive);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ReadOptions {
    /// Whether a file without `MAP`, with a wrong machine stamp or without a voxel size is read all
    /// the same, with a warning. A mode that does not exist, impossible dimensions and missing data
    /// are errors either way; the header of a cut file can be looked at.
    pub permissive: bool,
    /// What the axes are called once the header's own order (`mapc`, `mapr`, `maps`) is applied.
    pub axis_order: AxisOrder,
    /// Edge of a voxel in ångström, used instead of the header's.
    pub voxel_size_angstrom: Option<f64>,
    /// Where the origin comes from.
    pub origin: OriginRule,
    /// Sign of 8-bit voxels.
    pub byte_sign: ByteSign,
    /// Largest array that is made, and most bytes that are unpacked of a compressed file.
    pub max_bytes: u64,
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self {
            permissive: false,
            axis_order: AxisOrder::default(),
            voxel_size_angstrom: None,
            origin: OriginRule::default(),
            byte_sign: ByteSign::default(),
            max_bytes: 64 << 30,
        }
    }
}

/// What the slowest, middle and fastest axes of the data are, after the header's own axis order.
///
/// These are transpositions: exchanging two axes mirrors the specimen, as IMOD's `trimvol -yz` does.
/// Positions read from such a volume are right for it; a hand that matters must be checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum AxisOrder {
    /// As the header says: z, y, x.
    #[default]
    Zyx,
    /// The slowest is y, then z, x: a reconstruction as IMOD's `tilt` leaves it, MiLoPYP's `xzy`.
    Yzx,
    /// y, x, z.
    Yxz,
    /// z, x, y.
    Zxy,
    /// x, z, y.
    Xzy,
    /// x, y, z.
    Xyz,
    /// The shortest axis becomes z by exchange with z; a warning says so where it is another.
    Auto,
}

impl AxisOrder {
    const NAMES: [(&str, Self); 7] = [
        ("zyx", Self::Zyx),
        ("yzx", Self::Yzx),
        ("yxz", Self::Yxz),
        ("zxy", Self::Zxy),
        ("xzy", Self::Xzy),
        ("xyz", Self::Xyz),
        ("auto", Self::Auto),
    ];
}

impl fmt::Display for AxisOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::NAMES.iter().find(|(_, order)| order == self);
        f.write_str(name.map_or("", |(name, _)| name))
    }
}

impl FromStr for AxisOrder {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        let known = Self::NAMES.iter().find(|(known, _)| *known == name);
        known.map(|(_, order)| *order).ok_or_else(|| {
            let got = format!("{:?}", shorten(name));
            Error::unexpected("axis_order", "zyx, yzx, yxz, zxy, xzy, xyz or auto", got)
        })
    }
}

/// Where the position of the first voxel comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum OriginRule {
    /// The header's origin where it is not 0, else its start indices times the voxel size.
    #[default]
    Header,
    /// 0 Å, whatever the header says.
    Zero,
}

/// The sign of 8-bit voxels (mode 0).
///
/// MRC2014 has them signed; IMOD had them unsigned before 4.2.23 and says which in a flag since.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ByteSign {
    /// IMOD's flag in files with IMOD's stamp. Else unsigned if the header's extrema are 0 or more
    /// and 128 or more, or if the file has no `MAP` and the extrema do not say; else signed.
    ///
    /// This is `readBytesSigned` of IMOD's `b3dutil.c`, but for files after MRC2014 whose extrema
    /// are not set.
    #[default]
    Auto,
    /// −128 to 127, as `mrcfile` reads all files.
    Signed,
    /// 0 to 255.
    Unsigned,
}

/// How a file is written.
///
/// A name that ends in `.gz` or `.bz2` makes a compressed file.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct WriteOptions {
    /// What a voxel becomes in `write`, `write_image_stack`, `write_volume_stack`, `write_slabs`.
    ///
    /// Integers are rounded to the nearest; a value out of range is an error, never clipped.
    pub mode: Mode,
    /// What happens to a file that is there already.
    pub overwrite: Overwrite,
    /// Which byte comes first; the machine's own order by default.
    pub byte_order: ByteOrder,
    /// Up to ten lines of at most 80 printable ASCII characters; one that names this crate if empty.
    pub labels: Vec<String>,
    /// Kept between header and data.
    pub extended: Option<ExtendedHeader>,
    /// Whether NaN and infinite voxels are written; they are an error otherwise.
    pub allow_non_finite: bool,
}
