/// How far the points of a class lie from their nearest centres.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// Median distance.
    pub median: f32,
    /// Median deviation from it times 1.4826, a standard deviation where distances are normal.
    pub deviation: f32,
    /// Number of points.
    pub points: usize,
}

impl Spread {
    pub(super) fn of(class: u32, labels: &[u32], distances: &[f32]) -> Self {
        let own = labels
            .iter()
            .zip(distances)
            .filter(|(label, _)| **label == class);
        let mut own: Vec<f32> = own.map(|(_, distance)| *distance).collect();
        let center = median(&mut own);
        let mut deviations: Vec<f32> = own.iter().map(|d| (d - center).abs()).collect();
        Self {
            median: center,
            deviation: 1.4826 * median(&mut deviations),
            points: own.len(),
        }
    }

    /// Deviations that a distance lies above the median; 0 in a class that has no spread.
    ///
    /// A few far points move mean and standard deviation, and hide themselves; the median they leave alone.
    #[must_use]
    pub fn score(&self, distance: f32) -> f32 {
        if self.deviation > 0.0 {
            (distance - self.median) / self.deviation
        } else {
            0.0
        }
    }
}

/// Of an even number of values, the upper of the two in the middle; 0 of none.
fn median(values: &mut [f32]) -> f32 {
    if values.is_empty() {
        return 0.0;
    }
    let middle = values.len() / 2;
    *values.select_nth_unstable_by(middle, f32::total_cmp).1
}
