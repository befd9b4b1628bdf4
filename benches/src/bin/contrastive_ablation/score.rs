use cryo_eval::{VectorDistance, neighbour_balanced_accuracy};
use ndarray::ArrayView2;

use crate::Failure;

/// How well an embedding tells the classes apart.
pub(crate) struct Score {
    /// Leave-one-out balanced accuracy of the five nearest neighbours by cosine.
    pub(crate) accuracy: f64,
    /// Part of each class whose five neighbours tell it.
    recalls: Vec<f64>,
    /// Mean part of class 1 among the twenty nearest neighbours of its members.
    pub(crate) retrieval: f64,
}

impl Score {
    pub(crate) fn of(points: ArrayView2<'_, f32>, labels: &[usize]) -> Result<Self, Failure> {
        let accuracy = neighbour_balanced_accuracy(points, labels, 5, VectorDistance::Cosine)?;
        let mut unit = points.to_owned();
        for mut row in unit.rows_mut() {
            let length = row.dot(&row).sqrt().max(f32::MIN_POSITIVE);
            row /= length;
        }
        let cosines = unit.dot(&unit.t());
        let classes = 1 + labels.iter().max().copied().unwrap_or(0);
        let (mut right, mut counts) = (vec![0.0; classes], vec![0.0; classes]);
        let (mut found, mut members) = (0.0, 0.0);
        for (item, &label) in labels.iter().enumerate() {
            let mut others: Vec<usize> = (0..labels.len()).filter(|&other| other != item).collect();
            others.sort_by(|&a, &b| cosines[[item, b]].total_cmp(&cosines[[item, a]]));
            let mut votes = vec![0; classes];
            others[..5]
                .iter()
                .for_each(|&other| votes[labels[other]] += 1);
            let most = votes.iter().max().copied();
            let told = votes.iter().position(|&vote| Some(vote) == most);
            counts[label] += 1.0;
            right[label] += f64::from(u8::from(told == Some(label)));
            if label == 1 {
                members += 1.0;
                found += others[..20]
                    .iter()
                    .filter(|&&other| labels[other] == 1)
                    .count() as f64
                    / 20.0;
            }
        }
        Ok(Self {
            accuracy,
            recalls: right
                .iter()
                .zip(counts)
                .map(|(right, count)| right / f64::max(count, 1.0))
                .collect(),
            retrieval: found / f64::max(members, 1.0),
        })
    }

    pub(crate) fn recalls(&self) -> String {
        let recalls: Vec<String> = self
            .recalls
            .iter()
            .map(|recall| format!("{recall:.2}"))
            .collect();
        recalls.join(" ")
    }
}

/// `mean` of one value, `mean ± half the range` of several.
pub(crate) fn mean_and_spread(values: impl Iterator<Item = f64>) -> String {
    let values: Vec<f64> = values.collect();
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if values.len() < 2 {
        return format!("{mean:.3}");
    }
    format!("{mean:.3} ± {:.3}", (high - low) / 2.0)
}
