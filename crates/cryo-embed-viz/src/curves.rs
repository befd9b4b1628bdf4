use cryo_core::VoxelPos;
use ndarray::{Array2, ArrayView3, Axis, Slice};

use crate::{
    Error, Image, SlicesParams,
    slices::{Panel, draw, zoom},
};

/// How curves are shown over slabs of a volume.
#[derive(Debug, Clone, PartialEq)]
pub struct CurvesParams {
    /// Number of slabs that the volume is cut into along z, 1 or more; default 12, and never more than
    /// there are slices. More slabs are thinner, with less contrast and less of each curve.
    pub slabs: usize,
    /// One colour for all; `None` gives each a hue of its own, the same for the same place in the list.
    pub colour: Option<[u8; 3]>,
    /// Grey levels, enlargement and gaps.
    pub slices: SlicesParams,
}

impl Default for CurvesParams {
    fn default() -> Self {
        Self {
            slabs: 12,
            colour: None,
            slices: SlicesParams::default(),
        }
    }
}

impl CurvesParams {
    /// # Errors
    /// [`Error::Parameter`] if a field is out of its range.
    pub fn validate(&self) -> Result<(), Error> {
        if self.slabs == 0 {
            return Err(Error::Parameter {
                name: "slabs",
                rule: "1 or more",
                got: 0.0,
            });
        }
        self.slices.validate()
    }
}

/// Mean slices of slabs of a volume `[z, y, x]`, in rows from the lowest z on, each with the parts of the curves
/// that run through it.
///
/// Points of a curve are joined by straight lines. The colour of a curve is that of its place in the list; hues
/// are a golden section of the circle apart, so that neighbours differ. Points that are not finite break a
/// curve, and what lies outside of the volume is not drawn.
///
/// # Errors
/// [`Error::Parameter`], or [`Error::Empty`] if an axis has no voxel.
///
/// # Examples
/// ```
/// use cryo_core::VoxelPos;
/// use cryo_embed_viz::{CurvesParams, slabs_with_curves};
/// use ndarray::Array3;
///
/// let volume = Array3::from_elem((8, 20, 30), 1.0);
/// let curve = vec![VoxelPos::xyz(5.0, 10.0, 2.0), VoxelPos::xyz(25.0, 10.0, 2.0)];
/// let picture = slabs_with_curves(volume.view(), &[curve], &CurvesParams { slabs: 2, ..Default::default() })?;
/// assert!(picture.width() >= 512);
/// # Ok::<(), cryo_embed_viz::Error>(())
/// ```
pub fn slabs_with_curves(
    volume: ArrayView3<'_, f32>,
    curves: &[Vec<VoxelPos>],
    params: &CurvesParams,
) -> Result<Image, Error> {
    params.validate()?;
    if volume.is_empty() {
        return Err(Error::Empty {
            shape: volume.shape().to_vec(),
        });
    }
    let (depth, height, width) = volume.dim();
    let slabs = params.slabs.min(depth);
    // As near to a square as whole columns allow.
    let columns = ((slabs * height) as f64 / width as f64)
        .sqrt()
        .ceil()
        .clamp(1.0, slabs as f64) as usize;
    let zoom = zoom(columns * width, &params.slices);
    let bounds: Vec<(usize, usize)> = (0..slabs)
        .map(|slab| (slab * depth / slabs, (slab + 1) * depth / slabs))
        .collect();
    let images: Vec<Array2<f32>> = bounds
        .iter()
        .map(|&(from, to)| mean_slice(volume, from, to))
        .collect();
    let corner = |slab: usize| {
        let gap = params.slices.gap_px;
        (
            (slab % columns) * (width * zoom + gap),
            (slab / columns) * (height * zoom + gap),
        )
    };
    let panels: Vec<Panel<'_>> = images
        .iter()
        .enumerate()
        .map(|(slab, image)| (image.view(), corner(slab).0, corner(slab).1))
        .collect();
    let mut picture = draw(&panels, zoom, &params.slices)?;
    let canvas = Canvas {
        width,
        height,
        zoom,
    };
    for (number, curve) in curves.iter().enumerate() {
        for pair in curve.windows(2) {
            for place in between(pair[0], pair[1], zoom) {
                let slab = bounds.iter().position(|&(from, to)| {
                    (from as f64 - 0.5..to as f64 - 0.5).contains(&place.z)
                });
                if let Some(slab) = slab {
                    canvas.dot(
                        &mut picture,
                        corner(slab),
                        place,
                        params.colour.unwrap_or_else(|| colour(number)),
                    );
                }
            }
        }
    }
    Ok(picture)
}

fn mean_slice(volume: ArrayView3<'_, f32>, from: usize, to: usize) -> Array2<f32> {
    let slab = volume.slice_axis(Axis(0), Slice::from(from..to));
    let sum = slab.map_axis(Axis(0), |column| {
        column.iter().map(|&value| f64::from(value)).sum::<f64>()
    });
    sum.mapv(|sum| (sum / (to - from) as f64) as f32)
}

/// Places from one point to another, at most half a pixel apart.
fn between(from: VoxelPos, to: VoxelPos, zoom: usize) -> impl Iterator<Item = VoxelPos> {
    /// A longer line is no part of a volume.
    const MOST: f64 = 1e6;
    let steps = (2.0 * from.distance_to(to) * zoom as f64).ceil().max(1.0);
    let count = if steps <= MOST { steps as usize } else { 0 };
    let drawn = from.is_finite() && to.is_finite() && count > 0;
    (0..if drawn { count + 1 } else { 0 }).map(move |n| {
        let part = n as f64 / steps;
        let mix = |a: f64, b: f64| a + (b - a) * part;
        VoxelPos::zyx(mix(from.z, to.z), mix(from.y, to.y), mix(from.x, to.x))
    })
}

struct Canvas {
    width: usize,
    height: usize,
    zoom: usize,
}

impl Canvas {
    /// Half as wide as a voxel, a pixel at least.
    fn dot(
        &self,
        picture: &mut Image,
        (left, top): (usize, usize),
        place: VoxelPos,
        colour: [u8; 3],
    ) {
        let side = self.zoom.div_ceil(2);
        let pixel = |value: f64, n: usize| {
            let first = ((value + 0.5) * self.zoom as f64 - 0.5 * side as f64).round();
            (first >= 0.0 && first + side as f64 <= (n * self.zoom) as f64)
                .then_some(first as usize)
        };
        let (Some(x), Some(y)) = (pixel(place.x, self.width), pixel(place.y, self.height)) else {
            return;
        };
        for row in y..y + side {
            for column in x..x + side {
                picture.set_pixel(left + column, top + row, colour);
            }
        }
    }
}

/// A saturated colour whose hue is `number` golden sections around the circle.
fn colour(number: usize) -> [u8; 3] {
    const SECTION: f64 = 0.618_033_988_749_895;
    let hue = 6.0 * (0.08 + number as f64 * SECTION).fract();
    [5.0, 3.0, 1.0].map(|shift: f64| {
        let place = (shift + hue) % 6.0;
        let part = place.min(4.0 - place).clamp(0.0, 1.0);
        (255.0 * (1.0 - 0.85 * part)).round() as u8
    })
}
