#![doc = include_str!("../README.md")]
#![deny(unsafe_code)]
#![cfg_attr(not(test), warn(clippy::unwrap_used))]

mod bin;
mod boundary;
mod check;
mod equalize;
mod error;
mod extrema;
mod fourier;
mod gaussian;
mod lanes;
mod lines;
mod normalize;
mod separable;
mod stats;

pub use bin::{bin_max, bin_mean};
pub use boundary::Boundary;
pub use equalize::{
    AdaptiveParams, equalize_adaptive, equalize_adaptive_slices, equalize_histogram,
};
pub use error::Error;
pub use extrema::{
    LocalMaximum, local_maxima, maximum_filter, maximum_filter_into, minimum_filter,
    minimum_filter_into,
};
pub use fourier::{
    PassParams, RadialShell, apply_missing_wedge, band_pass, fourier_crop, high_pass, low_pass,
    missing_wedge_mask, radial_power, whiten,
};
pub use gaussian::{
    GaussianParams, Slab, difference_of_gaussians, gaussian, gaussian_in_place, gaussian_into,
    gaussian_slab_into, laplacian_of_gaussian,
};
pub use normalize::{
    clip, clip_sigma, min_max, min_max_in_place, quantize_u8, z_score, z_score_in_place,
};
pub use stats::{Histogram, Statistics, histogram, percentiles, statistics};
