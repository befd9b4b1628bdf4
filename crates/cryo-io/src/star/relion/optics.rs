use std::collections::HashMap;

use super::{
    super::{Document, Loop},
    names::{OPTICS_GROUP, OPTICS_GROUP_NAME},
};
use crate::{Error, ErrorKind, text::shorten};

/// The optics block, and which of its rows each particle belongs to.
pub(super) struct Optics<'a> {
    pub table: &'a Loop,
    /// Row of `table` by particle; empty where all belong to the first.
    rows: Vec<usize>,
}

impl<'a> Optics<'a> {
    pub(super) fn of(document: &'a Document, particles: &Loop) -> Result<Option<Self>, Error> {
        let table = document.block("optics").and_then(|block| block.table());
        let Some(table) = table.filter(|table| !table.is_empty()) else {
            return Ok(None);
        };
        for key in [OPTICS_GROUP, OPTICS_GROUP_NAME] {
            let (Some(groups), Some(wanted)) = (table.find(key), particles.find(key)) else {
                continue;
            };
            let known: HashMap<&str, usize> = groups
                .iter()
                .enumerate()
                .map(|(row, group)| (group, row))
                .collect();
            let mut rows = Vec::with_capacity(particles.len());
            for (row, group) in wanted.iter().enumerate() {
                let Some(&found) = known.get(group) else {
                    let got = format!("{:?}", shorten(group));
                    let error = Error::unexpected(key, "a group of the optics block", got);
                    return Err(wanted.error_at(row, Some(error)));
                };
                rows.push(found);
            }
            return Ok(Some(Self { table, rows }));
        }
        if table.len() == 1 {
            return Ok(Some(Self {
                table,
                rows: Vec::new(),
            }));
        }
        Err(Error::missing(
            format!("column {OPTICS_GROUP} among the particles"),
            "several optics groups",
        )
        .fix("give each particle its optics group"))
    }

    /// Refuses columns that take more memory than `max_bytes` when each particle gets a copy.
    pub(super) fn check_repeated(&self, particles: usize, max_bytes: u64) -> Result<(), Error> {
        let mut times = vec![0_u64; self.table.len()];
        (0..particles).for_each(|particle| times[self.row(particle)] += 1);
        let names = self.table.names().filter(|name| *name != OPTICS_GROUP);
        let values = names
            .filter_map(|name| self.table.find(name))
            .flat_map(|column| column.iter().zip(&times));
        let needed = values.fold(0_u64, |sum, (value, &times)| {
            let bytes = (size_of::<String>() + value.len()) as u64;
            sum.saturating_add(bytes.saturating_mul(times))
        });
        if needed <= max_bytes {
            return Ok(());
        }
        let what = "repeating the optics block for each particle".to_owned();
        let limit = max_bytes;
        let error = Error::new(ErrorKind::OverLimit {
            what,
            needed,
            limit,
        });
        Err(error.fix("remove columns of data_optics that are not needed"))
    }

    pub(super) fn row(&self, particle: usize) -> usize {
        self.rows.get(particle).copied().unwrap_or(0)
    }
}
