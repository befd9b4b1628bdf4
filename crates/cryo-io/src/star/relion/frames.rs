use std::path::Path;

use super::super::tilt::TiltSeriesSet;
use crate::{Error, Frames, PicksOptions};

/// The sizes and pixels of all tomograms that a RELION `tomograms.star` names.
///
/// Unbinned shape from `rlnTomoSize{X,Y,Z}`, unbinned pixel from `rlnTomoTiltSeriesPixelSize`, and with
/// `rlnTomoTomogramBinning` also the voxel size and shape of the reconstruction. More of the file is in
/// [`TiltSeriesSet`].
///
/// # Errors
/// As [`TiltSeriesSet::read`].
pub fn frames_from_tomograms(path: impl AsRef<Path>) -> Result<Frames, Error> {
    Ok(TiltSeriesSet::read(path, PicksOptions::default().max_bytes)?.frames())
}
