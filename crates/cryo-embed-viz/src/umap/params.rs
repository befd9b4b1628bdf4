use crate::{Error, Metric, Search, error::require};

/// Where points of the layout begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Start {
    /// On the first principal components.
    #[default]
    Pca,
    /// On the slowest modes of the graph, by power iteration from the principal components. Keeps far
    /// apart what the graph does not join; about a tenth more time.
    Spectral,
}

/// How points are laid out by [`Umap::fit`](super::Umap::fit).
#[derive(Debug, Clone, PartialEq)]
pub struct UmapParams {
    /// Size of a point's neighbourhood, itself included, at least 2; 40 by default, as the reference's
    /// manual. Smaller shows finer grain and breaks groups apart; larger shows the whole.
    pub neighbours: usize,
    /// Axes of the layout, 2 or 3; 2 by default.
    pub components: usize,
    /// Distance in the layout below which points count as together, from 0, at most `spread`; 0.5 by
    /// default, as the reference. Smaller packs groups tighter.
    pub min_dist: f64,
    /// Scale of the layout, above 0; 1 by default.
    pub spread: f64,
    /// Rounds over all edges; by default 500 up to 10,000 points and 200 above, as umap-learn.
    pub epochs: Option<usize>,
    /// Points that push for every one that pulls, at least 1; 5 by default.
    pub negative_samples: usize,
    /// Where points begin; on the principal components by default.
    pub start: Start,
    /// Distance between vectors; Euclidean by default.
    pub metric: Metric,
    /// How neighbours are found; by the number of points by default.
    pub search: Search,
    /// Start of the random numbers; 42 by default.
    pub seed: u64,
}

impl Default for UmapParams {
    fn default() -> Self {
        Self {
            neighbours: 40,
            components: 2,
            min_dist: 0.5,
            spread: 1.0,
            epochs: None,
            negative_samples: 5,
            start: Start::Pca,
            metric: Metric::Euclidean,
            search: Search::Auto,
            seed: 42,
        }
    }
}

impl UmapParams {
    /// Nothing if all fields are in their ranges.
    ///
    /// # Errors
    /// [`Error::Parameter`] with the first field that is not.
    pub fn validate(&self) -> Result<(), Error> {
        let count = self.neighbours;
        require(count >= 2, "neighbours", "at least 2", count as f64)?;
        let axes = self.components;
        require((2..=3).contains(&axes), "components", "2 or 3", axes as f64)?;
        let valid = self.spread.is_finite() && self.spread > 0.0;
        require(valid, "spread", "a finite number above 0", self.spread)?;
        let valid = (0.0..=self.spread).contains(&self.min_dist);
        require(valid, "min_dist", "from 0 to `spread`", self.min_dist)?;
        let epochs = self.epochs.unwrap_or(1);
        require(epochs >= 1, "epochs", "at least 1", epochs as f64)?;
        let negative = self.negative_samples;
        let valid = (1..=1000).contains(&negative);
        require(valid, "negative_samples", "1 to 1000", negative as f64)
    }

    pub(super) fn epochs_for(&self, points: usize) -> usize {
        self.epochs
            .unwrap_or(if points <= 10_000 { 500 } else { 200 })
    }
}
