//! IMOD model files (`.mod`, also `.fid`): objects of contours of points.
//!
//! Always big-endian, a sequence of chunks with four-letter names: IMOD's "Binary File Format,
//! version 1, revision 2" (`binspec.html`). Everything in a file survives reading and writing,
//! chunks that are not known here included.
//!
//! # Coordinates
//!
//! Pixels of the image that the model was last shown on, in the order x, y, z. The specification
//! says: "Coordinates range from 0 to NX in X and 0 to NY in Y, but from -0.5 to NZ - 0.5 in Z", so
//! the centre of the first voxel is at (0.5, 0.5, 0). IMOD's own `tilt` adds (0.5, 0.5, 1) to come to
//! 1-based pixels, which is the same. `imodmodel` returns the stored numbers, and many scripts take
//! them for 0-based voxels; for files that were made so, [`PicksOptions::index_base`] set to
//! [`IndexBase::Zero`](crate::IndexBase::Zero) reads and writes them without a shift, and
//! [`Corner`](crate::IndexBase::Corner) and [`One`](crate::IndexBase::One) shift all three axes alike.
//!
//! From a model to the voxels of the whole file (`binspec.html`, `imodel.c`, `imodel_fwrap.c`):
//! 1. y and z are exchanged if flag 16 says that the model was last seen on a Y/Z-flipped image;
//!    under flag 17 it was rotated about x and `y = zmax − 1 − z, z = y`;
//! 2. `(otrans − ctrans) / cscale` of the chunk `MINX` is added, if flag 14 says that `otrans` holds
//!    the image origin: where a part of the file had been loaded;
//! 3. the centre of the first voxel is subtracted. In models of old `beadtrack` (no flag 10, and an
//!    object called "Wimp no.…") z, too, starts from the corner.
//!
//! IMOD does step 1 without regard to the half voxel, so that points *drawn* on a flipped image come
//! out half a voxel off along y and z, here as in IMOD.

mod chunk;
mod folder;
mod header;
mod model;
mod picks;
mod read;
mod transform;
mod validate;
mod write;

use std::path::Path;

pub use chunk::{Chunk, Minx};
pub use header::{ContourHeader, Header, MeshHeader, ObjectHeader, Units};
pub use model::{Contour, ContourKind, Mesh, Model, ModelPart, Object, ObjectPart};
pub use transform::VolumeFromModel;
pub use validate::validate;

use crate::{
    Error, Overwrite, Picks, PicksOptions, points::tomogram_for, text::read_bytes, write_atomic,
};

/// The points of a model file as particles of one tomogram.
///
/// An object is a class, by its name (`class N` is class N without a name, `particle` no class; a
/// single object without a name is no class either). Points of an open contour of two points or more
/// are a filament, numbered from 1, with arc length. The columns `imod_object`, `imod_contour` (both
/// from 1) and, where there are any, `imod_size` keep the rest.
///
/// The tomogram is called [`PicksOptions::tomogram`], by default as the file. The voxel size is that
/// of [`PicksOptions::frames`], else of `MINX`, else the header's `pixsize` in its units, stretched by
/// the header's scales.
///
/// # Errors
/// If the file cannot be read as [`Model::parse`] says, or its voxel size is not known.
pub fn read(path: impl AsRef<Path>, options: &PicksOptions) -> Result<Picks, Error> {
    let path = path.as_ref();
    let bytes = read_bytes(path, options.max_bytes)?;
    parse(&bytes, &tomogram_for(options, path)).map_err(|error| error.in_file(path))
}

/// [`read`] from bytes; the tomogram's name must be in the options.
///
/// # Errors
/// As [`read`], and [`Needed`](crate::ErrorKind::Needed) without a tomogram name.
pub fn parse(bytes: &[u8], options: &PicksOptions) -> Result<Picks, Error> {
    let model = Model::parse(bytes)?;
    let name = options.tomogram.as_deref().ok_or_else(|| {
        Error::needed("the name of the tomogram").fix("set PicksOptions::tomogram")
    })?;
    model.to_picks(name, options)
}

/// Writes particles as models, see [`Model::from_picks`].
///
/// A `path` with an extension is one file and takes one tomogram. Any other is a folder, made if it is
/// not there, with a file `TOMOGRAM.mod` each. Under [`Overwrite::Never`] nothing is written if one of
/// them exists.
///
/// # Errors
/// [`Parameter`](crate::ErrorKind::Parameter) for more than one tomogram in a file and for names of
/// tomograms that no file can have, otherwise as [`write_atomic`].
///
/// ```
/// use cryo_core::{Grid, Particle, ParticleSet, VoxelPos, VoxelSize};
/// use cryo_io::{Overwrite, Picks, PicksOptions, imod};
/// # let dir = tempfile::tempdir().unwrap();
/// let grid = Grid::new([20, 30, 40], VoxelSize::new(13.48).unwrap());
/// let mut set = ParticleSet::new("ts_01", grid);
/// set.items.push(Particle::at(VoxelPos::xyz(1.0, 2.0, 3.0)));
/// let picks = Picks { sets: vec![set], extra: Vec::new() };
///
/// let path = dir.path().join("ts_01.mod");
/// imod::write(&path, &picks, &PicksOptions::default(), Overwrite::Never)?;
/// let stored = imod::Model::read(&path, u64::MAX)?;
/// let contour = stored.objects().next().unwrap().contours().next().unwrap();
/// assert_eq!(contour.points, [[1.5, 2.5, 3.0]]);
/// assert_eq!(imod::read(&path, &PicksOptions::default())?.sets[0], picks.sets[0]);
/// # Ok::<(), cryo_io::Error>(())
/// ```
pub fn write(
    path: impl AsRef<Path>,
    picks: &Picks,
    options: &PicksOptions,
    overwrite: Overwrite,
) -> Result<(), Error> {
    let path = path.as_ref();
    if path.extension().is_none() {
        return folder::write(path, picks, options, overwrite);
    }
    let model = Model::from_picks(picks, options).map_err(|error| error.in_file(path))?;
    write_model(path, &model, overwrite)
}

/// Writes a model as it is.
///
/// # Errors
/// As [`write_atomic`].
pub fn write_model(
    path: impl AsRef<Path>,
    model: &Model,
    overwrite: Overwrite,
) -> Result<(), Error> {
    let path = path.as_ref();
    let bytes = model.to_bytes().map_err(|error| error.in_file(path))?;
    write_atomic(path, overwrite, |out| {
        std::io::Write::write_all(out, &bytes).map_err(|error| Error::io("write", error))
    })
}
