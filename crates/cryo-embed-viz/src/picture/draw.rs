use super::{Colour, Shape, font};
use crate::Image;

pub(super) fn shape(image: &mut Image, shape: &Shape) {
    match shape {
        Shape::Disc {
            centre,
            radius,
            colour,
            opacity,
        } => disc(image, *centre, *radius, *colour, *opacity),
        Shape::Line {
            from,
            to,
            width,
            colour,
        } => line(image, *from, *to, *width, *colour),
        Shape::Rectangle {
            corner,
            size,
            colour,
        } => rectangle(image, *corner, *size, *colour),
        Shape::Text {
            corner,
            text: what,
            scale,
            colour,
            halo,
        } => text(image, *corner, what, *scale, *colour, *halo),
        Shape::Picture {
            corner,
            image: what,
        } => paste(image, *corner, what),
    }
}

/// Pixels whose number along an axis of `length` lies between two positions.
fn span(low: f32, high: f32, length: usize) -> std::ops::Range<usize> {
    let from = low.floor().max(0.0) as usize;
    let to = (high.ceil() + 1.0).clamp(0.0, length as f32) as usize;
    from.min(to)..to
}

fn blend(image: &mut Image, x: usize, y: usize, colour: Colour, opacity: f32) {
    let Some(below) = image.pixel(x, y) else {
        return;
    };
    let mixed = [0, 1, 2].map(|channel| {
        let (below, above) = (f32::from(below[channel]), f32::from(colour[channel]));
        (below + (above - below) * opacity).round() as u8
    });
    image.set_pixel(x, y, mixed);
}

fn disc(image: &mut Image, [cx, cy]: [f32; 2], radius: f32, colour: Colour, opacity: f32) {
    for y in span(cy - radius - 1.0, cy + radius + 1.0, image.height()) {
        for x in span(cx - radius - 1.0, cx + radius + 1.0, image.width()) {
            let away = (x as f32 - cx).hypot(y as f32 - cy);
            let covered = (radius + 0.5 - away).clamp(0.0, 1.0);
            if covered > 0.0 {
                blend(image, x, y, colour, covered * opacity);
            }
        }
    }
}

fn line(image: &mut Image, from: [f32; 2], to: [f32; 2], width: f32, colour: Colour) {
    let reach = width / 2.0 + 1.0;
    let (dx, dy) = (to[0] - from[0], to[1] - from[1]);
    let squared = (dx * dx + dy * dy).max(f32::MIN_POSITIVE);
    for y in span(
        from[1].min(to[1]) - reach,
        from[1].max(to[1]) + reach,
        image.height(),
    ) {
        for x in span(
            from[0].min(to[0]) - reach,
            from[0].max(to[0]) + reach,
            image.width(),
        ) {
            let (px, py) = (x as f32 - from[0], y as f32 - from[1]);
            let along = ((px * dx + py * dy) / squared).clamp(0.0, 1.0);
            let away = (px - along * dx).hypot(py - along * dy);
            let covered = (width / 2.0 + 0.5 - away).clamp(0.0, 1.0);
            if covered > 0.0 {
                blend(image, x, y, colour, covered);
            }
        }
    }
}

fn rectangle(image: &mut Image, [left, top]: [f32; 2], size: [f32; 2], colour: Colour) {
    let edge = |from: f32, length: f32, most: usize| {
        let clamp = |value: f32| value.round().clamp(0.0, most as f32) as usize;
        clamp(from)..clamp(from + length)
    };
    for y in edge(top, size[1], image.height()) {
        for x in edge(left, size[0], image.width()) {
            image.set_pixel(x, y, colour);
        }
    }
}

fn text(image: &mut Image, corner: [f32; 2], what: &str, scale: usize, colour: Colour, halo: bool) {
    let scale = scale.max(1);
    if halo {
        let edge = scale as f32;
        for (dx, dy) in [
            (-1, -1),
            (-1, 0),
            (-1, 1),
            (0, -1),
            (0, 1),
            (1, -1),
            (1, 0),
            (1, 1),
        ] {
            let moved = [corner[0] + dx as f32 * edge, corner[1] + dy as f32 * edge];
            text(image, moved, what, scale, [255; 3], false);
        }
    }
    for (number, letter) in what.chars().enumerate() {
        for (row, bits) in font::glyph(letter).into_iter().enumerate() {
            for column in (0..5).filter(|column| bits >> (4 - column) & 1 == 1) {
                let x = corner[0] + ((number * font::ADVANCE + column) * scale) as f32;
                let y = corner[1] + ((row + font::drop(letter)) * scale) as f32;
                rectangle(image, [x, y], [scale as f32; 2], colour);
            }
        }
    }
}

fn paste(image: &mut Image, [left, top]: [f32; 2], what: &Image) {
    let (left, top) = (left.round() as isize, top.round() as isize);
    for y in 0..what.height() {
        for x in 0..what.width() {
            let (to_x, to_y) = (left + x as isize, top + y as isize);
            if let (Ok(to_x), Ok(to_y), Some(colour)) = (
                usize::try_from(to_x),
                usize::try_from(to_y),
                what.pixel(x, y),
            ) {
                image.set_pixel(to_x, to_y, colour);
            }
        }
    }
}

/// Width in pixels of a line of text.
pub(super) fn text_width(text: &str, scale: usize) -> f32 {
    (text.chars().count() * font::ADVANCE * scale) as f32
}

/// Height in pixels of a capital letter.
pub(super) fn text_height(scale: usize) -> f32 {
    (font::HEIGHT * scale) as f32
}
