//! Text into blocks, single values and tables.

use std::{collections::HashSet, sync::Arc};

use super::{
    block::{Block, Item, Pair},
    cells::Cells,
    rows::{broken_value, line_number, scan},
    table::{Column, Label, Loop},
    token::{bare_end, next_line, opens_block, skip_blanks, value_end},
};
use crate::{Error, text::shorten};

/// Most columns of a table; particle tables have some fifty.
const MAX_COLUMNS: usize = 4096;

/// The blocks of a document, and where the text after the last one starts.
pub(super) fn parse(text: &Arc<String>) -> Result<(Vec<Block>, usize), Error> {
    // A byte order mark stays in front of the first block.
    let at = if text.starts_with('\u{feff}') { 3 } else { 0 };
    let mut parser = Parser {
        text,
        at,
        lead: 0,
        blocks: Vec::new(),
        block_names: HashSet::new(),
        names: HashSet::new(),
    };
    while parser.step()? {}
    if parser.blocks.is_empty() {
        return Err(
            Error::missing("block: a STAR file has a line data_NAME", "none")
                .fix("check that this is a STAR file"),
        );
    }
    Ok((parser.blocks, parser.lead))
}

struct Parser<'a> {
    text: &'a Arc<String>,
    at: usize,
    /// Where the text that belongs to nothing yet starts.
    lead: usize,
    blocks: Vec<Block>,
    block_names: HashSet<&'a str>,
    /// Names in the current block.
    names: HashSet<&'a str>,
}

impl<'a> Parser<'a> {
    /// Reads what the next line starts; `false` at the end.
    fn step(&mut self) -> Result<bool, Error> {
        let bytes = self.text.as_bytes();
        let word = skip_blanks(bytes, self.at);
        match bytes.get(word) {
            None => return Ok(false),
            Some(b'\n') => self.at = word + 1,
            Some(b'#') => self.at = next_line(self.text, word),
            Some(_) => {
                let end = bare_end(bytes, word);
                match &self.text[word..end] {
                    name if name.starts_with("data_") => self.block(word, end)?,
                    _ if self.blocks.is_empty() => {
                        let got = format!("{:?}", shorten(&self.text[word..end]));
                        return Err(
                            Error::unexpected("first word", "data_NAME or a comment", got)
                                .at_line(self.line(word))
                                .fix("check that this is a STAR file"),
                        );
                    }
                    "loop_" => self.table(end)?,
                    name if name.starts_with('_') => self.pair(word, end)?,
                    other => {
                        let got = format!("{:?}", shorten(other));
                        return Err(Error::unexpected(
                            "line",
                            "data_, loop_ or a name that starts with _",
                            got,
                        )
                        .at_line(self.line(word))
                        .fix("values belong after a name or into the rows of a loop"));
                    }
                }
            }
        }
        Ok(true)
    }

    fn block(&mut self, word: usize, end: usize) -> Result<(), Error> {
        self.nothing_after(end, "line of the block")?;
        let name = &self.text[word + "data_".len()..end];
        if !self.block_names.insert(name) {
            return Err(self.duplicate("block", "data_", name, word));
        }
        // Clearing would take as long as the largest block before this one.
        self.names = HashSet::new();
        let header = self.at..next_line(self.text, end);
        self.blocks.push(Block {
            name: name.to_owned(),
            text: Arc::clone(self.text),
            lead: self.lead..header.start,
            header: header.clone(),
            items: Vec::new(),
        });
        self.advance(header.end);
        Ok(())
    }

    fn pair(&mut self, word: usize, end: usize) -> Result<(), Error> {
        let bytes = self.text.as_bytes();
        let name = self.name(word, end)?;
        let mut value = skip_blanks(bytes, end);
        if bytes.get(value) == Some(&b'\n') && opens_block(bytes, value + 1) {
            value += 1;
        }
        if matches!(bytes.get(value), None | Some(b'\n' | b'#')) {
            return Err(Error::unexpected(
                format!("value of {name}"),
                "one value after the name",
                "none",
            )
            .at_line(self.line(word))
            .fix("give it a value, \"\" for an empty one"));
        }
        let broken = |broken| broken_value(broken).at_line(self.line(value));
        let value = value..value_end(bytes, value).map_err(broken)?;
        self.nothing_after(value.end, "line of a single value")?;
        let line = self.at..next_line(self.text, value.end);
        let lead = self.lead..line.start;
        let next = line.end;
        let name = name.to_owned();
        self.push(Item::Pair(Pair {
            name,
            lead,
            line,
            value,
            own: None,
        }));
        self.advance(next);
        Ok(())
    }

    fn table(&mut self, end: usize) -> Result<(), Error> {
        self.nothing_after(end, "line of loop_")?;
        let lead = self.lead..self.at;
        let opening = self.at..next_line(self.text, end);
        self.advance(opening.end);
        let opened = opening.start;
        let mut columns: Vec<Column> = Vec::new();
        while let Some((name, label)) = self.label()? {
            if columns.len() == MAX_COLUMNS {
                let most = format!("at most {MAX_COLUMNS}");
                return Err(Error::unexpected("columns of the loop", most, "more")
                    .at_line(self.line(opened)));
            }
            let place = Some(columns.len());
            let name = name.to_owned();
            columns.push(Column {
                name,
                place,
                label: Some(label),
                replaced: false,
                own: Cells::default(),
            });
        }
        let width = columns.len();
        if width == 0 {
            return Err(
                Error::unexpected("loop_", "names of columns", "none").at_line(self.line(opened))
            );
        }
        let rows = scan(self.text, self.lead, width)?;
        let body = self.lead..rows.end;
        let next = body.end;
        let table = Loop {
            text: Arc::clone(self.text),
            lead,
            opening,
            columns,
            file_rows: rows.starts.len() / width,
            rows: rows.starts.len() / width,
            body,
            starts: rows.starts,
            width,
            removed: 0,
        };
        self.push(Item::Loop(Box::new(table)));
        self.advance(next);
        Ok(())
    }

    /// The next name of a column with what stands before it and its line.
    fn label(&mut self) -> Result<Option<(&'a str, Label)>, Error> {
        let bytes = self.text.as_bytes();
        loop {
            let word = skip_blanks(bytes, self.at);
            match bytes.get(word) {
                Some(b'\n') => self.at = word + 1,
                Some(b'#') => self.at = next_line(self.text, word),
                Some(b'_') => {
                    let end = bare_end(bytes, word);
                    let name = self.name(word, end)?;
                    self.nothing_after(end, "line of a column")?;
                    let line = self.at..next_line(self.text, end);
                    let lead = self.lead..line.start;
                    self.advance(line.end);
                    return Ok(Some((name, Label { lead, line })));
                }
                _ => {
                    self.at = self.lead;
                    return Ok(None);
                }
            }
        }
    }

    fn name(&mut self, word: usize, end: usize) -> Result<&'a str, Error> {
        let name = &self.text[word + 1..end];
        if name.is_empty() {
            return Err(
                Error::unexpected("name", "letters after _", "none").at_line(self.line(word))
            );
        }
        match self.names.insert(name) {
            true => Ok(name),
            false => Err(self.duplicate("name in the block", "_", name, word)),
        }
    }

    fn nothing_after(&self, end: usize, what: &str) -> Result<(), Error> {
        let bytes = self.text.as_bytes();
        let after = skip_blanks(bytes, end);
        if matches!(bytes.get(after), None | Some(b'\n' | b'#')) {
            return Ok(());
        }
        let got = format!("{:?}", shorten(&self.text[after..bare_end(bytes, after)]));
        Err(Error::unexpected(what, "nothing more than a comment", got)
            .at_line(self.line(after))
            .fix("put it on a line of its own, or put quotes around values with spaces"))
    }

    fn duplicate(&self, what: &str, prefix: &str, name: &str, at: usize) -> Error {
        Error::unexpected(
            what,
            "each name once",
            format!("{prefix}{} again", shorten(name)),
        )
        .at_line(self.line(at))
        .fix("rename or remove one of the two")
    }

    fn push(&mut self, item: Item) {
        if let Some(block) = self.blocks.last_mut() {
            if block.items.is_empty() {
                // A vector would start with room for four, which most blocks never use.
                block.items.reserve_exact(1);
            }
            block.items.push(item);
        }
    }

    fn advance(&mut self, to: usize) {
        self.at = to;
        self.lead = to;
    }

    fn line(&self, at: usize) -> usize {
        line_number(self.text, at)
    }
}
