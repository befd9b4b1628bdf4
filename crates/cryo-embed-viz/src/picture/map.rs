use std::collections::BTreeMap;

use ndarray::ArrayView2;

use super::{
    Colour, Scene, Shape, class_colour, colour::unit_square, draw::text_width, map_colours,
};
use crate::{
    Error,
    error::{require, require_at_least, require_length},
    random::SplitMix,
};

/// How a map is drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct MapParams {
    /// Side of the square that holds the points, at least 64; 900 by default.
    pub side_px: usize,
    /// Radius of a point in pixels, above 0; by default so that a hundredth to a third of the square is covered,
    /// 1 to 5.
    pub radius_px: Option<f32>,
    /// Written above; nothing by default.
    pub title: String,
    /// Rows of the legend at most, the others are summed up; 40 by default.
    pub legend_rows: usize,
}

impl Default for MapParams {
    fn default() -> Self {
        Self {
            side_px: 900,
            radius_px: None,
            title: String::new(),
            legend_rows: 40,
        }
    }
}

impl MapParams {
    /// Nothing if all fields are in their ranges.
    ///
    /// # Errors
    /// [`Error::Parameter`] with the first field that is not.
    pub fn validate(&self) -> Result<(), Error> {
        let side = self.side_px;
        let valid = (64..=20_000).contains(&side);
        require(valid, "side_px", "64 to 20,000", side as f64)?;
        let radius = self.radius_px.unwrap_or(1.0);
        let valid = radius.is_finite() && radius > 0.0;
        require(
            valid,
            "radius_px",
            "a finite number above 0",
            f64::from(radius),
        )
    }

    fn radius(&self, points: usize) -> f32 {
        let automatic = self.side_px as f32 * 0.15 / (points as f32).sqrt();
        self.radius_px.unwrap_or(automatic.clamp(1.0, 5.0))
    }
}

/// Pixels around the points.
const MARGIN: f32 = 24.0;
/// Pixels above them for the title.
const TITLE: f32 = 40.0;
const LEGEND_WIDTH: usize = 260;
const LEGEND_LINE: f32 = 20.0;

/// Points coloured by their place on the map (`map_colour`), the first two axes of `layout` `[n, 2 or 3]`.
///
/// # Errors
/// [`Error::Parameter`], [`Error::TooFew`] without points, [`Error::NotFinite`].
pub fn map_by_place(layout: ArrayView2<'_, f32>, params: &MapParams) -> Result<Scene, Error> {
    map_by_colour(layout, &map_colours(layout)?, params)
}

/// Points in given colours, one each.
///
/// They are drawn in a shuffled order, so that what comes last in the list does not hide the rest.
///
/// # Errors
/// As [`map_by_place`], and [`Error::Length`].
pub fn map_by_colour(
    layout: ArrayView2<'_, f32>,
    colours: &[Colour],
    params: &MapParams,
) -> Result<Scene, Error> {
    params.validate()?;
    require_at_least("points", 1, layout.nrows())?;
    require_length("colours", layout.nrows(), colours.len())?;
    let places = places(layout, params)?;
    let mut scene = framed(params, 0);
    let radius = params.radius(places.len());
    for index in shuffled(places.len()) {
        scene.shapes.push(Shape::Disc {
            centre: places[index],
            radius,
            colour: colours[index],
            opacity: 0.75,
        });
    }
    Ok(scene)
}

/// Points coloured by class with a legend: colour, number, name if it has one, and count. Class 0 is grey.
///
/// Each class's number stands on its point nearest to the class's middle, so that it can be read without
/// telling colours apart. Tomograms are shown the same way: give their numbers, from 1, and names.
///
/// # Errors
/// As [`map_by_colour`].
///
/// # Examples
/// ```
/// use cryo_embed_viz::{MapParams, map_by_label};
/// let layout = ndarray::array![[0.0, 0.0], [1.0, 0.0], [5.0, 5.0]];
/// let names = [(1, "ribosome".to_owned())].into();
/// let scene = map_by_label(layout.view(), &[1, 1, 2], &names, &MapParams::default())?;
/// assert!(scene.to_svg()?.contains("ribosome"));
/// # Ok::<(), cryo_embed_viz::Error>(())
/// ```
pub fn map_by_label(
    layout: ArrayView2<'_, f32>,
    labels: &[u32],
    names: &BTreeMap<u32, String>,
    params: &MapParams,
) -> Result<Scene, Error> {
    require_length("labels", layout.nrows(), labels.len())?;
    let colours: Vec<Colour> = labels.iter().map(|label| class_colour(*label)).collect();
    let mut scene = map_by_colour(layout, &colours, params)?;
    let mut members: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for (index, label) in labels.iter().enumerate() {
        members.entry(*label).or_default().push(index);
    }
    let places = places(layout, params)?;
    for (label, rows) in members.iter().filter(|(label, _)| **label != 0) {
        let [x, y] = middle(&places, rows);
        let text = label.to_string();
        scene.shapes.push(Shape::Text {
            corner: [x - text_width(&text, 2) / 2.0, y - 7.0],
            text,
            scale: 2,
            colour: [20; 3],
            halo: true,
        });
    }
    legend(&mut scene, &members, names, params);
    Ok(scene)
}

/// Where points lie in the picture, y upwards.
pub(super) fn places(
    layout: ArrayView2<'_, f32>,
    params: &MapParams,
) -> Result<Vec<[f32; 2]>, Error> {
    let side = params.side_px as f32;
    let unit = unit_square(layout)?.into_iter();
    Ok(unit
        .map(|[u, v]| [MARGIN + u * side, MARGIN + TITLE + (1.0 - v) * side])
        .collect())
}

/// A scene with title and frame, and room to the right.
pub(super) fn framed(params: &MapParams, right: usize) -> Scene {
    let side = params.side_px as f32;
    let width = (2.0 * MARGIN + side) as usize + right;
    let mut scene = Scene::new(width, (2.0 * MARGIN + TITLE + side) as usize);
    scene.text([MARGIN, MARGIN], params.title.as_str(), 3);
    let (low, high) = (MARGIN / 2.0, MARGIN * 1.5 + side);
    let corners = [
        [low, low + TITLE],
        [high, low + TITLE],
        [high, high + TITLE],
        [low, high + TITLE],
    ];
    for number in 0..4 {
        scene.line(corners[number], corners[(number + 1) % 4], 1.0, [200; 3]);
    }
    scene
}

/// 0 to n − 1 in an order that has nothing to do with theirs.
fn shuffled(n: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..n).collect();
    let mut rng = SplitMix::new(0, 0, 0);
    for last in (1..n).rev() {
        order.swap(last, rng.below(last + 1));
    }
    order
}

/// The member nearest to the medians of both axes: a mean may lie outside of a bent class.
fn middle(places: &[[f32; 2]], rows: &[usize]) -> [f32; 2] {
    let median = [0, 1].map(|axis| {
        let mut values: Vec<f32> = rows.iter().map(|&row| places[row][axis]).collect();
        let at = values.len() / 2;
        *values.select_nth_unstable_by(at, f32::total_cmp).1
    });
    let away = |row: usize| {
        let [x, y] = places[row];
        (x - median[0]).powi(2) + (y - median[1]).powi(2)
    };
    let nearest = rows
        .iter()
        .copied()
        .min_by(|a, b| away(*a).total_cmp(&away(*b)));
    nearest.map_or(median, |row| places[row])
}

fn legend(
    scene: &mut Scene,
    members: &BTreeMap<u32, Vec<usize>>,
    names: &BTreeMap<u32, String>,
    params: &MapParams,
) {
    let left = scene.width as f32;
    scene.width += LEGEND_WIDTH;
    let room = ((params.side_px as f32 / LEGEND_LINE) as usize).min(params.legend_rows);
    let shown = if members.len() > room {
        room.saturating_sub(1)
    } else {
        members.len()
    };
    let mut top = MARGIN + TITLE;
    for (label, rows) in members.iter().take(shown) {
        scene.shapes.push(Shape::Disc {
            centre: [left + 8.0, top + 6.0],
            radius: 6.0,
            colour: class_colour(*label),
            opacity: 1.0,
        });
        let name = match (names.get(label), *label) {
            (Some(name), _) => format!("{label} {name}"),
            (None, 0) => "unassigned".to_owned(),
            (None, label) => label.to_string(),
        };
        let text = format!("{} ({})", shortened(&name, 12), rows.len());
        scene.text([left + 22.0, top], text, 2);
        top += LEGEND_LINE;
    }
    let rest = members.iter().skip(shown);
    let (count, points) = rest.fold((0, 0), |(count, points), (_, rows)| {
        (count + 1, points + rows.len())
    });
    if count > 0 {
        scene.text([left + 22.0, top], format!("{count} more ({points})"), 2);
    }
}

/// A name that is too long loses its middle: names of tomograms differ at their ends.
fn shortened(name: &str, most: usize) -> String {
    let letters: Vec<char> = name.chars().collect();
    if letters.len() <= most {
        return name.to_owned();
    }
    let head: String = letters[..3].iter().collect();
    let tail: String = letters[letters.len() - (most - 5)..].iter().collect();
    format!("{head}..{tail}")
}
