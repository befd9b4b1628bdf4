use std::path::Path;

use super::{
    super::{Document, tilt::TiltSeriesSet},
    tomograms,
};
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

/// The options, and where they are silent what a particle file of ours says of its tomograms.
///
/// With them its particles can be written again on the same unbinned tomogram, so that centred
/// coordinates keep their centre.
///
/// # Errors
/// As [`Document::read`], and for a block `data_cryo_tomograms` without its columns.
pub fn options_with_tomograms(
    path: impl AsRef<Path>,
    options: &PicksOptions,
) -> Result<PicksOptions, Error> {
    let path = path.as_ref();
    let document = Document::read(path, options.max_bytes)?;
    tomograms::options_with(&document, options).map_err(|error| error.in_file(path))
}
