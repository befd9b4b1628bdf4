use cryo_core::AngstromPos;

/// Cells along an axis, so that three indices fit in one key.
const MAX_CELLS: f64 = 1_048_576.0;

/// Points sorted into cubic cells at least as wide as a search radius.
pub(crate) struct Cells {
    origin: AngstromPos,
    side: f64,
    /// Key of the cell and number of the point, sorted.
    points: Vec<(u64, usize)>,
}

impl Cells {
    /// Sorts finite positions for searches within `radius`, finite and above zero.
    pub(crate) fn new(positions: &[AngstromPos], radius: f64) -> Self {
        let first = positions.first().copied().unwrap_or_default();
        let (mut low, mut high) = (first, first);
        for position in positions {
            low = AngstromPos::zyx(
                low.z.min(position.z),
                low.y.min(position.y),
                low.x.min(position.x),
            );
            high = AngstromPos::zyx(
                high.z.max(position.z),
                high.y.max(position.y),
                high.x.max(position.x),
            );
        }
        let extent = (high.z - low.z).max(high.y - low.y).max(high.x - low.x);
        // A little wider than the radius, against the rounding of the division.
        let side = (radius * (1.0 + 1e-6)).max(extent / MAX_CELLS);
        let mut cells = Self {
            origin: low,
            side,
            points: Vec::new(),
        };
        cells.points = (0..)
            .zip(positions)
            .map(|(number, &position)| {
                let [z, y, x] = cells.indices(position).map(i64::unsigned_abs);
                (key(z, y, x), number)
            })
            .collect();
        cells.points.sort_unstable();
        cells
    }

    /// Calls `visit` with the number of every point within the radius, and of some beyond.
    pub(crate) fn near(&self, position: AngstromPos, mut visit: impl FnMut(usize)) {
        let [z, y, x] = self.indices(position);
        let (Some(z), Some(y), Some((x_first, x_last))) = (around(z), around(y), around(x)) else {
            return;
        };
        for z in z.0..=z.1 {
            for y in y.0..=y.1 {
                let (first, last) = (key(z, y, x_first), key(z, y, x_last));
                let start = self.points.partition_point(|&(key, _)| key < first);
                for &(_, number) in self.points[start..]
                    .iter()
                    .take_while(|(key, _)| *key <= last)
                {
                    visit(number);
                }
            }
        }
    }

    /// Indices of the cell along z, y, x; negative or large outside of the points' box.
    fn indices(&self, position: AngstromPos) -> [i64; 3] {
        let index =
            |coordinate: f64, origin: f64| ((coordinate - origin) / self.side).floor() as i64;
        [
            index(position.z, self.origin.z),
            index(position.y, self.origin.y),
            index(position.x, self.origin.x),
        ]
    }
}

fn key(z: u64, y: u64, x: u64) -> u64 {
    z << 42 | y << 21 | x
}

/// The cells next to one along an axis, as far as points can lie there.
fn around(index: i64) -> Option<(u64, u64)> {
    let last = index.saturating_add(1).min(MAX_CELLS as i64);
    let first = index.saturating_sub(1).max(0);
    (first <= last).then_some((first.unsigned_abs(), last.unsigned_abs()))
}
