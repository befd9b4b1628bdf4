use std::collections::BTreeMap;

use ndarray::{ArrayView2, ArrayView3, Axis};

use super::{
    Colour, MapParams, Scene, Shape, class_colour,
    draw::text_width,
    map::{framed, places},
    map_colours,
    patch::{require_pixels, require_side, thumbnail},
};
use crate::{
    Error,
    error::{require_at_least, require_length},
};

/// How patches are shown on a map.
#[derive(Debug, Clone, PartialEq)]
pub struct LandscapeParams {
    /// The map below.
    pub map: MapParams,
    /// Side of a shown patch, 4 to 1024 pixels; 32 by default, as the reference.
    pub thumbnail_px: usize,
    /// Coloured edge of a shown patch; 3 by default.
    pub frame_px: usize,
}

impl Default for LandscapeParams {
    fn default() -> Self {
        Self {
            map: MapParams {
                side_px: 1500,
                ..MapParams::default()
            },
            thumbnail_px: 32,
            frame_px: 3,
        }
    }
}

impl LandscapeParams {
    /// Nothing if all fields are in their ranges.
    ///
    /// # Errors
    /// [`Error::Parameter`] with the first field that is not.
    pub fn validate(&self) -> Result<(), Error> {
        self.map.validate()?;
        require_side(self.thumbnail_px)
    }
}

/// The points, in their order, whose squares of `side` around them overlap none of those before.
///
/// Cells as wide as a square hold at most one shown point each, so that nine cells are looked at: time n, where
/// comparing with all shown points takes n times their number. Two squares may touch.
///
/// ```
/// let shown = cryo_embed_viz::without_overlap(&[[0.0, 0.0], [0.9, 0.5], [1.0, 0.2], [0.1, 3.0]], 1.0);
/// assert_eq!(shown, [0, 2, 3]);
/// ```
#[must_use]
pub fn without_overlap(places: &[[f32; 2]], side: f32) -> Vec<usize> {
    let cell = |value: f32| (value / side).floor() as i64;
    let mut cells: BTreeMap<(i64, i64), usize> = BTreeMap::new();
    let mut shown = Vec::new();
    for (index, &[x, y]) in places.iter().enumerate() {
        let (column, row) = (cell(x), cell(y));
        let near = (-1..=1).flat_map(|dx| (-1..=1).map(move |dy| (column + dx, row + dy)));
        let overlaps = near.filter_map(|cell| cells.get(&cell)).any(|&other| {
            let [other_x, other_y]: [f32; 2] = places[other];
            (other_x - x).abs() < side && (other_y - y).abs() < side
        });
        if !overlaps {
            cells.insert((column, row), index);
            shown.push(index);
        }
    }
    shown
}

/// Patches at their places on the map, as many as fit without overlap, framed in the colour of the place; all
/// points as dots below.
///
/// `layout` is `[n, 2 or 3]`, `patches` `[n, y, x]`. Patches have priority in their order.
///
/// # Errors
/// [`Error::Parameter`], [`Error::Length`], [`Error::TooFew`] without points, [`Error::NotFinite`],
/// [`Error::Empty`] for patches without a pixel.
pub fn landscape(
    layout: ArrayView2<'_, f32>,
    patches: ArrayView3<'_, f32>,
    params: &LandscapeParams,
) -> Result<Scene, Error> {
    let colours = map_colours(layout)?;
    draw(layout, patches, &colours, &[], params)
}

/// The same framed in the colour of the class, with its number on each patch; class 0 is not shown.
///
/// # Errors
/// As [`landscape`].
pub fn landscape_by_label(
    layout: ArrayView2<'_, f32>,
    patches: ArrayView3<'_, f32>,
    labels: &[u32],
    params: &LandscapeParams,
) -> Result<Scene, Error> {
    require_length("labels", layout.nrows(), labels.len())?;
    let colours: Vec<Colour> = labels.iter().map(|label| class_colour(*label)).collect();
    draw(layout, patches, &colours, labels, params)
}

fn draw(
    layout: ArrayView2<'_, f32>,
    patches: ArrayView3<'_, f32>,
    colours: &[Colour],
    labels: &[u32],
    params: &LandscapeParams,
) -> Result<Scene, Error> {
    params.validate()?;
    require_at_least("points", 1, layout.nrows())?;
    require_length("patches", layout.nrows(), patches.len_of(Axis(0)))?;
    require_pixels(patches)?;
    let side = params.thumbnail_px + 2 * params.frame_px;
    let places = inset(places(layout, &params.map)?, side, &params.map);
    let mut scene = framed(&params.map, 0);
    for (&centre, &colour) in places.iter().zip(colours) {
        scene.shapes.push(Shape::Disc {
            centre,
            radius: params.map.radius_px.unwrap_or(1.5),
            colour,
            opacity: 0.5,
        });
    }
    let candidates: Vec<usize> = (0..places.len())
        .filter(|&index| labels.get(index) != Some(&0))
        .collect();
    let spots: Vec<[f32; 2]> = candidates.iter().map(|&index| places[index]).collect();
    for index in without_overlap(&spots, side as f32)
        .into_iter()
        .map(|i| candidates[i])
    {
        let patch = patches.index_axis(Axis(0), index);
        let image = thumbnail(patch, params.thumbnail_px, colours[index], params.frame_px);
        let corner = places[index].map(|value| value - side as f32 / 2.0);
        scene.shapes.push(Shape::Picture { corner, image });
        if let Some(label) = labels.get(index) {
            tag(&mut scene, corner, *label);
        }
    }
    Ok(scene)
}

/// Places drawn together so that patches at the edge of the map stay within its frame.
fn inset(mut places: Vec<[f32; 2]>, side: usize, map: &MapParams) -> Vec<[f32; 2]> {
    let unit = ArrayView2::from(&[[0.0_f32, 0.0], [1.0, 1.0]]);
    let Ok(&[[left, bottom], [right, top]]) = self::places(unit, map).as_deref() else {
        return places;
    };
    let middle = [(left + right) / 2.0, (top + bottom) / 2.0];
    let share = (1.0 - side as f32 / map.side_px as f32).max(0.0);
    for place in &mut places {
        for (value, middle) in place.iter_mut().zip(middle) {
            *value = middle + (*value - middle) * share;
        }
    }
    places
}

/// The number of a class in the corner of its patch.
fn tag(scene: &mut Scene, [left, top]: [f32; 2], label: u32) {
    let text = label.to_string();
    let ground = class_colour(label);
    scene.shapes.push(Shape::Rectangle {
        corner: [left, top],
        size: [text_width(&text, 1) + 3.0, 11.0],
        colour: ground,
    });
    let brightness: u32 = ground.iter().map(|channel| u32::from(*channel)).sum();
    scene.shapes.push(Shape::Text {
        corner: [left + 2.0, top + 2.0],
        text,
        scale: 1,
        colour: if brightness > 360 { [0; 3] } else { [255; 3] },
        halo: false,
    });
}
