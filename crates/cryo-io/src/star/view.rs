use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;

use super::{number::plain_decimal, table::Loop};
use crate::{
    Error,
    text::{finite, shorten},
};

/// Rows that a thread reads at least.
const GRAIN: usize = 4096;

/// One column of a [`Loop`].
#[derive(Debug, Clone, Copy)]
pub struct ColumnView<'a> {
    pub(super) table: &'a Loop,
    pub(super) column: usize,
}

impl<'a> ColumnView<'a> {
    /// Its name, without the leading underscore.
    #[must_use]
    pub fn name(&self) -> &'a str {
        &self.table.columns[self.column].name
    }

    /// The value in a row, without quotes.
    ///
    /// # Panics
    /// If there is no such row.
    #[must_use]
    pub fn get(&self, row: usize) -> &'a str {
        self.table.value(row, self.column)
    }

    /// The values from the first row to the last, without quotes.
    pub fn iter(self) -> impl ExactSizeIterator<Item = &'a str> {
        (0..self.table.len()).map(move |row| self.table.value(row, self.column))
    }

    /// The values as finite numbers. Parallel.
    ///
    /// # Errors
    /// [`Unexpected`](crate::ErrorKind::Unexpected) with the line of the first value that is none.
    pub fn to_f64(&self) -> Result<Vec<f64>, Error> {
        self.map_rows(|row| self.number(row))
            .map_err(|row| self.no_number(row))
    }

    pub(super) fn number(&self, row: usize) -> Option<f64> {
        let plain = self
            .table
            .bytes_from(row, self.column)
            .and_then(plain_decimal);
        plain.or_else(|| {
            let value: Result<f64, _> = self.get(row).parse();
            value.ok().filter(|value| value.is_finite())
        })
    }

    pub(super) fn no_number(&self, row: usize) -> Error {
        let found = finite(self.name(), self.get(row));
        self.error_at(row, found.err())
    }

    /// The values as whole numbers; `3.0` counts as one. Parallel.
    ///
    /// # Errors
    /// [`Unexpected`](crate::ErrorKind::Unexpected) with the line of the first value that is none.
    pub fn to_i64(&self) -> Result<Vec<i64>, Error> {
        self.map(whole).map_err(|row| {
            let got = format!("{:?}", shorten(self.get(row)));
            let error = Error::unexpected(self.name(), "a whole number", got);
            self.error_at(row, Some(error))
        })
    }

    /// What `read` makes of each value, or the first row of which it makes nothing.
    pub(super) fn map<T: Copy + Default + Send>(
        &self,
        read: impl Fn(&str) -> Option<T> + Sync,
    ) -> Result<Vec<T>, usize> {
        self.map_rows(|row| read(self.get(row)))
    }

    fn map_rows<T: Copy + Default + Send>(
        &self,
        read: impl Fn(usize) -> Option<T> + Sync,
    ) -> Result<Vec<T>, usize> {
        let first_bad = AtomicUsize::new(usize::MAX);
        let rows = (0..self.table.len()).into_par_iter().with_min_len(GRAIN);
        // An indexed collection writes each value once; collecting options would copy them all.
        let values = rows.map(|row| {
            read(row).unwrap_or_else(|| {
                first_bad.fetch_min(row, Ordering::Relaxed);
                T::default()
            })
        });
        let values = values.collect();
        match first_bad.into_inner() {
            usize::MAX => Ok(values),
            row => Err(row),
        }
    }

    /// `error` with the place of a row.
    pub(crate) fn error_at(&self, row: usize, error: Option<Error>) -> Error {
        let error = error.unwrap_or_else(|| {
            let got = format!("{:?}", shorten(self.get(row)));
            Error::unexpected(self.name(), "a value", got)
        });
        match self.table.line(row) {
            Some(line) => error.at_line(line),
            None => error,
        }
    }
}

fn whole(field: &str) -> Option<i64> {
    field.parse().ok().or_else(|| {
        let value: f64 = field.parse().ok()?;
        // Beyond 2^53 not every whole number has a float.
        (value.fract() == 0.0 && value.abs() < 9e15).then_some(value as i64)
    })
}
