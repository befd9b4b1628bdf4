use ndarray::{Array2, ArrayView2, ArrayView3, Axis};

use crate::{Error, Image, error::require};

/// Grey levels of a patch, `[y, x]`, its mean ± 3 standard deviations from black to white, as the reference.
/// A patch without contrast is grey, values that are not finite are black.
pub(super) fn grey(patch: ArrayView2<'_, f32>) -> Array2<u8> {
    const WINDOW: f64 = 3.0;
    let finite = || {
        patch
            .iter()
            .filter(|value| value.is_finite())
            .map(|value| f64::from(*value))
    };
    let count = finite().count().max(1) as f64;
    let mean = finite().sum::<f64>() / count;
    let deviation = (finite().map(|value| (value - mean).powi(2)).sum::<f64>() / count).sqrt();
    patch.mapv(|value| {
        if !value.is_finite() {
            return 0;
        }
        let z = if deviation > 0.0 {
            (f64::from(value) - mean) / deviation
        } else {
            0.0
        };
        ((z + WINDOW) / (2.0 * WINDOW) * 255.0)
            .round()
            .clamp(0.0, 255.0) as u8
    })
}

/// A grey picture of `side` × `side` pixels, joined linearly between the pixels of the patch, in a frame.
pub(super) fn thumbnail(
    patch: ArrayView2<'_, f32>,
    side: usize,
    frame: [u8; 3],
    edge: usize,
) -> Image {
    let grey = grey(patch);
    let (rows, columns) = grey.dim();
    let mut image = Image::filled(side + 2 * edge, side + 2 * edge, frame);
    let at = |pixel: usize, length: usize| {
        let place = (pixel as f32 + 0.5) * length as f32 / side as f32 - 0.5;
        let place = place.clamp(0.0, (length - 1) as f32);
        let low = (place as usize).min(length.saturating_sub(2));
        (low, (low + 1).min(length - 1), place - low as f32)
    };
    for y in 0..side {
        let (y0, y1, s) = at(y, rows);
        for x in 0..side {
            let (x0, x1, t) = at(x, columns);
            let value = |y: usize, x: usize| f32::from(grey[[y, x]]);
            let upper = value(y0, x0) * (1.0 - t) + value(y0, x1) * t;
            let lower = value(y1, x0) * (1.0 - t) + value(y1, x1) * t;
            let mixed = (upper * (1.0 - s) + lower * s).round() as u8;
            image.set_pixel(x + edge, y + edge, [mixed; 3]);
        }
    }
    image
}

/// The mean of some patches, summed in their order.
pub(super) fn average(patches: ArrayView3<'_, f32>, rows: &[usize]) -> Array2<f32> {
    let (_, height, width) = patches.dim();
    let mut sum: Array2<f64> = Array2::zeros((height, width));
    for &row in rows {
        let patch = patches.index_axis(Axis(0), row);
        sum.zip_mut_with(&patch, |sum, value| *sum += f64::from(*value));
    }
    sum.mapv(|sum| (sum / rows.len().max(1) as f64) as f32)
}

/// Nothing if a patch has at least one pixel.
pub(super) fn require_pixels(patches: ArrayView3<'_, f32>) -> Result<(), Error> {
    let (_, height, width) = patches.dim();
    if height == 0 || width == 0 {
        return Err(Error::Empty {
            shape: patches.shape().to_vec(),
        });
    }
    Ok(())
}

/// Nothing if a side of a thumbnail is in its range.
pub(super) fn require_side(side: usize) -> Result<(), Error> {
    require(
        (4..=1024).contains(&side),
        "thumbnail_px",
        "4 to 1024",
        side as f64,
    )
}
