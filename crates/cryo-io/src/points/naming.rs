use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    path::Path,
};

use cryo_core::ParticleSet;

use crate::{Error, Picks, PicksOptions};

/// The options with a tomogram name: theirs, or the stem of the file.
pub(crate) fn tomogram_for(options: &PicksOptions, path: &Path) -> PicksOptions {
    let mut options = options.clone();
    if options.tomogram.is_none() {
        options.tomogram = path
            .file_stem()
            .map(|stem| stem.to_string_lossy().into_owned());
    }
    options
}

/// The one set of a format that holds one tomogram a file.
pub(crate) fn only_set<'a>(
    picks: &'a Picks,
    format: &str,
) -> Result<Option<&'a ParticleSet>, Error> {
    match picks.sets.as_slice() {
        [] => Ok(None),
        [set] => Ok(Some(set)),
        sets => Err(Error::parameter(
            "tomograms",
            format!("one, as {format} holds"),
            format!("{} from {:?} on", sets.len(), sets[0].tomogram),
        )
        .fix("name a folder (no extension) as the output, and imod as its format: each tomogram becomes a file in it")),
    }
}

/// The name of a numbered tomogram: of the list, else the number itself.
pub(crate) fn name_of_number(numbers: &BTreeMap<u32, String>, number: u32) -> String {
    numbers
        .get(&number)
        .map_or_else(|| number.to_string(), |entry| stem(entry).to_owned())
}

fn stem(entry: &str) -> &str {
    let name = entry.rsplit(['/', '\\']).next().unwrap_or(entry);
    let known = [".mrc", ".rec", ".mrcs", ".map", ".em", ".hdf", ".h5", ".st"];
    known
        .iter()
        .find_map(|extension| name.strip_suffix(extension))
        .unwrap_or(name)
}

/// Numbers for the tomograms of a file that is to be written.
pub(crate) struct Numbering {
    by_name: HashMap<String, u32>,
    taken: BTreeSet<u32>,
    next: u32,
}

impl Numbering {
    /// Starts from the numbers that are known; a name that is a number keeps it where it is free.
    pub(crate) fn of(picks: &Picks, numbers: &BTreeMap<u32, String>) -> Self {
        let mut by_name: HashMap<String, u32> = HashMap::new();
        for (&number, entry) in numbers {
            by_name.entry(stem(entry).to_owned()).or_insert(number);
        }
        let mut taken: BTreeSet<u32> = numbers.keys().copied().collect();
        for set in &picks.sets {
            let number = set.tomogram.parse::<u32>().ok();
            let plain = number.filter(|number| number.to_string() == set.tomogram);
            if let Some(number) = plain
                && !by_name.contains_key(&set.tomogram)
                && taken.insert(number)
            {
                by_name.insert(set.tomogram.clone(), number);
            }
        }
        Self {
            by_name,
            taken,
            next: 1,
        }
    }

    /// The number of a tomogram, the lowest free one from 1 if it has none yet.
    pub(crate) fn number(&mut self, tomogram: &str) -> u32 {
        if let Some(&number) = self.by_name.get(tomogram) {
            return number;
        }
        while !self.taken.insert(self.next) {
            self.next += 1;
        }
        self.by_name.insert(tomogram.to_owned(), self.next);
        self.next
    }
}

#[cfg(test)]
mod tests {
    use cryo_core::{Grid, VoxelSize};

    use super::*;

    #[test]
    fn numbers_come_from_the_list_then_from_the_name_then_in_order() {
        let grid = Grid::of_unknown_extent(VoxelSize::new(2.0).expect("positive"));
        let names = ["ts_b", "2", "007", "ts_a"];
        let sets = names.map(|name| ParticleSet::new(name, grid)).to_vec();
        let picks = Picks {
            sets,
            extra: Vec::new(),
        };
        let known = BTreeMap::from([(9, "/data/ts_a.rec".to_owned())]);
        let mut numbering = Numbering::of(&picks, &known);
        let numbers = names.map(|name| numbering.number(name));
        assert_eq!(numbers, [1, 2, 3, 9]);
        assert_eq!(name_of_number(&known, 9), "ts_a");
        assert_eq!(name_of_number(&known, 4), "4");
    }
}
