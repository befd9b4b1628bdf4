use cryo_core::Progress;
use cryo_embed_viz::{
    Classes, NeighbourParams, Neighbours, Spread, Umap, nearest_neighbours, sample_rows,
    without_gaps,
};
use cryo_io::hdf5::Clustering;
use ndarray::{Array2, ArrayView2, Axis};
use serde::{Deserialize, Serialize};

use super::{super::clustered::Table, settings::Settings};
use crate::exit::Failure;

/// What a clustering was made with, as it stands in the file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Made {
    // TOML's integers are signed.
    seed: String,
    /// Whether the centres are those of another run: classes of its own are then made anew.
    #[serde(default)]
    of_another: bool,
    pub(super) cluster: Settings,
}

impl Made {
    pub(super) fn new(settings: &Settings, seed: u64) -> Self {
        Self {
            seed: seed.to_string(),
            of_another: false,
            cluster: settings.clone(),
        }
    }

    /// Of a clustering; `None` where another program wrote it.
    pub(super) fn of(found: &Clustering) -> Option<Self> {
        toml::from_str(&found.settings).ok()
    }
}

/// What is taken over from the clustering before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reused {
    pub(super) map: bool,
    pub(super) centres: bool,
}

pub(super) fn reused(made: &Made, before: Option<&Clustering>) -> Reused {
    let then = before.and_then(|found| Some((found, Made::of(found)?)));
    let Some((found, then)) = then.filter(|(_, then)| then.seed == made.seed) else {
        return Reused {
            map: false,
            centres: false,
        };
    };
    let has_umap3 = found.umap3.is_some() || !made.cluster.umap3;
    Reused {
        map: made.cluster.has_map_of(&then.cluster) && has_umap3,
        centres: made.cluster.has_centres_of(&then.cluster) && !then.of_another,
    }
}

/// Maps and classifies the rows of a table, and keeps of the clustering `before` what the settings leave as it is.
///
/// Of more rows than the sample, a sample is drawn by the seed; map and classes are fitted to it and all
/// other rows are placed in pieces, so that memory does not grow with them but for the result. With `like` the rows get the
/// classes of another run, which their vectors are nearest to.
pub(super) fn compute(
    table: &Table,
    settings: &Settings,
    seed: u64,
    before: Option<Clustering>,
    like: Option<Clustering>,
    progress: &dyn Progress,
) -> Result<Clustering, Failure> {
    let made = Made {
        of_another: like.is_some(),
        ..Made::new(settings, seed)
    };
    let reused = reused(&made, before.as_ref());
    let before = before.unwrap_or_default();
    let sampled = sample_rows(table.len(), settings.sample, seed);
    let points = scaled(table.vectors(&sampled)?, settings);
    let work = Work {
        table,
        settings,
        seed,
        sampled: &sampled,
        points: points.view(),
        progress,
    };
    let (umap2, umap3) = if reused.map {
        (before.umap2, before.umap3.filter(|_| settings.umap3))
    } else {
        work.maps()?
    };
    let params = settings.classify(seed)?;
    let classes = if let Some(like) = like {
        Ok(Classes {
            centres: like.centres,
            class_of_centre: (like.class_of_centre.iter())
                .map(|class| u32::try_from(*class).unwrap_or_default())
                .collect(),
            spreads: (like.spread.rows().into_iter())
                .map(|row| Spread {
                    median: row[0],
                    deviation: row[1],
                    points: 0,
                })
                .collect(),
            most_outlying: params.most_outlying,
        })
    } else if reused.centres {
        Classes::regroup(points.view(), before.centres, settings.classes, &params)
    } else {
        Classes::fit(points.view(), settings.classes, &params, progress)
    };
    let classes = classes.map_err(|error| failure(error, table))?;
    let (mut label, mut outlier) = (Vec::new(), Vec::new());
    for block in table.blocks() {
        let vectors = scaled(block?.1.embedding, settings);
        let found = classes.assign(vectors.view());
        let found = found.map_err(|error| failure(error, table))?;
        label.extend(found.labels.iter().map(|label| *label as i32));
        outlier.extend(found.outlier_scores);
    }
    let of_class = |row: usize, column: usize| {
        let spread = classes.spreads[row];
        [spread.median, spread.deviation][column]
    };
    Ok(Clustering {
        umap2,
        umap3,
        label,
        outlier,
        spread: Array2::from_shape_fn((classes.count(), 2), |(row, column)| of_class(row, column)),
        class_of_centre: classes.class_of_centre.iter().map(|c| *c as i32).collect(),
        centres: classes.centres,
        settings: toml::to_string(&made).map_err(|error| Failure::usage(error.to_string()))?,
    })
}

/// Widest empty band of a map beside what is occupied: the distance of two islands means nothing.
const WIDEST_BAND: f64 = 0.1;

struct Work<'a> {
    table: &'a Table,
    settings: &'a Settings,
    seed: u64,
    sampled: &'a [usize],
    points: ArrayView2<'a, f32>,
    progress: &'a dyn Progress,
}

impl Work<'_> {
    fn maps(&self) -> Result<(Array2<f32>, Option<Array2<f32>>), Failure> {
        let params = self.settings.umap(2, self.seed);
        let rows = self.points.nrows();
        let count = (params.neighbours - 1).min(rows.saturating_sub(1));
        let search = NeighbourParams {
            metric: params.metric,
            search: params.search,
            seed: self.seed,
        };
        let found = nearest_neighbours(self.points, count, &search, self.progress)
            .map_err(|error| failure(error, self.table))?;
        let map = |components| {
            let map = self.map(components, &found)?;
            without_gaps(map.view(), WIDEST_BAND).map_err(|error| failure(error, self.table))
        };
        let umap2 = map(2)?;
        let umap3 = (self.settings.umap3).then(|| map(3)).transpose()?;
        Ok((umap2, umap3))
    }

    fn map(&self, components: usize, found: &Neighbours) -> Result<Array2<f32>, Failure> {
        let failure = |error| failure(error, self.table);
        let params = self.settings.umap(components, self.seed);
        let map = Umap::fit_with(self.points, found, &params, self.progress).map_err(failure)?;
        if self.sampled.len() == self.table.len() {
            return Ok(map.layout);
        }
        let mut out = Array2::zeros((self.table.len(), components));
        for (place, &row) in map.layout.rows().into_iter().zip(self.sampled) {
            out.row_mut(row).assign(&place);
        }
        for block in self.table.blocks() {
            let (start, block) = block?;
            let others: Vec<usize> = (start..start + block.len())
                .filter(|row| self.sampled.binary_search(row).is_err())
                .collect();
            let inside: Vec<usize> = others.iter().map(|row| row - start).collect();
            let vectors = scaled(block.embedding.select(Axis(0), &inside), self.settings);
            let placed = map.transform(vectors.view(), self.progress);
            for (place, row) in placed.map_err(failure)?.rows().into_iter().zip(others) {
                out.row_mut(row).assign(&place);
            }
        }
        Ok(out)
    }
}

/// Rows of length 1 where the metric is the cosine, so that Euclidean distances follow it.
pub(super) fn scaled(mut vectors: Array2<f32>, settings: &Settings) -> Array2<f32> {
    if settings.metric == "cosine" {
        for mut row in vectors.rows_mut() {
            let squares: f64 = row.iter().map(|value| f64::from(*value).powi(2)).sum();
            if squares > 0.0 {
                let length = squares.sqrt() as f32;
                row /= length;
            }
        }
    }
    vectors
}

/// The failure that an error of mapping or classifying is.
pub(super) fn failure(error: cryo_embed_viz::Error, table: &Table) -> Failure {
    use cryo_embed_viz::Error;
    let path = table.path().display();
    match error {
        Error::Cancelled => Failure::Interrupted,
        Error::Parameter { .. } => Failure::usage(error.to_string()),
        other => Failure::Input(format!("{path}: {other}")),
    }
}
