//! Particle tables of RELION 3, 4, 5 and of Warp.
//!
//! Positions: every file counts x, y, z; integers are centres of voxels, 0 is the centre of the first
//! one (`IndexBase` shifts pixel coordinates of programs that count from 1).
//!
//! | [`Convention`] | columns | unit and origin | pixel |
//! |---|---|---|---|
//! | `Relion5` | `rlnCenteredCoordinate{X,Y,Z}Angst` | Å from the centre of the unbinned tomogram | `rlnTomoTiltSeriesPixelSize` |
//! | `Relion4` | `rlnCoordinate{X,Y,Z}` | unbinned pixels from the first | `rlnTomoTiltSeriesPixelSize` |
//! | `Relion3` | `rlnCoordinate{X,Y,Z}` | voxels of the tomogram from the first | `rlnPixelSize`, `rlnImagePixelSize`, `rlnDetectorPixelSize` and `rlnMagnification` |
//! | `Warp` | `rlnCoordinate{X,Y,Z}` | as `Relion3` | as `Relion3` |
//! | `Warp` | `wrpCoordinate{X,Y,Z}[1]` | Å from the first voxel | none |
//!
//! Of M's several poses of a particle the first is read; the others stay extra columns.
//!
//! With `c` a coordinate, `p` the pixel and `n` the unbinned size, RELION 5 means the unbinned pixel
//! `c / p + n/2`; the rule of the centre is [`PicksOptions::centre`](crate::PicksOptions), how a binned
//! voxel lies over unbinned ones [`PicksOptions::binning`](crate::PicksOptions).
//!
//! Shifts `rlnOrigin{X,Y,Z}Angst` (RELION 3 also `rlnOrigin{X,Y,Z}` in pixels) are *subtracted* after the
//! subtomogram's rotation: `position − A(rlnTomoSubtomogram…) · shift`. They become part of the
//! position and are not written. The orientation is `A(rlnTomoSubtomogram…) · A(rlnAngle…)`.
//!
//! | [`Particle`](cryo_core::Particle) | read from | written to |
//! |---|---|---|
//! | `score` | `rlnAutopickFigureOfMerit`, else `rlnLCCmax` (which also stays an extra column); `nan` is none | `rlnAutopickFigureOfMerit` |
//! | `class` | `rlnClassNumber`; below 0 is none | `rlnClassNumber`, −1 for none among others |
//! | names of classes | `cryoClassName`, else `rlnGroupName` if it names each class (it also stays an extra column) | `cryoClassName` |
//! | `filament` | `rlnHelicalTubeID` (below 0 is none), `rlnHelicalTrackLengthAngst` | the same |
//!
//! `rlnMaxValueProbDistribution` is a property of a refinement, not a score. Every other column is kept
//! in [`Picks::extra`](crate::Picks) and written again; columns of the optics block are there as
//! `optics.NAME`, and become an optics block again in RELION 4 and 5, columns of the table in RELION 3
//! and Warp.
//!
//! Filaments in RELION 4 and 5 are written as RELION's own tools do: the frame, turned by 90° about y, in
//! `rlnTomoSubtomogram{Rot,Tilt,Psi}`, `rlnAngle{Rot,Tilt,Psi}` = (0, 90, 0) and these as
//! `rlnAngle{Tilt,Psi}Prior`; `rlnAnglePsiFlipRatio` 0.5. The product is the particle's orientation.
//!
//! RELION 4 and 5 files get a block `data_cryo_tomograms` with the size and voxel size of each tomogram,
//! so that they can be read without it; RELION leaves it alone.
//!
//! Sources: 3dem/relion `src/jaz/tomography/particle_set.cpp` (`getPosition`, `getMatrix3x3`),
//! `tomogram_set.cpp` (centre `w0/2.0`), `src/metadata_table.cpp`; warpem/warp
//! `docs/reference/warptools/tomogram_particle_files.md`; copick `util/relion.py`, `util/formats.py`.

mod assemble;
mod convention;
mod fields;
mod frames;
mod names;
mod optics;
mod read;
mod space;
mod tomograms;
mod validate;
mod write;

pub use convention::Convention;
pub use frames::{frames_from_tomograms, options_with_tomograms};
pub use read::{picks_from, read, read_as};
pub use validate::validate;
pub use write::{document_from, write};
