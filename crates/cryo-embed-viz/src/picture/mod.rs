mod colour;
mod curves;
mod draw;
mod font;
mod landscape;
mod map;
mod matrix;
mod patch;
mod scene;
mod svg;
mod volume;

pub use colour::{class_colour, map_colour, map_colours};
pub use curves::{Series, curves};
pub use landscape::{LandscapeParams, landscape, landscape_by_label, without_overlap};
pub use map::{MapParams, map_by_colour, map_by_label, map_by_place};
pub use matrix::{MatrixParams, label_matrix};
pub use scene::{Colour, Scene, Shape};
pub use volume::{label_volume, overlay_slice};
