use cryo_train::stream_rng;
use rand::seq::SliceRandom;

use super::{FitParams, Prior, Sampler, sampler::Field};
use crate::{Error, Expected, ModelConfig, data::Prepared};

pub(super) struct Split {
    pub(super) train: Vec<Field>,
    /// The same tomograms with the other annotations.
    pub(super) held_out: Option<Vec<Field>>,
}

/// Fewer annotations of a class than that are all learned from.
const ENOUGH: usize = 10;

/// Takes a part of every class's annotations away, the same for the same seed.
pub(super) fn split(
    mut fields: Vec<Field>,
    config: &ModelConfig,
    params: &FitParams,
) -> Result<Split, Error> {
    let mut taken = vec![Vec::new(); fields.len()];
    for class in 0..config.network.classes {
        let mut all: Vec<(usize, usize)> = Vec::new();
        for (field, content) in fields.iter().enumerate() {
            let own = content.places.iter().enumerate();
            let own = own.filter(|(_, (_, other))| *other == Some(class));
            all.extend(own.map(|(place, _)| (field, place)));
        }
        if all.len() < 2 {
            let got = all.len();
            return Err(Error::TooFew {
                class,
                expected: 2,
                got,
            });
        }
        if all.len() >= ENOUGH {
            all.shuffle(&mut stream_rng(params.seed, "held out", class as u64));
            let count = (all.len() as f64 * params.held_out).round() as usize;
            for &(field, place) in &all[..count] {
                taken[field].push(place);
            }
        }
    }
    if taken.iter().all(Vec::is_empty) {
        return Ok(Split {
            train: fields,
            held_out: None,
        });
    }
    let mut held_out = Vec::with_capacity(fields.len());
    for (field, taken) in fields.iter_mut().zip(taken) {
        let mut away = Vec::new();
        let mut number = 0;
        field.places.retain(|place| {
            let stays = !taken.contains(&number);
            if !stays {
                away.push(*place);
            }
            number += 1;
            stays
        });
        held_out.push(Field {
            prepared: Prepared {
                values: field.prepared.values.clone(),
                mask: field.prepared.mask.clone(),
                ..field.prepared
            },
            places: away,
            noise: None,
            coarser: None,
        });
    }
    Ok(Split {
        train: fields,
        held_out: Some(held_out),
    })
}

/// What is expected of each class.
pub(super) fn expected(
    sampler: &Sampler,
    config: &ModelConfig,
    params: &FitParams,
) -> Vec<Expected> {
    let priors = priors(sampler, config, params.prior);
    let batch = params.batch_size as f64;
    // Nearly every batch holds the only class there is.
    let masses: Vec<Option<f64>> = if priors.len() == 1 {
        vec![None]
    } else {
        (sampler.masses().into_iter())
            .map(|mass| Some(batch * mass))
            .collect()
    };
    (priors.into_iter().zip(masses))
        .map(|(prior, mass)| Expected { prior, mass })
        .collect()
}

/// The prior of each class.
fn priors(sampler: &Sampler, config: &ModelConfig, prior: Prior) -> Vec<f64> {
    let part = match prior {
        Prior::Given(prior) => return vec![prior; config.network.classes],
        Prior::Annotated(part) => part,
    };
    let voxels = |class: usize| -> usize {
        let annotated = (sampler.fields.iter()).filter(|field| field.annotates(class));
        let looked_at: usize = annotated.map(|field| field.prepared.looked_at).sum();
        looked_at.max(1)
    };
    if config.tubular {
        // Splats along a tube overlap.
        let annotated = |class: usize| -> usize {
            let fields = 0..sampler.fields.len();
            fields.map(|field| sampler.positives(field, class)).sum()
        };
        let prior =
            |class| (annotated(class) as f64 / part / voxels(class) as f64).clamp(1e-6, 0.5);
        return (0..config.network.classes).map(prior).collect();
    }
    let prior = |class: usize| {
        let annotated = (sampler.fields.iter().flat_map(|field| &field.places))
            .filter(|(_, other)| *other == Some(class))
            .count();
        // The integral of a splat, whose height is 1.
        let splat = (2.0 * std::f64::consts::PI).powf(1.5) * sampler.sigma[class].powi(3);
        (annotated as f64 / part * splat / voxels(class) as f64).clamp(1e-6, 0.5)
    };
    (0..config.network.classes).map(prior).collect()
}
