use std::io::{self, Write};

/// Where a document is written, which knows whether a line is open.
pub(super) struct Sink<'a> {
    out: &'a mut dyn Write,
    last: Option<u8>,
    pub newline: &'static str,
}

impl<'a> Sink<'a> {
    pub(super) fn new(out: &'a mut dyn Write, newline: &'static str) -> Self {
        Self {
            out,
            last: None,
            newline,
        }
    }

    pub(super) fn put(&mut self, text: &str) -> io::Result<()> {
        if let Some(&last) = text.as_bytes().last() {
            self.last = Some(last);
            self.out.write_all(text.as_bytes())?;
        }
        Ok(())
    }

    pub(super) fn end_line(&mut self) -> io::Result<()> {
        let newline = self.newline;
        self.put(newline)
    }

    /// Ends the line if one is open.
    pub(super) fn fresh_line(&mut self) -> io::Result<()> {
        match self.last {
            None | Some(b'\n') => Ok(()),
            Some(_) => self.end_line(),
        }
    }

    /// An empty line, unless nothing has been written.
    pub(super) fn gap(&mut self) -> io::Result<()> {
        if self.last.is_none() {
            return Ok(());
        }
        self.fresh_line()?;
        self.end_line()
    }

    pub(super) fn is_at_line_start(&self) -> bool {
        matches!(self.last, None | Some(b'\n'))
    }
}
