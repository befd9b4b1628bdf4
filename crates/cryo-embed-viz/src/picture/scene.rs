use super::{draw, svg};
use crate::{Error, Image};

/// Red, green, blue.
pub type Colour = [u8; 3];

/// One thing in a [`Scene`]; pixels from the top left corner, x to the right, y down.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Shape {
    /// A filled circle.
    Disc {
        /// Centre (x, y).
        centre: [f32; 2],
        /// Radius.
        radius: f32,
        /// Fill.
        colour: Colour,
        /// 0 to 1.
        opacity: f32,
    },
    /// A straight line.
    Line {
        /// One end (x, y).
        from: [f32; 2],
        /// The other.
        to: [f32; 2],
        /// Thickness.
        width: f32,
        /// Colour.
        colour: Colour,
    },
    /// A filled rectangle.
    Rectangle {
        /// Top left corner (x, y).
        corner: [f32; 2],
        /// Width and height.
        size: [f32; 2],
        /// Fill.
        colour: Colour,
    },
    /// A line of text.
    Text {
        /// Left end and top (x, y).
        corner: [f32; 2],
        /// What it says.
        text: String,
        /// Height of a capital letter in units of 7 pixels.
        scale: usize,
        /// Colour.
        colour: Colour,
        /// Whether it has a white edge, to be read on dots.
        halo: bool,
    },
    /// A picture, not enlarged.
    Picture {
        /// Top left corner (x, y).
        corner: [f32; 2],
        /// What it shows.
        image: Image,
    },
}

/// A drawing that can be written as pixels or as SVG; later shapes lie over earlier ones.
#[derive(Debug, Clone, PartialEq)]
pub struct Scene {
    /// Pixels in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// What is in it; the ground is white.
    pub shapes: Vec<Shape>,
}

impl Scene {
    /// A white scene.
    #[must_use]
    pub fn new(width: usize, height: usize) -> Self {
        Self {
            width,
            height,
            shapes: Vec::new(),
        }
    }

    /// The scene as pixels, edges of discs smoothed.
    #[must_use]
    pub fn render(&self) -> Image {
        let mut image = Image::filled(self.width, self.height, [255; 3]);
        for shape in &self.shapes {
            draw::shape(&mut image, shape);
        }
        image
    }

    /// The scene as an SVG file; pictures in it are PNGs within.
    ///
    /// # Errors
    /// [`Error::Png`] if a picture has no pixel.
    pub fn to_svg(&self) -> Result<String, Error> {
        svg::document(self)
    }

    pub(super) fn text(&mut self, corner: [f32; 2], text: impl Into<String>, scale: usize) {
        self.shapes.push(Shape::Text {
            corner,
            text: text.into(),
            scale,
            colour: [30; 3],
            halo: false,
        });
    }

    pub(super) fn line(&mut self, from: [f32; 2], to: [f32; 2], width: f32, colour: Colour) {
        self.shapes.push(Shape::Line {
            from,
            to,
            width,
            colour,
        });
    }
}
