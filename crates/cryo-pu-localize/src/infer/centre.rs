use cryo_candidates::suppress_within;
use cryo_core::{ParticleSet, VolumeView, VoxelPos};
use ndarray::ArrayView3;
use rayon::prelude::*;

use super::ball::Ball;
use crate::{
    Error, Model,
    data::{Prepared, resampled},
};

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
    centre_on(model, &prepared, set)
}

/// As [`centre`], on the tomogram as the network sees it.
pub(super) fn centre_on(
    model: &Model,
    prepared: &Prepared,
    set: &mut ParticleSet,
) -> Result<(), Error> {
    let config = model.config();
    if config.tubular {
        return Ok(());
    }
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
        let ball = Ball::new((REACH * config.diameter_vox(number)).ceil() as usize, 1.0);
        let template = ball.template(&mean_profile(&ball, values, &places));
        let moved: Vec<Option<[f64; 3]>> = places
            .par_iter()
            .map(|&place| ball.best(values, &template, place, FURTHEST))
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

/// Mean profile about all places.
pub(super) fn mean_profile(
    ball: &Ball,
    values: ArrayView3<'_, f32>,
    places: &[[f64; 3]],
) -> Vec<f64> {
    let profiles: Vec<Vec<f64>> = (places.par_iter())
        .map(|&place| ball.profile(values, place))
        .collect();
    let mean = |shell: usize| {
        let sum: f64 = profiles.iter().map(|profile| profile[shell]).sum();
        sum / profiles.len().max(1) as f64
    };
    (0..ball.shells()).map(mean).collect()
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
