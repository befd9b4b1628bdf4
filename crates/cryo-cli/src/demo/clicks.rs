use std::{collections::BTreeSet, path::Path};

use cryo_io::{
    CoordinateFormat, Overwrite, Picks, PicksOptions, read_picks, star::relion, write_picks,
};

use crate::{exit::Failure, options::Common};

/// Filaments that are clicked along.
const FILAMENTS: usize = 2;
/// Of the points of the truth, 82 Å apart, one in so many.
const EVERY: usize = 3;

/// Writes what a person would click along the first microtubules; says how many points that is.
pub(super) fn write(truth: &Path, target: &Path, common: &Common) -> Result<usize, Failure> {
    let options = relion::options_with_tomograms(truth, &PicksOptions::default())?;
    let mut sets = read_picks(truth, None, &options)?.sets;
    let mut count = 0;
    for set in &mut sets {
        let ids: BTreeSet<u32> = (set.items.iter())
            .filter_map(|item| Some(item.filament.as_ref()?.id))
            .collect();
        let chosen: BTreeSet<u32> = ids.into_iter().take(FILAMENTS).collect();
        let mut number = 0;
        set.retain(|item| {
            let on = item
                .filament
                .as_ref()
                .is_some_and(|point| chosen.contains(&point.id));
            number += usize::from(on);
            on && number % EVERY == 1
        });
        count += set.len();
    }
    if target.exists() && common.resume {
        return Ok(count);
    }
    let picks = Picks {
        sets,
        ..Picks::default()
    };
    write_picks(
        target,
        CoordinateFormat::Csv,
        &picks,
        &options,
        Overwrite::Replace,
    )?;
    Ok(count)
}
