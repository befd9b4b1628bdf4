//! Tables as text: what was read stays as it was, what was changed is put in its place.

use std::io;

use super::{
    sink::Sink,
    table::{Column, Loop},
    token::{is_space, quoted},
};

impl Loop {
    pub(super) fn write_to(&self, out: &mut Sink<'_>) -> io::Result<()> {
        if self.is_as_read()
            && self
                .columns
                .iter()
                .all(|column| self.label_is_as_read(column))
        {
            return out.put(&self.text[self.lead.start..self.body.end]);
        }
        if self.columns.is_empty() {
            return Ok(());
        }
        if self.opening.is_empty() {
            out.gap()?;
            out.put("loop_")?;
        } else {
            out.put(&self.text[self.lead.clone()])?;
            out.fresh_line()?;
            out.put(&self.text[self.opening.clone()])?;
        }
        out.fresh_line()?;
        for (index, column) in self.columns.iter().enumerate() {
            self.write_label(column, index, out)?;
        }
        self.write_file_rows(out)?;
        for row in self.file_rows..self.rows {
            out.fresh_line()?;
            self.write_row(row, out)?;
        }
        Ok(())
    }

    fn label_is_as_read(&self, column: &Column) -> bool {
        column.label.as_ref().is_some_and(|label| {
            let line = self.text[label.line.clone()].trim_start().strip_prefix('_');
            let end = |name: &str| name.bytes().position(is_space).unwrap_or(name.len());
            line.map(|name| &name[..end(name)]) == Some(column.name.as_str())
        })
    }

    fn write_label(&self, column: &Column, index: usize, out: &mut Sink<'_>) -> io::Result<()> {
        let mut number = true;
        if let Some(label) = &column.label {
            out.put(&self.text[label.lead.clone()])?;
            let line = &self.text[label.line.clone()];
            let comment = line.split_once('#').map(|(_, comment)| comment.trim());
            let stated = comment.and_then(|comment| comment.parse::<usize>().ok());
            // The number is the place of the column in the table, so it follows the edit.
            if self.label_is_as_read(column) && stated.is_none_or(|stated| stated == index + 1) {
                out.put(line)?;
                return out.fresh_line();
            }
            number = stated.is_some();
        }
        out.put("_")?;
        out.put(&column.name)?;
        if number {
            out.put(&format!(" #{}", index + 1))?;
        }
        out.end_line()
    }

    fn write_file_rows(&self, out: &mut Sink<'_>) -> io::Result<()> {
        // Which column stands at each place of the rows of the file.
        let mut at_place: Vec<Option<usize>> = vec![None; self.width];
        for (index, column) in self.columns.iter().enumerate() {
            if let Some(place) = column.place {
                at_place[place] = Some(index);
            }
        }
        let mut done = self.body.start;
        for row in 0..self.file_rows {
            let first = self.span(row, 0).start;
            let last = self.span(row, self.width - 1).end;
            out.put(&self.text[done..first])?;
            done = last;
            let on_one_line = !self.text[first..last].contains('\n')
                && (0..self.columns.len()).all(|column| !self.value(row, column).contains('\n'));
            if !on_one_line {
                self.write_values(row, out)?;
                continue;
            }
            self.splice(row, &at_place, out)?;
        }
        out.put(&self.text[done..self.body.end])
    }

    /// A row of the file with new values between its old blanks.
    fn splice(&self, row: usize, at_place: &[Option<usize>], out: &mut Sink<'_>) -> io::Result<()> {
        let mut done = self.span(row, 0).start;
        let mut written = false;
        for (place, column) in at_place.iter().enumerate() {
            let span = self.span(row, place);
            if let Some(column) = *column {
                if written {
                    out.put(&self.text[done..span.start])?;
                }
                if self.columns[column].replaced {
                    out.put(&quoted(self.value(row, column)).unwrap_or_default())?;
                } else {
                    let raw = &self.text[span.clone()];
                    // What may stand bare within a row may not begin one.
                    let exposed = !written && place > 0 && !raw.starts_with(['"', '\'']);
                    out.put(&if exposed {
                        quoted(raw).unwrap_or_default()
                    } else {
                        raw.into()
                    })?;
                }
                written = true;
            }
            done = span.end;
        }
        for column in (0..self.columns.len()).filter(|&column| self.columns[column].place.is_none())
        {
            if written {
                out.put(" ")?;
            }
            out.put(&quoted(self.value(row, column)).unwrap_or_default())?;
            written = true;
        }
        Ok(())
    }

    fn write_row(&self, row: usize, out: &mut Sink<'_>) -> io::Result<()> {
        self.write_values(row, out)?;
        out.fresh_line()
    }

    fn write_values(&self, row: usize, out: &mut Sink<'_>) -> io::Result<()> {
        for column in 0..self.columns.len() {
            // Values that cannot be quoted are refused when they are set.
            let value = quoted(self.value(row, column)).unwrap_or_default();
            if value.starts_with(';') {
                out.fresh_line()?;
                out.put(&value)?;
                if column + 1 < self.columns.len() {
                    out.end_line()?;
                }
                continue;
            }
            if column > 0 && !out.is_at_line_start() {
                out.put(" ")?;
            }
            out.put(&value)?;
        }
        Ok(())
    }
}
