//! Draws what each augmentation does to four views, one row each, as a PNG.
//!
//!     cargo run -p cryo-contrastive --example contrastive_augmentations -- sheet.png

use std::{fs::File, io::BufWriter};

use anyhow::{Context, Result};
use cryo_contrastive::{AugmentParams, Erase, augment};
use tch::{Device, Kind, Tensor};

const VIEW: i64 = 48;
const CROP: usize = 36;

/// A filled letter F and its neighbour slice, on a slope: no flip, turn or shift of it goes unseen.
fn views() -> Tensor {
    let inside = |y: i64, x: i64| {
        (16..32).contains(&y) && (19..22).contains(&x)
            || (16..19).contains(&y) && (19..30).contains(&x)
            || (23..26).contains(&y) && (19..27).contains(&x)
    };
    let value = |c: i64, y: i64, x: i64| {
        let slope = (y + x) as f32 / 60.0 - 0.8;
        let other = c as f32 * f32::from(u8::from((y - 24).pow(2) + (x - 24).pow(2) > 200));
        slope + other - if inside(y, x) { 2.0 } else { 0.0 }
    };
    let one: Vec<f32> = (0..2)
        .flat_map(|c| (0..VIEW).flat_map(move |y| (0..VIEW).map(move |x| value(c, y, x))))
        .collect();
    Tensor::from_slice(&one)
        .view([1, 2, VIEW, VIEW])
        .repeat([4, 1, 1, 1])
}

fn rows() -> Vec<(&'static str, AugmentParams)> {
    let none = AugmentParams::none;
    vec![
        ("nothing", none()),
        (
            "flips",
            AugmentParams {
                flip_horizontal: 0.5,
                flip_vertical: 0.5,
                ..none()
            },
        ),
        (
            "reversed channels",
            AugmentParams {
                flip_channels: 0.5,
                ..none()
            },
        ),
        (
            "quarter turns",
            AugmentParams {
                quarter_turns: true,
                ..none()
            },
        ),
        (
            "any rotation",
            AugmentParams {
                rotation_deg: 180.0,
                ..none()
            },
        ),
        (
            "shift",
            AugmentParams {
                shift_px: 4.0,
                ..none()
            },
        ),
        (
            "random resized crop",
            AugmentParams {
                area: [0.4, 1.0],
                ..none()
            },
        ),
        (
            "brightness",
            AugmentParams {
                brightness: 1.0,
                ..none()
            },
        ),
        (
            "contrast",
            AugmentParams {
                contrast: 0.6,
                ..none()
            },
        ),
        (
            "noise",
            AugmentParams {
                noise: 1.0,
                ..none()
            },
        ),
        (
            "corner dropout",
            AugmentParams {
                erase: Some(Erase {
                    probability: 1.0,
                    area: [0.02, 0.04],
                    ..Erase::default()
                }),
                ..none()
            },
        ),
        ("paper", AugmentParams::paper()),
        ("recommended", AugmentParams::default()),
    ]
}

fn main() -> Result<()> {
    let path = std::env::args()
        .nth(1)
        .context("expected the path of the sheet: SHEET.png")?;
    let views = views();
    let mut sheets = Vec::new();
    for (index, (name, params)) in rows().into_iter().enumerate() {
        params.validate()?;
        let changed = augment(&views, CROP, &params, 7, index as u64)?;
        println!("row {}: {name}", index + 1);
        // [n, c, y, x] to one row of n · c images with a border each.
        let framed = changed.constant_pad_nd([1, 1, 1, 1]);
        sheets.push(framed.permute([2, 0, 1, 3]).reshape([CROP as i64 + 2, -1]));
    }
    let sheet = Tensor::cat(&sheets, 0)
        .repeat_interleave_self_int(2, 0, None)
        .repeat_interleave_self_int(2, 1, None);
    let grey = ((sheet + 3.0) * (255.0 / 6.0))
        .clamp(0.0, 255.0)
        .to_kind(Kind::Uint8)
        .to_device(Device::Cpu);
    let (height, width) = grey.size2()?;
    let mut encoder = png::Encoder::new(
        BufWriter::new(File::create(&path)?),
        width as u32,
        height as u32,
    );
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    let pixels: Vec<u8> = Vec::try_from(&grey.contiguous().flatten(0, -1))?;
    encoder.write_header()?.write_image_data(&pixels)?;
    println!("four views of two channels each in {path}");
    Ok(())
}
