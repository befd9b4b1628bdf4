use std::collections::BTreeMap;

use ndarray::{Array2, ArrayView2};

use crate::error::Error;

/// How far two vectors of an embedding are apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(rename_all = "snake_case")
)]
pub enum VectorDistance {
    /// Length of the difference.
    Euclidean,
    /// 1 − cosine of the angle, from 0 to 2; 1 to a vector of zeros.
    Cosine,
}

/// Vectors made ready for many distances.
pub(crate) struct Vectors {
    rows: Array2<f64>,
    distance: VectorDistance,
}

impl Vectors {
    pub(crate) fn new(
        points: ArrayView2<'_, f32>,
        distance: VectorDistance,
    ) -> Result<Self, Error> {
        for ((index, entry), &value) in points.indexed_iter() {
            if !value.is_finite() {
                return Err(Error::NonFiniteVector {
                    index,
                    entry,
                    value,
                });
            }
        }
        // A fresh array in standard layout, whatever the layout of the view.
        let mut rows = Array2::zeros(points.dim());
        rows.zip_mut_with(&points, |to, &from| *to = f64::from(from));
        if distance == VectorDistance::Cosine {
            for mut row in rows.rows_mut() {
                let length = row.dot(&row).sqrt();
                if length > 0.0 {
                    row /= length;
                }
            }
        }
        Ok(Self { rows, distance })
    }

    pub(crate) fn distance(&self, a: usize, b: usize) -> f64 {
        let (a, b) = (self.rows.row(a), self.rows.row(b));
        match self.distance {
            VectorDistance::Euclidean => {
                let squares = a.iter().zip(b).map(|(a, b)| (a - b) * (a - b));
                squares.sum::<f64>().sqrt()
            }
            VectorDistance::Cosine => (1.0 - a.dot(&b)).clamp(0.0, 2.0),
        }
    }
}

/// Labels as numbers in their order, and how many points have each.
pub(crate) fn numbered<L: Ord>(
    labels: &[L],
    points: usize,
) -> Result<(Vec<usize>, Vec<usize>), Error> {
    if labels.len() != points {
        return Err(Error::LengthMismatch {
            what: "labels",
            expected: points,
            got: labels.len(),
        });
    }
    let mut counts: BTreeMap<&L, usize> = BTreeMap::new();
    for label in labels {
        *counts.entry(label).or_default() += 1;
    }
    let numbers: BTreeMap<&L, usize> = counts.keys().copied().zip(0..).collect();
    let numbered = labels.iter().map(|label| numbers[label]).collect();
    Ok((numbered, counts.into_values().collect()))
}
