use std::path::Path;

use ndarray::Array3;

use super::{Header, ReadOptions, Reader};
use crate::{Error, Finding};

/// The images of a tilt series or of particles, as a file holds them.
#[derive(Debug, Clone, PartialEq)]
pub struct ImageStack {
    /// The images in the order of the file, `[image, y, x]`.
    pub images: Array3<f32>,
    /// Edge of a pixel along x in ångström; `None` where neither header nor options have one.
    pub pixel_size_angstrom: Option<f64>,
    /// Tilt angles in degrees, one an image, where the extended header has all of them.
    pub tilt_angles_deg: Option<Vec<f64>>,
    /// The header.
    pub header: Header,
    /// What was guessed or is odd.
    pub warnings: Vec<Finding>,
}

/// Reads images one after the other, whatever the space group says.
///
/// The pixel size is that of the options, the header, or the extended header, in this order.
///
/// # Errors
/// As [`Reader::open`] and [`Reader::read`].
///
/// ```
/// use cryo_io::mrc::{self, ReadOptions, WriteOptions};
/// use ndarray::Array3;
/// # let dir = tempfile::tempdir().unwrap();
/// let path = dir.path().join("series.st");
/// let images = Array3::from_shape_fn((41, 6, 8), |(tilt, y, x)| (tilt * y + x) as f32);
/// mrc::write_image_stack(&path, images.view(), 2.62, &WriteOptions::default())?;
/// let stack = mrc::read_image_stack(&path, &ReadOptions::default())?;
/// assert_eq!(stack.images, images);
/// assert_eq!(stack.pixel_size_angstrom, Some(2.62));
/// # Ok::<(), cryo_io::Error>(())
/// ```
pub fn read_image_stack(
    path: impl AsRef<Path>,
    options: &ReadOptions,
) -> Result<ImageStack, Error> {
    // A missing pixel size is for the caller to see, not to be replaced by 1 Å.
    let reader = Reader::open(path, options)?;
    let images = reader.read()?;
    let sections = match reader.header().extended_bytes {
        0 => Vec::new(),
        _ => reader.extended_header()?.sections(images.dim().0),
    };
    let angles: Option<Vec<f64>> = sections
        .iter()
        .map(|section| section.tilt_angle_deg)
        .collect();
    let recorded = sections
        .first()
        .and_then(|section| section.pixel_size_angstrom);
    let stated = reader.stated_voxel_size().map(cryo_core::VoxelSize::x);
    Ok(ImageStack {
        pixel_size_angstrom: stated.or(recorded),
        tilt_angles_deg: angles.filter(|angles| angles.len() == images.dim().0),
        header: reader.header().clone(),
        warnings: reader.warnings().to_vec(),
        images,
    })
}
