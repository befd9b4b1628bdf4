use cryo_candidates::{PeakParams, find_peaks, suppress_within};
use cryo_core::{Grid, Particle, ParticleSet, Progress, VolumeView, VoxelPos};
use cryo_filters::{Boundary, maximum_filter};
use ndarray::ArrayView3;

use super::{
    HeatMap, PredictParams,
    centre::centre_on,
    likeness::{Profile, Surroundings, lowered},
    predict,
    ridge::{CrestPoint, crest_points},
    versus::{Parting, leave_to_the_likelier},
};
use crate::{
    Calibration, Error, Model,
    data::{Prepared, resampled},
    error::require,
};

/// Which peaks are particles.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Threshold {
    /// What [`Calibration::threshold_for`](crate::Calibration::threshold_for) says; for tubes
    /// [`Calibration::threshold`](crate::Calibration).
    #[default]
    Auto,
    /// Peaks of at least that score, 0 to 1.
    Score(f32),
}

/// How particles are read off a heat map.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LocalizeParams {
    /// How the heat map is computed.
    pub predict: PredictParams,
    /// Which peaks are particles.
    pub threshold: Threshold,
    /// `None`: two picks of a class are at least half a diameter apart. Otherwise the paper's rule: a pick is the
    /// highest voxel of a cube of that many voxels, an odd number (3 for tubes in the paper). Of tubes `None` takes the
    /// points of their crests, about a voxel of the heat map apart, down to a third of the threshold: whether a tube is
    /// one is for its mean score to say, and it is to have no gaps.
    pub kernel: Option<usize>,
    /// Whether scores are the network's alone. Otherwise those of peaks that look unlike the annotated particles
    /// ([`Profile`]) are lowered, unless a `kernel` asks for the paper's rule, the model has no profile of a class, or a mask
    /// leaves less than a fiftieth of the tomogram, too little to tell what is anywhere in it.
    pub network_scores: bool,
}

/// What was found in a tomogram.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The particles, best first within a class, in voxels of the tomogram; classes are numbered from 1.
    pub set: ParticleSet,
    /// Of each class, how many peaks the network alone would have had for particles, which look unlike the annotated ones.
    pub unlike: Vec<usize>,
}

/// The particles of a tomogram.
///
/// # Errors
/// As [`predict`]; [`Error::Parameter`] for an even kernel, a threshold outside 0 to 1, or an automatic one of a model
/// that has not been trained.
pub fn localize(
    model: &Model,
    name: &str,
    volume: &VolumeView<'_>,
    params: &LocalizeParams,
    progress: &dyn Progress,
) -> Result<Found, Error> {
    let heat = predict(model, name, volume, &params.predict, progress)?;
    particles(model, name, &heat, volume, params)
}

/// The particles of a tomogram's heat map. Unless a `kernel` asks for the paper's rule, they are [`centre`](crate::centre)d.
///
/// # Errors
/// As [`localize`].
pub fn particles(
    model: &Model,
    name: &str,
    heat: &HeatMap,
    volume: &VolumeView<'_>,
    params: &LocalizeParams,
) -> Result<Found, Error> {
    let grid = volume.grid();
    let mut set = ParticleSet::new(name, *grid);
    let classes = &model.config().classes;
    let mut unlike = vec![0; classes.len()];
    let mut places: Vec<Vec<Place>> = Vec::with_capacity(classes.len());
    let mut thresholds = Vec::with_capacity(classes.len());
    let on_grid = if params.kernel.is_some() || model.config().tubular {
        None
    } else {
        Some(as_seen(model, name, heat, volume, params)?)
    };
    for (class, config) in classes.iter().enumerate() {
        let number = class as u32 + 1;
        set.classes.insert(number, config.name.clone());
        let calibration = model.calibration().map(|all| &all[class]);
        let (least, automatic) = least_score(params, calibration)?;
        if model.config().tubular && params.kernel.is_none() {
            let threshold = automatic.map_or(f64::from(least), |found| found.threshold);
            let least = threshold as f32 / FOLLOWED;
            let found = crests(model, heat, class, least)?;
            let found = found
                .iter()
                .map(|place| particle(place, number, heat, grid));
            set.items.extend(found);
            continue;
        }
        let profile = calibration.filter(|_| !params.network_scores);
        let profile = profile.and_then(|calibration| calibration.profile.as_ref());
        let found = match (profile, &on_grid) {
            (Some(profile), Some(on_grid)) => {
                // What peaks look like does not depend on the threshold.
                let least = calibration.map_or(least, |all| least.min(all.least_score as f32));
                let mut found = peaks(model, heat, class, least, None)?;
                if let Some(surroundings) = surroundings(model, class, heat, on_grid) {
                    let place = |voxel| place_on(&on_grid.grid, &heat.grid, voxel);
                    lower(profile, &surroundings, &place, &mut found);
                }
                found
            }
            _ => peaks(model, heat, class, least, params.kernel)?,
        };
        let least = automatic.map_or(least, |calibration| {
            let scores: Vec<f32> = found.iter().map(|peak| peak.score).collect();
            calibration.threshold_for(&scores) as f32
        });
        unlike[class] = (found.iter())
            .filter(|peak| peak.score < least && peak.network_score >= least)
            .count();
        places.push(found);
        thresholds.push(least);
    }
    if let Some(all) = model.calibration()
        && params.kernel.is_none()
        && !params.network_scores
    {
        let partings: Vec<&[Parting]> = all.iter().map(|class| &class.partings[..]).collect();
        leave_to_the_likelier(&mut places, &partings, &model.config().radii());
    }
    for (number, (places, least)) in (1..).zip(places.iter().zip(thresholds)) {
        let kept = places.iter().filter(|place| place.score >= least);
        let kept = kept.map(|place| particle(place, number, heat, grid));
        set.items.extend(kept);
    }
    if let Some(on_grid) = &on_grid {
        centre_on(model, on_grid, &mut set)?;
    }
    Ok(Found { set, unlike })
}

/// The tomogram as the network saw it, by a mask where the heat map is 0.
fn as_seen(
    model: &Model,
    name: &str,
    heat: &HeatMap,
    volume: &VolumeView<'_>,
    params: &LocalizeParams,
) -> Result<Prepared, Error> {
    let on_grid = resampled(name, volume, None, model.config().voxel_angstrom)?;
    let matching = model.spectrum().filter(|_| params.predict.matching);
    let (Some(spectrum), Some(map)) = (matching, heat.classes.first()) else {
        return Ok(on_grid);
    };
    // Too little to tell the spectrum by.
    let seen = map.iter().filter(|probability| **probability > 0.0).count();
    if 50 * seen < map.len() {
        return Ok(on_grid);
    }
    let stride = model.config().network.stride();
    let mut on_grid = on_grid.within(name, |[z, y, x]| map[[z, y / stride, x / stride]] > 0.0)?;
    spectrum.impose(name, &mut on_grid, model.device())?;
    Ok(on_grid)
}

/// From which score on peaks are looked for, and by what the threshold is then chosen.
fn least_score<'c>(
    params: &LocalizeParams,
    calibration: Option<&'c Calibration>,
) -> Result<(f32, Option<&'c Calibration>), Error> {
    match (params.threshold, calibration) {
        (Threshold::Score(score), _) => {
            let valid = (0.0..=1.0).contains(&score);
            require(valid, "threshold", "0 to 1", score)?;
            Ok((score, None))
        }
        (Threshold::Auto, Some(calibration)) => {
            Ok((calibration.least_score as f32, Some(calibration)))
        }
        (Threshold::Auto, None) => {
            let expected = "a number for a model that was not trained to its end";
            require(false, "threshold", expected, "auto")?;
            Ok((0.0, None))
        }
    }
}

/// What is anywhere in a tomogram, as the network sees it, where it is looked at.
pub(super) fn surroundings<'a>(
    model: &Model,
    class: usize,
    heat: &HeatMap,
    on_grid: &'a Prepared,
) -> Option<Surroundings<'a>> {
    let map = heat.classes[class].view();
    let stride = model.config().network.stride();
    // Outside of a mask the map is 0.
    let looked_at = |[z, y, x]: [usize; 3]| map[[z, y / stride, x / stride]] > 0.0;
    let across = model.config().diameter_vox(class);
    Surroundings::of(on_grid.values.view(), &looked_at, across)
}

/// Lowers the scores of peaks that look unlike the annotated particles; the best come first again.
pub(super) fn lower(
    profile: &Profile,
    surroundings: &Surroundings<'_>,
    place: &dyn Fn(VoxelPos) -> [f64; 3],
    found: &mut [Place],
) {
    let places: Vec<[f64; 3]> = found.iter().map(|peak| place(peak.voxel)).collect();
    let scores: Vec<f32> = found.iter().map(|peak| peak.score).collect();
    let unlike = profile.unlikeness(surroundings, &places, &scores);
    for (peak, unlike) in found.iter_mut().zip(unlike) {
        peak.score = lowered(peak.network_score, unlike);
    }
    found.sort_by(|a, b| b.score.total_cmp(&a.score));
}

/// A voxel of another grid, `(z, y, x)`.
pub(super) fn place_on(grid: &Grid, of: &Grid, voxel: VoxelPos) -> [f64; 3] {
    let VoxelPos { z, y, x } = grid.voxel_from(of, voxel);
    [z, y, x]
}

/// Points of tubes are followed down to this part of the threshold.
const FOLLOWED: f32 = 3.0;

fn particle(place: &Place, class: u32, heat: &HeatMap, grid: &Grid) -> Particle {
    Particle {
        score: Some(place.score),
        class: Some(class),
        ..Particle::at(grid.voxel_from(&heat.grid, place.voxel))
    }
}

/// A peak of a heat map.
#[derive(Clone)]
pub(super) struct Place {
    /// In voxels of the heat map.
    pub(super) voxel: VoxelPos,
    /// From its first voxel, along z, y, x.
    pub(super) angstrom_zyx: [f64; 3],
    pub(super) score: f32,
    /// Before it was lowered.
    pub(super) network_score: f32,
}

pub(super) fn peaks(
    model: &Model,
    heat: &HeatMap,
    class: usize,
    least: f32,
    kernel: Option<usize>,
) -> Result<Vec<Place>, Error> {
    let map = heat.classes[class].view();
    if model.config().tubular && kernel.is_none() {
        return crests(model, heat, class, least);
    }
    let params = PeakParams {
        // Scores of the threshold itself are picks.
        threshold: (least - f32::EPSILON).max(0.0),
        min_distance_vox: 0.0,
    };
    let mut found = find_peaks(map, &params)?;
    if let Some(kernel) = kernel {
        require(kernel % 2 == 1, "kernel", "an odd number", kernel)?;
        let highest = maximum_filter(map, [kernel; 3], Boundary::Nearest)?;
        found.retain(|peak| {
            let at = peak.position;
            let index = [at.z, at.y, at.x].map(|value| value.round() as usize);
            let extent: [usize; 3] = std::array::from_fn(|axis| map.shape()[axis] - 1);
            let index: [usize; 3] = std::array::from_fn(|axis| index[axis].min(extent[axis]));
            highest[index] <= peak.value
        });
    }
    let size = heat.grid.voxel_size;
    let across = model.config().classes[class].diameter_angstrom;
    // A quarter of the diameter, about twice the width of the splat.
    let window = [size.z(), size.y(), size.x()]
        .map(|edge| ((across / 4.0 / edge).round() as usize).clamp(1, WIDEST));
    let place = |peak: &cryo_candidates::Peak| {
        let voxel = centre_of_mass(map, peak.position, peak.value, window);
        Place {
            voxel,
            angstrom_zyx: [voxel.z * size.z(), voxel.y * size.y(), voxel.x * size.x()],
            score: peak.value,
            network_score: peak.value,
        }
    };
    let mut places: Vec<Place> = found.iter().map(place).collect();
    if kernel.is_none() {
        let apart = model.config().classes[class].diameter_angstrom / 2.0;
        let all: Vec<[f64; 3]> = places.iter().map(|place| place.angstrom_zyx).collect();
        let kept = suppress_within(&all, apart)?;
        let mut keep = vec![false; places.len()];
        kept.into_iter().for_each(|number| keep[number] = true);
        let mut number = 0;
        places.retain(|_| {
            number += 1;
            keep[number - 1]
        });
    }
    Ok(places)
}

/// What tubes are traced through.
fn crests(model: &Model, heat: &HeatMap, class: usize, least: f32) -> Result<Vec<Place>, Error> {
    let size = heat.grid.voxel_size;
    let size = [size.z(), size.y(), size.x()];
    let across = model.config().classes[class].diameter_angstrom;
    let points = crest_points(heat.classes[class].view(), least, size, across)?;
    let place = |point: CrestPoint| Place {
        voxel: point.voxel,
        angstrom_zyx: point.angstrom_zyx(),
        score: point.score,
        network_score: point.score,
    };
    Ok(points.into_iter().map(place).collect())
}

/// Half the window of the centre of mass is at most this, in voxels.
const WIDEST: usize = 12;
/// Voxels below this part of the peak belong to its surroundings.
const BELONGS: f32 = 0.3;

/// Where the peak's mass is: a heat map is broader than its parabola at the top, which noise moves.
fn centre_of_mass(
    map: ArrayView3<'_, f32>,
    peak: VoxelPos,
    value: f32,
    window: [usize; 3],
) -> VoxelPos {
    let middle = [peak.z, peak.y, peak.x].map(|value| value.round().max(0.0) as usize);
    let range: [_; 3] = std::array::from_fn(|axis| {
        let last = map.shape()[axis] - 1;
        let middle = middle[axis].min(last);
        middle.saturating_sub(window[axis])..=(middle + window[axis]).min(last)
    });
    let (mut mass, mut sum) = (0.0, [0.0; 3]);
    for z in range[0].clone() {
        for y in range[1].clone() {
            for x in range[2].clone() {
                let weight = f64::from(map[[z, y, x]]);
                if map[[z, y, x]] < BELONGS * value {
                    continue;
                }
                mass += weight;
                for (sum, index) in sum.iter_mut().zip([z, y, x]) {
                    *sum += weight * index as f64;
                }
            }
        }
    }
    if mass <= 0.0 {
        return peak;
    }
    let [z, y, x] = sum.map(|sum| sum / mass);
    VoxelPos { z, y, x }
}
