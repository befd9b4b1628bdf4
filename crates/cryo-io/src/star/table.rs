use std::{fmt::Display, ops::Range, sync::Arc};

use super::{
    cells::Cells,
    rows::line_number,
    token::{quoted, unquoted, value_end},
    view::ColumnView,
};
use crate::{Error, text::shorten};

/// A table of a [`Block`](super::Block): `loop_`, the names of its columns, one row a line.
///
/// Values stay in the text of the file; they are read as numbers when asked for. Names are without
/// the leading underscore.
#[derive(Debug, Clone, Default)]
pub struct Loop {
    pub(super) text: Arc<String>,
    /// What stands before `loop_`.
    pub(super) lead: Range<usize>,
    /// The line `loop_`.
    pub(super) opening: Range<usize>,
    pub(super) columns: Vec<Column>,
    /// From the first row up to the end of the last.
    pub(super) body: Range<usize>,
    /// Where each value of the file starts in `body`, row by row.
    pub(super) starts: Vec<u32>,
    /// Number of values in a row of the file.
    pub(super) width: usize,
    /// Number of rows that stand in the file.
    pub(super) file_rows: usize,
    pub(super) rows: usize,
    /// Number of columns that came with the file and were removed.
    pub(super) removed: usize,
}

#[derive(Debug, Clone)]
pub(super) struct Column {
    pub name: String,
    /// Its place in the rows of the file.
    pub place: Option<usize>,
    pub label: Option<Label>,
    /// Whether `own` holds all values rather than those of pushed rows.
    pub replaced: bool,
    pub own: Cells,
}

/// Where the name of a column stands in the file.
#[derive(Debug, Clone)]
pub(super) struct Label {
    /// What stands before its line.
    pub lead: Range<usize>,
    pub line: Range<usize>,
}

impl Loop {
    /// A table without columns.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Names of the columns in order.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.columns.iter().map(|column| column.name.as_str())
    }

    /// Whether there is a column of this name.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.position(name).is_some()
    }

    /// The column of this name.
    ///
    /// # Errors
    /// [`Missing`](crate::ErrorKind::Missing), with the names that there are.
    pub fn column(&self, name: &str) -> Result<ColumnView<'_>, Error> {
        match self.position(name) {
            Some(column) => Ok(ColumnView {
                table: self,
                column,
            }),
            None => {
                let names: Vec<&str> = self.names().collect();
                let available = match names.is_empty() {
                    true => "none".to_owned(),
                    false => names.join(", "),
                };
                Err(Error::missing(format!("column {name}"), available))
            }
        }
    }

    /// The column of this name, if there is one.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<ColumnView<'_>> {
        let column = self.position(name)?;
        Some(ColumnView {
            table: self,
            column,
        })
    }

    /// The column of this name as finite numbers.
    ///
    /// # Errors
    /// As [`Loop::column`] and [`ColumnView::to_f64`].
    pub fn column_f64(&self, name: &str) -> Result<Vec<f64>, Error> {
        self.column(name)?.to_f64()
    }

    /// The column of this name as whole numbers.
    ///
    /// # Errors
    /// As [`Loop::column`] and [`ColumnView::to_i64`].
    pub fn column_i64(&self, name: &str) -> Result<Vec<i64>, Error> {
        self.column(name)?.to_i64()
    }

    /// The values of the column of this name, without quotes.
    ///
    /// # Errors
    /// As [`Loop::column`].
    pub fn column_str(&self, name: &str) -> Result<Vec<&str>, Error> {
        Ok(self.column(name)?.iter().collect())
    }

    /// Gives a column new values, or adds it as the last one.
    ///
    /// In a row of a file only the value changes; blanks and comments stay.
    ///
    /// # Errors
    /// [`Parameter`](crate::ErrorKind::Parameter) unless there is one value a row (any number for the
    /// first column), for a name that is no STAR name, and for a value that STAR cannot hold: one
    /// with a line that starts with `;`.
    pub fn set_column(
        &mut self,
        name: &str,
        values: impl IntoIterator<Item = impl Display>,
    ) -> Result<(), Error> {
        check_name(name)?;
        let own = Cells::collect(values);
        let first = self.columns.is_empty() && self.rows == 0;
        if own.len() != self.rows && !first {
            let got = own.len().to_string();
            return Err(Error::parameter(
                format!("values of column {name}"),
                self.rows.to_string(),
                got,
            ));
        }
        for index in 0..own.len() {
            check_value(own.get(index))?;
        }
        self.rows = own.len();
        match self.position(name) {
            Some(at) => {
                self.columns[at].own = own;
                self.columns[at].replaced = true;
            }
            None => self.columns.push(Column {
                name: name.to_owned(),
                place: None,
                label: None,
                replaced: true,
                own,
            }),
        }
        Ok(())
    }

    /// Removes a column, and says whether there was one.
    ///
    /// The rows of a table go with its last column.
    pub fn remove_column(&mut self, name: &str) -> bool {
        let Some(at) = self.position(name) else {
            return false;
        };
        if self.columns.remove(at).place.is_some() {
            self.removed += 1;
        }
        if self.columns.is_empty() {
            self.rows = 0;
            self.file_rows = 0;
            self.starts = Vec::new();
        }
        true
    }

    /// Gives a column another name.
    ///
    /// # Errors
    /// [`Missing`](crate::ErrorKind::Missing) without `from`,
    /// [`Parameter`](crate::ErrorKind::Parameter) if `to` is there already or is no STAR name.
    pub fn rename_column(&mut self, from: &str, to: &str) -> Result<(), Error> {
        check_name(to)?;
        let at = self.column(from)?.column;
        if from != to && self.has(to) {
            return Err(Error::parameter(
                "column name",
                "one that is not taken",
                format!("{to:?}"),
            ));
        }
        to.clone_into(&mut self.columns[at].name);
        Ok(())
    }

    /// Adds a row of one value a column.
    ///
    /// # Errors
    /// [`Parameter`](crate::ErrorKind::Parameter) for another number of values, or one that STAR cannot
    /// hold.
    pub fn push_row(&mut self, values: &[impl Display]) -> Result<(), Error> {
        if values.len() != self.columns.len() || values.is_empty() {
            let expected = self.columns.len().to_string();
            return Err(Error::parameter(
                "values of the row",
                expected,
                values.len().to_string(),
            ));
        }
        let values: Vec<String> = values.iter().map(ToString::to_string).collect();
        for value in &values {
            check_value(value)?;
        }
        for (column, value) in self.columns.iter_mut().zip(values) {
            column.own.push(value);
        }
        self.rows += 1;
        Ok(())
    }

    pub(super) fn is_as_read(&self) -> bool {
        self.width > 0
            && self.rows == self.file_rows
            && self.columns.len() == self.width
            && self.removed == 0
            && self.columns.iter().all(|column| !column.replaced)
    }

    pub(super) fn position(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    /// Where value `place` of row `row` stands in the file.
    pub(super) fn span(&self, row: usize, place: usize) -> Range<usize> {
        let start = self.body.start + self.starts[row * self.width + place] as usize;
        // The value was found to end when the file was read.
        let end = value_end(self.text.as_bytes(), start).unwrap_or(start);
        start..end
    }

    pub(super) fn value(&self, row: usize, column: usize) -> &str {
        let column = &self.columns[column];
        match column.place {
            Some(place) if !column.replaced => {
                if row < self.file_rows {
                    unquoted(&self.text[self.span(row, place)])
                } else {
                    column.own.get(row - self.file_rows)
                }
            }
            _ => column.own.get(row),
        }
    }

    /// The text from a value of the file on, quotes and all.
    pub(super) fn bytes_from(&self, row: usize, column: usize) -> Option<&[u8]> {
        let column = &self.columns[column];
        let place = column
            .place
            .filter(|_| !column.replaced && row < self.file_rows)?;
        let start = self.body.start + self.starts[row * self.width + place] as usize;
        self.text.as_bytes().get(start..)
    }

    /// The line of the file that a row stands on.
    pub(super) fn line(&self, row: usize) -> Option<usize> {
        (row < self.file_rows).then(|| line_number(&self.text, self.span(row, 0).start))
    }
}

pub(super) fn check_name(name: &str) -> Result<(), Error> {
    let valid = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic());
    if valid && !name.contains('#') {
        return Ok(());
    }
    Err(Error::parameter(
        "name",
        "printable ASCII without spaces and #",
        format!("{:?}", shorten(name)),
    ))
}

pub(super) fn check_value(value: &str) -> Result<(), Error> {
    match quoted(value) {
        Some(_) => Ok(()),
        None => Err(Error::parameter(
            "value",
            "text without a line that starts with ;",
            format!("{:?}", shorten(value)),
        )),
    }
}
