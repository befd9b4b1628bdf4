//! The block `data_cryo_tomograms`: what a reader must know of the tomograms, in the particle file itself.
//!
//! RELION reads its own blocks and leaves this one alone; with it a file of centred coordinates says
//! everything that is needed to place them.

use std::collections::BTreeMap;

use cryo_core::VoxelSize;

use super::{
    super::{Document, Loop},
    names::{SERIES_PIXEL, TOMOGRAM},
    space::Space,
};
use crate::{Error, Frame, PicksOptions};

pub(super) const BLOCK: &str = "cryo_tomograms";
const SIZE: [&str; 3] = [
    "cryoTomogramSizeX",
    "cryoTomogramSizeY",
    "cryoTomogramSizeZ",
];
const VOXEL: [&str; 3] = ["cryoVoxelSizeX", "cryoVoxelSizeY", "cryoVoxelSizeZ"];
const UNBINNED: [&str; 3] = ["rlnTomoSizeX", "rlnTomoSizeY", "rlnTomoSizeZ"];

/// The table of the tomograms; sizes that are not known are 0.
pub(super) fn table<'a>(
    tomograms: impl Iterator<Item = (&'a str, &'a Space)>,
) -> Result<Loop, Error> {
    let tomograms: Vec<_> = tomograms.collect();
    let mut table = Loop::new();
    table.set_column(TOMOGRAM, tomograms.iter().map(|(name, _)| *name))?;
    let spaces = || tomograms.iter().map(|(_, space)| *space);
    for (axis, name) in SIZE.into_iter().enumerate() {
        table.set_column(name, spaces().map(|space| space.grid.shape[2 - axis]))?;
    }
    for (axis, name) in VOXEL.into_iter().enumerate() {
        let edges = spaces().map(|space| {
            let size = space.grid.voxel_size;
            [size.x(), size.y(), size.z()][axis]
        });
        table.set_column(name, edges)?;
    }
    for (axis, name) in UNBINNED.into_iter().enumerate() {
        let sizes = spaces().map(|space| space.unbinned_shape.unwrap_or_default()[2 - axis]);
        table.set_column(name, sizes)?;
    }
    table.set_column(SERIES_PIXEL, spaces().map(|space| space.pixel))?;
    Ok(table)
}

/// The options, and where they are silent what the document says of its tomograms.
pub(super) fn options_with(
    document: &Document,
    options: &PicksOptions,
) -> Result<PicksOptions, Error> {
    let mut options = options.clone();
    let Some(table) = document.block(BLOCK).and_then(|block| block.table()) else {
        return Ok(options);
    };
    let columns = |names: [&str; 3]| -> Result<Vec<[f64; 3]>, Error> {
        let [x, y, z] = names.map(|name| table.column_f64(name));
        let (x, y, z) = (x?, y?, z?);
        Ok((0..table.len())
            .map(|row| [z[row], y[row], x[row]])
            .collect())
    };
    let (sizes, voxels, unbinned) = (columns(SIZE)?, columns(VOXEL)?, columns(UNBINNED)?);
    let pixels = table.column_f64(SERIES_PIXEL)?;
    let mut named = BTreeMap::new();
    for (row, name) in table.column_str(TOMOGRAM)?.into_iter().enumerate() {
        let [z, y, x] = voxels[row];
        let frame = Frame {
            shape: shape(sizes[row]),
            voxel_size: VoxelSize::zyx(z, y, x),
            unbinned_shape: shape(unbinned[row]),
            tilt_series_pixel_size: Some(pixels[row]).filter(|pixel| *pixel > 0.0),
        };
        named.insert(name.to_owned(), options.frames.get(name).or(frame));
    }
    for (name, frame) in named {
        options.frames.named.insert(name, frame);
    }
    Ok(options)
}

fn shape(size: [f64; 3]) -> Option<[usize; 3]> {
    let whole = size
        .iter()
        .all(|&n| n >= 1.0 && n.fract() == 0.0 && n < 1e9);
    whole.then(|| size.map(|n| n as usize))
}
