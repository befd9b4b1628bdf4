use std::{fs, path::Path};

use cryo_embed_viz::{
    LandscapeParams, MapParams, MatrixParams, Scene, Series, curves, label_matrix, landscape,
    landscape_by_label, map_by_label, map_by_place, sample_rows,
};
use cryo_train::EpochReport;
use ndarray::{Array2, Axis};

use super::{super::clustered::Clustered, compute};
use crate::{exit::Failure, pictures::save};

/// Candidates that pictures show; of more, a sample is drawn.
pub(super) const SHOWN: usize = 20_000;

/// Draws what a person looks at into the report folder of a run; says what was drawn.
pub(super) fn draw(run: &Path, clustered: &Clustered, seed: u64) -> Result<Vec<String>, Failure> {
    let folder = run.join("report");
    fs::create_dir_all(&folder).map_err(cryo_io::Error::from)?;
    let rows = sample_rows(clustered.table.len(), SHOWN, seed);
    let shown = Shown::new(clustered, rows);
    let mut drawn = Vec::new();
    for (name, scene) in shown.scenes(clustered)? {
        save(&folder.join(&name), &scene)?;
        drawn.push(name);
    }
    if let Some(scene) = training(&run.join("metrics.jsonl"))? {
        save(&folder.join("curves.png"), &scene)?;
        drawn.push("curves.png".to_owned());
    }
    Ok(drawn)
}

/// The candidates that are shown.
struct Shown {
    rows: Vec<usize>,
    layout: Array2<f32>,
    labels: Vec<u32>,
    outlier: Vec<f32>,
    tomograms: Vec<u32>,
    of: String,
}

impl Shown {
    fn new(clustered: &Clustered, rows: Vec<usize>) -> Self {
        let all = clustered.table.len();
        let labels = clustered.labels();
        let of = if rows.len() < all {
            format!("{} of {all} candidates", rows.len())
        } else {
            format!("{all} candidates")
        };
        Self {
            layout: clustered.found.umap2.select(Axis(0), &rows),
            labels: rows.iter().map(|&row| labels[row]).collect(),
            outlier: rows.iter().map(|&r| clustered.found.outlier[r]).collect(),
            tomograms: rows
                .iter()
                .map(|&row| clustered.places.tomogram[row] as u32 + 1)
                .collect(),
            of,
            rows,
        }
    }

    fn scenes(&self, clustered: &Clustered) -> Result<Vec<(String, Scene)>, Failure> {
        let failure = |error| compute::failure(error, &clustered.table);
        let titled = |title: String| MapParams {
            title,
            ..MapParams::default()
        };
        let layout = self.layout.view();
        let classes = clustered.found.spread.nrows();
        let by_class = titled(format!("{} in {classes} classes", self.of));
        let mut scenes = vec![
            (
                "umap.png",
                map_by_place(layout, &titled(self.of.clone())).map_err(failure)?,
            ),
            (
                "labels.png",
                map_by_label(layout, &self.labels, &[].into(), &by_class).map_err(failure)?,
            ),
        ];
        if clustered.places.names.len() > 1 {
            let names = (1..).zip(clustered.places.names.iter().cloned()).collect();
            let title = titled(format!("{} by tomogram", self.of));
            let scene = map_by_label(layout, &self.tomograms, &names, &title).map_err(failure)?;
            scenes.push(("tomograms.png", scene));
        }
        if let Some(patches) = clustered.table.patches(&self.rows)? {
            let titled = |title: String| LandscapeParams {
                map: MapParams {
                    title,
                    ..LandscapeParams::default().map
                },
                thumbnail_px: 48,
                ..LandscapeParams::default()
            };
            let patches = patches.view();
            let what = titled(format!("{}, as many shown as fit", self.of));
            let grid = landscape(layout, patches, &what).map_err(failure)?;
            let what = titled(format!(
                "{} in {classes} classes, as many shown as fit",
                self.of
            ));
            let labelled = landscape_by_label(layout, patches, &self.labels, &what);
            let matrix = MatrixParams {
                title: format!("{} in {classes} classes", self.of),
                ..MatrixParams::default()
            };
            let matrix = label_matrix(patches, &self.labels, &self.outlier, &matrix);
            scenes.extend([
                ("grid.png", grid),
                ("grid_labels.png", labelled.map_err(failure)?),
                ("matrix.png", matrix.map_err(failure)?),
            ]);
        }
        let owned = scenes.into_iter();
        Ok(owned
            .map(|(name, scene)| (name.to_owned(), scene))
            .collect())
    }
}

/// Curves of the training; `None` without a record of it.
fn training(path: &Path) -> Result<Option<Scene>, Failure> {
    let Ok(text) = fs::read_to_string(path) else {
        return Ok(None);
    };
    let mut reports: Vec<EpochReport> = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let report = serde_json::from_str(line).map_err(|error| {
            Failure::Input(format!("{}: line {number}: {error}", path.display()))
        })?;
        reports.push(report);
    }
    let mut names: Vec<&str> = Vec::new();
    for (name, _) in reports.iter().flat_map(|report| &report.losses) {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    let series = |name: &str, value: &dyn Fn(&EpochReport) -> f64| Series {
        name: name.replace('_', " "),
        points: reports
            .iter()
            .map(|report| (report.epoch as f64, value(report)))
            .collect(),
    };
    let mut all: Vec<Series> = (names.iter())
        .map(|name| series(name, &|report| report.loss(name).unwrap_or(f64::NAN)))
        .collect();
    all.push(series("learning rate", &|report| report.rate));
    // A training that stopped at once has no curve.
    Ok(curves(&all, "epoch").ok())
}
