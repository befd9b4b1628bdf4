use std::collections::{BTreeMap, HashMap, btree_map::Entry};

use cryo_core::{Grid, Particle, ParticleSet};

use super::class::LabelMeaning;
use crate::{Error, ExtraColumn, Picks};

/// Collects rows into one set a tomogram and keeps the extra columns in step.
#[derive(Default)]
pub(crate) struct Gather {
    sets: Vec<(ParticleSet, Vec<usize>)>,
    by_name: HashMap<String, usize>,
    numbers: HashMap<String, u32>,
    names: BTreeMap<u32, String>,
    /// No number from 1 up to this one is free.
    taken: u32,
    rows: usize,
}

impl Gather {
    /// The place of the set of a tomogram, made with the grid if it is new.
    pub(crate) fn slot(
        &mut self,
        tomogram: &str,
        grid: impl FnOnce() -> Result<Grid, Error>,
    ) -> Result<usize, Error> {
        if let Some(&slot) = self.by_name.get(tomogram) {
            return Ok(slot);
        }
        let slot = self.sets.len();
        self.sets
            .push((ParticleSet::new(tomogram, grid()?), Vec::new()));
        self.by_name.insert(tomogram.to_owned(), slot);
        Ok(slot)
    }

    /// The grid of a set.
    pub(crate) fn grid(&self, slot: usize) -> &Grid {
        &self.sets[slot].0.grid
    }

    /// Appends the next row of the file.
    pub(crate) fn push(&mut self, slot: usize, particle: Particle) {
        let (set, rows) = &mut self.sets[slot];
        set.items.push(particle);
        rows.push(self.rows);
        self.rows += 1;
    }

    /// The number of a class name, the same in all sets, and entered into the names of this one.
    pub(crate) fn class_named(&mut self, slot: usize, name: &str) -> u32 {
        let number = match self.numbers.get(name) {
            Some(&number) => number,
            None => {
                let next = self.free_number();
                self.names.insert(next, name.to_owned());
                self.numbers.insert(name.to_owned(), next);
                next
            }
        };
        let names = &mut self.sets[slot].0.classes;
        names.entry(number).or_insert_with(|| name.to_owned());
        number
    }

    /// The number after the largest, or where a file uses the very last one the lowest that is free.
    fn free_number(&mut self) -> u32 {
        let last = self.names.keys().next_back().copied().unwrap_or(0);
        last.checked_add(1).unwrap_or_else(|| {
            self.taken += 1;
            while self.names.contains_key(&self.taken) {
                self.taken += 1;
            }
            self.taken
        })
    }

    /// Enters a class of which the file says number and name.
    pub(crate) fn class_numbered(
        &mut self,
        slot: usize,
        number: u32,
        name: &str,
    ) -> Result<(), Error> {
        match self.names.entry(number) {
            Entry::Occupied(known) if known.get() != name => {
                let what = format!("name of class {number}");
                let known = format!("{:?} as before", known.get());
                return Err(Error::unexpected(what, known, format!("{name:?}"))
                    .fix("give one name to each class number"));
            }
            Entry::Occupied(_) => {}
            Entry::Vacant(place) => {
                place.insert(name.to_owned());
                self.numbers.entry(name.to_owned()).or_insert(number);
            }
        }
        let names = &mut self.sets[slot].0.classes;
        names.entry(number).or_insert_with(|| name.to_owned());
        Ok(())
    }

    /// The class of a format that only has names.
    pub(crate) fn class_labelled(&mut self, slot: usize, label: &LabelMeaning<'_>) -> Option<u32> {
        match label {
            LabelMeaning::NoClass => None,
            LabelMeaning::Number(number) => Some(*number),
            LabelMeaning::Name(name) => Some(self.class_named(slot, name)),
        }
    }

    /// Takes the orientations back, where the file turned out to tell none.
    pub(crate) fn forget_orientations(&mut self) {
        for (set, _) in &mut self.sets {
            for item in &mut set.items {
                item.orientation = None;
            }
        }
    }

    /// The sets, and the columns (in the order of the rows) in the order of the sets.
    pub(crate) fn finish(self, extra: Vec<ExtraColumn>) -> Picks {
        let mut order = Vec::with_capacity(self.rows);
        let mut sets = Vec::with_capacity(self.sets.len());
        for (set, rows) in self.sets {
            order.extend(rows);
            sets.push(set);
        }
        let in_order = order.iter().copied().eq(0..order.len());
        let extra = if in_order {
            extra
        } else {
            extra
                .into_iter()
                .map(|column| reorder(column, &order))
                .collect()
        };
        Picks { sets, extra }
    }
}

fn reorder(mut column: ExtraColumn, order: &[usize]) -> ExtraColumn {
    let values = order
        .iter()
        .map(|&row| std::mem::take(&mut column.values[row]))
        .collect();
    ExtraColumn {
        name: column.name,
        values,
    }
}
