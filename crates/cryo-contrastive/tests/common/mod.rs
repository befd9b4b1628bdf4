//! Views of two kinds of things.

use cryo_train::stream_rng;
use ndarray::Array4;
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};

/// `n` views, `[n, 2, 24, 24]`: bars (even numbers) and disks (odd), turned and shifted, in noise.
pub(crate) fn bars_and_disks(n: usize, noise: f32) -> Array4<f32> {
    let mut views = Array4::zeros((n, 2, 24, 24));
    for (item, mut view) in views.outer_iter_mut().enumerate() {
        let mut rng = stream_rng(9, "phantom", item as u64);
        let (sin, cos) = rng.random_range(0.0..std::f32::consts::TAU).sin_cos();
        let [cy, cx] = [0, 1].map(|_| 12.0 + rng.random_range(-1.0..1.0_f32));
        for ((_, y, x), value) in view.indexed_iter_mut() {
            let (y, x) = (y as f32 - cy, x as f32 - cx);
            let (along, across) = (x * cos + y * sin, y * cos - x * sin);
            let inside = if item % 2 == 0 {
                along.abs() < 9.0 && across.abs() < 2.0
            } else {
                x.hypot(y) < 4.8
            };
            let draw: f32 = StandardNormal.sample(&mut rng);
            *value = 5.0 - f32::from(u8::from(inside)) + noise * draw;
        }
    }
    views
}
