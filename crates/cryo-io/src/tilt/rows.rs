use crate::Error;

/// Rows of numbers with the line that each stands on, blank lines left out.
pub(super) struct Rows<'a> {
    lines: std::iter::Enumerate<std::str::Lines<'a>>,
}

impl<'a> Rows<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            lines: text.lines().enumerate(),
        }
    }
}

impl<'a> Iterator for Rows<'a> {
    /// Line number from 1, trimmed line.
    type Item = (usize, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        self.lines
            .by_ref()
            .map(|(index, line)| (index + 1, line.trim()))
            .find(|(_, line)| !line.is_empty())
    }
}

/// Refuses a file without rows: an empty or misnamed file is more likely than an empty series.
pub(super) fn not_empty<T>(rows: Vec<T>, what: &str) -> Result<Vec<T>, Error> {
    if rows.is_empty() {
        return Err(
            Error::unexpected("file", format!("at least one {what}"), "none")
                .fix("check that it is the file you mean"),
        );
    }
    Ok(rows)
}
