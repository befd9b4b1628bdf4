//! How strongly the low tilts show a particle at a candidate, under one reading of the angles.

use cryo_core::{Grid, ImagePos, TiltGeometry, TiltSeries, VoxelPos};
use cryo_filters::{GaussianParams, difference_of_gaussians};
use ndarray::{Array3, Axis};
use rayon::prelude::*;

use super::{
    crop::{Image, Window, add},
    options::{Border, Sampling},
};
use crate::error::Error;

/// A geometry and the tilts that are low in it.
pub(crate) struct Reading {
    pub(crate) geometry: TiltGeometry,
    pub(crate) low: Vec<usize>,
}

/// Images in which a blob of the right size has the largest value, positive or negative.
pub(crate) struct BlobImages {
    images: Array3<f32>,
}

impl BlobImages {
    /// Difference of Gaussians of each image, of standard deviation 1; 0 where it is constant.
    pub(crate) fn new(series: &TiltSeries, sigma_px: f64) -> Result<Self, Error> {
        let [narrow, wide] = [sigma_px, 2.0 * sigma_px].map(GaussianParams::in_plane);
        let mut images = difference_of_gaussians(series.images().view(), &narrow, &wide)?;
        let mut each: Vec<_> = images.axis_iter_mut(Axis(0)).collect();
        each.par_iter_mut().for_each(|image| {
            let squares = image.iter().map(|&value| f64::from(value).powi(2));
            let norm = (squares.sum::<f64>() / image.len() as f64).sqrt();
            let scale = if norm > 0.0 { 1.0 / norm } else { 0.0 };
            image.mapv_inplace(|value| (f64::from(value) * scale) as f32);
        });
        Ok(Self { images })
    }

    /// Mean over the low tilts of the value at the projected position; `None` unless all of them see it.
    pub(crate) fn score(&self, reading: &Reading, grid: &Grid, position: VoxelPos) -> Option<f64> {
        let (tilts, height, width) = self.images.dim();
        let data = self.images.as_slice()?;
        let place = grid.angstrom_from_voxel(position);
        let mut sum = [0.0];
        for &tilt in &reading.low {
            let ImagePos { y, x } = reading.geometry.project(tilt, place);
            let window = Window::about([y, x], 1, Sampling::Linear);
            if !window.fits([height, width]) {
                return None;
            }
            let image = Image::of_stack(data, [tilts, height, width], tilt);
            add(&image, &window, Border::Clamp, 1.0, &mut sum);
        }
        Some(f64::from(sum[0]) / reading.low.len() as f64)
    }
}
