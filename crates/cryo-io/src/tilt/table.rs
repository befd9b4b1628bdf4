use cryo_core::{Tilt, TiltSign};

use crate::Error;

/// What a file says of the images of one tilt series.
///
/// ```
/// use cryo_io::tilt::TiltTable;
/// let mut table = TiltTable::from_angles(&[-60.0, 0.0, 60.0]);
/// table.excluded[2] = true;
/// assert_eq!(table.kept().angles_deg(), [-60.0, 0.0]);
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TiltTable {
    /// One entry an image, in the order of the images in the stack that the file describes.
    pub tilts: Vec<Tilt>,
    /// Whether the file says to leave the image out; as many as `tilts`.
    pub excluded: Vec<bool>,
    /// Names of the images or movies as the file spells them; as many as `tilts`, or none.
    pub image_names: Vec<String>,
    /// Direction of the tilt axis in the images as recorded, in degrees.
    ///
    /// The angle from the image's y axis to the tilt axis, positive from x towards y: the rotation
    /// of the images by which the axis becomes y is its negative. `None` where the file does not
    /// say, or where the images differ; then it is in each `image_from_aligned`.
    pub axis_angle_deg: Option<f64>,
    /// Edge of a pixel of the images in ångström.
    pub pixel_size_angstrom: Option<f64>,
    /// Shape `[y, x]` of the images.
    pub image_shape: Option<[usize; 2]>,
    /// Rotation of the volume about x before it is tilted, in degrees, where it is not 0; in the
    /// sense of the program whose file it is (IMOD's `XAXISTILT`, Warp's `LevelAngleX`).
    ///
    /// [`TiltGeometry`](cryo_core::TiltGeometry) has no place for it: see
    /// [`check_level`](Self::check_level).
    pub x_axis_tilt_deg: Option<f64>,
    /// Sense of the angles, where the format fixes it.
    ///
    /// Only Warp's files do: IMOD's, SerialEM's and AreTomo's leave the frame of the volume open.
    pub sign: Option<TiltSign>,
}

impl TiltTable {
    /// A table of images of which only the angles are known.
    #[must_use]
    pub fn from_angles(angles_deg: &[f64]) -> Self {
        Self::of(angles_deg.iter().map(|&angle| Tilt::at(angle)).collect())
    }

    /// A table of these images, none of them excluded.
    #[must_use]
    pub fn of(tilts: Vec<Tilt>) -> Self {
        Self {
            excluded: vec![false; tilts.len()],
            tilts,
            ..Self::default()
        }
    }

    /// Number of images, the excluded ones among them.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tilts.len()
    }

    /// Whether there is no image.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tilts.is_empty()
    }

    /// The tilt angles in degrees, in order.
    #[must_use]
    pub fn angles_deg(&self) -> Vec<f64> {
        self.tilts.iter().map(|tilt| tilt.angle_deg).collect()
    }

    /// The table without the excluded images.
    #[must_use]
    pub fn kept(&self) -> Self {
        let order: Vec<usize> = (0..self.len())
            .filter(|&i| self.excluded.get(i) != Some(&true))
            .collect();
        self.picked(&order)
    }

    /// The table with its images by rising tilt angle, as reconstruction programs stack them.
    #[must_use]
    pub fn sorted_by_angle(&self) -> Self {
        let mut order: Vec<usize> = (0..self.len()).collect();
        order.sort_by(|&a, &b| self.tilts[a].angle_deg.total_cmp(&self.tilts[b].angle_deg));
        self.picked(&order)
    }

    fn picked(&self, order: &[usize]) -> Self {
        let has_names = self.image_names.len() == self.len();
        let names = order.iter().filter(|_| has_names);
        Self {
            tilts: order.iter().map(|&i| self.tilts[i]).collect(),
            excluded: order
                .iter()
                .map(|&i| self.excluded.get(i) == Some(&true))
                .collect(),
            image_names: names.map(|&i| self.image_names[i].clone()).collect(),
            ..self.clone()
        }
    }

    /// Refuses a volume that is rotated about x before it is tilted, which no projection here does.
    ///
    /// # Errors
    /// [`Unsupported`](crate::ErrorKind::Unsupported) with the angle.
    pub fn check_level(&self) -> Result<(), Error> {
        match self.x_axis_tilt_deg {
            None => Ok(()),
            Some(angle) => Err(Error::unsupported(format!(
                "a tomogram that is rotated by {angle}° about x"
            ))
            .fix("reconstruct it without, or do without views of the tilt series")),
        }
    }

    /// Refuses a table of another number of images than `images`.
    ///
    /// # Errors
    /// [`Unexpected`](crate::ErrorKind::Unexpected) with both numbers.
    pub fn check_count(&self, images: usize) -> Result<(), Error> {
        if self.len() == images {
            return Ok(());
        }
        let (expected, got) = (format!("{images}, one an image"), self.len().to_string());
        Err(Error::unexpected("number of tilts", expected, got)
            .fix("give the angles of this stack, with or without its excluded views"))
    }
}
