#![doc = include_str!("../README.md")]
#![deny(unsafe_code)]
#![cfg_attr(not(test), warn(clippy::unwrap_used))]

mod config;
mod data;
mod error;
mod infer;
mod loss;
mod model;
mod network;
mod train;

pub use config::{NetworkConfig, Resolution};
pub use data::{
    AnnotatedTomogram, Annotation, Reduced, Spectrum, SplatParams, TargetLabel, check_inside,
    reduce, reduce_bytes, splat_radius, working_grid,
};
pub use error::Error;
pub(crate) use infer::calibrate_on;
pub use infer::{
    Calibration, Found, HeatMap, LocalizeParams, PredictParams, Profile, Reading, Threshold,
    centre, localize, particles, predict, predict_bytes, predict_within,
};
pub use loss::{
    ContrastParams, ContrastRows, ContrastTerms, Expected, Objective, PuRisks, consistency,
    contrast, contrast_dense, generalized_expectation, positive_negative_focal, pu_focal, pu_risks,
    soft_focal,
};
pub use model::{ClassConfig, Model, ModelConfig};
pub use network::Outputs;
pub use train::{AugmentParams, Fit, FitParams, Prior, Trainer, fit};
