use std::collections::BTreeMap;

use cryo_core::{AngstromPos, ParticleSet};

use crate::{
    error::{Error, Place, Side},
    params::{Classes, EvaluateParams},
};

/// Where a particle stands in the sets that were given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct ItemIndex {
    /// Number of the set, from 0.
    pub set: usize,
    /// Number of the particle in its set, from 0.
    pub item: usize,
}

/// A particle in space, its class as a number of [`Labels`].
pub(crate) struct Item {
    pub(crate) at: ItemIndex,
    pub(crate) position: AngstromPos,
    pub(crate) label: Option<usize>,
    pub(crate) score: Option<f32>,
}

/// Everything of one tomogram.
#[derive(Default)]
pub(crate) struct Pair {
    pub(crate) truth: Vec<Item>,
    pub(crate) picks: Vec<Item>,
}

/// Classes by name, numbered in the order in which they came.
#[derive(Default)]
pub(crate) struct Labels {
    numbers: BTreeMap<String, usize>,
}

impl Labels {
    pub(crate) fn number(&self, name: &str) -> Option<usize> {
        self.numbers.get(name).copied()
    }

    /// Names and numbers, by name.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, usize)> {
        self.numbers
            .iter()
            .map(|(name, &number)| (name.as_str(), number))
    }

    fn intern(&mut self, set: &ParticleSet, class: u32) -> usize {
        let name = set.classes.get(&class).cloned();
        let next = self.numbers.len();
        let name = name.unwrap_or_else(|| class.to_string());
        *self.numbers.entry(name).or_insert(next)
    }
}

/// Truth and picks by tomogram, restricted to the classes that count, and all labels.
pub(crate) fn gather(
    truth: &[ParticleSet],
    picks: &[ParticleSet],
    params: &EvaluateParams,
) -> Result<(BTreeMap<String, Pair>, Labels), Error> {
    let mut labels = Labels::default();
    let mut pairs: BTreeMap<String, Pair> = BTreeMap::new();
    for (number, set) in truth.iter().enumerate() {
        let items = items(number, set, Side::Truth, &mut labels)?;
        pairs
            .entry(set.tomogram.clone())
            .or_default()
            .truth
            .extend(items);
    }
    // An empty truth may still know the class that nobody has.
    for set in truth {
        for &class in set.classes.keys() {
            labels.intern(set, class);
        }
    }
    let wanted = match &params.classes {
        Classes::Only(name) => Some(name),
        Classes::Ignored | Classes::Each => None,
    };
    for name in params.class_radius_angstrom.keys().chain(wanted) {
        if labels.number(name).is_none() {
            return Err(Error::UnknownClass {
                class: name.clone(),
                known: labels.numbers.into_keys().collect(),
            });
        }
    }
    for (number, set) in picks.iter().enumerate() {
        let items = items(number, set, Side::Picks, &mut labels)?;
        if let Some(pair) = pairs.get_mut(&set.tomogram) {
            pair.picks.extend(items);
        } else if !params.skip_tomograms_without_truth {
            return Err(Error::UnknownTomogram {
                tomogram: set.tomogram.clone(),
                known: pairs.into_keys().collect(),
            });
        }
    }
    if let Some(number) = wanted.and_then(|name| labels.number(name)) {
        for pair in pairs.values_mut() {
            pair.truth.retain(|item| item.label == Some(number));
            pair.picks
                .retain(|item| item.label.is_none_or(|label| label == number));
        }
    }
    Ok((pairs, labels))
}

fn items(
    set: usize,
    from: &ParticleSet,
    side: Side,
    labels: &mut Labels,
) -> Result<Vec<Item>, Error> {
    let mut known = BTreeMap::new();
    let mut items = Vec::with_capacity(from.len());
    for (item, particle) in from.items.iter().enumerate() {
        let place = || Place {
            side,
            tomogram: Some(from.tomogram.clone()),
            index: item,
        };
        let position = from.grid.angstrom_from_voxel(particle.position);
        if !position.is_finite() {
            let cryo_core::VoxelPos { z, y, x } = particle.position;
            return Err(Error::NonFinitePosition {
                place: place(),
                x,
                y,
                z,
            });
        }
        // A score of the truth has no meaning here.
        let score = particle.score.filter(|_| side == Side::Picks);
        if let Some(score) = score.filter(|score| !score.is_finite()) {
            return Err(Error::NonFiniteScore {
                place: place(),
                score,
            });
        }
        let label = particle.class.map(|class| {
            *known
                .entry(class)
                .or_insert_with(|| labels.intern(from, class))
        });
        items.push(Item {
            at: ItemIndex { set, item },
            position,
            label,
            score,
        });
    }
    Ok(items)
}
