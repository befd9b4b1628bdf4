use std::array::from_fn;

use cryo_candidates::suppress_within;
use cryo_core::{ParticleSet, VolumeView, VoxelPos};
use ndarray::{Array3, ArrayView3};
use rayon::prelude::*;

use crate::{Error, Model, data::resampled};

/// Fewer particles have no average worth centring on.
const ENOUGH: usize = 8;
/// Radius of the average over the diameter: the particle and some of what is round it.
const REACH: f64 = 0.8;
/// Furthest that a particle is moved along an axis, in voxels of the network's grid; what would go further stays.
const FURTHEST: i64 = 3;

/// Moves particles to where they look most like the spherical average of their class.
///
/// A heat map is drawn out along z, as the tomogram is, and its peaks err there most. So the mean density of the class's particles is
/// taken at each distance from where they are, in the tomogram as the network sees it (`docs/methods/localize.md`), and each particle is
/// moved to the best fit of that profile, at most three voxels of the network's grid along an axis, with the parabola through the
/// neighbours. None comes nearer to another of its class than half a diameter by that. Scores, order and classes stay. Classes of fewer
/// than 8 particles and tubes stay where they are. Positions are in voxels of the tomogram.
///
/// # Errors
/// As [`predict`](crate::predict) of the tomogram.
///
/// # Examples
/// ```
/// # use cryo_core::{Grid, Volume, VoxelSize};
/// # use cryo_pu_localize::{ClassConfig, Model, ModelConfig};
/// # let data = ndarray::Array3::from_shape_fn((16, 40, 40), |(z, y, x)| ((z * 31 + y * 17 + x * 7) as f32).sin());
/// # let volume = Volume::new(data, Grid::new([16, 40, 40], VoxelSize::new(20.0).expect("above 0")))?;
/// # let classes = vec![ClassConfig { name: "ribosome".into(), diameter_angstrom: 250.0 }];
/// # let model = Model::new(&ModelConfig::recommended(classes, 20.0), 42, tch::Device::Cpu)?;
/// # let mut found = cryo_core::ParticleSet::new("TS_01", *volume.grid());
/// // `found` came from `particles`, as in `localize`, which does this by itself.
/// cryo_pu_localize::centre(&model, &volume.view(), &mut found)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn centre(model: &Model, volume: &VolumeView<'_>, set: &mut ParticleSet) -> Result<(), Error> {
    let config = model.config();
    if config.tubular || set.len() < ENOUGH {
        return Ok(());
    }
    let prepared = resampled(&set.tomogram, volume, None, config.voxel_angstrom)?;
    let values = prepared.values.view();
    for number in 0..config.classes.len() {
        let class = Some(number as u32 + 1);
        let (rows, places): (Vec<usize>, Vec<[f64; 3]>) = (set.items.iter().enumerate())
            .filter(|(_, item)| item.class == class)
            .map(|(row, item)| (row, prepared.place(item.position)))
            .unzip();
        if rows.len() < ENOUGH {
            continue;
        }
        let ball = Ball::new(REACH * config.diameter_vox(number));
        let template = ball.template(values, &places);
        let moved: Vec<Option<[f64; 3]>> = places
            .par_iter()
            .map(|&place| ball.best(values, &template, place))
            .collect();
        let moved = apart(&places, moved, config.diameter_vox(number) / 2.0)?;
        for (row, place) in rows.into_iter().zip(moved) {
            if let Some([z, y, x]) = place {
                set.items[row].position =
                    set.grid.voxel_from(&prepared.grid, VoxelPos::zyx(z, y, x));
            }
        }
    }
    Ok(())
}

/// Leaves those where they were that would come nearer to another than `least` voxels, as the rule of picking has it.
fn apart(
    places: &[[f64; 3]],
    mut moved: Vec<Option<[f64; 3]>>,
    least: f64,
) -> Result<Vec<Option<[f64; 3]>>, Error> {
    loop {
        // Those that stay come first, so that one that was moved gives way.
        let mut order: Vec<usize> = (0..places.len()).collect();
        order.sort_by_key(|&number| moved[number].is_some());
        let now: Vec<[f64; 3]> = (order.iter())
            .map(|&number| moved[number].unwrap_or(places[number]))
            .collect();
        let mut free = vec![false; places.len()];
        for kept in suppress_within(&now, least)? {
            free[order[kept]] = true;
        }
        let back: Vec<usize> = (0..places.len())
            .filter(|&number| moved[number].is_some() && !free[number])
            .collect();
        if back.is_empty() {
            return Ok(moved);
        }
        for number in back {
            moved[number] = None;
        }
    }
}

/// The voxels within a radius, by their distance.
struct Ball {
    offsets: Vec<[i64; 3]>,
    /// Distance of each offset, rounded down.
    shell: Vec<usize>,
    distance: Vec<f64>,
}

impl Ball {
    fn new(radius: f64) -> Self {
        let reach = radius.ceil() as i64;
        let mut ball = Self {
            offsets: Vec::new(),
            shell: Vec::new(),
            distance: Vec::new(),
        };
        for z in -reach..=reach {
            for y in -reach..=reach {
                for x in -reach..=reach {
                    let distance = ((z * z + y * y + x * x) as f64).sqrt();
                    if distance <= radius {
                        ball.offsets.push([z, y, x]);
                        ball.shell.push(distance as usize);
                        ball.distance.push(distance);
                    }
                }
            }
        }
        ball
    }

    /// The mean profile of all places, at each offset, with a sum of 0.
    fn template(&self, values: ArrayView3<'_, f32>, places: &[[f64; 3]]) -> Vec<f64> {
        let shells = self.shell.iter().max().map_or(0, |last| last + 1);
        let (mut sums, mut counts) = (vec![0.0; shells], vec![0.0; shells]);
        for place in places {
            for (offset, &shell) in self.offsets.iter().zip(&self.shell) {
                let at = from_fn(|axis| place[axis] + offset[axis] as f64);
                sums[shell] += f64::from(between(values, at));
                counts[shell] += 1.0;
            }
        }
        let profile: Vec<f64> = (sums.iter().zip(&counts))
            .map(|(sum, count): (&f64, &f64)| sum / count.max(1.0))
            .collect();
        let at = |distance: f64| {
            // Shells stand for their middles.
            let place = (distance - 0.5).clamp(0.0, shells as f64 - 1.0);
            let (low, part) = (place as usize, place.fract());
            let high = (low + 1).min(shells - 1);
            profile[low] * (1.0 - part) + profile[high] * part
        };
        let template: Vec<f64> = self.distance.iter().map(|&distance| at(distance)).collect();
        let mean = template.iter().sum::<f64>() / template.len().max(1) as f64;
        template.into_iter().map(|value| value - mean).collect()
    }

    /// Where the template fits best about a place; `None` if that is at the edge of what was looked at.
    fn best(
        &self,
        values: ArrayView3<'_, f32>,
        template: &[f64],
        place: [f64; 3],
    ) -> Option<[f64; 3]> {
        let base = place.map(|coordinate| coordinate.round() as i64);
        let side = 2 * FURTHEST as usize + 1;
        let fit = Array3::from_shape_fn([side; 3], |(z, y, x)| {
            let shift = [z, y, x].map(|index| index as i64 - FURTHEST);
            let start: [i64; 3] = from_fn(|axis| base[axis] + shift[axis]);
            let products = self.offsets.iter().zip(template).map(|(offset, weight)| {
                let at: [usize; 3] = from_fn(|axis| {
                    let last = values.shape()[axis] as i64 - 1;
                    (start[axis] + offset[axis]).clamp(0, last) as usize
                });
                weight * f64::from(values[at])
            });
            products.sum::<f64>()
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
            let (below, above) = (beside(-1), beside(1));
            let bend = below - 2.0 * highest + above;
            let part = if bend < 0.0 {
                0.5 * (below - above) / bend
            } else {
                0.0
            };
            (base[axis] + index[axis] as i64 - FURTHEST) as f64 + part.clamp(-0.5, 0.5)
        }))
    }
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
