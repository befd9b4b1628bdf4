//! File coordinates to voxels of a tomogram and back.

use std::path::Path;

use cryo_core::{CentreRule, Grid, VoxelPos, VoxelSize};

use super::Convention;
use crate::{BinningRule, Error, Frame, PicksOptions};

/// What a file counts in one tomogram.
#[derive(Debug, Clone, Copy)]
pub(super) enum Unit {
    /// Ångström from the centre of the unbinned tomogram.
    Centred,
    /// Pixels from the first.
    Pixels,
    /// Ångström from the first pixel.
    Corner,
}

/// How coordinates of a file and voxels of one tomogram belong together.
#[derive(Debug, Clone, Copy)]
pub(super) struct Space {
    /// The tomogram's voxels.
    pub grid: Grid,
    /// Edge of the pixel that the file counts, in ångström.
    pub pixel: f64,
    /// Pixels along z, y, x before binning, where they are known.
    pub unbinned_shape: Option<[usize; 3]>,
    /// Coordinate of 0 among those pixels (x, y, z).
    zero: [f64; 3],
    /// Pixels a unit of the file.
    scale: f64,
    rule: BinningRule,
}

impl Space {
    /// `pixel` is what the file says; `voxel` the one that positions are already counted on, if any.
    pub(super) fn new(
        convention: Convention,
        unit: Unit,
        tomogram: &str,
        pixel: Option<f64>,
        options: &PicksOptions,
        counted: Option<&Grid>,
    ) -> Result<Self, Error> {
        let mut frame = frame_of(tomogram, options);
        if let Some(grid) = counted {
            check_voxels(tomogram, &frame, grid)?;
            frame = Frame {
                voxel_size: Some(grid.voxel_size),
                ..frame
            }
            .or(Frame::of(grid));
        }
        let pixel = pixel_of(
            convention,
            unit,
            tomogram,
            pixel,
            &frame,
            options,
            counted.is_none(),
        )?;
        let Some(own) = VoxelSize::new(pixel) else {
            return Err(Error::parameter(
                "pixel size",
                "a length above 0 Å",
                pixel.to_string(),
            ));
        };
        let voxel_size = frame.voxel_size.unwrap_or(own);
        let zero = match unit {
            Unit::Centred => {
                let [z, y, x] = unbinned_shape(tomogram, &frame, pixel)?;
                [x, y, z].map(|n| options.centre.centre_vox(n))
            }
            Unit::Pixels => [-options.index_base.map_or(0.0, crate::IndexBase::offset); 3],
            Unit::Corner => [0.0; 3],
        };
        let shape = match (frame.shape, frame.voxel_size) {
            (Some(shape), _) => shape,
            (None, None) => frame.unbinned_shape.unwrap_or_default(),
            (None, Some(_)) => [0; 3],
        };
        let scale = if let Unit::Pixels = unit {
            1.0
        } else {
            1.0 / pixel
        };
        Ok(Self {
            grid: Grid::new(shape, voxel_size),
            pixel,
            unbinned_shape: unbinned_shape(tomogram, &frame, pixel).ok(),
            zero,
            scale,
            rule: options.binning,
        })
    }

    pub(super) fn voxel_from_file(&self, coordinates: [f64; 3]) -> VoxelPos {
        let [x, y, z] = self.each(coordinates, |space, coordinate, zero, binning| {
            space
                .rule
                .binned_from_unbinned(coordinate * space.scale + zero, binning)
        });
        VoxelPos { z, y, x }
    }

    pub(super) fn file_from_voxel(&self, position: VoxelPos) -> [f64; 3] {
        let coordinates = [position.x, position.y, position.z];
        self.each(coordinates, |space, coordinate, zero, binning| {
            (space.rule.unbinned_from_binned(coordinate, binning) - zero) / space.scale
        })
    }

    fn each(&self, coordinates: [f64; 3], f: impl Fn(&Self, f64, f64, f64) -> f64) -> [f64; 3] {
        let size = self.grid.voxel_size;
        let binning = [size.x(), size.y(), size.z()].map(|edge| edge / self.pixel);
        std::array::from_fn(|axis| f(self, coordinates[axis], self.zero[axis], binning[axis]))
    }
}

/// What the caller knows of a tomogram, under its name in the file or its name without folder and ending.
pub(super) fn frame_of(tomogram: &str, options: &PicksOptions) -> Frame {
    if !options.frames.named.contains_key(tomogram) {
        let stem = Path::new(tomogram)
            .file_stem()
            .and_then(|stem| stem.to_str());
        if let Some(stem) = stem.filter(|stem| options.frames.named.contains_key(*stem)) {
            return options.frames.get(stem);
        }
    }
    options.frames.get(tomogram)
}

fn check_voxels(tomogram: &str, frame: &Frame, grid: &Grid) -> Result<(), Error> {
    let Some(stated) = frame.voxel_size else {
        return Ok(());
    };
    let close = |a: f64, b: f64| (a - b).abs() <= 1e-3 * b;
    let counted = grid.voxel_size;
    if close(stated.z(), counted.z())
        && close(stated.y(), counted.y())
        && close(stated.x(), counted.x())
    {
        return Ok(());
    }
    let what = format!("voxel size of tomogram {tomogram:?}");
    Err(Error::parameter(
        what,
        format!("{counted} as the positions are counted"),
        stated.to_string(),
    )
    .fix("count the positions on that tomogram first"))
}

fn pixel_of(
    convention: Convention,
    unit: Unit,
    tomogram: &str,
    stated: Option<f64>,
    frame: &Frame,
    options: &PicksOptions,
    reading: bool,
) -> Result<f64, Error> {
    let voxel = frame.voxel_size.and_then(VoxelSize::isotropic);
    let series = frame.tilt_series_pixel_size;
    let found = match (convention, unit) {
        // With these two rules the pixel cancels out: n·p is the tomogram's edge in ångström. A file that
        // is written states it all the same.
        (Convention::Relion5, _)
            if reading
                && options.centre == CentreRule::Half
                && options.binning == BinningRule::FirstVoxel =>
        {
            series.or(stated).or(voxel)
        }
        (Convention::Relion4 | Convention::Relion5, _) => series.or(stated),
        (_, Unit::Corner) => series.or(voxel),
        _ => stated.or(voxel),
    };
    found.ok_or_else(|| match convention {
        Convention::Relion4 | Convention::Relion5 => {
            Error::needed(format!("the tilt-series pixel size of tomogram {tomogram:?}"))
                .fix("give rlnTomoTiltSeriesPixelSize or a tomograms.star; a table in voxels of the tomogram is to be read as relion3")
        }
        _ => Error::needed(format!("the voxel size of tomogram {tomogram:?}"))
            .fix("give the tomogram, the dataset list or the voxel size"),
    })
}

fn unbinned_shape(tomogram: &str, frame: &Frame, pixel: f64) -> Result<[usize; 3], Error> {
    if let Some(shape) = frame.unbinned_shape {
        return Ok(shape);
    }
    let Some(shape) = frame.shape else {
        return Err(Error::needed(format!(
            "the size of tomogram {tomogram:?}, whose centre coordinates count from,"
        ))
        .fix("give the tomogram, its shape or a tomograms.star with rlnTomoSize{X,Y,Z}"));
    };
    let Some(size) = frame.voxel_size else {
        return Ok(shape);
    };
    let edges = [size.z(), size.y(), size.x()];
    // Tomograms have fewer than 2^32 voxels along an axis, and the cast saturates.
    Ok(std::array::from_fn(|axis| {
        (shape[axis] as f64 * edges[axis] / pixel).round() as usize
    }))
}
