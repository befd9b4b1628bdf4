use cryo_contrastive::{ViewIndex, ViewSource};
use cryo_core::ParticleSet;
use ndarray::Array4;

use super::super::{failure, views::Views};
use crate::exit::Failure;

const BATCH: usize = 256;

/// The mean of the channels of every view, from 0 to 255 between its least and its largest value: a person sees more
/// in a thicker slice. What lies beyond the tomogram, which the network sees mirrored, is of one grey.
pub(super) fn patches(
    source: &Views<'_>,
    set: &ParticleSet,
    particles: &[usize],
) -> Result<Array4<u8>, Failure> {
    let shape = ViewSource::shape(source);
    let [channels, height, width] = shape.view;
    let area = height * width;
    let mut all = Vec::with_capacity(shape.items * area);
    let items: Vec<usize> = (0..shape.items).collect();
    let mut buffer = Vec::new();
    for items in items.chunks(BATCH) {
        let views: Vec<_> = items
            .iter()
            .map(|&item| ViewIndex { item, variant: 0 })
            .collect();
        buffer.resize(views.len() * shape.view_len(), 0.0);
        source.fill(&views, &mut buffer).map_err(failure)?;
        for (view, &item) in buffer.chunks_exact(shape.view_len()).zip(items) {
            let sum = |pixel: usize| view[pixel..].iter().step_by(area).sum::<f32>();
            let mean: Vec<f32> = (0..area)
                .map(|pixel| sum(pixel) / channels as f32)
                .collect();
            all.extend(grey(&mean, [height, width], set, particles[item]));
        }
    }
    Array4::from_shape_vec((shape.items, 1, height, width), all)
        .map_err(|error| Failure::Resources(format!("pictures: {error}")))
}

fn grey(
    picture: &[f32],
    [height, width]: [usize; 2],
    set: &ParticleSet,
    particle: usize,
) -> Vec<u8> {
    let position = set.items[particle].position;
    let [_, rows, columns] = set.grid.shape;
    let within = |centre: f64, pixel: usize, side: usize, length: usize| {
        let voxel = centre.round() + pixel as f64 - (side / 2) as f64;
        (0.0..length as f64).contains(&voxel)
    };
    let shown: Vec<bool> = (0..height * width)
        .map(|pixel| {
            within(position.y, pixel / width, height, rows)
                && within(position.x, pixel % width, width, columns)
        })
        .collect();
    let values = || picture.iter().zip(&shown).filter(|(_, shown)| **shown);
    let low = values().fold(f32::INFINITY, |low, (value, _)| low.min(*value));
    let high = values().fold(f32::NEG_INFINITY, |high, (value, _)| high.max(*value));
    let sum: f32 = values().map(|(value, _)| value).sum();
    let middle = sum / values().count().max(1) as f32;
    let scale = 255.0 / (high - low).max(f32::MIN_POSITIVE);
    let pixels = picture.iter().zip(&shown);
    pixels
        .map(|(value, shown)| ((if *shown { *value } else { middle } - low) * scale).round() as u8)
        .collect()
}
