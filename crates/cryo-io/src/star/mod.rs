//! STAR files: lossless documents, particles of RELION 3, 4, 5 and Warp, tilt series.
//!
//! [`Document`] reads and writes any STAR file; [`relion`] turns its particle tables into
//! [`Picks`](crate::Picks) and back; [`tilt`] does the same for tilt-series tables.

mod block;
mod cells;
mod columns;
mod document;
mod number;
mod parse;
pub mod relion;
mod rows;
mod sink;
mod table;
pub mod tilt;
mod token;
mod validate;
mod view;
mod write;

pub use block::Block;
pub use document::Document;
pub use table::Loop;
pub use validate::validate;
pub use view::ColumnView;
