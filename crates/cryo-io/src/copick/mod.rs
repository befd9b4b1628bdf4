//! copick picks (`USER_SESSION_OBJECT.json`): the points of one object in one run.
//!
//! # Coordinates
//!
//! Ångström in the order x, y, z. copick's `docs/geometry.md` calls the origin the corner of the
//! volume and gives voxel `i` the place `i · s` (section 3.2: "(x, y, z) = (i_x · s, i_y · s, i_z · s)",
//! section 3.3: "To sample the volume value at a vertex position …, use the continuous voxel
//! coordinates: p / s"). So 0 Å is the *centre* of the first voxel, and nothing is shifted;
//! [`PicksOptions::index_base`] set to [`IndexBase::Corner`](crate::IndexBase::Corner) serves files
//! whose writer meant the corner itself.
//!
//! The centre of a particle is `location` plus the translation of `transformation_`
//! (section 2.3). The matrix takes the object into the tomogram, as
//! [`Orientation`](cryo_core::Orientation) does. Where no point has another rotation than the
//! identity, which copick writes for "no orientation", or `trust_orientation` is false, particles have
//! no orientation. `instance_id` of 1 or more is a filament (section 2.4).

mod file;
mod picks;
mod validate;
mod write;

use std::path::Path;

pub use file::{Location, PicksFile, Point};
pub use validate::validate;
pub use write::{FileName, write};

use crate::{Error, Picks, PicksOptions, text::read_bytes};

/// The points of one picks file as particles of one class, named as the object.
///
/// The tomogram is `run_name`, else [`PicksOptions::tomogram`], else what the file's place says:
/// `RUN/Picks/FILE.json`, as copick lays out a project. The voxel size is that of
/// [`PicksOptions::frames`], else `voxel_spacing`. Objects called `particle` are no class, `class-N`
/// is class N without a name. The columns `copick_user_id` and `copick_session_id` keep who picked;
/// fields that copick does not know stay as JSON in the columns `copick_file` (with the first
/// particle) and `copick_point`.
///
/// # Errors
/// If it is not a picks file, a number is not finite, or the tomogram's name or voxel size is not known.
pub fn read(path: impl AsRef<Path>, options: &PicksOptions) -> Result<Picks, Error> {
    let path = path.as_ref();
    let bytes = read_bytes(path, options.max_bytes)?;
    let mut options = options.clone();
    if options.tomogram.is_none() {
        options.tomogram = run_of(path);
    }
    parse(&bytes, &options).map_err(|error| error.in_file(path))
}

/// [`read`] from bytes.
///
/// # Errors
/// As [`read`].
///
/// ```
/// use cryo_io::{PicksOptions, copick};
/// let json = br#"{"pickable_object_name": "ribosome", "user_id": "ana", "session_id": "1",
///     "run_name": "TS_001", "voxel_spacing": 10.0, "unit": "angstrom",
///     "points": [{"location": {"x": 10.0, "y": 20.0, "z": 35.0}, "score": 0.5}]}"#;
/// let picks = copick::parse(json, &PicksOptions::default())?;
/// let set = &picks.sets[0];
/// assert_eq!(set.items[0].position, cryo_core::VoxelPos::xyz(1.0, 2.0, 3.5));
/// assert_eq!(set.classes[&1], "ribosome");
/// # Ok::<(), cryo_io::Error>(())
/// ```
pub fn parse(bytes: &[u8], options: &PicksOptions) -> Result<Picks, Error> {
    PicksFile::parse(bytes)?.to_picks(options)
}

fn run_of(path: &Path) -> Option<String> {
    let folder = path.parent()?;
    let is_picks = folder.file_name().is_some_and(|name| name == "Picks");
    let run = folder.parent().filter(|_| is_picks)?.file_name()?;
    Some(run.to_string_lossy().into_owned())
}
