//! Files that other pickers write and that are read only, so that their picks can be compared with others.
//!
//! | [`PickerFormat`] | files of | holds |
//! |---|---|---|
//! | `DeepFinder` | DeepFinder, `.xml` | `<objlist>` of `<object x y z class_label>`; `cluster_size` becomes the score, `tomo_idx` the number of the tomogram |
//! | `Cbox` | crYOLO from 1.8, TomoTwin, `.cbox` | STAR with a block `cryolo`: x and y of the box's corner nearest to 0, z of its centre; `Confidence` becomes the score |
//! | `Coords` | crYOLO, TomoTwin, `.coords` | `x y z` on each line, no header, no score |
//! | `MilopypPicks` | MiLoPYP's `test.py`, `.txt` | `x z y`, or `x z y score`, on each line, no header; never found by itself: name it |
//! | `Motl` | DeePiCt, TOM, `.csv` | rows of 20 numbers without a header, as in an EM motive list; column 1 is the score, 8 to 10 x, y, z, 20 the class |
//!
//! All count voxels of the tomogram that was picked, the first one's centre being 0:
//! [`PicksOptions::index_base`] says otherwise, as for lists of TOM, which counts from 1. Orientations are not
//! read: the pickers leave zeros there, or do not say how their angles turn. TomoTwin's `.tloc` are pickled Python
//! objects and not read; `tomotwin_pick.py` makes `.cbox` and `.coords` of them.
//!
//! Sources: deep-finder/cryoet-deepfinder `deepfinder/utils/objl.py`; MPI-Dortmund/tomotwin-cryoet
//! `modules/common/io/cbox_format.py`, `coords_format.py`; ZauggGroup/DeePiCt
//! `3d_cnn/src/file_actions/writers/csv.py`; nextpyp/cet_pick `utils/post_process.py`.
//!
//! [`PicksOptions::index_base`]: crate::PicksOptions::index_base

mod cbox;
mod coords;
mod deepfinder;
mod motl;
mod validate;

use std::{fmt, path::Path};

use cryo_core::Particle;

pub use validate::validate;

use crate::{
    Error, IndexBase, Picks, PicksOptions,
    points::{position_from_counted, tomogram_for},
    text::read_bytes,
};

/// A format that is read here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PickerFormat {
    /// DeepFinder's object lists.
    DeepFinder,
    /// Boxes of crYOLO and TomoTwin.
    Cbox,
    /// Bare coordinates of crYOLO and TomoTwin.
    Coords,
    /// Motive lists as text, of DeePiCt and TOM.
    Motl,
    /// What MiLoPYP finds; what it is trained with are [`tables`](crate::tables).
    MilopypPicks,
}

impl PickerFormat {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::DeepFinder,
        Self::Cbox,
        Self::Coords,
        Self::Motl,
        Self::MilopypPicks,
    ];

    /// By the first bytes of a file, for those that have an ending of other formats.
    pub(crate) fn of_start(start: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(start);
        let first = text.lines().find(|line| !line.trim().is_empty())?;
        if text.trim_start().starts_with('<') && text.contains("<objlist") {
            return Some(Self::DeepFinder);
        }
        let mut fields = first.split(',');
        let is_motl = fields.clone().count() == motl::COLUMNS
            && fields.all(|field| field.trim().parse::<f64>().is_ok());
        is_motl.then_some(Self::Motl)
    }
}

impl fmt::Display for PickerFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::DeepFinder => "deepfinder",
            Self::Cbox => "cbox",
            Self::Coords => "coords",
            Self::Motl => "motl",
            Self::MilopypPicks => "milopyp-picks",
        })
    }
}

/// The picks in a file, which is of the tomogram [`PicksOptions::tomogram`], or else its stem, where it
/// does not say of which.
///
/// # Errors
/// If it is not of that format, a number is not finite, or the voxel size is not known.
pub fn read(
    path: impl AsRef<Path>,
    format: PickerFormat,
    options: &PicksOptions,
) -> Result<Picks, Error> {
    let path = path.as_ref();
    let bytes = read_bytes(path, options.max_bytes)?;
    parse(&bytes, format, &tomogram_for(options, path)).map_err(|error| error.in_file(path))
}

/// [`read`] from bytes.
///
/// # Errors
/// As [`read`], and [`Needed`](crate::ErrorKind::Needed) if neither file nor options name the tomogram.
///
/// ```
/// use cryo_core::{VoxelPos, VoxelSize};
/// use cryo_io::{Frame, Frames, PicksOptions, pickers::{PickerFormat, parse}};
/// let frame = Frame { voxel_size: VoxelSize::new(10.0), ..Frame::default() };
/// let options = PicksOptions { frames: Frames::all(frame), ..PicksOptions::default() };
/// let xml = br#"<objlist><object tomo_idx="8" class_label="2" x="3" y="2" z="1" cluster_size="40"/></objlist>"#;
/// let picks = parse(xml, PickerFormat::DeepFinder, &options)?;
/// assert_eq!(picks.sets[0].tomogram, "8");
/// assert_eq!(picks.sets[0].items[0].position, VoxelPos::xyz(3.0, 2.0, 1.0));
/// assert_eq!(picks.sets[0].items[0].score, Some(40.0));
/// # Ok::<(), cryo_io::Error>(())
/// ```
pub fn parse(bytes: &[u8], format: PickerFormat, options: &PicksOptions) -> Result<Picks, Error> {
    match format {
        PickerFormat::DeepFinder => deepfinder::parse(bytes, options),
        PickerFormat::Cbox => cbox::parse(bytes, options),
        PickerFormat::Coords => coords::parse(bytes, &coords::XYZ, options),
        PickerFormat::MilopypPicks => coords::parse(bytes, &coords::XZY, options),
        PickerFormat::Motl => motl::parse(bytes, options),
    }
}

/// A particle at x, y, z as these formats count.
fn particle(xyz: [f64; 3], options: &PicksOptions) -> Particle {
    let base = options.index_base.unwrap_or(IndexBase::Zero);
    Particle::at(position_from_counted(xyz, base))
}

/// The one tomogram of a file that names none.
fn only_tomogram(options: &PicksOptions) -> Result<&str, Error> {
    options.tomogram.as_deref().ok_or_else(|| {
        Error::needed("the name of the tomogram").fix("give it: the file holds one tomogram")
    })
}
