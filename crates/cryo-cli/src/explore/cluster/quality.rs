use std::{io::Write, path::Path};

use cryo_embed_viz::{UNASSIGNED, neighbour_preservation, sample_rows, trustworthiness};
use cryo_eval::{VectorDistance, silhouette};
use cryo_io::{Overwrite, write_atomic};
use ndarray::Axis;
use serde::Serialize;

use super::{
    super::clustered::Clustered,
    compute::{failure, scaled},
    settings::Settings,
};
use crate::exit::Failure;

/// More candidates than that are judged by as many of them.
const JUDGED: usize = 3000;
/// Neighbours that are looked at.
const NEIGHBOURS: usize = 15;

/// How far a map and its classes can be trusted, without labels.
#[derive(Debug, Serialize)]
pub(super) struct Quality {
    /// Candidates that were looked at.
    candidates: usize,
    /// 1 where all neighbours on the map are neighbours in the embedding (Venna and Kaski 2001), 0.5 at random.
    trustworthiness: f64,
    /// Part of the 15 neighbours in the embedding that are among those on the map.
    neighbours_kept: f64,
    /// How much nearer candidates are to their class than to the next (Rousseeuw 1987), −1 to 1, without the unassigned; of a single
    /// class none.
    silhouette: Option<f64>,
}

impl Quality {
    /// `None` for too few candidates to have neighbours.
    pub(super) fn of(
        clustered: &Clustered,
        settings: &Settings,
        seed: u64,
    ) -> Result<Option<Self>, Failure> {
        let table = &clustered.table;
        let rows = sample_rows(table.len(), JUDGED, seed);
        if rows.len() <= 2 * NEIGHBOURS {
            return Ok(None);
        }
        let points = scaled(table.vectors(&rows)?, settings);
        let map = clustered.found.umap2.select(Axis(0), &rows);
        let wrong = |error| failure(error, table);
        let (points, map) = (points.view(), map.view());
        let labels = clustered.labels();
        // The unassigned are no class.
        let (members, labels): (Vec<usize>, Vec<u32>) = (rows.iter().enumerate())
            .filter(|(_, row)| labels[**row] != UNASSIGNED)
            .map(|(place, &row)| (place, labels[row]))
            .unzip();
        let assigned = points.select(Axis(0), &members);
        Ok(Some(Self {
            candidates: rows.len(),
            trustworthiness: trustworthiness(points, map, NEIGHBOURS, None, seed).map_err(wrong)?,
            neighbours_kept: neighbour_preservation(points, map, NEIGHBOURS, None, seed)
                .map_err(wrong)?,
            silhouette: silhouette(assigned.view(), &labels, VectorDistance::Euclidean).ok(),
        }))
    }

    pub(super) fn write(&self, path: &Path) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(self)
            .map_err(|error| Failure::Resources(error.to_string()))?;
        write_atomic(path, Overwrite::Replace, |file| {
            Ok(file.write_all((text + "\n").as_bytes())?)
        })?;
        Ok(())
    }

    pub(super) fn said(&self) -> String {
        let silhouette = self.silhouette.map_or_else(String::new, |value| {
            format!(", silhouette of the classes {value:.2}")
        });
        format!(
            "the map: trustworthiness {:.3}, {:.0} % of {NEIGHBOURS} neighbours kept{silhouette}",
            self.trustworthiness,
            100.0 * self.neighbours_kept
        )
    }
}
