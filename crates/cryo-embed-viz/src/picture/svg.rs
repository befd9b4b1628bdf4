use std::fmt::Write;

use super::{Colour, Scene, Shape, draw::text_height};
use crate::Error;

pub(super) fn document(scene: &Scene) -> Result<String, Error> {
    let (width, height) = (scene.width, scene.height);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\">\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
    );
    for shape in &scene.shapes {
        let element = element(shape)?;
        out.push_str(&element);
        out.push('\n');
    }
    out.push_str("</svg>\n");
    Ok(out)
}

fn hex([red, green, blue]: Colour) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

fn element(shape: &Shape) -> Result<String, Error> {
    Ok(match shape {
        Shape::Disc {
            centre: [x, y],
            radius,
            colour,
            opacity,
        } => format!(
            "<circle cx=\"{x:.2}\" cy=\"{y:.2}\" r=\"{radius:.2}\" fill=\"{}\" opacity=\"{opacity:.2}\"/>",
            hex(*colour)
        ),
        Shape::Line {
            from,
            to,
            width,
            colour,
        } => format!(
            "<line x1=\"{:.2}\" y1=\"{:.2}\" x2=\"{:.2}\" y2=\"{:.2}\" stroke=\"{}\" \
             stroke-width=\"{width:.2}\" stroke-linecap=\"round\"/>",
            from[0],
            from[1],
            to[0],
            to[1],
            hex(*colour)
        ),
        Shape::Rectangle {
            corner: [x, y],
            size: [width, height],
            colour,
        } => format!(
            "<rect x=\"{x:.2}\" y=\"{y:.2}\" width=\"{width:.2}\" height=\"{height:.2}\" fill=\"{}\"/>",
            hex(*colour)
        ),
        Shape::Text {
            corner,
            text,
            scale,
            colour,
            halo,
        } => {
            let height = text_height(*scale);
            let edge = if *halo {
                " stroke=\"#fff\" stroke-width=\"3\" paint-order=\"stroke\""
            } else {
                ""
            };
            format!(
                "<text x=\"{:.2}\" y=\"{:.2}\" font-family=\"monospace\" font-size=\"{:.1}\" \
                 fill=\"{}\"{edge}>{}</text>",
                corner[0],
                corner[1] + height,
                height * 1.4,
                hex(*colour),
                escaped(text)
            )
        }
        Shape::Picture { corner, image } => {
            let mut png = Vec::new();
            image.write_png(&mut png)?;
            format!(
                "<image x=\"{:.2}\" y=\"{:.2}\" width=\"{}\" height=\"{}\" \
                 href=\"data:image/png;base64,{}\"/>",
                corner[0],
                corner[1],
                image.width(),
                image.height(),
                base64(&png)
            )
        }
    })
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            // XML has no way to write most control characters.
            control if control.is_control() => out.push(' '),
            other => {
                let _ = out.write_char(other);
            }
        }
    }
    out
}

/// RFC 4648, section 4.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let byte = |at: usize| u32::from(group.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * place) & 63) as usize];
            out.push(if place <= group.len() {
                char::from(letter)
            } else {
                '='
            });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_matches_the_vectors_of_rfc_4648() {
        let pairs = [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foobar", "Zm9vYmFy"),
        ];
        for (plain, coded) in pairs {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
    }

    #[test]
    fn names_cannot_break_the_file() {
        assert_eq!(escaped("<a> & \u{0}b"), "&lt;a&gt; &amp;  b");
    }
}
