use std::{fmt::Display, io, ops::Range, sync::Arc};

use super::{
    sink::Sink,
    table::{Loop, check_name, check_value},
    token::{quoted, unquoted},
};
use crate::Error;

/// A block of a [`Document`](super::Document): what follows `data_NAME`, single values and tables.
#[derive(Debug, Clone, Default)]
pub struct Block {
    pub(super) name: String,
    pub(super) text: Arc<String>,
    /// What stands before the line `data_NAME`.
    pub(super) lead: Range<usize>,
    pub(super) header: Range<usize>,
    pub(super) items: Vec<Item>,
}

#[derive(Debug, Clone)]
pub(super) enum Item {
    Pair(Pair),
    // Boxed, so that many single values stay small.
    Loop(Box<Loop>),
}

/// A name with one value.
#[derive(Debug, Clone, Default)]
pub(super) struct Pair {
    pub name: String,
    /// What stands before the line of the name.
    pub lead: Range<usize>,
    /// From the start of that line to the end of the line on which the value ends.
    pub line: Range<usize>,
    /// The value as it stands in the file.
    pub value: Range<usize>,
    pub own: Option<String>,
}

impl Block {
    /// The name, empty for `data_` alone.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The first table, if any. RELION's blocks have at most one.
    #[must_use]
    pub fn table(&self) -> Option<&Loop> {
        self.tables().next()
    }

    /// The first table for editing, if any.
    pub fn table_mut(&mut self) -> Option<&mut Loop> {
        self.items.iter_mut().find_map(|item| match item {
            Item::Loop(table) => Some(&mut **table),
            Item::Pair(_) => None,
        })
    }

    /// All tables in order.
    pub fn tables(&self) -> impl Iterator<Item = &Loop> {
        self.items.iter().filter_map(|item| match item {
            Item::Loop(table) => Some(&**table),
            Item::Pair(_) => None,
        })
    }

    /// The first table.
    ///
    /// # Errors
    /// [`Missing`](crate::ErrorKind::Missing).
    pub fn require_table(&self) -> Result<&Loop, Error> {
        let available = || format!("{} single values", self.pairs().count());
        let what = || format!("table in block data_{}", self.name);
        self.table()
            .ok_or_else(|| Error::missing(what(), available()))
    }

    /// Puts a table after what the block holds.
    pub fn add_table(&mut self, table: Loop) {
        self.items.push(Item::Loop(Box::new(table)));
    }

    /// Names and values outside of tables, in order.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.items.iter().filter_map(|item| match item {
            Item::Pair(pair) => Some((pair.name.as_str(), pair.value(&self.text))),
            Item::Loop(_) => None,
        })
    }

    /// The single value of this name.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        self.pairs()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value)
    }

    /// Gives a single value a new value, or adds it before the first table.
    ///
    /// # Errors
    /// [`Parameter`](crate::ErrorKind::Parameter) for a name that is no STAR name and a value that
    /// STAR cannot hold.
    pub fn set_value(&mut self, name: &str, value: impl Display) -> Result<(), Error> {
        check_name(name)?;
        let value = value.to_string();
        check_value(&value)?;
        let known = self.items.iter_mut().find_map(|item| match item {
            Item::Pair(pair) if pair.name == name => Some(pair),
            _ => None,
        });
        if let Some(pair) = known {
            pair.own = Some(value);
            return Ok(());
        }
        let is_table = |item: &Item| matches!(item, Item::Loop(_));
        let at = self
            .items
            .iter()
            .position(is_table)
            .unwrap_or(self.items.len());
        let name = name.to_owned();
        let pair = Pair {
            name,
            own: Some(value),
            ..Pair::default()
        };
        self.items.insert(at, Item::Pair(pair));
        Ok(())
    }

    /// Removes a single value, and says whether there was one.
    pub fn remove_value(&mut self, name: &str) -> bool {
        let before = self.items.len();
        self.items
            .retain(|item| !matches!(item, Item::Pair(pair) if pair.name == name));
        self.items.len() < before
    }

    pub(super) fn write_to(&self, out: &mut Sink<'_>) -> io::Result<()> {
        if self.header.is_empty() {
            out.gap()?;
            out.put("data_")?;
            out.put(&self.name)?;
            out.end_line()?;
        } else {
            out.put(&self.text[self.lead.clone()])?;
            out.put(&self.text[self.header.clone()])?;
        }
        let mut after_pair = false;
        for item in &self.items {
            match item {
                Item::Pair(pair) => pair.write_to(&self.text, after_pair, out)?,
                Item::Loop(table) => table.write_to(out)?,
            }
            after_pair = matches!(item, Item::Pair(_));
        }
        Ok(())
    }
}

impl Pair {
    fn value<'a>(&'a self, text: &'a str) -> &'a str {
        match &self.own {
            Some(value) => value,
            None => unquoted(&text[self.value.clone()]),
        }
    }

    fn write_to(&self, text: &str, after_pair: bool, out: &mut Sink<'_>) -> io::Result<()> {
        let Some(value) = &self.own else {
            return out.put(&text[self.lead.start..self.line.end]);
        };
        // Values that cannot be quoted are refused when they are set.
        let value = quoted(value).unwrap_or_default();
        if self.line.is_empty() {
            match after_pair {
                true => out.fresh_line()?,
                false => out.gap()?,
            }
            out.put("_")?;
            out.put(&self.name)?;
            self.put_value(&value, out)?;
            return out.fresh_line();
        }
        out.put(&text[self.lead.start..self.line.start])?;
        let was_block = text.as_bytes()[self.value.start] == b';';
        if value.starts_with(';') || was_block {
            out.put("_")?;
            out.put(&self.name)?;
            self.put_value(&value, out)?;
        } else {
            out.put(&text[self.line.start..self.value.start])?;
            out.put(&value)?;
        }
        out.put(&text[self.value.end..self.line.end])
    }

    fn put_value(&self, value: &str, out: &mut Sink<'_>) -> io::Result<()> {
        match value.starts_with(';') {
            true => out.end_line()?,
            false => out.put("  ")?,
        }
        out.put(value)
    }
}
