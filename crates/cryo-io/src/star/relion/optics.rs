use std::collections::HashMap;

use super::{
    super::{Document, Loop},
    names::{OPTICS_GROUP, OPTICS_GROUP_NAME},
};
use crate::{Error, text::shorten};

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

    pub(super) fn row(&self, particle: usize) -> usize {
        self.rows.get(particle).copied().unwrap_or(0)
    }
}
