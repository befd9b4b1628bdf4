//! The interactive page: one HTML document that holds the map, the pictures and the program.

mod atlas;
mod blocks;
mod data;
mod html;
mod manifest;
mod reduce;
mod slice;

pub use data::{PageData, PageParams, PageTomogram};
pub use html::{Delivery, Page};
pub use slice::GreyRange;
