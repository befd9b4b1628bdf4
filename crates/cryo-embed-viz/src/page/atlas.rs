//! Pictures of candidates and classes, many in one PNG.

use std::ops::Range;

use ndarray::{ArrayView2, ArrayView3, Axis};
use rayon::prelude::*;

use super::data::{PageData, PageParams};
use crate::Error;

/// Thumbnails in a row and in a column of one PNG.
pub(super) const GRID: usize = 32;
/// Largest side of a class average in pixels.
const AVERAGE_PX: usize = 48;

/// The side of the thumbnails; `None` without any.
pub(super) fn side(data: &PageData<'_>, params: &PageParams) -> Option<usize> {
    let (_, height, width) = data.patches?.dim();
    let side = height.min(width).min(params.thumbnail_px);
    (side > 0).then_some(side)
}

pub(super) fn pages(count: usize) -> usize {
    count.div_ceil(GRID * GRID)
}

/// PNG number `page` of the thumbnails, with 256 grey levels or 16.
pub(super) fn thumbnails(
    patches: ArrayView3<'_, u8>,
    side: usize,
    page: usize,
    fine: bool,
) -> Result<Vec<u8>, Error> {
    let rows: Range<usize> = page * GRID * GRID..((page + 1) * GRID * GRID).min(patches.dim().0);
    let height = rows.len().div_ceil(GRID) * side;
    let width = GRID * side;
    let mut grey = vec![0_u8; width * height];
    for (place, row) in rows.enumerate() {
        let (left, top) = (place % GRID * side, place / GRID * side);
        let small = averaged_down(patches.index_axis(Axis(0), row), side);
        for (y, line) in small.chunks_exact(side).enumerate() {
            let start = (top + y) * width + left;
            for (to, from) in grey[start..start + side].iter_mut().zip(line) {
                *to = from.round() as u8;
            }
        }
    }
    let depth = if fine {
        png::BitDepth::Eight
    } else {
        // Width is a multiple of 32, so two pixels always share a byte.
        let level = |value: u8| (u16::from(value) * 15 + 127) / 255;
        grey = grey
            .chunks_exact(2)
            .map(|pair| (level(pair[0]) << 4 | level(pair[1])) as u8)
            .collect();
        png::BitDepth::Four
    };
    encode(width, height, png::ColorType::Grayscale, depth, &grey)
}

pub(super) fn encode(
    width: usize,
    height: usize,
    colour: png::ColorType,
    depth: png::BitDepth,
    bytes: &[u8],
) -> Result<Vec<u8>, Error> {
    let pixels = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, pixels(width), pixels(height));
    encoder.set_color(colour);
    encoder.set_depth(depth);
    encoder.set_compression(png::Compression::Fast);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(bytes)?;
    writer.finish()?;
    Ok(out)
}

/// The middle square of a picture, each pixel the mean of the area that it covers.
fn averaged_down(picture: ArrayView2<'_, u8>, side: usize) -> Vec<f32> {
    let (height, width) = picture.dim();
    let from = height.min(width);
    let (top, left) = ((height - from) / 2, (width - from) / 2);
    let weights = shares(from, side);
    let mut out = Vec::with_capacity(side * side);
    for rows in &weights {
        for columns in &weights {
            let mut sum = 0.0;
            for (y, high) in rows {
                for (x, wide) in columns {
                    sum += high * wide * f32::from(picture[[top + y, left + x]]);
                }
            }
            out.push(sum);
        }
    }
    out
}

/// For each of `to` pixels the ones of `from` that it covers, with their shares, which sum to 1.
fn shares(from: usize, to: usize) -> Vec<Vec<(usize, f32)>> {
    let step = from as f64 / to as f64;
    let covered = |pixel: usize| {
        let (start, end) = (pixel as f64 * step, (pixel + 1) as f64 * step);
        let last = (end.ceil() as usize).min(from);
        let share = |at: usize| (end.min(at as f64 + 1.0) - start.max(at as f64)) / step;
        let pixels = start as usize..last;
        pixels
            .map(|at| (at, share(at) as f32))
            .filter(|(_, share)| *share > 1e-6)
            .collect()
    };
    (0..to).map(covered).collect()
}

/// The mean patch of each class, one below the other.
pub(super) struct Averages {
    pub(super) side: usize,
    pub(super) labels: Vec<u32>,
    pub(super) png: Vec<u8>,
}

/// Means of the patches of the classes `classes`; red and green hold the high and low byte of 16 bits.
pub(super) fn averages(
    data: &PageData<'_>,
    params: &PageParams,
    classes: &[u32],
) -> Result<Option<Averages>, Error> {
    let (Some(patches), Some(labels)) = (data.patches, data.labels) else {
        return Ok(None);
    };
    let side = patches.dim().1.min(patches.dim().2).min(AVERAGE_PX);
    if side == 0 || params.thumbnail_px == 0 || classes.is_empty() {
        return Ok(None);
    }
    let mean = |&class: &u32| {
        let mut sum = vec![0_u64; patches.dim().1 * patches.dim().2];
        let mut count = 0_u64;
        for (patch, _) in patches
            .outer_iter()
            .zip(labels)
            .filter(|(_, label)| **label == class)
        {
            count += 1;
            for (to, &from) in sum.iter_mut().zip(patch) {
                *to += u64::from(from);
            }
        }
        let fine = sum
            .iter()
            .map(|&sum| sum as f64 * 256.0 / count.max(1) as f64);
        let (_, height, width) = patches.dim();
        shrunk(&fine.collect::<Vec<f64>>(), height, width, side)
    };
    let means: Vec<Vec<u16>> = classes.par_iter().map(mean).collect();
    let rgb: Vec<u8> = means
        .iter()
        .flatten()
        .flat_map(|value| {
            let [high, low] = value.to_be_bytes();
            [high, low, 0]
        })
        .collect();
    let height = side * classes.len();
    let depth = png::BitDepth::Eight;
    let png = encode(side, height, png::ColorType::Rgb, depth, &rgb)?;
    Ok(Some(Averages {
        side,
        labels: classes.to_vec(),
        png,
    }))
}

fn shrunk(values: &[f64], height: usize, width: usize, side: usize) -> Vec<u16> {
    let from = height.min(width);
    let (top, left) = ((height - from) / 2, (width - from) / 2);
    let weights = shares(from, side);
    let pixel = |rows: &[(usize, f32)], columns: &[(usize, f32)]| {
        let mut sum = 0.0;
        for (y, high) in rows {
            for (x, wide) in columns {
                sum += f64::from(high * wide) * values[(top + y) * width + left + x];
            }
        }
        sum.round().clamp(0.0, 65535.0) as u16
    };
    let pairs = weights
        .iter()
        .flat_map(|rows| weights.iter().map(move |columns| (rows, columns)));
    pairs.map(|(rows, columns)| pixel(rows, columns)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array3, array};

    #[test]
    fn shares_sum_to_one_and_cover_everything() {
        for (from, to) in [(7, 3), (36, 32), (4, 4), (5, 1)] {
            let all = shares(from, to);
            let mut covered = vec![0.0; from];
            for pixel in &all {
                let sum: f32 = pixel.iter().map(|(_, share)| share).sum();
                assert!((sum - 1.0).abs() < 1e-5);
                for (at, share) in pixel {
                    covered[*at] += share * from as f32 / to as f32;
                }
            }
            assert!(
                covered.iter().all(|c| (c - 1.0).abs() < 1e-4),
                "{covered:?}"
            );
        }
    }

    #[test]
    fn a_picture_is_averaged_down_by_area() {
        let picture = array![[0, 10, 20, 30], [0, 10, 20, 30_u8]];
        // The middle square, then its mean.
        assert_eq!(averaged_down(picture.view(), 2), [10.0, 20.0, 10.0, 20.0]);
        assert_eq!(averaged_down(picture.view(), 1), [15.0]);
    }

    #[test]
    fn thumbnails_of_both_depths_decode_to_the_patches() {
        let patches = Array3::from_shape_fn((40, 6, 6), |(n, y, x)| (n * 5 + y * 6 + x) as u8);
        for (fine, tolerance) in [(true, 0_i32), (false, 9)] {
            let png = thumbnails(patches.view(), 6, 0, fine).unwrap();
            let mut decoder = png::Decoder::new(std::io::Cursor::new(png));
            decoder.set_transformations(png::Transformations::EXPAND);
            let mut reader = decoder.read_info().unwrap();
            let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
            let info = reader.next_frame(&mut pixels).unwrap();
            assert_eq!((info.width, info.height), (32 * 6, 12));
            // Patch 33 is second in the second row.
            for y in 0..6 {
                for x in 0..6 {
                    let got = i32::from(pixels[(6 + y) * 192 + 6 + x]);
                    let wanted = i32::from(patches[[33, y, x]]);
                    assert!((got - wanted).abs() <= tolerance, "{got} {wanted}");
                }
            }
        }
    }
}
