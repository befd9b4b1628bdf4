//! Names of columns.

pub(super) const CENTRED: [&str; 3] = [
    "rlnCenteredCoordinateXAngst",
    "rlnCenteredCoordinateYAngst",
    "rlnCenteredCoordinateZAngst",
];
pub(super) const PIXELS: [&str; 3] = ["rlnCoordinateX", "rlnCoordinateY", "rlnCoordinateZ"];
/// M's positions in ångström; the second form is of species without temporal sampling.
pub(super) const WARP: [[&str; 3]; 2] = [
    ["wrpCoordinateX1", "wrpCoordinateY1", "wrpCoordinateZ1"],
    ["wrpCoordinateX", "wrpCoordinateY", "wrpCoordinateZ"],
];
pub(super) const ANGLES: [[&str; 3]; 3] = [
    ["rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi"],
    ["wrpAngleRot1", "wrpAngleTilt1", "wrpAnglePsi1"],
    ["wrpAngleRot", "wrpAngleTilt", "wrpAnglePsi"],
];
pub(super) const SUBTOMOGRAM: [&str; 3] = [
    "rlnTomoSubtomogramRot",
    "rlnTomoSubtomogramTilt",
    "rlnTomoSubtomogramPsi",
];
pub(super) const ORIGINS: [&str; 3] = ["rlnOriginXAngst", "rlnOriginYAngst", "rlnOriginZAngst"];
pub(super) const ORIGINS_PX: [&str; 3] = ["rlnOriginX", "rlnOriginY", "rlnOriginZ"];
pub(super) const PRIORS: [&str; 2] = ["rlnAngleTiltPrior", "rlnAnglePsiPrior"];

pub(super) const TOMOGRAM: &str = "rlnTomoName";
pub(super) const MICROGRAPH: &str = "rlnMicrographName";
pub(super) const SOURCE: &str = "wrpSourceName";
pub(super) const PARTICLE: &str = "rlnTomoParticleName";
pub(super) const SCORE: &str = "rlnAutopickFigureOfMerit";
/// The correlation of pytom-match-pick.
pub(super) const CORRELATION: &str = "rlnLCCmax";
pub(super) const CLASS: &str = "rlnClassNumber";
pub(super) const CLASS_NAME: &str = "cryoClassName";
pub(super) const GROUP_NAME: &str = "rlnGroupName";
pub(super) const TUBE: &str = "rlnHelicalTubeID";
pub(super) const TRACK: &str = "rlnHelicalTrackLengthAngst";
pub(super) const FLIP_RATIO: &str = "rlnAnglePsiFlipRatio";

pub(super) const OPTICS_GROUP: &str = "rlnOpticsGroup";
pub(super) const OPTICS_GROUP_NAME: &str = "rlnOpticsGroupName";
pub(super) const SERIES_PIXEL: &str = "rlnTomoTiltSeriesPixelSize";
pub(super) const PIXEL: &str = "rlnPixelSize";
pub(super) const IMAGE_PIXEL: &str = "rlnImagePixelSize";
pub(super) const DETECTOR: &str = "rlnDetectorPixelSize";
pub(super) const MAGNIFICATION: &str = "rlnMagnification";

/// What the name of an extra column starts with that came from the optics block.
pub(super) const OPTICS_PREFIX: &str = "optics.";
