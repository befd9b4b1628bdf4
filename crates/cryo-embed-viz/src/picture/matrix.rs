use std::collections::BTreeMap;

use ndarray::{ArrayView3, Axis};

use super::{
    Scene, Shape, class_colour,
    patch::{average, require_pixels, require_side, thumbnail},
};
use crate::{
    Error,
    error::{require, require_at_least, require_length},
};

/// How classes are shown as rows of patches.
#[derive(Debug, Clone, PartialEq)]
pub struct MatrixParams {
    /// Patches of each class, at least 1; 10 by default, as nextPYP.
    pub patches: usize,
    /// Side of a shown patch, 4 to 1024 pixels; 64 by default.
    pub thumbnail_px: usize,
    /// Written above; nothing by default.
    pub title: String,
}

impl Default for MatrixParams {
    fn default() -> Self {
        Self {
            patches: 10,
            thumbnail_px: 64,
            title: String::new(),
        }
    }
}

/// A row for each class: number, count, average of all its patches, then some of its patches.
///
/// `patches` is `[n, y, x]`. Of the members, sorted by `scores` (the outlier score), patches at even steps from the
/// first to the last are shown: the typical on the left and the doubtful on the right, not only the best.
/// Each patch and each average is stretched to its own mean ± 3 standard deviations. Averages are of patches
/// as they are, not aligned in rotation.
///
/// # Errors
/// [`Error::Parameter`], [`Error::Length`], [`Error::TooFew`] without points, [`Error::Empty`].
///
/// # Examples
/// ```
/// use cryo_embed_viz::{MatrixParams, label_matrix};
/// let patches = ndarray::Array3::from_shape_fn((4, 8, 8), |(n, y, x)| (n + y * x) as f32);
/// let params = MatrixParams { patches: 2, ..Default::default() };
/// let scene = label_matrix(patches.view(), &[1, 1, 2, 2], &[0.0, 1.0, 0.5, 0.1], &params)?;
/// assert!(scene.width > 3 * 64);
/// # Ok::<(), cryo_embed_viz::Error>(())
/// ```
pub fn label_matrix(
    patches: ArrayView3<'_, f32>,
    labels: &[u32],
    scores: &[f32],
    params: &MatrixParams,
) -> Result<Scene, Error> {
    require(
        params.patches >= 1,
        "patches",
        "at least 1",
        params.patches as f64,
    )?;
    require_side(params.thumbnail_px)?;
    let n = patches.len_of(Axis(0));
    require_at_least("points", 1, n)?;
    require_length("labels", n, labels.len())?;
    require_length("scores", n, scores.len())?;
    require_pixels(patches)?;
    let mut members: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for (index, &label) in labels.iter().enumerate() {
        members.entry(label).or_default().push(index);
    }
    let step = params.thumbnail_px + GAP;
    let width = HEAD + (params.patches + 1) * step + 3 * GAP;
    let mut scene = Scene::new(width, TOP + members.len() * step + GAP);
    scene.text([10.0, 10.0], params.title.as_str(), 2);
    scene.text([HEAD as f32, TOP as f32 - 16.0], "average", 1);
    let patches_left = (HEAD + step + 2 * GAP) as f32;
    let head = "members, typical to outlying";
    scene.text([patches_left, TOP as f32 - 16.0], head, 1);
    for (row, (&label, rows)) in members.iter_mut().enumerate() {
        rows.sort_by(|&a, &b| scores[a].total_cmp(&scores[b]).then(a.cmp(&b)));
        let top = (TOP + row * step) as f32;
        class_head(&mut scene, label, rows.len(), top);
        let side = params.thumbnail_px;
        let mut ordered = rows.clone();
        ordered.sort_unstable();
        let mean = average(patches, &ordered);
        let image = thumbnail(mean.view(), side, class_colour(label), 0);
        let corner = [HEAD as f32, top];
        scene.shapes.push(Shape::Picture { corner, image });
        for (column, &index) in spread(rows, params.patches).iter().enumerate() {
            let patch = patches.index_axis(Axis(0), index);
            let image = thumbnail(patch, side, class_colour(label), 0);
            let corner = [patches_left + (column * step) as f32, top];
            scene.shapes.push(Shape::Picture { corner, image });
        }
    }
    Ok(scene)
}

const HEAD: usize = 150;
const TOP: usize = 56;
const GAP: usize = 6;

fn class_head(scene: &mut Scene, label: u32, count: usize, top: f32) {
    scene.shapes.push(Shape::Rectangle {
        corner: [8.0, top],
        size: [10.0, 34.0],
        colour: class_colour(label),
    });
    let name = if label == 0 {
        "unassigned".to_owned()
    } else {
        label.to_string()
    };
    scene.text([26.0, top + 2.0], name, 2);
    scene.text([26.0, top + 24.0], format!("{count} patches"), 1);
}

/// Entries at even steps from the first to the last, all if there are no more than `count`.
fn spread(rows: &[usize], count: usize) -> Vec<usize> {
    if rows.len() <= count {
        return rows.to_vec();
    }
    let last = (rows.len() - 1) as f64;
    let place = |column: usize| last * column as f64 / (count.max(2) - 1) as f64;
    (0..count)
        .map(|column| rows[place(column).round() as usize])
        .collect()
}
