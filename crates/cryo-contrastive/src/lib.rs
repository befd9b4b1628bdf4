#![doc = include_str!("../README.md")]
#![deny(unsafe_code)]
#![cfg_attr(not(test), warn(clippy::unwrap_used))]

mod augment;
mod collapse;
mod config;
mod embed;
mod error;
mod fit;
mod model;
mod network;
mod normalization;
mod objective;
mod pretrained;
mod source;
mod whitening;
mod yardstick;

pub use augment::{AugmentParams, Erase, augment};
pub use collapse::{CollapseMonitor, output_std};
pub use config::{Embedded, Encoder, HeadsConfig, InputConfig, ModelConfig};
pub use embed::{EmbedParams, Embedding, embed};
pub use error::Error;
pub use fit::{Fit, FitParams, Pairs, Trainer, fit};
pub use model::Model;
pub use normalization::Normalization;
pub use objective::{BarlowParams, NtXentParams, Objective, Outputs, VicRegParams};
pub use pretrained::{Pretrained, load_imagenet};
pub use source::{Variants, ViewIndex, ViewShape, ViewSource};
pub use yardstick::{Yardstick, YardstickParams, neighbourhood_agreement, pca, yardstick};
