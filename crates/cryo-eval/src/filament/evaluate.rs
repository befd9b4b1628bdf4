use std::collections::BTreeMap;

use cryo_core::{AngstromPos, ParticleSet, VoxelPos};

use super::{
    params::FilamentParams,
    scores::{FilamentScores, Lengths},
};
use crate::error::{Error, Place, Side};

/// Filament scores pooled over all tomograms, and of each.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct FilamentEvaluation {
    /// Of all tomograms together: lengths and counts are summed before any ratio is taken. In JSON its
    /// keys stand at the top.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub pooled: FilamentScores,
    /// Of each tomogram of the truth, by name.
    pub tomograms: Vec<TomogramFilamentScores>,
}

/// The filament scores of one tomogram.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct TomogramFilamentScores {
    /// Its name.
    pub tomogram: String,
    /// Its scores.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub scores: FilamentScores,
}

/// How well the filaments of `picks` follow those of `truth`, per tomogram and pooled.
///
/// The particles of a set with the same filament number are one curve, in the order of their arc
/// lengths if all of them have one, else of the set. Particles without a filament are left out.
/// Sets of one tomogram are joined, but no filament goes on in another set. A tomogram without picks
/// counts as missed length. What the scores mean: [`compare_filaments`](crate::compare_filaments).
///
/// # Errors
/// Those of [`compare_filaments`](crate::compare_filaments), [`Error::NoFilaments`] of a set,
/// [`Error::NonFiniteArcLength`] and [`Error::UnknownTomogram`].
///
/// # Examples
/// ```
/// use cryo_core::{FilamentPoint, Grid, Particle, ParticleSet, VoxelPos, VoxelSize};
/// use cryo_eval::{FilamentParams, evaluate_filaments};
///
/// let mut truth = ParticleSet::new("ts_01", Grid::new([60, 80, 100], VoxelSize::new(10.0).expect("valid")));
/// for x in [10.0, 50.0, 90.0] {
///     let filament = Some(FilamentPoint { id: 3, arc_length_angstrom: None });
///     truth.items.push(Particle { filament, ..Particle::at(VoxelPos::xyz(x, 20.0, 30.0)) });
/// }
/// let mut picks = truth.clone();
/// picks.items.truncate(2);
/// let result = evaluate_filaments(&[truth], &[picks], &FilamentParams::new(4.0))?;
/// assert_eq!(result.pooled.truth_length_angstrom, 800.0);
/// assert_eq!(result.pooled.length_recall, Some(0.505));
/// # Ok::<(), cryo_eval::Error>(())
/// ```
pub fn evaluate_filaments(
    truth: &[ParticleSet],
    picks: &[ParticleSet],
    params: &FilamentParams,
) -> Result<FilamentEvaluation, Error> {
    params.validate()?;
    let mut pairs: BTreeMap<&str, [Vec<Vec<AngstromPos>>; 2]> = BTreeMap::new();
    for set in truth {
        pairs.entry(&set.tomogram).or_default()[0].extend(curves(set, Side::Truth)?);
    }
    for set in picks {
        let curves = curves(set, Side::Picks)?;
        if let Some(pair) = pairs.get_mut(set.tomogram.as_str()) {
            pair[1].extend(curves);
        } else if !params.skip_tomograms_without_truth {
            return Err(Error::UnknownTomogram {
                tomogram: set.tomogram.clone(),
                known: pairs.into_keys().map(str::to_owned).collect(),
            });
        }
    }
    let mut pooled = Lengths::default();
    let mut tomograms = Vec::with_capacity(pairs.len());
    for (tomogram, [truth, picks]) in pairs {
        let lengths = Lengths::new(&truth, &picks, params)?;
        pooled.add(&lengths);
        tomograms.push(TomogramFilamentScores {
            tomogram: tomogram.to_owned(),
            scores: lengths.scores(),
        });
    }
    Ok(FilamentEvaluation {
        pooled: pooled.scores(),
        tomograms,
    })
}

/// The filaments of a set, by number.
fn curves(set: &ParticleSet, side: Side) -> Result<Vec<Vec<AngstromPos>>, Error> {
    let mut points: BTreeMap<u32, Vec<(Option<f64>, AngstromPos)>> = BTreeMap::new();
    for (index, particle) in set.items.iter().enumerate() {
        let Some(filament) = particle.filament else {
            continue;
        };
        let place = || Place {
            side,
            tomogram: Some(set.tomogram.clone()),
            index,
        };
        let position = set.grid.angstrom_from_voxel(particle.position);
        if !position.is_finite() {
            let VoxelPos { z, y, x } = particle.position;
            return Err(Error::NonFinitePosition {
                place: place(),
                x,
                y,
                z,
            });
        }
        let arc_length = filament.arc_length_angstrom;
        if let Some(arc_length_angstrom) = arc_length.filter(|length| !length.is_finite()) {
            return Err(Error::NonFiniteArcLength {
                place: place(),
                arc_length_angstrom,
            });
        }
        points
            .entry(filament.id)
            .or_default()
            .push((arc_length, position));
    }
    if points.is_empty() && !set.is_empty() {
        return Err(Error::NoFilaments {
            side,
            tomogram: set.tomogram.clone(),
        });
    }
    let ordered = points.into_values().map(|mut curve| {
        if curve.iter().all(|(arc_length, _)| arc_length.is_some()) {
            curve.sort_by(|(a, _), (b, _)| a.unwrap_or(0.0).total_cmp(&b.unwrap_or(0.0)));
        }
        curve.into_iter().map(|(_, position)| position).collect()
    });
    Ok(ordered.collect())
}
