mod compact;
mod heads;
mod resnet;

use cryo_train::nn::{Mode, Scope, Store};
use tch::{Device, Tensor};

use crate::{
    config::{Encoder, ModelConfig},
    objective::Outputs,
};
use compact::Compact;
use heads::Heads;
use resnet::ResNet18;

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
