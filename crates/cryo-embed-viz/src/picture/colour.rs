use ndarray::ArrayView2;

use super::Colour;
use crate::{Error, error::require_at_least, matrix::checked};

/// Colours of the corners, the middles of the edges and the middle, at u, v = 0, ½, 1; `[u][v]`.
///
/// Ziegler et al.'s map in the reference.
const ANCHORS: [[[f32; 3]; 3]; 3] = [
    [[255.0, 255.0, 0.0], [255.0, 127.0, 0.0], [255.0, 0.0, 0.0]],
    [
        [149.0, 255.0, 0.0],
        [199.0, 169.0, 199.0],
        [127.0, 0.0, 130.0],
    ],
    [[40.0, 255.0, 0.0], [19.0, 127.0, 130.0], [0.0, 0.0, 255.0]],
];

/// The colour of a place on a unit square: near places have like colours, far places unlike ones.
///
/// Bilinear between nine anchors; u and v outside of 0 to 1 take the colour of the edge.
///
/// ```
/// use cryo_embed_viz::map_colour;
/// assert_eq!(map_colour(0.0, 1.0), [255, 0, 0]);
/// assert_eq!(map_colour(0.5, 0.5), [199, 169, 199]);
/// ```
#[must_use]
pub fn map_colour(u: f32, v: f32) -> Colour {
    let cell = |position: f32| {
        let doubled = if position.is_nan() {
            0.0
        } else {
            position.clamp(0.0, 1.0) * 2.0
        };
        let index = (doubled as usize).min(1);
        (index, doubled - index as f32)
    };
    let ((i, s), (j, t)) = (cell(u), cell(v));
    [0, 1, 2].map(|channel| {
        let at = |i: usize, j: usize| ANCHORS[i][j][channel];
        let low = at(i, j) * (1.0 - t) + at(i, j + 1) * t;
        let high = at(i + 1, j) * (1.0 - t) + at(i + 1, j + 1) * t;
        (low * (1.0 - s) + high * s).round() as u8
    })
}

/// The colour of each point of a layout `[n, 2 or 3]` by its place: its first two axes from 0 to 1.
///
/// # Errors
/// [`Error::NotFinite`], [`Error::TooFew`] below 2 columns.
pub fn map_colours(layout: ArrayView2<'_, f32>) -> Result<Vec<Colour>, Error> {
    let places = unit_square(layout)?;
    Ok(places.into_iter().map(|[u, v]| map_colour(u, v)).collect())
}

/// The first two axes of a layout, each from 0 to 1; an axis without extent is ½.
pub(super) fn unit_square(layout: ArrayView2<'_, f32>) -> Result<Vec<[f32; 2]>, Error> {
    require_at_least("columns of the layout", 2, layout.ncols())?;
    let layout = checked(layout)?;
    let range = [0, 1].map(|axis| {
        let values = layout.column(axis);
        let low = values.iter().copied().fold(f32::INFINITY, f32::min);
        let high = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        (low, high - low)
    });
    let place = |axis: usize, value: f32| {
        let (low, extent) = range[axis];
        if extent > 0.0 {
            (value - low) / extent
        } else {
            0.5
        }
    };
    let rows = layout.rows().into_iter();
    Ok(rows
        .map(|row| [place(0, row[0]), place(1, row[1])])
        .collect())
}

/// Colour of class 0, the unassigned.
const GREY: Colour = [176; 3];

/// Seven colours that stay apart for all common kinds of colour blindness: Okabe and Ito's (2008), without
/// black, and with Tol's wine in place of yellow, which nobody sees on white.
const APART: [Colour; 7] = [
    [0, 114, 178],
    [230, 159, 0],
    [0, 158, 115],
    [213, 94, 0],
    [86, 180, 233],
    [204, 121, 167],
    [136, 34, 85],
];

/// The colour of a class; class 0 is grey.
///
/// The first seven can be told apart by colour-blind people. Further ones are darker and lighter copies of
/// them: nobody can tell 48 colours apart, so pictures also write the class's number on it.
///
/// ```
/// use cryo_embed_viz::class_colour;
/// assert_ne!(class_colour(1), class_colour(8));
/// ```
#[must_use]
pub fn class_colour(class: u32) -> Colour {
    if class == 0 {
        return GREY;
    }
    let number = class as usize - 1;
    let colour = APART[number % APART.len()];
    let mix = |towards: f32, share: f32| {
        colour.map(|c| (f32::from(c) + (towards - f32::from(c)) * share).round() as u8)
    };
    match (number / APART.len()) % 5 {
        0 => colour,
        1 => mix(0.0, 0.45),
        2 => mix(255.0, 0.45),
        3 => mix(0.0, 0.7),
        _ => mix(128.0, 0.55),
    }
}
