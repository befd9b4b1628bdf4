use std::f64::consts::TAU;

use ndarray::{Array3, ArrayView3, Axis, parallel::prelude::*};
use rand::Rng;

/// A rotation of a sample in the plane about its own middle, by any angle.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rotation {
    sin: f64,
    cos: f64,
    centre_yx: [f64; 2],
}

impl Rotation {
    /// Of the sample that begins at `start`.
    pub(super) fn draw(start: [usize; 3], shape: [usize; 3], rng: &mut impl Rng) -> Self {
        let (sin, cos) = rng.random_range(0.0..TAU).sin_cos();
        let centre = |axis: usize| start[axis] as f64 + (shape[axis] as f64 - 1.0) / 2.0;
        Self {
            sin,
            cos,
            centre_yx: [centre(1), centre(2)],
        }
    }

    /// Where a place of the tomogram lies in the rotated one.
    pub(super) fn place(&self, [z, y, x]: [f64; 3]) -> [f64; 3] {
        let [cy, cx] = self.centre_yx;
        let (y, x) = (y - cy, x - cx);
        [
            z,
            cy + self.cos * y - self.sin * x,
            cx + self.sin * y + self.cos * x,
        ]
    }

    /// The inverse of [`Rotation::place`] in the plane.
    fn source(&self, y: f64, x: f64) -> [f64; 2] {
        let [cy, cx] = self.centre_yx;
        let (y, x) = (y - cy, x - cx);
        [
            cy + self.cos * y + self.sin * x,
            cx - self.sin * y + self.cos * x,
        ]
    }

    /// The sample of the rotated tomogram, bilinear; beyond its edges the tomogram is mirrored.
    pub(super) fn cut(
        &self,
        values: ArrayView3<'_, f32>,
        start: [usize; 3],
        shape: [usize; 3],
    ) -> Array3<f32> {
        let mut out = Array3::zeros(shape);
        let (height, width) = (values.shape()[1], values.shape()[2]);
        out.axis_iter_mut(Axis(0))
            .into_par_iter()
            .enumerate()
            .for_each(|(z, mut plane)| {
                let source = values.index_axis(Axis(0), start[0] + z);
                for ((y, x), value) in plane.indexed_iter_mut() {
                    let [y, x] = self.source((start[1] + y) as f64, (start[2] + x) as f64);
                    let (y0, dy) = (y.floor(), (y - y.floor()) as f32);
                    let (x0, dx) = (x.floor(), (x - x.floor()) as f32);
                    let at = |y: i64, x: i64| source[[mirrored(y, height), mirrored(x, width)]];
                    let (y0, x0) = (y0 as i64, x0 as i64);
                    let above = at(y0, x0) * (1.0 - dx) + at(y0, x0 + 1) * dx;
                    let below = at(y0 + 1, x0) * (1.0 - dx) + at(y0 + 1, x0 + 1) * dx;
                    *value = above * (1.0 - dy) + below * dy;
                }
            });
        out
    }
}

impl Rotation {
    /// [`Rotation::cut`] of a mask: the value of the nearest voxel.
    pub(super) fn cut_mask(
        &self,
        mask: ArrayView3<'_, bool>,
        start: [usize; 3],
        shape: [usize; 3],
    ) -> Array3<bool> {
        let (height, width) = (mask.shape()[1], mask.shape()[2]);
        Array3::from_shape_fn(shape, |(z, y, x)| {
            let [y, x] = self.source((start[1] + y) as f64, (start[2] + x) as f64);
            let at = |place: f64, extent| mirrored(place.round() as i64, extent);
            mask[[start[0] + z, at(y, height), at(x, width)]]
        })
    }
}

fn mirrored(index: i64, extent: usize) -> usize {
    let period = 2 * extent as i64;
    let index = index.rem_euclid(period);
    index.min(period - 1 - index) as usize
}

#[cfg(test)]
mod tests {
    use cryo_train::stream_rng;

    use super::*;

    #[test]
    fn a_mark_and_its_place_turn_together() {
        let mut rng = stream_rng(1, "rotate", 0);
        let (start, shape) = ([1, 10, 12], [3, 32, 32]);
        let place = [2.0, 22.0, 35.0];
        let mut values = Array3::zeros((6, 60, 60));
        for (index, value) in values.indexed_iter_mut() {
            let (z, y, x) = index;
            let squared = (y as f64 - place[1]).powi(2) + (x as f64 - place[2]).powi(2);
            *value = if z == 2 {
                (-squared / 8.0).exp() as f32
            } else {
                0.0
            };
        }
        for _ in 0..20 {
            let rotation = Rotation::draw(start, shape, &mut rng);
            let sample = rotation.cut(values.view(), start, shape);
            let [z, y, x] = rotation.place(place);
            let local = [z - 1.0, y - 10.0, x - 12.0];
            let mut mass = [0.0; 3];
            for ((z, y, x), value) in sample.indexed_iter() {
                for (sum, index) in mass.iter_mut().zip([z, y, x]) {
                    *sum += f64::from(*value) * index as f64;
                }
            }
            let total = f64::from(sample.sum());
            for axis in 0..3 {
                assert!((mass[axis] / total - local[axis]).abs() < 0.05);
            }
        }
    }

    #[test]
    fn beyond_the_edge_the_tomogram_is_mirrored() {
        assert_eq!(
            [-3, -1, 0, 4, 5, 7].map(|n| mirrored(n, 5)),
            [2, 0, 0, 4, 4, 2]
        );
    }
}
