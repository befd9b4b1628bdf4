use std::{fmt, io::Write, path::Path, sync::Arc};

use super::{block::Block, parse::parse, sink::Sink, table::check_name};
use crate::{
    Error, Finding, Overwrite,
    text::{decode, read_bytes},
    write_atomic,
};

/// A STAR file: blocks with single values and tables.
///
/// Lossless: what is not changed is written as it was read, byte for byte, with comments, blanks,
/// quotes, line ends and the spelling of numbers. The text is kept once, with 4 bytes a table value.
///
/// Strict: a row with a value too many or too few, a name given twice and text outside of a block
/// are errors with their line, never lost silently. A row is one line, except around `;` blocks. Blank
/// lines and comments may stand anywhere. UTF-16 is read and written back as UTF-8.
///
/// Format: Hall & Spadaccini 1994 (doi 10.1021/ci00019a005), as narrowed by RELION
/// (`src/metadata_table.cpp`) and Python `starfile`; save frames and nested loops are not read.
///
/// ```
/// use cryo_io::star::Document;
/// let text = "data_particles\n\nloop_\n_rlnTomoName #1\n_rlnCoordinateX #2\nts_1  10.50\nts_2   7.25\n";
/// let mut document = Document::parse(text)?;
/// let table = document.require("particles")?.require_table()?;
/// assert_eq!(table.column_f64("rlnCoordinateX")?, [10.5, 7.25]);
/// assert_eq!(document.to_string(), text);
///
/// let table = document.block_mut("particles").and_then(|block| block.table_mut()).unwrap();
/// table.set_column("rlnCoordinateX", [11.5, 8.25])?;
/// assert_eq!(document.to_string(), text.replace("10.50", "11.5").replace("7.25", "8.25"));
/// # Ok::<(), cryo_io::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Document {
    text: Arc<String>,
    comments: Vec<String>,
    blocks: Vec<Block>,
    /// Where the text after the last block starts.
    tail: usize,
}

impl Document {
    /// A document without blocks.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads a document from the bytes of a file.
    ///
    /// # Errors
    /// [`Unexpected`](crate::ErrorKind::Unexpected), [`Missing`](crate::ErrorKind::Missing) with the line,
    /// [`OverLimit`](crate::ErrorKind::OverLimit) for a table of 4 GiB or more.
    pub fn parse(bytes: impl Into<Vec<u8>>) -> Result<Self, Error> {
        let bytes = bytes.into();
        let text = match bytes.as_slice() {
            [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => decode(&bytes)?.into_owned(),
            _ => String::from_utf8(bytes).map_err(|error| match decode(error.as_bytes()) {
                Err(error) => error,
                Ok(_) => Error::unexpected("text", "UTF-8", "other bytes"),
            })?,
        };
        let text = Arc::new(text);
        let (blocks, tail) = parse(&text)?;
        Ok(Self {
            text,
            comments: Vec::new(),
            blocks,
            tail,
        })
    }

    /// Reads a file of at most `max_bytes`.
    ///
    /// # Errors
    /// As [`Document::parse`]; [`Io`](crate::ErrorKind::Io), [`OverLimit`](crate::ErrorKind::OverLimit).
    pub fn read(path: impl AsRef<Path>, max_bytes: u64) -> Result<Self, Error> {
        let path = path.as_ref();
        let bytes = read_bytes(path, max_bytes)?;
        Self::parse(bytes).map_err(|error| error.in_file(path))
    }

    /// Writes the document through a temporary file.
    ///
    /// # Errors
    /// As [`write_atomic`].
    pub fn write(&self, path: impl AsRef<Path>, overwrite: Overwrite) -> Result<(), Error> {
        write_atomic(path.as_ref(), overwrite, |out| self.write_to(out))
    }

    /// Writes the text of the document.
    ///
    /// # Errors
    /// [`Io`](crate::ErrorKind::Io).
    pub fn write_to(&self, out: &mut impl Write) -> Result<(), Error> {
        let first_line = self.text.split_inclusive('\n').next().unwrap_or_default();
        let newline = if first_line.ends_with("\r\n") {
            "\r\n"
        } else {
            "\n"
        };
        let mut out = Sink::new(out, newline);
        for line in &self.comments {
            out.put("# ")?;
            out.put(line)?;
            out.end_line()?;
        }
        for block in &self.blocks {
            block.write_to(&mut out)?;
        }
        out.put(&self.text[self.tail..])?;
        Ok(())
    }

    /// Puts a comment of one or more lines above everything else.
    pub fn add_comment(&mut self, comment: &str) {
        self.comments.extend(comment.lines().map(str::to_owned));
    }

    /// The blocks in order.
    #[must_use]
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// The block of this name, empty for `data_` alone.
    #[must_use]
    pub fn block(&self, name: &str) -> Option<&Block> {
        self.blocks.iter().find(|block| block.name() == name)
    }

    /// The block of this name for editing.
    pub fn block_mut(&mut self, name: &str) -> Option<&mut Block> {
        self.blocks.iter_mut().find(|block| block.name() == name)
    }

    /// The block of this name.
    ///
    /// # Errors
    /// [`Missing`](crate::ErrorKind::Missing), with the names that there are.
    pub fn require(&self, name: &str) -> Result<&Block, Error> {
        self.block(name).ok_or_else(|| {
            let names: Vec<String> = self
                .blocks
                .iter()
                .map(|block| format!("data_{}", block.name()))
                .collect();
            Error::missing(format!("block data_{name}"), names.join(", "))
        })
    }

    /// Adds an empty block as the last one.
    ///
    /// # Errors
    /// [`Parameter`](crate::ErrorKind::Parameter) for a name that is taken or is no STAR name.
    pub fn add_block(&mut self, name: &str) -> Result<&mut Block, Error> {
        if !name.is_empty() {
            check_name(name)?;
        }
        if self.block(name).is_some() {
            return Err(Error::parameter(
                "block name",
                "one that is not taken",
                format!("{name:?}"),
            ));
        }
        let at = self.blocks.len();
        self.blocks.push(Block {
            name: name.to_owned(),
            ..Block::default()
        });
        Ok(&mut self.blocks[at])
    }

    /// Removes a block with what stands before it, and says whether there was one.
    pub fn remove_block(&mut self, name: &str) -> bool {
        let before = self.blocks.len();
        self.blocks.retain(|block| block.name() != name);
        self.blocks.len() < before
    }

    /// What a reader should know about the bytes of a STAR file; see [`validate`](super::validate).
    #[must_use]
    pub fn validate(bytes: &[u8]) -> Vec<Finding> {
        super::validate(bytes)
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = Vec::new();
        self.write_to(&mut bytes).map_err(|_| fmt::Error)?;
        f.write_str(std::str::from_utf8(&bytes).map_err(|_| fmt::Error)?)
    }
}
