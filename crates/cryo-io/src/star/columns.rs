use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;

use super::{table::Loop, view::ColumnView};
use crate::Error;

/// Rows that a thread reads at a time.
const GRAIN: usize = 4096;

impl Loop {
    /// Several columns as finite numbers, in one pass over the rows. Parallel.
    ///
    /// Quicker than one [`Loop::column_f64`] after the other, since the text is walked through once.
    ///
    /// # Errors
    /// As [`Loop::column`] and [`ColumnView::to_f64`].
    ///
    /// ```
    /// use cryo_io::star::Document;
    /// let document = Document::parse("data_\nloop_\n_x #1\n_name #2\n_y #3\n1.5 a 2\n-3 b 0.25\n")?;
    /// let [y, x] = document.require("")?.require_table()?.columns_f64(["y", "x"])?;
    /// assert_eq!((x, y), (vec![1.5, -3.0], vec![2.0, 0.25]));
    /// # Ok::<(), cryo_io::Error>(())
    /// ```
    pub fn columns_f64<const N: usize>(&self, names: [&str; N]) -> Result<[Vec<f64>; N], Error> {
        let views: Result<Vec<ColumnView<'_>>, Error> =
            names.into_iter().map(|name| self.column(name)).collect();
        let views = views?;
        let mut columns: [Vec<f64>; N] = std::array::from_fn(|_| vec![0.0; self.len()]);
        let pieces = self.len().div_ceil(GRAIN);
        let mut parts: Vec<Vec<&mut [f64]>> = (0..pieces).map(|_| Vec::with_capacity(N)).collect();
        for column in &mut columns {
            for (piece, part) in parts.iter_mut().zip(column.chunks_mut(GRAIN)) {
                piece.push(part);
            }
        }
        let first_bad = AtomicUsize::new(usize::MAX);
        parts
            .into_par_iter()
            .enumerate()
            .for_each(|(piece, mut parts)| {
                let start = piece * GRAIN;
                for row in start..(start + GRAIN).min(self.len()) {
                    for (column, (view, part)) in views.iter().zip(&mut parts).enumerate() {
                        match view.number(row) {
                            Some(value) => part[row - start] = value,
                            None => {
                                first_bad.fetch_min(row * N + column, Ordering::Relaxed);
                            }
                        }
                    }
                }
            });
        match first_bad.into_inner() {
            usize::MAX => Ok(columns),
            bad => Err(views[bad % N].no_number(bad / N)),
        }
    }
}
