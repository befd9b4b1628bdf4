mod compact;
mod heads;
mod init;
mod layers;
mod resnet;
mod scope;

use tch::{Device, Kind, Tensor};

use crate::{
    config::{Encoder, ModelConfig},
    objective::Outputs,
};
use compact::Compact;
use heads::Heads;
use resnet::ResNet18;
use scope::{Scope, Store};

enum Trunk {
    ResNet18(ResNet18),
    Compact(Compact),
}

/// Layers and their tensors.
pub(crate) struct Network {
    trunk: Trunk,
    heads: Heads,
    store: Store,
}

/// How a forward pass is done.
#[derive(Clone, Copy)]
pub(crate) struct Mode {
    /// Batch statistics are those of the batch, and the running ones are updated.
    pub(crate) train: bool,
    /// In which the convolutions are computed.
    pub(crate) kind: Kind,
}

impl Network {
    pub(crate) fn new(config: &ModelConfig, seed: u64, device: Device) -> Self {
        let mut store = Store::new(seed, device);
        let mut scope = Scope::root(&mut store);
        let channels = config.input.binned()[0] as i64;
        let trunk = match config.encoder {
            Encoder::ResNet18 {
                output,
                shortcut_norm,
            } => Trunk::ResNet18(ResNet18::new(
                &mut scope,
                channels,
                output as i64,
                shortcut_norm,
            )),
            Encoder::Compact { width } => {
                Trunk::Compact(Compact::new(&mut scope, channels, width as i64))
            }
        };
        let heads = Heads::new(&mut scope, config);
        Self {
            trunk,
            heads,
            store,
        }
    }

    /// `images` is `[n, c, y, x]`, as large as the crop.
    pub(crate) fn forward(&self, images: &Tensor, mode: Mode) -> Outputs {
        let features = match &self.trunk {
            Trunk::ResNet18(trunk) => trunk.forward(images, mode),
            Trunk::Compact(trunk) => trunk.forward(images, mode),
        };
        self.heads.forward(features, mode.train)
    }

    /// All tensors by PyTorch's names, in the order in which they were made.
    pub(crate) fn tensors(&self) -> &[(String, Tensor)] {
        self.store.tensors()
    }
}
