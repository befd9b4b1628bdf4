use tch::{Kind, Tensor};

use cryo_train::nn::{BatchNorm, Conv, Init, Mode, Scope};

/// Five convolutions for a CPU; the pooled last one is the output.
pub(super) struct Compact {
    layers: Vec<(Conv, BatchNorm)>,
}

impl Compact {
    pub(super) fn new(scope: &mut Scope<'_>, channels: i64, width: i64) -> Self {
        let shapes = [
            (channels, width, 1),
            (width, 2 * width, 2),
            (2 * width, 2 * width, 1),
            (2 * width, 4 * width, 2),
            (4 * width, 4 * width, 1),
        ];
        let layer = |(index, (from, to, stride))| {
            let mut scope = scope.sub(&format!("layer{}", index + 1));
            let conv = &mut scope.sub("conv");
            let conv = Conv::new(conv, [from, to], &[3, 3], Init::TorchDefault).with_stride(stride);
            (
                conv.channels_last(),
                BatchNorm::new(&mut scope.sub("bn"), to, true),
            )
        };
        Self {
            layers: shapes.into_iter().enumerate().map(layer).collect(),
        }
    }

    pub(super) fn forward(&self, images: &Tensor, mode: Mode) -> Tensor {
        let mut hidden = images.shallow_clone();
        for (conv, norm) in &self.layers {
            hidden = conv.forward_normalized(&hidden, norm, mode).relu_();
        }
        hidden
            .to_kind(Kind::Float)
            .mean_dim([2, 3].as_slice(), false, Kind::Float)
    }
}
