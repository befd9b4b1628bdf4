use crate::Vector;

/// Bits of a key for each axis.
const BITS: u32 = 21;
/// Most cells along an axis.
pub(crate) const MAX_CELLS: f64 = (1_u64 << BITS) as f64 - 2.0;

/// A cell list: which points, sorted by cell, lie in which cube of space.
///
/// The keys of a row of cells along x follow each other, so that a ball is a few ranges of points.
pub(crate) struct Cells {
    division: Division,
    table: Table,
}

/// Where the points of a cell begin.
enum Table {
    /// Of every cell of a box, and the number of points last.
    Dense { shape: [u64; 3], starts: Vec<u32> },
    /// Of occupied cells, for points that lie far apart: ascending keys, with a last one above all others.
    Sparse { keys: Vec<u64>, starts: Vec<u32> },
}

/// How space is cut into cells.
#[derive(Clone, Copy)]
pub(crate) struct Division {
    low: Vector,
    per_side: f64,
}

impl Division {
    /// Cubes of edge `side` from `low` on.
    pub(crate) fn new(low: Vector, side: f64) -> Self {
        Self {
            low,
            per_side: 1.0 / side,
        }
    }

    /// The key of the cell of a position at or above `low` on every axis.
    pub(crate) fn key(&self, position: &Vector) -> u64 {
        let cell = |axis: usize| self.scaled(position[axis], axis) as u64;
        cell(2) << (2 * BITS) | cell(1) << BITS | cell(0)
    }

    /// A coordinate in cells.
    fn scaled(&self, value: f64, axis: usize) -> f64 {
        (value - self.low[axis]) * self.per_side
    }

    /// The first and last cell of an interval along an axis.
    fn span(&self, centre: &Vector, radius: f64, axis: usize) -> Option<(u64, u64)> {
        let first = self.scaled(centre[axis] - radius, axis);
        let last = self.scaled(centre[axis] + radius, axis);
        // Below 0, a conversion gives 0.
        (last >= 0.0 && first <= MAX_CELLS).then_some((first as u64, last.min(MAX_CELLS) as u64))
    }
}

/// Cells along x, y and z of a key.
fn unpacked(key: u64) -> [u64; 3] {
    let mask = (1 << BITS) - 1;
    [key & mask, key >> BITS & mask, key >> (2 * BITS)]
}

impl Cells {
    /// From the ascending keys of the points.
    pub(crate) fn new(division: Division, keys_of_points: &[u64]) -> Self {
        /// Cells per point that a table of all cells may have.
        const MOST: u64 = 8;
        let shape = keys_of_points.iter().fold([0; 3], |shape, &key| {
            let cell = unpacked(key);
            std::array::from_fn(|axis| cell[axis].max(shape[axis]))
        });
        let shape = shape.map(|last| last + 1);
        let count = shape[0].saturating_mul(shape[1]).saturating_mul(shape[2]);
        let table = if count <= MOST * keys_of_points.len() as u64 {
            Table::dense(shape, keys_of_points)
        } else {
            Table::sparse(keys_of_points)
        };
        Self { division, table }
    }

    /// Calls `visit` with every range of points that may lie within `radius`.
    pub(crate) fn near(
        &self,
        centre: &Vector,
        radius: f64,
        mut visit: impl FnMut(std::ops::Range<usize>),
    ) {
        let span = |axis| self.division.span(centre, radius, axis);
        let (Some(x), Some(y), Some(z)) = (span(0), span(1), span(2)) else {
            return;
        };
        match &self.table {
            Table::Dense { shape, starts } => {
                let last = |span: (u64, u64), axis: usize| span.1.min(shape[axis] - 1);
                if x.0 >= shape[0] {
                    return;
                }
                for z in z.0..=last(z, 2) {
                    for y in y.0..=last(y, 1) {
                        let row = (z * shape[1] + y) * shape[0];
                        let first = starts[(row + x.0) as usize] as usize;
                        let end = starts[(row + last(x, 0) + 1) as usize] as usize;
                        if first < end {
                            visit(first..end);
                        }
                    }
                }
            }
            Table::Sparse { keys, starts } => {
                for z in z.0..=z.1 {
                    for y in y.0..=y.1 {
                        let row = z << (2 * BITS) | y << BITS;
                        let first = keys.partition_point(|&key| key < row | x.0);
                        let within = keys[first..]
                            .iter()
                            .take_while(|key| **key <= row | x.1)
                            .count();
                        if within > 0 {
                            visit(starts[first] as usize..starts[first + within] as usize);
                        }
                    }
                }
            }
        }
    }
}

impl Table {
    fn dense(shape: [u64; 3], keys_of_points: &[u64]) -> Self {
        let count = shape.iter().product::<u64>() as usize;
        let mut starts = vec![keys_of_points.len() as u32; count + 1];
        let mut filled = 0;
        for (index, &key) in (0_u32..).zip(keys_of_points) {
            let [x, y, z] = unpacked(key);
            let cell = ((z * shape[1] + y) * shape[0] + x) as usize;
            if cell >= filled {
                starts[filled..=cell].fill(index);
                filled = cell + 1;
            }
        }
        Self::Dense { shape, starts }
    }

    fn sparse(keys_of_points: &[u64]) -> Self {
        let (mut keys, mut starts) = (Vec::new(), Vec::new());
        for (index, &key) in (0_u32..).zip(keys_of_points) {
            if keys.last() != Some(&key) {
                keys.push(key);
                starts.push(index);
            }
        }
        keys.push(u64::MAX);
        starts.push(keys_of_points.len() as u32);
        Self::Sparse { keys, starts }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Points in a cube, and one far away if the table is to be sparse.
    fn points(far: bool) -> Vec<Vector> {
        let coordinate = |n: usize| (n as f64 * 0.618_033_988_749_895).fract() * 40.0;
        let mut points: Vec<Vector> = (0..300)
            .map(|n| Vector::new(coordinate(n), coordinate(7 * n + 1), coordinate(31 * n + 2)))
            .collect();
        points.extend(far.then_some(Vector::repeat(5000.0)));
        points
    }

    #[test]
    fn neighbours_match_brute_force_in_both_tables() {
        for far in [false, true] {
            let points = points(far);
            let division = Division::new(Vector::zeros(), 6.0);
            let mut order: Vec<(u64, usize)> = (0..)
                .zip(&points)
                .map(|(n, p)| (division.key(p), n))
                .collect();
            order.sort_unstable();
            let keys: Vec<u64> = order.iter().map(|&(key, _)| key).collect();
            let cells = Cells::new(division, &keys);
            assert_eq!(matches!(cells.table, Table::Sparse { .. }), far);
            let outside = [
                Vector::repeat(-3.0),
                Vector::repeat(44.0),
                Vector::repeat(900.0),
            ];
            for centre in points.iter().chain(&outside) {
                for radius in [1.0, 6.0, 14.0] {
                    let within = |n: &usize| (points[*n] - centre).norm() <= radius;
                    let mut found = Vec::new();
                    cells.near(centre, radius, |range| {
                        found.extend(order[range].iter().map(|&(_, n)| n).filter(within));
                    });
                    found.sort_unstable();
                    let wanted: Vec<usize> = (0..points.len()).filter(within).collect();
                    assert_eq!(found, wanted);
                }
            }
        }
    }
}
