/// The nearest of the points offered so far: those that may still be among the first `count` when
/// distances carry an error of up to half of `slack`.
pub(super) struct Shortlist {
    entries: Vec<(f32, u32)>,
    count: usize,
    slack: f32,
    limit: f32,
}

impl Shortlist {
    pub(super) fn new(count: usize, slack: f32) -> Self {
        Self {
            entries: Vec::with_capacity(Self::room(count)),
            count,
            slack,
            limit: f32::INFINITY,
        }
    }

    /// More entries than `count`, so that cutting back is rare.
    fn room(count: usize) -> usize {
        3 * count + 64
    }

    /// Distances above it are of no use.
    pub(super) fn limit(&self) -> f32 {
        self.limit
    }

    pub(super) fn offer(&mut self, distance: f32, index: u32) {
        if distance > self.limit {
            return;
        }
        self.entries.push((distance, index));
        if self.entries.len() == Self::room(self.count) {
            self.cut_back();
        }
    }

    fn cut_back(&mut self) {
        let order = |a: &(f32, u32), b: &(f32, u32)| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1));
        let (_, last, _) = self.entries.select_nth_unstable_by(self.count - 1, order);
        self.limit = last.0 + self.slack;
        let limit = self.limit;
        self.entries.retain(|entry| entry.0 <= limit);
        // So many equal distances: any of them is as near as another, the first ones are taken.
        let most = 2 * self.count + 32;
        if self.entries.len() > most {
            self.entries.select_nth_unstable_by(most - 1, order);
            self.entries.truncate(most);
        }
    }

    /// The `count` nearest by `exact` distances, nearest first, of equal ones the lower index.
    pub(super) fn nearest(mut self, exact: impl Fn(u32) -> f32) -> Vec<(f32, u32)> {
        self.cut_back_if_long();
        for entry in &mut self.entries {
            entry.0 = exact(entry.1);
        }
        self.entries
            .sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        self.entries.truncate(self.count);
        self.entries
    }

    fn cut_back_if_long(&mut self) {
        if self.entries.len() > self.count {
            self.cut_back();
        }
    }
}
