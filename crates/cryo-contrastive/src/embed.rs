use std::ops::ControlFlow;

use cryo_core::Progress;
use cryo_train::{Precision, prefetch};
use ndarray::Array2;
use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};

use crate::{Embedded, Error, Model, Outputs, ViewIndex, ViewSource, error::require};

/// How views are embedded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EmbedParams {
    /// Views at a time, at least 1; memory grows with it. In f32 the result does not depend on it, in bf16 and f16 at
    /// most by rounding.
    pub batch_size: usize,
    /// Over how many orientations an output is averaged: 1, the 4 quarter turns, or these and their mirror
    /// images, 8. Time grows with it, and what the network has not learned to ignore averages out.
    pub orientations: usize,
    /// In which numbers convolutions are computed.
    pub precision: Precision,
}

impl Default for EmbedParams {
    /// One orientation, as the reference; bf16 where the processor multiplies it, which tells as much apart
    /// (docs/benchmarks.md).
    fn default() -> Self {
        Self {
            batch_size: 256,
            orientations: 1,
            precision: Precision::Auto,
        }
    }
}

/// What a network makes of every item.
#[derive(Debug, Clone, PartialEq)]
pub struct Embedding {
    /// `[n, d]`: the output that the model's configuration names.
    pub embedding: Array2<f32>,
    /// `[n, d]`: the projector's output.
    pub projection: Array2<f32>,
}

/// The embedding of variant 0 of every item.
///
/// Without gradients and with the running batch statistics and the normalization of the model, so an
/// item's embedding depends on nothing but its view. Memory is that of a few batches and the result,
/// for any number of items; views are cut on a thread of their own meanwhile.
///
/// # Errors
/// [`Error::Shape`], [`Error::Parameter`], [`Error::NonFinite`] for a view with NaN, [`Error::Source`],
/// [`Error::Cancelled`].
pub fn embed(
    model: &Model,
    source: &dyn ViewSource,
    params: &EmbedParams,
    progress: &dyn Progress,
) -> Result<Embedding, Error> {
    let shape = source.shape();
    model.check(shape)?;
    require(
        params.batch_size > 0,
        "batch_size",
        "at least 1",
        params.batch_size,
    )?;
    let known = matches!(params.orientations, 1 | 4 | 8);
    require(known, "orientations", "1, 4 or 8", params.orientations)?;
    let looks = Looks {
        orientations: params.orientations,
        batch: params.batch_size,
        kind: model.kind(params.precision)?,
    };
    let _guard = tch::no_grad_guard();
    let views: Vec<_> = (0..shape.items)
        .map(|item| ViewIndex { item, variant: 0 })
        .collect();
    let batches: Vec<&[ViewIndex]> = views.chunks(params.batch_size).collect();
    let widths = [model.config().embedding_len(), model.config().projected()];
    let mut results = widths.map(|width| Vec::with_capacity(shape.items * width));
    progress.begin("embedding", shape.items as u64);
    prefetch(
        &batches,
        |views| views.len() * shape.view_len(),
        |views, out| source.fill(views, out),
        |views, numbers| {
            if progress.is_cancelled() {
                return Err(Error::Cancelled);
            }
            if let Some(at) = numbers.iter().position(|value| !value.is_finite()) {
                let (view, value) = (views[at / shape.view_len()].item, numbers[at]);
                return Err(Error::NonFinite { view, value });
            }
            let images = model.centre(&model.prepare(numbers)?)?;
            let outputs = looks.outputs(model, &images)?;
            for (all, tensor) in results.iter_mut().zip(outputs) {
                all.extend(Vec::<f32>::try_from(&tensor.f_flatten(0, -1)?)?);
            }
            progress.advance(views.len() as u64);
            Ok(ControlFlow::Continue(()))
        },
    )?;
    let [embedding, projection] = results;
    Ok(Embedding {
        embedding: rows(shape.items, widths[0], embedding),
        projection: rows(shape.items, widths[1], projection),
    })
}

/// `[n, width]` from values that every batch has added its views times the width of.
pub(crate) fn rows(n: usize, width: usize, values: Vec<f32>) -> Array2<f32> {
    Array2::from_shape_vec((n, width), values).expect("as many values as rows times width")
}

/// How a batch of images is looked at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Looks {
    pub(crate) orientations: usize,
    /// At most so many images come at a time.
    pub(crate) batch: usize,
    pub(crate) kind: Kind,
}

impl Looks {
    /// Embedding and projection on the CPU, each the mean over orientations.
    pub(crate) fn outputs(self, model: &Model, images: &Tensor) -> Result<[Tensor; 2], Error> {
        let given = images.size()[0];
        let images = self.filled_up(images)?;
        let mut sums: Option<[Tensor; 2]> = None;
        for orientation in 0..self.orientations as i64 {
            let turned = images.f_rot90(orientation % 4, [2_i64, 3].as_slice())?;
            let turned = if orientation < 4 {
                turned
            } else {
                turned.f_flip([3_i64].as_slice())?
            };
            let outputs = model.forward(&turned.contiguous(), false, self.kind);
            let pair = [chosen(model, &outputs), outputs.projection.shallow_clone()];
            sums = Some(match sums {
                None => pair,
                Some([a, b]) => [a.f_add(&pair[0])?, b.f_add(&pair[1])?],
            });
        }
        let [a, b] = sums.expect("there is at least one orientation");
        let mean = |sum: Tensor| -> Result<Tensor, Error> {
            Ok(sum
                .f_div_scalar(self.orientations as f64)?
                .f_to_kind(Kind::Float)?)
        };
        let finish = |mean: Tensor| -> Result<Tensor, Error> {
            let own = mean.f_narrow(0, 0, given)?;
            Ok(own.f_to(tch::Device::Cpu)?.f_contiguous()?)
        };
        Ok([finish(model.whiten(mean(a)?)?)?, finish(mean(b)?)?])
    }

    /// As many images as any other batch has: a device may choose its kernel for half precision by their number, and with it
    /// the rounding (the processor of docs/benchmarks.md does not). So what a view is embedded as does not depend on how many
    /// others there are, on any device.
    fn filled_up(self, images: &Tensor) -> Result<Tensor, Error> {
        let lacking = self.batch as i64 - images.size()[0];
        if self.kind == Kind::Float || lacking <= 0 {
            return Ok(images.shallow_clone());
        }
        Ok(images.f_constant_pad_nd([0, 0, 0, 0, 0, 0, 0, lacking])?)
    }
}

fn chosen(model: &Model, outputs: &Outputs) -> Tensor {
    match (model.config().embedded, &outputs.prediction) {
        (Embedded::Features, _) => outputs.features.shallow_clone(),
        (Embedded::Prediction, Some(prediction)) => prediction.shallow_clone(),
        (Embedded::Projection | Embedded::Prediction, _) => outputs.projection.shallow_clone(),
    }
}
