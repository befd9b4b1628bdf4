use std::path::Path;

use crate::{Error, text::shorten};

/// What separates the fields of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Separator {
    /// A tab.
    Tab,
    /// A comma.
    Comma,
    /// A semicolon, as spreadsheets write in some countries.
    Semicolon,
    /// Any number of blanks; no quoting.
    Blanks,
}

impl Separator {
    /// That of a table's header line: the first of tab, comma and semicolon that is in it.
    #[must_use]
    pub fn of_header(line: &str) -> Self {
        [Self::Tab, Self::Comma, Self::Semicolon]
            .into_iter()
            .find(|separator| line.contains(separator.byte() as char))
            .unwrap_or(Self::Blanks)
    }

    /// That of files with this extension: tabs for `.tsv` and `.txt`, else commas.
    #[must_use]
    pub fn of_path(path: &Path) -> Self {
        let extension = path.extension().map(std::ffi::OsStr::to_ascii_lowercase);
        match extension.as_deref().and_then(|e| e.to_str()) {
            Some("tsv" | "txt" | "tab") => Self::Tab,
            _ => Self::Comma,
        }
    }

    pub(super) fn byte(self) -> u8 {
        match self {
            Self::Tab => b'\t',
            Self::Comma => b',',
            Self::Semicolon => b';',
            Self::Blanks => b' ',
        }
    }
}

/// The header line of a table: the first that is neither blank nor a comment.
pub(super) fn header_line(text: &str) -> Option<&str> {
    let mut lines = text.lines();
    lines.find(|line| !line.trim().is_empty() && !line.starts_with('#'))
}

/// Calls `row` with the line and the fields of each row, the header first.
pub(super) fn for_each_row(
    text: &str,
    separator: Separator,
    mut row: impl FnMut(usize, &[&str]) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut width = None;
    let mut checked = |line: usize, fields: &[&str]| {
        let expected = *width.get_or_insert(fields.len());
        if fields.len() != expected {
            let expected = format!("{expected} as in the header");
            let first = fields.first().copied().unwrap_or_default();
            let got = format!("{} from {:?} on", fields.len(), shorten(first));
            return Err(Error::unexpected("fields", expected, got)
                .at_line(line)
                .fix("put fields that contain the separator between double quotes"));
        }
        row(line, fields).map_err(|error| error.at_line(line))
    };
    if separator == Separator::Blanks {
        let lines = text.lines().enumerate();
        for (index, line) in lines.filter(|(_, line)| !line.starts_with('#')) {
            let fields: Vec<&str> = line.split_whitespace().collect();
            if !fields.is_empty() {
                checked(index + 1, &fields)?;
            }
        }
        return Ok(());
    }
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(separator.byte())
        .comment(Some(b'#'))
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let mut record = csv::StringRecord::new();
    loop {
        let more = reader.read_record(&mut record).map_err(|error| {
            let error = Error::unexpected("table", "rows of fields", error.to_string());
            error.fix("check the quotes")
        })?;
        if !more {
            return Ok(());
        }
        let line = record.position().map_or(0, csv::Position::line);
        let fields: Vec<&str> = record.iter().collect();
        // A line of blanks only is not empty for the parser.
        if fields.iter().any(|field| !field.is_empty()) {
            checked(usize::try_from(line).unwrap_or(usize::MAX), &fields)?;
        }
    }
}
