//! How well the crops of one candidate agree over the tilts, under one reading of the angles.

use cryo_core::{Grid, TiltGeometry, VoxelPos};

use super::{
    crop::{Image, Window, add},
    options::{Border, Sampling},
};

/// Smoothed images with what is needed to cut squares out of them.
pub(crate) struct Scorer<'a> {
    pub(crate) images: &'a [f32],
    pub(crate) shape: [usize; 3],
    pub(crate) size: usize,
}

/// A geometry and the tilts that are low in it.
pub(crate) struct Reading {
    pub(crate) geometry: TiltGeometry,
    pub(crate) low: Vec<usize>,
}

impl Scorer<'_> {
    fn windows(&self, reading: &Reading, grid: &Grid, position: VoxelPos) -> Vec<(usize, Window)> {
        let place = grid.angstrom_from_voxel(position);
        let windows = reading.low.iter().map(|&tilt| {
            let seen = reading.geometry.project(tilt, place);
            let window = Window::about([seen.y, seen.x], self.size, Sampling::Linear);
            (tilt, window)
        });
        windows.collect()
    }

    /// Whether all squares of a candidate lie inside.
    pub(crate) fn sees(&self, reading: &Reading, grid: &Grid, position: VoxelPos) -> bool {
        let shape = [self.shape[1], self.shape[2]];
        let windows = self.windows(reading, grid, position);
        windows.iter().all(|(_, window)| window.fits(shape))
    }

    /// Mean correlation of each square with the sum of all others, −1 to 1.
    pub(crate) fn score(&self, reading: &Reading, grid: &Grid, position: VoxelPos) -> f64 {
        let pixels = self.size * self.size;
        let windows = self.windows(reading, grid, position);
        let mut crops = vec![0.0; windows.len() * pixels];
        let mut sum = vec![0.0_f64; pixels];
        for ((tilt, window), crop) in windows.iter().zip(crops.chunks_exact_mut(pixels)) {
            let image = Image::of_stack(self.images, self.shape, *tilt);
            add(&image, window, Border::Clamp, 1.0, crop);
            super::ViewScale::ZScore.apply(crop);
            for (sum, &value) in sum.iter_mut().zip(&*crop) {
                *sum += f64::from(value);
            }
        }
        let correlations = crops.chunks_exact(pixels).map(|crop| with_rest(crop, &sum));
        correlations.sum::<f64>() / windows.len() as f64
    }
}

/// Correlation of a square with the sum less itself, both of mean 0; 0 where one is constant.
fn with_rest(crop: &[f32], sum: &[f64]) -> f64 {
    let (mut product, mut own, mut rest) = (0.0, 0.0, 0.0);
    for (&value, &sum) in crop.iter().zip(sum) {
        let value = f64::from(value);
        let other = sum - value;
        product += value * other;
        own += value * value;
        rest += other * other;
    }
    let norm = (own * rest).sqrt();
    if norm > 1e-12 { product / norm } else { 0.0 }
}
