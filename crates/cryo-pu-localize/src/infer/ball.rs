use std::array::from_fn;

use ndarray::{Array3, ArrayView3};

/// The voxels within a radius, in shells of one thickness.
pub(super) struct Ball {
    offsets: Vec<[i64; 3]>,
    /// Along x, which follow each other: the first offset, its number, and how many.
    rows: Vec<([i64; 3], usize, usize)>,
    reach: i64,
    /// Number of the shell of each offset.
    shell: Vec<usize>,
    /// Distance of each offset in thicknesses.
    distance: Vec<f64>,
    shells: usize,
}

impl Ball {
    /// So many shells; some hold no voxel where they are thinner than 0.6 voxels.
    pub(super) fn new(shells: usize, thickness: f64) -> Self {
        let reach = (shells as f64 * thickness).ceil() as i64;
        let mut ball = Self {
            offsets: Vec::new(),
            rows: Vec::new(),
            reach,
            shell: Vec::new(),
            distance: Vec::new(),
            shells,
        };
        for z in -reach..=reach {
            for y in -reach..=reach {
                let first = ball.offsets.len();
                for x in -reach..=reach {
                    let distance = ((z * z + y * y + x * x) as f64).sqrt() / thickness;
                    if distance < shells as f64 {
                        ball.offsets.push([z, y, x]);
                        ball.shell.push(distance as usize);
                        ball.distance.push(distance);
                    }
                }
                let count = ball.offsets.len() - first;
                if count > 0 {
                    ball.rows.push((ball.offsets[first], first, count));
                }
            }
        }
        ball
    }

    pub(super) fn shells(&self) -> usize {
        self.shells
    }

    /// Mean value of each shell about a place, of what lies inside; 0 where nothing does.
    pub(super) fn profile(&self, values: ArrayView3<'_, f32>, place: [f64; 3]) -> Vec<f64> {
        let (mut sums, mut counts) = (vec![0.0; self.shells], vec![0.0; self.shells]);
        let last: [f64; 3] = from_fn(|axis| values.shape()[axis] as f64 - 1.0);
        for (offset, &shell) in self.offsets.iter().zip(&self.shell) {
            let at: [f64; 3] = from_fn(|axis| place[axis] + offset[axis] as f64);
            if (0..3).all(|axis| (0.0..=last[axis]).contains(&at[axis])) {
                sums[shell] += f64::from(between(values, at));
                counts[shell] += 1.0;
            }
        }
        (sums.iter().zip(&counts))
            .map(|(sum, count): (&f64, &f64)| sum / count.max(1.0))
            .collect()
    }

    /// A profile at each offset, with a sum of 0.
    pub(super) fn template(&self, profile: &[f64]) -> Vec<f32> {
        let at = |distance: f64| {
            // Shells stand for their middles.
            let place = (distance - 0.5).clamp(0.0, self.shells as f64 - 1.0);
            let (low, part) = (place as usize, place.fract());
            let high = (low + 1).min(self.shells - 1);
            profile[low] * (1.0 - part) + profile[high] * part
        };
        let template: Vec<f64> = self.distance.iter().map(|&distance| at(distance)).collect();
        let mean = template.iter().sum::<f64>() / template.len().max(1) as f64;
        (template.into_iter())
            .map(|value| (value - mean) as f32)
            .collect()
    }

    /// Where the template fits best about a place, along each axis less than so many voxels away; `None` if that is at the edge
    /// of what was looked at.
    pub(super) fn best(
        &self,
        values: ArrayView3<'_, f32>,
        template: &[f32],
        place: [f64; 3],
        furthest: i64,
    ) -> Option<[f64; 3]> {
        let base = place.map(|coordinate| coordinate.round() as i64);
        let side = 2 * furthest as usize + 1;
        let fit = Array3::from_shape_fn([side; 3], |(z, y, x)| {
            let index = [z, y, x];
            let centre = from_fn(|axis| base[axis] + index[axis] as i64 - furthest);
            self.fit(values, template, centre)
        });
        let ((z, y, x), highest) = fit.indexed_iter().max_by(|a, b| a.1.total_cmp(b.1))?;
        let index = [z, y, x];
        if index.iter().any(|&n| n == 0 || n + 1 == side) {
            return None;
        }
        Some(from_fn(|axis| {
            let beside = |step: isize| {
                let mut at = index;
                at[axis] = at[axis].saturating_add_signed(step);
                fit[at]
            };
            let (below, above) = (f64::from(beside(-1)), f64::from(beside(1)));
            let bend = below - 2.0 * f64::from(*highest) + above;
            let part = if bend < 0.0 {
                0.5 * (below - above) / bend
            } else {
                0.0
            };
            (base[axis] + index[axis] as i64 - furthest) as f64 + part.clamp(-0.5, 0.5)
        }))
    }

    /// Sum of the products about a voxel; beyond the edge the nearest voxel.
    fn fit(&self, values: ArrayView3<'_, f32>, template: &[f32], centre: [i64; 3]) -> f32 {
        let last: [i64; 3] = from_fn(|axis| values.shape()[axis] as i64 - 1);
        let inside = |axis: usize| (self.reach..=last[axis] - self.reach).contains(&centre[axis]);
        let whole = (0..3).all(inside).then(|| values.to_slice()).flatten();
        if let Some(flat) = whole {
            let [_, height, width] = last.map(|last| last + 1);
            let rows = self.rows.iter().map(|&([z, y, x], number, count)| {
                let [z, y, x] = [centre[0] + z, centre[1] + y, centre[2] + x];
                let start = ((z * height + y) * width + x) as usize;
                dot(
                    &flat[start..start + count],
                    &template[number..number + count],
                )
            });
            return rows.sum();
        }
        let products = self.offsets.iter().zip(template).map(|(offset, weight)| {
            let at: [usize; 3] =
                from_fn(|axis| (centre[axis] + offset[axis]).clamp(0, last[axis]) as usize);
            weight * values[at]
        });
        products.sum()
    }
}

const LANES: usize = 8;

/// In lanes, for the processor to take several at once.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0; LANES];
    let (a, b) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let rest = (a.remainder().iter())
        .zip(b.remainder())
        .map(|(a, b)| a * b);
    let rest: f32 = rest.sum();
    for (a, b) in a.zip(b) {
        for lane in 0..LANES {
            sums[lane] += a[lane] * b[lane];
        }
    }
    rest + sums.iter().sum::<f32>()
}

/// Trilinear; beyond the edge the nearest voxel.
fn between(values: ArrayView3<'_, f32>, at: [f64; 3]) -> f32 {
    let low: [f64; 3] = at.map(f64::floor);
    let index = |axis: usize, step: f64| {
        (low[axis] + step).clamp(0.0, values.shape()[axis] as f64 - 1.0) as usize
    };
    let mut sum = 0.0;
    for corner in 0..8_u8 {
        let step: [f64; 3] = from_fn(|axis| f64::from(corner >> axis & 1));
        let weight: f64 = (0..3)
            .map(|axis| 1.0 - (at[axis] - low[axis] - step[axis]).abs())
            .product();
        sum += weight as f32 * values[from_fn::<_, 3, _>(|axis| index(axis, step[axis]))];
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values() -> Array3<f32> {
        Array3::from_shape_fn((21, 23, 25), |(z, y, x)| {
            ((z * 31 + y * 17 + x * 7) as f32).sin()
        })
    }

    #[test]
    fn rows_give_the_sum_of_the_products() {
        let (ball, values) = (Ball::new(6, 0.9), values());
        let template: Vec<f32> = (0..ball.offsets.len()).map(|n| (n as f32).cos()).collect();
        for centre in [[10, 11, 12], [3, 11, 20]] {
            let expected: f64 = (ball.offsets.iter().zip(&template))
                .map(|(offset, weight)| {
                    let at: [usize; 3] = from_fn(|axis| {
                        let last = values.shape()[axis] as i64 - 1;
                        (centre[axis] + offset[axis]).clamp(0, last) as usize
                    });
                    f64::from(*weight) * f64::from(values[at])
                })
                .sum();
            let got = f64::from(ball.fit(values.view(), &template, centre));
            assert!((got - expected).abs() < 1e-4, "{got} {expected}");
        }
    }

    #[test]
    fn a_profile_is_of_distances_and_of_what_lies_inside() {
        let distance = |(z, y, x)| {
            let off = |a: usize, b: f32| (a as f32 - b).powi(2);
            (off(z, 10.0) + off(y, 11.0) + off(x, 12.0)).sqrt()
        };
        let values = Array3::from_shape_fn((21, 23, 25), distance);
        let ball = Ball::new(4, 1.5);
        for (shell, mean) in ball
            .profile(values.view(), [10.0, 11.0, 12.0])
            .iter()
            .enumerate()
        {
            let range = 1.5 * shell as f64..1.5 * (shell as f64 + 1.0);
            assert!(range.contains(mean), "{shell}: {mean}");
        }
        let ones = Array3::from_elem((21, 23, 25), 1.0);
        assert_eq!(ball.profile(ones.view(), [0.0, 0.4, 24.0]), [1.0; 4]);
    }
}
