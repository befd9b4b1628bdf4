use ndarray::Array3;

use crate::{AngstromPos, CentreRule, Grid, ImagePos, ShapeMismatch, projection::ImageTransform};

/// Which way a positive tilt angle turns the specimen.
///
/// Programs disagree, and an un-rotated IMOD reconstruction read with its thickness as y turns the
/// other way round; so the sign is data, as RELION's `rlnTomoHand` is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum TiltSign {
    /// `x' = dx cos θ + dz sin θ`: this project's simulator and data sets.
    #[default]
    Positive,
    /// `x' = dx cos θ − dz sin θ`: MiLoPYP (`milopyp-spec` D.1).
    Negative,
}

impl TiltSign {
    /// +1 or −1, the factor of `dz sin θ`.
    #[must_use]
    pub fn factor(self) -> f64 {
        match self {
            Self::Positive => 1.0,
            Self::Negative => -1.0,
        }
    }
}

/// What is known of one image of a tilt series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tilt {
    /// Rotation of the specimen about the tilt axis.
    pub angle_deg: f64,
    /// Accumulated dose before this image in e/Å².
    pub dose_before: Option<f64>,
    /// Mean underfocus in ångström, positive below focus.
    pub defocus_angstrom: Option<f64>,
    /// 0-based place in the order of acquisition.
    pub acquisition_index: Option<u32>,
    /// Takes an image whose tilt axis is y through its centre into the image as stored.
    ///
    /// The identity for an aligned series; a shift is a residual of the alignment in pixels.
    pub image_from_aligned: ImageTransform,
}

impl Tilt {
    /// An aligned image of which only the angle is known.
    #[must_use]
    pub fn at(angle_deg: f64) -> Self {
        Self {
            angle_deg,
            dose_before: None,
            defocus_angstrom: None,
            acquisition_index: None,
            image_from_aligned: ImageTransform::IDENTITY,
        }
    }
}

/// How the images of a tilt series and the volume lie to each other.
///
/// ```
/// use cryo_core::{AngstromPos, Grid, Tilt, TiltGeometry, TiltSign, VoxelSize};
/// let grid = Grid::new([256, 512, 512], VoxelSize::new(1.0).expect("valid"));
/// let tilts = vec![Tilt::at(20.0), Tilt::at(-20.0)];
/// let geometry = TiltGeometry::centred(tilts, TiltSign::Negative, &grid, [512, 512], 1.0);
/// let seen = geometry.project(0, AngstromPos::xyz(300.0, 200.0, 60.0));
/// assert_eq!((seen.x.trunc(), seen.y), (320.0, 200.0));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct TiltGeometry {
    /// One entry an image, in the order of the images.
    pub tilts: Vec<Tilt>,
    /// Sense of the angles.
    pub sign: TiltSign,
    /// The point of the volume about which the specimen turns.
    pub rotation_centre: AngstromPos,
    /// Where the rotation centre lies in each image, in pixels.
    pub image_centre: ImagePos,
    /// Edge of a pixel of the images in ångström.
    pub pixel_size_angstrom: f64,
}

impl TiltGeometry {
    /// The usual case: the centre voxel ⌊n/2⌋ of `grid` turns about the pixel ⌊n/2⌋ of the images.
    ///
    /// `image_shape` is `[y, x]`.
    #[must_use]
    pub fn centred(
        tilts: Vec<Tilt>,
        sign: TiltSign,
        grid: &Grid,
        image_shape: [usize; 2],
        pixel_size_angstrom: f64,
    ) -> Self {
        let rule = CentreRule::FloorHalf;
        let [y, x] = image_shape.map(|n| rule.centre_vox(n));
        let rotation_centre = grid.angstrom_from_voxel(grid.centre(rule));
        let image_centre = ImagePos { y, x };
        Self {
            tilts,
            sign,
            rotation_centre,
            image_centre,
            pixel_size_angstrom,
        }
    }
}

/// The images of a tilt series, `[tilt, y, x]`, with their geometry.
#[derive(Debug, Clone, PartialEq)]
pub struct TiltSeries {
    images: Array3<f32>,
    geometry: TiltGeometry,
}

impl TiltSeries {
    /// Images and geometry of the same number of tilts.
    ///
    /// # Errors
    /// [`ShapeMismatch`] if there is not one tilt an image.
    pub fn new(images: Array3<f32>, geometry: TiltGeometry) -> Result<Self, ShapeMismatch> {
        let (count, height, width) = images.dim();
        if count != geometry.tilts.len() {
            let expected = vec![geometry.tilts.len(), height, width];
            return Err(ShapeMismatch {
                expected,
                got: vec![count, height, width],
            });
        }
        Ok(Self { images, geometry })
    }

    /// The images, `[tilt, y, x]`.
    #[must_use]
    pub fn images(&self) -> &Array3<f32> {
        &self.images
    }

    /// How images and volume lie to each other.
    #[must_use]
    pub fn geometry(&self) -> &TiltGeometry {
        &self.geometry
    }

    /// Images and geometry, given away.
    #[must_use]
    pub fn into_parts(self) -> (Array3<f32>, TiltGeometry) {
        (self.images, self.geometry)
    }
}
