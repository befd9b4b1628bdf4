#![doc = include_str!("../README.md")]
#![deny(unsafe_code)]
#![cfg_attr(not(test), warn(clippy::unwrap_used))]

mod classes;
mod curves;
mod error;
mod image;
mod kmeans;
#[cfg(feature = "linfa")]
pub mod linfa_traits;
mod matrix;
mod neighbours;
mod outlines;
mod page;
mod pca;
mod picture;
mod quality;
mod random;
mod sample;
mod select;
mod slices;
mod umap;

pub use classes::{
    Assignment, Classes, ClassifyParams, Grouping, Spread, UNASSIGNED, blob_diameter, group_centres,
};
pub use curves::{CurvesParams, slabs_with_curves};
pub use error::Error;
pub use image::Image;
pub use kmeans::{KMeans, KMeansParams, kmeans};
pub use neighbours::{
    Metric, NeighbourIndex, NeighbourParams, Neighbours, Search, nearest_neighbours,
};
pub use outlines::{circle, filament_lines};
pub use page::{Delivery, GreyRange, Page, PageData, PageParams, PageTomogram};
pub use pca::Pca;
pub use picture::{
    Colour, LandscapeParams, MapParams, MatrixParams, Scene, Series, Shape, class_colour, curves,
    label_matrix, label_volume, landscape, landscape_by_label, map_by_colour, map_by_label,
    map_by_place, map_colour, map_colours, overlay_slice, without_overlap,
};
pub use quality::{Stability, label_stability, neighbour_preservation, trustworthiness};
pub use sample::sample_rows;
pub use select::{inside, with_labels};
pub use slices::{SlicesParams, central_slices, image_row, orthogonal_slices};
pub use umap::{
    Curve, FuzzyGraph, LocalScale, Start, Umap, UmapParams, local_scales, without_gaps,
};
