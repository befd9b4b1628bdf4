use ndarray::{ArrayView2, ArrayView3, Axis};

use crate::{Error, Image};

/// How slices are shown.
#[derive(Debug, Clone, PartialEq)]
pub struct SlicesParams {
    /// Percentage of the pixels that are shown as black, and as many as white, 0..50; default 0.5.
    /// Raising it shows more contrast in the middle and less at the ends.
    pub saturated_percent: f64,
    /// Small slices are enlarged by a whole factor until the wider side has this many pixels; default
    /// 512, 0 never enlarges.
    pub least_width_px: usize,
    /// Pixels between the slices; default 4.
    pub gap_px: usize,
}

impl Default for SlicesParams {
    fn default() -> Self {
        Self {
            saturated_percent: 0.5,
            least_width_px: 512,
            gap_px: 4,
        }
    }
}

impl SlicesParams {
    /// # Errors
    /// [`Error::Parameter`] if a field is out of its range.
    pub fn validate(&self) -> Result<(), Error> {
        if (0.0..50.0).contains(&self.saturated_percent) {
            return Ok(());
        }
        let (name, rule) = ("saturated_percent", "a percentage from 0, below 50");
        Err(Error::Parameter {
            name,
            rule,
            got: self.saturated_percent,
        })
    }
}

/// The xy, xz and yz slices through the centre voxel ⌊n/2⌋ of a volume `[z, y, x]`.
///
/// See [`orthogonal_slices`] for their places.
///
/// # Errors
/// [`Error::Parameter`], or [`Error::Empty`] if an axis has no voxel.
pub fn central_slices(volume: ArrayView3<'_, f32>, params: &SlicesParams) -> Result<Image, Error> {
    if volume.is_empty() {
        return Err(Error::Empty {
            shape: volume.shape().to_vec(),
        });
    }
    let middle = |axis: usize| volume.index_axis(Axis(axis), volume.shape()[axis] / 2);
    orthogonal_slices(middle(0), middle(1), middle(2), params)
}

/// Three slices of one volume: `xy` `[y, x]` top left, `xz` `[z, x]` below it, `yz` `[z, y]` turned
/// to the right of it, so that x runs on below x and y on beside y.
///
/// Row 0 is at the top. All share one grey scale, between percentiles of their finite voxels; voxels
/// that are not finite are red.
///
/// # Errors
/// [`Error::Parameter`], or [`Error::Empty`] if a slice has no pixel.
pub fn orthogonal_slices(
    xy: ArrayView2<'_, f32>,
    xz: ArrayView2<'_, f32>,
    yz: ArrayView2<'_, f32>,
    params: &SlicesParams,
) -> Result<Image, Error> {
    let zoom = zoom(xy.ncols(), params);
    let right = xy.ncols() * zoom + params.gap_px;
    let below = xy.nrows() * zoom + params.gap_px;
    let panels = [(xy, 0, 0), (xz, 0, below), (yz.reversed_axes(), right, 0)];
    draw(&panels, zoom, params)
}

/// Images `[y, x]` side by side, on one grey scale.
///
/// # Errors
/// [`Error::Parameter`], or [`Error::Empty`] if there is no image or one has no pixel.
pub fn image_row(images: &[ArrayView2<'_, f32>], params: &SlicesParams) -> Result<Image, Error> {
    let total: usize = images.iter().map(ArrayView2::ncols).sum();
    let zoom = zoom(total, params);
    let mut panels = Vec::with_capacity(images.len());
    let mut right = 0;
    for image in images {
        panels.push((*image, right, 0));
        right += image.ncols() * zoom + params.gap_px;
    }
    draw(&panels, zoom, params)
}

/// One image on a grey scale of its own, and the factor by which it was enlarged.
pub(crate) fn stretched(
    image: ArrayView2<'_, f32>,
    params: &SlicesParams,
) -> Result<(Image, usize), Error> {
    let zoom = zoom(image.ncols(), params);
    Ok((draw(&[(image, 0, 0)], zoom, params)?, zoom))
}

pub(crate) fn zoom(width: usize, params: &SlicesParams) -> usize {
    params.least_width_px.div_ceil(width.max(1)).max(1)
}

pub(crate) type Panel<'a> = (ArrayView2<'a, f32>, usize, usize);

pub(crate) fn draw(
    panels: &[Panel<'_>],
    zoom: usize,
    params: &SlicesParams,
) -> Result<Image, Error> {
    const BACKGROUND: [u8; 3] = [255; 3];
    const NOT_FINITE: [u8; 3] = [220, 30, 30];
    params.validate()?;
    if panels.is_empty() {
        return Err(Error::Empty { shape: vec![0] });
    }
    if let Some((empty, ..)) = panels.iter().find(|(panel, ..)| panel.is_empty()) {
        return Err(Error::Empty {
            shape: empty.shape().to_vec(),
        });
    }
    let (black, white) = grey_range(panels, params.saturated_percent);
    let scale = if white > black {
        255.0 / (white - black)
    } else {
        0.0
    };
    let width = panels
        .iter()
        .map(|(panel, x, _)| x + panel.ncols() * zoom)
        .max();
    let height = panels
        .iter()
        .map(|(panel, _, y)| y + panel.nrows() * zoom)
        .max();
    let mut image = Image::filled(width.unwrap_or(0), height.unwrap_or(0), BACKGROUND);
    for (panel, left, top) in panels {
        for ((row, column), &value) in panel.indexed_iter() {
            let grey = ((f64::from(value) - black) * scale)
                .round()
                .clamp(0.0, 255.0) as u8;
            let colour = if value.is_finite() {
                [grey; 3]
            } else {
                NOT_FINITE
            };
            for y in 0..zoom {
                for x in 0..zoom {
                    image.set_pixel(left + column * zoom + x, top + row * zoom + y, colour);
                }
            }
        }
    }
    Ok(image)
}

fn grey_range(panels: &[Panel<'_>], saturated_percent: f64) -> (f64, f64) {
    let values = panels.iter().flat_map(|(panel, ..)| panel.iter().copied());
    let mut finite: Vec<f32> = values.filter(|value| value.is_finite()).collect();
    if finite.is_empty() {
        return (0.0, 0.0);
    }
    let last = finite.len() - 1;
    let cut = (last as f64 * saturated_percent / 100.0) as usize;
    let black = *finite.select_nth_unstable_by(cut, f32::total_cmp).1;
    let white = *finite.select_nth_unstable_by(last - cut, f32::total_cmp).1;
    (f64::from(black), f64::from(white))
}
