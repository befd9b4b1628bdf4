use cryo_core::VoxelPos;
use ndarray::{Array3, ArrayView2};
use rayon::prelude::*;

use super::Colour;
use crate::{
    Error, Image, SlicesParams,
    error::{require, require_length},
    slices::stretched,
};

/// Balls around candidates in a volume of `shape` `[z, y, x]`: at each voxel the label of the nearest candidate
/// within `radius_vox`, elsewhere 0.
///
/// To be written as an MRC of labels beside the tomogram. Positions are in voxels of that volume, an integer is
/// the centre of a voxel; what lies outside is cut off. Of equally near candidates the first has the voxel.
/// Slices are shared among the threads of rayon's pool. Every slice is filled, where the reference fills
/// those that hold a candidate's centre.
///
/// # Errors
/// [`Error::Length`], [`Error::Parameter`] unless `radius_vox` is finite and above 0, [`Error::NotFinite`] for
/// a position.
///
/// # Examples
/// ```
/// use cryo_core::VoxelPos;
/// let volume = cryo_embed_viz::label_volume([3, 5, 7], &[VoxelPos::xyz(4.0, 2.0, 1.0)], &[9], 1.0)?;
/// assert_eq!(volume[[1, 2, 3]], 9);
/// assert_eq!(volume[[1, 1, 3]], 0);
/// # Ok::<(), cryo_embed_viz::Error>(())
/// ```
pub fn label_volume(
    shape: [usize; 3],
    positions: &[VoxelPos],
    labels: &[u16],
    radius_vox: f64,
) -> Result<Array3<u16>, Error> {
    require_length("labels", positions.len(), labels.len())?;
    let valid = radius_vox.is_finite() && radius_vox > 0.0;
    require(valid, "radius_vox", "a finite number above 0", radius_vox)?;
    for (row, position) in positions.iter().enumerate() {
        let entries = [position.z, position.y, position.x];
        if let Some(column) = entries.iter().position(|value| !value.is_finite()) {
            let value = entries[column];
            return Err(Error::NotFinite { row, column, value });
        }
    }
    let [depth, height, width] = shape;
    let mut volume = Array3::zeros(shape);
    if volume.is_empty() {
        return Ok(volume);
    }
    let mut by_slice: Vec<Vec<usize>> = vec![Vec::new(); depth];
    for (index, position) in positions.iter().enumerate() {
        for z in reach(position.z, radius_vox, depth) {
            by_slice[z].push(index);
        }
    }
    volume
        .outer_iter_mut()
        .into_par_iter()
        .enumerate()
        .for_each(|(z, mut slice)| {
            let mut nearest = vec![f64::INFINITY; height * width];
            for &index in &by_slice[z] {
                let position = positions[index];
                let dz = z as f64 - position.z;
                for y in reach(position.y, radius_vox, height) {
                    let dy = y as f64 - position.y;
                    for x in reach(position.x, radius_vox, width) {
                        let dx = x as f64 - position.x;
                        let squared = dz * dz + dy * dy + dx * dx;
                        let best = &mut nearest[y * width + x];
                        if squared <= radius_vox * radius_vox && squared < *best {
                            *best = squared;
                            slice[[y, x]] = labels[index];
                        }
                    }
                }
            }
        });
    Ok(volume)
}

/// Voxels of an axis within a radius of a position.
fn reach(position: f64, radius: f64, length: usize) -> std::ops::Range<usize> {
    let from = (position - radius).ceil().max(0.0) as usize;
    let to = (position + radius + 1.0).floor().clamp(0.0, length as f64) as usize;
    from.min(to)..to
}

/// A slice `[y, x]` in grey with the labels of the same slice over it: a thin tint within, a full line around.
///
/// The density below stays to be seen: one judges by it whether a label is right. Lines are seen best around
/// particles, so give balls of a little more than their radius. `colour` names a label's
/// colour, such as `|label| class_colour(label.into())`.
///
/// # Errors
/// [`Error::Length`] if the slices differ in shape, [`Error::Parameter`], [`Error::Empty`].
pub fn overlay_slice(
    slice: ArrayView2<'_, f32>,
    labels: ArrayView2<'_, u16>,
    colour: impl Fn(u16) -> Colour,
    params: &SlicesParams,
) -> Result<Image, Error> {
    const TINT: f32 = 0.18;
    require_length("rows of labels", slice.nrows(), labels.nrows())?;
    require_length("columns of labels", slice.ncols(), labels.ncols())?;
    let (mut image, zoom) = stretched(slice, params)?;
    let at = |y: usize, x: usize| labels.get([y / zoom, x / zoom]).copied().unwrap_or(0);
    for y in 0..image.height() {
        for x in 0..image.width() {
            let own = at(y, x);
            if own == 0 {
                continue;
            }
            // One pixel of the picture, not of the slice, so that the line stays thin when enlarged.
            let left = x.checked_sub(1).map_or(own, |x| at(y, x));
            let above = y.checked_sub(1).map_or(own, |y| at(y, x));
            let right = if x + 1 < image.width() {
                at(y, x + 1)
            } else {
                own
            };
            let below = if y + 1 < image.height() {
                at(y + 1, x)
            } else {
                own
            };
            let is_edge = [left, above, right, below]
                .iter()
                .any(|other| *other != own);
            let share = if is_edge { 1.0 } else { TINT };
            let Some(grey) = image.pixel(x, y) else {
                continue;
            };
            let colour = colour(own);
            let mixed = [0, 1, 2].map(|channel| {
                let (from, to) = (f32::from(grey[channel]), f32::from(colour[channel]));
                (from + (to - from) * share).round() as u8
            });
            image.set_pixel(x, y, mixed);
        }
    }
    Ok(image)
}
