use cryo_train::NamedTensors;
use tch::{Device, Kind, Tensor};

use crate::{Error, Model, ViewIndex, ViewSource, embed::Looks};

/// Shift and linear map of an embedding, measured on the views that a model learned from.
///
/// A network's outputs share a large part, their mean, and most of the rest lies along few directions. Both hide from a cosine what
/// tells items apart. So the mean goes, and a deviation s along a principal direction becomes s^¾: a quarter of the whitening of
/// Jégou and Chum 2012 (doi 10.1007/978-3-642-33709-3_55); more of it finds more of a kind, and more noise
/// (docs/benchmarks.md). The mean squared length about the mean stays.
#[derive(Debug)]
pub(crate) struct Whitening {
    mean: Tensor,
    /// `[d, d]`, symmetric.
    map: Tensor,
}

/// Items looked at, spread evenly over the set.
const SAMPLE: usize = 2048;
/// Views at a time.
const BATCH: usize = 256;
/// Over so many orientations each is averaged.
const ORIENTATIONS: usize = 8;
/// Part of the whitening: 1 would make all directions alike.
const POWER: f64 = 0.25;
/// Part of the largest variance that no direction counts as less than.
const LEAST: f64 = 0.01;
const NAMES: [&str; 2] = ["embedding.mean", "embedding.map"];

impl Whitening {
    /// That of the embedding of variant 0 of the items; `None` where all are embedded alike.
    pub(crate) fn of(
        model: &Model,
        source: &dyn ViewSource,
        kind: Kind,
    ) -> Result<Option<Self>, Error> {
        let _guard = tch::no_grad_guard();
        let shape = source.shape();
        let step = shape.items.div_ceil(SAMPLE).max(1);
        let items: Vec<usize> = (0..shape.items).step_by(step).collect();
        let (mut parts, mut buffer) = (Vec::new(), Vec::new());
        let looks = Looks {
            orientations: ORIENTATIONS,
            batch: BATCH,
            kind,
        };
        for items in items.chunks(BATCH) {
            let view = |&item| ViewIndex { item, variant: 0 };
            let views: Vec<_> = items.iter().map(view).collect();
            buffer.resize(views.len() * shape.view_len(), 0.0);
            source.fill(&views, &mut buffer)?;
            let images = model.centre(&model.prepare(&buffer)?)?;
            let [embedding, _] = looks.outputs(model, &images)?;
            parts.push(embedding.f_to_kind(Kind::Double)?);
        }
        let points = Tensor::f_cat(&parts, 0)?;
        let mean = points.f_mean_dim([0_i64].as_slice(), false, Kind::Double)?;
        let centred = points.f_sub(&mean)?;
        let covariance = centred.f_transpose(0, 1)?.f_matmul(&centred)? / items.len() as f64;
        let (variances, axes) = covariance.f_linalg_eigh("L")?;
        let largest = variances.f_max()?.f_double_value(&[])?;
        if largest <= 0.0 {
            return Ok(None);
        }
        let weights = (variances.f_clamp_min(LEAST * largest)? / largest)
            .f_pow_tensor_scalar(-POWER / 2.0)?;
        let total = |variances: &Tensor| -> Result<f64, Error> {
            Ok(variances.f_sum(Kind::Double)?.f_double_value(&[])?)
        };
        let scale = (total(&variances)? / total(&(&variances * weights.f_square()?))?).sqrt();
        let map = (&axes * weights * scale).f_matmul(&axes.f_transpose(0, 1)?)?;
        let on_device = |tensor: Tensor| tensor.f_to_kind(Kind::Float)?.f_to(model.device());
        Ok(Some(Self {
            mean: on_device(mean)?,
            map: on_device(map)?,
        }))
    }

    /// `[n, d]`.
    pub(crate) fn apply(&self, embedding: &Tensor) -> Result<Tensor, Error> {
        let single = embedding.f_to_kind(Kind::Float)?;
        Ok(single.f_sub(&self.mean)?.f_matmul(&self.map)?)
    }

    pub(crate) fn save_into(&self, tensors: &mut NamedTensors) {
        for (name, tensor) in NAMES.into_iter().zip([&self.mean, &self.map]) {
            tensors.insert(name, tensor.to_device(Device::Cpu).copy());
        }
    }

    /// What [`Whitening::save_into`] has not added.
    pub(crate) fn without(tensors: &NamedTensors) -> NamedTensors {
        let others = tensors.iter().filter(|(name, _)| !NAMES.contains(name));
        others
            .map(|(name, tensor)| (name.to_owned(), tensor.shallow_clone()))
            .collect()
    }

    /// What [`Whitening::save_into`] has added for an embedding of length `d`, if anything.
    pub(crate) fn read(
        tensors: &NamedTensors,
        d: usize,
        device: Device,
    ) -> Result<Option<Self>, String> {
        let d = d as i64;
        match NAMES.map(|name| tensors.get(name)) {
            [None, None] => Ok(None),
            [Some(mean), Some(map)] if mean.size() == [d] && map.size() == [d, d] => {
                Ok(Some(Self {
                    mean: mean.to_kind(Kind::Float).to_device(device),
                    map: map.to_kind(Kind::Float).to_device(device),
                }))
            }
            found => {
                let sizes = found.map(|tensor| tensor.map(Tensor::size));
                Err(format!("{NAMES:?} of sizes {sizes:?}"))
            }
        }
    }
}
