use std::collections::BTreeSet;

use ndarray::ArrayView2;

use crate::{
    Error,
    error::{require_at_least, require_length},
};

/// The points that have one of the labels, ascending.
///
/// ```
/// assert_eq!(cryo_embed_viz::with_labels(&[3, 1, 0, 3], &[3, 7]), [0, 3]);
/// ```
#[must_use]
pub fn with_labels(labels: &[u32], wanted: &[u32]) -> Vec<usize> {
    let wanted: BTreeSet<u32> = wanted.iter().copied().collect();
    let found = labels.iter().enumerate();
    found
        .filter(|(_, label)| wanted.contains(label))
        .map(|(index, _)| index)
        .collect()
}

/// The points of a map `[n, 2]` inside of a closed line drawn around them, ascending.
///
/// `corners` are the corners of a polygon, at least 3, in order; the last is joined to the first. A line that
/// crosses itself encloses what it goes around an odd number of times (even-odd rule). A point on an edge
/// is inside for one of two polygons that share the edge, never for both. NaN is outside.
///
/// # Errors
/// [`Error::TooFew`] below 3 corners, [`Error::Length`] if the map has not 2 columns.
///
/// # Examples
/// ```
/// let map = ndarray::array![[0.5, 0.5], [2.0, 0.5], [0.9, 0.2]];
/// let inside = cryo_embed_viz::inside(map.view(), &[[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])?;
/// assert_eq!(inside, [0, 2]);
/// # Ok::<(), cryo_embed_viz::Error>(())
/// ```
pub fn inside(map: ArrayView2<'_, f32>, corners: &[[f32; 2]]) -> Result<Vec<usize>, Error> {
    require_length("columns of the map", 2, map.ncols())?;
    require_at_least("corners", 3, corners.len())?;
    let encloses = |x: f64, y: f64| {
        let mut odd = false;
        let mut before = corners[corners.len() - 1].map(f64::from);
        for corner in corners {
            let corner = corner.map(f64::from);
            if (corner[1] > y) != (before[1] > y) {
                let share = (y - corner[1]) / (before[1] - corner[1]);
                odd ^= x < corner[0] + share * (before[0] - corner[0]);
            }
            before = corner;
        }
        odd
    };
    let rows = map.rows().into_iter().enumerate();
    Ok(rows
        .filter(|(_, row)| encloses(f64::from(row[0]), f64::from(row[1])))
        .map(|(index, _)| index)
        .collect())
}
