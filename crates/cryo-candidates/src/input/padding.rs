//! Voxels that were never measured.

use std::ops::Range;

/// Equal neighbours in a row that no measurement gives: even with 8 bits and five grey levels of noise one row in 10⁵ has such a run by chance.
const LEAST_RUN: usize = 8;

/// Calls `visit` with the runs of equal values at the ends of a row that are at least [`LEAST_RUN`] long, from left to right.
///
/// Aligned and rotated tomograms are filled up with one value where no image reached.
pub(crate) fn padded_runs(row: &[f32], mut visit: impl FnMut(Range<usize>)) {
    let (Some(first), Some(last)) = (row.first(), row.last()) else {
        return;
    };
    let start = row.iter().take_while(|value| *value == first).count();
    if start >= LEAST_RUN {
        visit(0..start);
    }
    let end = row.iter().rev().take_while(|value| *value == last).count();
    if end >= LEAST_RUN && end < row.len() {
        visit(row.len() - end..row.len());
    }
}

/// Rows of padding, in the order of memory.
#[derive(Debug, Default)]
pub(crate) struct Padding {
    /// Number of the row, first and one past the last voxel.
    runs: Vec<(u64, u32, u32)>,
    rows_per_plane: u64,
}

impl Padding {
    pub(crate) fn new(rows_per_plane: usize) -> Self {
        Self {
            runs: Vec::new(),
            rows_per_plane: rows_per_plane as u64,
        }
    }

    /// Takes the runs of the next plane, which are sorted.
    pub(crate) fn extend(&mut self, plane: usize, runs: &[(u32, u32, u32)]) {
        let first = plane as u64 * self.rows_per_plane;
        let numbered = runs
            .iter()
            .map(|&(row, start, end)| (first + u64::from(row), start, end));
        self.runs.extend(numbered);
    }

    pub(crate) fn contains(&self, z: usize, y: usize, x: usize) -> bool {
        let row = z as u64 * self.rows_per_plane + y as u64;
        let after = self
            .runs
            .partition_point(|&(number, start, _)| (number, start as usize) <= (row, x));
        after > 0 && {
            let (number, _, end) = self.runs[after - 1];
            number == row && x < end as usize
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(row: &[f32]) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        padded_runs(row, |run| found.push(run));
        found
    }

    #[test]
    fn only_long_runs_are_padding() {
        let row = [&[1.0; 8][..], &[2.0; 9], &[4.0; 3], &[3.0; 9]].concat();
        assert_eq!(runs(&row), [0..8, 20..29]);
        let row = [1.0; 12];
        assert_eq!(runs(&row), std::slice::from_ref(&(0..12)));
        assert_eq!(runs(&[]), []);
        assert_eq!(runs(&[5.0; 7]), []);
    }

    #[test]
    fn padding_is_found_by_place() {
        let mut padding = Padding::new(10);
        padding.extend(0, &[(3, 0, 9), (3, 20, 30), (4, 5, 15)]);
        padding.extend(2, &[(0, 1, 12)]);
        assert!(padding.contains(0, 3, 0) && padding.contains(0, 3, 29));
        assert!(!padding.contains(0, 3, 9) && !padding.contains(0, 3, 30));
        assert!(padding.contains(2, 0, 11) && !padding.contains(2, 0, 0));
        assert!(!padding.contains(1, 3, 5) && !padding.contains(5, 0, 0));
    }
}
