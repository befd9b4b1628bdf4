//! The rows of a loop: finds where each value starts, on all cores for large loops.

use rayon::prelude::*;

use super::token::{Broken, bare_end, line_end, next_line, opens_block, skip_blanks, value_end};
use crate::{Error, ErrorKind};

/// Lines are handed to a thread in pieces of about this many bytes.
const CHUNK: usize = 1 << 20;

/// The rows of one loop.
pub(super) struct Rows {
    /// Where each value starts, row by row, counted from the start of the body.
    pub starts: Vec<u32>,
    /// One past the line of the last row; the start of the body where there is no row.
    pub end: usize,
}

struct Part {
    starts: Vec<u32>,
    end: usize,
    /// The line that was not read any more.
    next: usize,
    stop: Stop,
}

enum Stop {
    /// The piece was read to its end.
    Run,
    /// What follows does not belong to the loop.
    Done,
    /// A `;` block: the rest is to be read in order, from the row that starts here.
    Block(usize),
}

/// Reads the rows of a loop of `columns` names whose body starts at `start`.
pub(super) fn scan(text: &str, start: usize, columns: usize) -> Result<Rows, Error> {
    let scanner = Scanner {
        text,
        base: start,
        columns,
    };
    let mut rows = Rows {
        starts: Vec::new(),
        end: start,
    };
    let mut at = start;
    let mut threads = 1;
    while at < text.len() {
        let pieces = match threads {
            // Its end is not looked for: a line of any length may lie there, behind any number of loops.
            1 => vec![(at, at.saturating_add(CHUNK).min(text.len()))],
            _ => pieces(text, at, threads),
        };
        let parts: Vec<Result<Part, Error>> = match pieces.as_slice() {
            [one] => vec![scanner.piece(*one, false)],
            many => many
                .par_iter()
                .map(|&piece| scanner.piece(piece, false))
                .collect(),
        };
        let mut next = at;
        for part in parts {
            let mut part = part?;
            next = part.next;
            if let Stop::Block(row) = part.stop {
                let rest = scanner.piece((row, text.len()), true)?;
                part.starts.extend(rest.starts);
                part.end = rest.end.max(part.end);
                part.stop = Stop::Done;
            }
            rows.take(part.starts, text.len() - at);
            rows.end = rows.end.max(part.end);
            if !matches!(part.stop, Stop::Run) {
                rows.starts.shrink_to_fit();
                return Ok(rows);
            }
        }
        at = next;
        // Small loops stay on one thread: what comes after them would be scanned for nothing.
        threads = 2 * rayon::current_num_threads();
    }
    rows.starts.shrink_to_fit();
    Ok(rows)
}

impl Rows {
    fn take(&mut self, starts: Vec<u32>, bytes_left: usize) {
        if self.starts.is_empty() {
            self.starts = starts;
            // The pieces that follow will be about as dense; growing step by step would need twice the memory.
            let expected =
                self.starts.len().saturating_mul(bytes_left / CHUNK) + self.starts.len() / 16;
            self.starts.reserve_exact(expected.min(bytes_left / 2));
        } else {
            self.starts.extend_from_slice(&starts);
        }
    }
}

/// Up to `count` ranges of whole lines from `at` on.
fn pieces(text: &str, mut at: usize, count: usize) -> Vec<(usize, usize)> {
    let mut pieces = Vec::with_capacity(count);
    while at < text.len() && pieces.len() < count {
        let end = next_line(text, at.saturating_add(CHUNK).min(text.len()));
        pieces.push((at, end));
        at = end;
    }
    pieces
}

struct Scanner<'a> {
    text: &'a str,
    base: usize,
    columns: usize,
}

impl Scanner<'_> {
    fn piece(&self, (from, to): (usize, usize), blocks: bool) -> Result<Part, Error> {
        let bytes = self.text.as_bytes();
        let mut part = Part {
            starts: Vec::new(),
            end: from,
            next: to,
            stop: Stop::Run,
        };
        let mut line = from;
        while line < to {
            let at = skip_blanks(bytes, line);
            match bytes.get(at) {
                None => line = bytes.len(),
                Some(b'\n') => line = at + 1,
                Some(b'#') => line = next_line(self.text, at),
                Some(b';') if !blocks && opens_block(bytes, at) => {
                    part.stop = Stop::Block(line);
                    return Ok(part);
                }
                Some(_) if self.ends_loop(at)? => {
                    part.stop = Stop::Done;
                    return Ok(part);
                }
                Some(_) => match self.row(at, blocks, &mut part.starts)? {
                    Some(next) => {
                        self.check_span(next)?;
                        line = next;
                        part.end = next;
                    }
                    None => {
                        part.stop = Stop::Block(line);
                        return Ok(part);
                    }
                },
            }
        }
        part.next = line;
        Ok(part)
    }

    /// Places are kept in 32 bits.
    fn check_span(&self, end: usize) -> Result<(), Error> {
        let needed = (end - self.base) as u64;
        let limit = u64::from(u32::MAX);
        if needed <= limit {
            return Ok(());
        }
        let what = "a loop".to_owned();
        let error = Error::new(ErrorKind::OverLimit {
            what,
            needed,
            limit,
        });
        Err(error.fix("split the table into several files"))
    }

    /// Whether the line whose first word is at `at` starts something else.
    fn ends_loop(&self, at: usize) -> Result<bool, Error> {
        let bytes = self.text.as_bytes();
        match bytes[at] {
            b'_' => return Ok(true),
            b'd' | b'l' => {}
            _ => return Ok(false),
        }
        let end = bare_end(bytes, at);
        let word = &self.text[at..end];
        if word == "loop_" {
            return Ok(true);
        }
        if !word.starts_with("data_") {
            return Ok(false);
        }
        let after = skip_blanks(bytes, end);
        if matches!(bytes.get(after), None | Some(b'\n' | b'#')) {
            return Ok(true);
        }
        Err(Error::unexpected(
            "row",
            "a value or the start of a block",
            format!("{word:?} and more"),
        )
        .at_line(line_number(self.text, at))
        .fix("put quotes around a value that begins with data_"))
    }

    /// The start of the line after the row, or `None` where a block has to be read in order.
    fn row(
        &self,
        first: usize,
        blocks: bool,
        starts: &mut Vec<u32>,
    ) -> Result<Option<usize>, Error> {
        let bytes = self.text.as_bytes();
        let before = starts.len();
        let mut at = first;
        let mut after_block = false;
        let next = loop {
            at = skip_blanks(bytes, at);
            let found = starts.len() - before;
            match bytes.get(at) {
                None => break bytes.len(),
                Some(b'#') => at = line_end(self.text, at),
                Some(b'\n') => {
                    let more = found < self.columns && (after_block || opens_block(bytes, at + 1));
                    if !more {
                        break at + 1;
                    }
                    if !blocks {
                        starts.truncate(before);
                        return Ok(None);
                    }
                    at += 1;
                }
                Some(&byte) => {
                    // `piece` refuses a row that ends more than 4 GiB from the start.
                    starts.push((at - self.base) as u32);
                    after_block = byte == b';' && opens_block(bytes, at);
                    at = match byte {
                        b'"' | b'\'' | b';' => {
                            value_end(bytes, at).map_err(|broken| self.broken(broken, at))?
                        }
                        _ => bare_end(bytes, at),
                    };
                }
            }
        };
        let found = starts.len() - before;
        if found == self.columns {
            return Ok(Some(next));
        }
        let expected = format!("{} values", self.columns);
        Err(Error::unexpected("row", expected, found.to_string())
            .at_line(line_number(self.text, first))
            .fix("give each row one value a column; put quotes around values with spaces"))
    }

    fn broken(&self, broken: Broken, at: usize) -> Error {
        broken_value(broken).at_line(line_number(self.text, at))
    }
}

pub(super) fn broken_value(broken: Broken) -> Error {
    match broken {
        Broken::Tail => Error::unexpected("text block", "a blank after the closing ;", "more text")
            .fix("put the next value on a line of its own"),
        Broken::Quote => {
            Error::unexpected("quoted value", "a closing quote on the same line", "none")
                .fix("close the quote, or put the value into the other kind of quotes")
        }
        Broken::Block => {
            Error::unexpected("text block", "a line that starts with ; after it", "none")
                .fix("close the text block")
        }
    }
}

/// The line, counted from 1, that byte `at` lies in.
pub(super) fn line_number(text: &str, at: usize) -> usize {
    let before = &text.as_bytes()[..at.min(text.len())];
    1 + before.iter().filter(|&&byte| byte == b'\n').count()
}
