//! What is looked at before anything is cut out.

use cryo_core::{Grid, ParticleSet, TiltGeometry, TiltSeries};
use rayon::prelude::*;

use crate::error::{Error, require};

/// Refuses an array without values, or with NaN or an infinity; one pass over memory.
pub(crate) fn values(what: &'static str, data: &[f32], shape: [usize; 3]) -> Result<(), Error> {
    if data.is_empty() {
        return Err(Error::Empty {
            what,
            shape: shape.to_vec(),
        });
    }
    const BLOCK: usize = 1 << 16;
    let wrong = data.par_chunks(BLOCK).position_first(|block| {
        // The largest exponent is that of infinities and NaN; unlike a search this is vectorized.
        const EXPONENT: u32 = 0x7f80_0000;
        let exponents = block.iter().map(|value| value.to_bits() & EXPONENT);
        exponents.fold(0, u32::max) == EXPONENT
    });
    let place = wrong.and_then(|block| {
        let mut values = data.iter().copied().enumerate().skip(block * BLOCK);
        values.find(|(_, value)| !value.is_finite())
    });
    let Some((place, value)) = place else {
        return Ok(());
    };
    let [_, height, width] = shape;
    let index = [
        place / (height * width),
        place / width % height,
        place % width,
    ];
    Err(Error::NotFinite { what, index, value })
}

/// Refuses positions that are not finite.
pub(crate) fn positions(particles: &ParticleSet) -> Result<(), Error> {
    for (number, particle) in particles.items.iter().enumerate() {
        if !particle.position.is_finite() {
            let cryo_core::VoxelPos { z, y, x } = particle.position;
            return Err(Error::NonFinitePosition {
                particle: number,
                x,
                y,
                z,
            });
        }
    }
    Ok(())
}

/// Refuses angles beyond ±90° and transforms, centres or pixel sizes that are not finite.
pub(crate) fn geometry(geometry: &TiltGeometry) -> Result<(), Error> {
    let size = geometry.pixel_size_angstrom;
    let rule = "expected a finite length above 0 Å";
    let valid = size.is_finite() && size > 0.0;
    require(valid, "pixel_size_angstrom", size, rule)?;
    let (image, volume) = (geometry.image_centre, geometry.rotation_centre);
    let rule = "expected finite coordinates";
    let sum = image.y + image.x;
    require(sum.is_finite(), "image_centre", sum, rule)?;
    let sum = volume.z + volume.y + volume.x;
    require(sum.is_finite(), "rotation_centre", sum, rule)?;
    for (number, tilt) in geometry.tilts.iter().enumerate() {
        let wrong = |name, got, rule| {
            Err(Error::Tilt {
                tilt: number,
                name,
                got,
                rule,
            })
        };
        if !(-90.0..=90.0).contains(&tilt.angle_deg) {
            let rule = "expected an angle from -90 to 90°";
            return wrong("angle_deg", tilt.angle_deg, rule);
        }
        let transform = tilt.image_from_aligned;
        let [[xx, xy], [yx, yy]] = transform.matrix;
        let numbers = [xx, xy, yx, yy, transform.shift.y, transform.shift.x];
        if let Some(got) = numbers.into_iter().find(|number| !number.is_finite()) {
            return wrong("image_from_aligned", got, "expected finite numbers");
        }
    }
    Ok(())
}

/// Nothing if the images of a tilt series show the field of a tomogram: equal extents in ångström along y
/// and x, within the relative `tolerance`.
///
/// A series in another binning than its pixel size says, or of another tomogram, is found out so. A grid of
/// unknown extent is taken as it is.
///
/// # Errors
/// [`Error::Extent`] with the axis and both extents.
///
/// # Examples
/// ```
/// use cryo_core::{Grid, Tilt, TiltGeometry, TiltSeries, TiltSign, VoxelSize};
/// use cryo_candidates::check_extent;
/// use ndarray::Array3;
/// let grid = Grid::new([16, 40, 60], VoxelSize::new(10.0).expect("valid"));
/// // Images binned twice less, but with the tomogram's pixel size.
/// let geometry = TiltGeometry::centred(vec![Tilt::at(0.0)], TiltSign::Positive, &grid, [80, 120], 10.0);
/// let series = TiltSeries::new(Array3::zeros((1, 80, 120)), geometry)?;
/// let error = check_extent(&series, &grid, 0.1).expect_err("twice as wide");
/// assert!(error.to_string().starts_with("the images are 800 Å wide along y, the tomogram is 400 Å"));
/// # Ok::<(), cryo_core::ShapeMismatch>(())
/// ```
pub fn check_extent(series: &TiltSeries, grid: &Grid, tolerance: f64) -> Result<(), Error> {
    if !grid.has_extent() {
        return Ok(());
    }
    let (_, height, width) = series.images().dim();
    let pixel = series.geometry().pixel_size_angstrom;
    let size = grid.voxel_size;
    let axes = [
        ('y', height, grid.shape[1], size.y()),
        ('x', width, grid.shape[2], size.x()),
    ];
    for (axis, pixels, voxels, voxel) in axes {
        let (images_angstrom, tomogram_angstrom) = (pixels as f64 * pixel, voxels as f64 * voxel);
        let difference = (images_angstrom / tomogram_angstrom - 1.0).abs();
        if difference > tolerance {
            return Err(Error::Extent {
                axis,
                images_angstrom,
                tomogram_angstrom,
                tolerance,
            });
        }
    }
    Ok(())
}
