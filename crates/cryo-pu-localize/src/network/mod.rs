mod unet;

use cryo_train::nn::{BatchNorm, Conv, Init, Mode, Scope, Store};
use tch::{Device, Kind, Tensor};

use crate::NetworkConfig;
use unet::UNet;

/// What the network makes of samples.
pub struct Outputs {
    /// Before the sigmoid, `[n, classes, z, y, x]`.
    pub logits: Tensor,
    /// What the projection head looks at, `[n, c, z, y, x]`; only in training, and with that head.
    pub(crate) hidden: Option<Tensor>,
}

/// Layers and their tensors.
pub(crate) struct Network {
    unet: UNet,
    fusion: Vec<(Conv, Option<BatchNorm>)>,
    heat: Conv,
    projection: Option<Conv>,
    store: Store,
}

impl Network {
    /// `prior` is the probability that the heat map begins with.
    pub(crate) fn new(config: &NetworkConfig, prior: f64, seed: u64, device: Device) -> Self {
        let mut store = Store::new(seed, device);
        let mut root = Scope::root(&mut store);
        let unet = UNet::new(&mut root.sub("unet"), config);
        let channels = unet.channels();
        let small = Init::Normal(0.001);
        let init = if config.fusion_norm {
            Init::HeFanOut
        } else {
            small
        };
        let layer = |(number, dilation): (usize, &[i64; 3])| {
            let mut place = root.sub(&format!("fusion.{number}"));
            let conv = Conv::new(&mut place.sub("conv"), [channels; 2], &[3, 3, 3], init);
            let norm = config
                .fusion_norm
                .then(|| BatchNorm::new(&mut place.sub("norm"), channels, true));
            (conv.with_dilation(dilation), norm)
        };
        let fusion = config.fusion.iter().enumerate().map(layer).collect();
        let kernel = [config.head_planes as i64, 1, 1];
        let classes = config.classes as i64;
        let mut place = root.sub("heat");
        let init = if config.head_bias {
            Init::Normal(0.01)
        } else {
            small
        };
        let mut heat = Conv::new(&mut place, [channels, classes], &kernel, init);
        if config.head_bias {
            let logit = (prior / (1.0 - prior)).ln() as f32;
            heat = heat.with_bias(&mut place, Init::Constant(logit));
        }
        let projection = (config.projection > 0).then(|| {
            let shape = [channels, config.projection as i64];
            Conv::new(&mut root.sub("projection"), shape, &kernel, small)
        });
        Self {
            unet,
            fusion,
            heat,
            projection,
            store,
        }
    }

    /// `samples` is `[n, z, y, x]`.
    pub(crate) fn forward(&self, samples: &Tensor, mode: Mode) -> Outputs {
        let size = samples.size();
        let (count, planes) = (size[0], size[1]);
        let slices = samples.reshape([count * planes, 1, size[2], size[3]]);
        let features = self.unet.forward(&slices, mode);
        let size = features.size();
        let mut hidden = features
            .view([count, planes, size[1], size[2], size[3]])
            .transpose(1, 2);
        for (conv, norm) in &self.fusion {
            hidden = match norm {
                Some(norm) => conv.forward_normalized(&hidden, norm, mode),
                None => conv.forward(&hidden, mode.kind),
            }
            .relu_();
        }
        let logits = self.heat.forward(&hidden, mode.kind).to_kind(Kind::Float);
        let wanted = mode.train && self.projection.is_some();
        Outputs {
            logits,
            hidden: wanted.then_some(hidden),
        }
    }

    /// The contrastive features of some voxels, `[m, projection]`, of length 1; `None` without that head. Of all voxels they
    /// would take more memory than anything else of a step.
    pub(crate) fn project(&self, outputs: &Outputs, voxels: &Tensor, kind: Kind) -> Option<Tensor> {
        let (head, hidden) = (self.projection.as_ref()?, outputs.hidden.as_ref()?);
        let features = head.forward_at(hidden, voxels, kind);
        let features = features.to_kind(Kind::Float);
        let length = features.norm_scalaropt_dim(2.0, [1], true);
        Some(features / length.clamp_min(1e-12))
    }

    /// All tensors by name, in the order in which they were made.
    pub(crate) fn tensors(&self) -> &[(String, Tensor)] {
        self.store.tensors()
    }
}
