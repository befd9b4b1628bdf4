use std::collections::BTreeMap;

use cryo_core::ParticleSet;
use cryo_pu_localize::Annotation;
use cryo_tubes::add_points_between;

use crate::{exit::Failure, options::Common};

/// Names of all classes, in the order of their first numbers.
pub(super) fn class_names(sets: &[ParticleSet]) -> Vec<String> {
    let mut found: BTreeMap<(u32, String), ()> = BTreeMap::new();
    for set in sets {
        for item in &set.items {
            found.insert((item.class.unwrap_or(0), class_name(set, item.class)), ());
        }
    }
    let mut names: Vec<String> = Vec::new();
    for ((_, name), ()) in found {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

pub(super) fn class_name(set: &ParticleSet, class: Option<u32>) -> String {
    let Some(number) = class else {
        return "particle".to_owned();
    };
    let named = set.classes.get(&number).cloned();
    named.unwrap_or_else(|| format!("class_{number}"))
}

pub(super) fn diameters(given: &[String], names: &[String]) -> Result<Vec<f64>, Failure> {
    let number = |text: &str| {
        let parsed = text
            .trim_end_matches('Å')
            .trim_end_matches('A')
            .parse::<f64>();
        parsed.map_err(|_| {
            Failure::usage(format!(
                "--diameter: expected a number of ångström, got {text:?}"
            ))
        })
    };
    if let [one] = given
        && !one.contains('=')
    {
        return Ok(vec![number(one)?; names.len()]);
    }
    let mut found = vec![None; names.len()];
    for text in given {
        let (name, value) = text
            .split_once('=')
            .ok_or_else(|| Failure::usage(format!("--diameter: expected CLASS=Å, got {text:?}")))?;
        let place = names
            .iter()
            .position(|known| known == name)
            .ok_or_else(|| {
                Failure::usage(format!(
                    "--diameter: expected one of the classes {}, got {name:?}",
                    names.join(", ")
                ))
            })?;
        found[place] = Some(number(value)?);
    }
    (found.into_iter().zip(names))
        .map(|(value, name)| {
            value.ok_or_else(|| Failure::usage(format!("--diameter: expected one of {name} too")))
        })
        .collect()
}

/// Adds the points between those of a filament, which lie on it just as well.
pub(super) fn join_filaments(
    sets: &mut [ParticleSet],
    names: &[String],
    diameters: &[f64],
    common: &Common,
) {
    for set in sets {
        let across: BTreeMap<Option<u32>, f64> = (set.items.iter())
            .filter_map(|item| {
                let name = class_name(set, item.class);
                let number = names.iter().position(|known| *known == name)?;
                Some((item.class, diameters[number]))
            })
            .collect();
        let given = set.len();
        add_points_between(set, |class| across.get(&class).copied().unwrap_or_default());
        if set.len() > given {
            common.say(&format!(
                "{}: {given} positions on filaments are joined to {} along them",
                set.tomogram,
                set.len()
            ));
        }
    }
}

/// Closer than this two positions of a class are one.
const TWICE_VOX: f64 = 1e-3;

pub(super) fn without_duplicates(annotations: Vec<Annotation>) -> Vec<Annotation> {
    let mut kept: Vec<Annotation> = Vec::with_capacity(annotations.len());
    for annotation in annotations {
        let known = kept.iter().any(|other| {
            other.class == annotation.class
                && other.position.distance_to(annotation.position) < TWICE_VOX
        });
        if !known {
            kept.push(annotation);
        }
    }
    kept
}
