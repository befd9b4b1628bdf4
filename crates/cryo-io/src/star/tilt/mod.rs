//! Tilt series as STAR: RELION 5's tables and set of tilt series, Warp's `.tomostar`.
//!
//! | | RELION 5 | Warp |
//! |---|---|---|
//! | angle | `rlnTomoYTilt`, before alignment `rlnTomoNominalStageTiltAngle` | `wrpAngleTilt` |
//! | sign | `x' = dx cos θ + dz sin θ` | `x' = dx cos θ − dz sin θ` |
//! | rotation in the image, from x towards y | `rlnTomoZRot`, before alignment `rlnTomoNominalTiltAxisAngle` | `wrpAxisAngle` |
//! | then the shift in the image, Å | `rlnTomo{X,Y}ShiftAngst` | `wrpAxisOffset{X,Y}` |
//! | dose before the image, e/Å² | `rlnMicrographPreExposure` | `wrpDose` |
//! | underfocus, Å | `rlnDefocusU`, `rlnDefocusV`, `rlnDefocusAngle` | not here but in the XML |
//! | centre that turns | `⌊n/2⌋` of volume and image | `n/2` of both, in Å |
//!
//! Warp's `ts_import` writes the negative of the angles that IMOD and RELION have, unless told
//! `--dont_invert`; [`TiltSeriesTable::with_sign`] changes between them.
//!
//! Sources: 3dem/relion `src/jaz/tomography/programs/tomo_backproject.cpp` (projection, from its matrices
//! `s2 s1 Rz(ZRot) Ry(YTilt) Rx(XTilt) s0`), `tomogram_set.cpp`; relion documentation, "Tomogram set";
//! warpem/warp `WarpLib/TiltSeries/TiltSeries.cs` (`GetPositionInAllTilts`),
//! `WarpTools/Commands/Tiltseries` (`ts_import`).

mod relion;
mod set;
mod table;
mod validate;
mod warp;

pub use set::{TiltSeriesEntry, TiltSeriesSet};
pub use table::{TiltDetails, TiltSeriesTable};
pub use validate::validate;
