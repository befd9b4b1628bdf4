use tch::{Kind, Tensor};

use cryo_train::nn::{BatchNorm, Conv, Init, Linear, Mode, Scope};

/// Two convolutions and a shortcut.
struct Block {
    conv1: Conv,
    bn1: BatchNorm,
    conv2: Conv,
    bn2: BatchNorm,
    shortcut: Option<(Conv, Option<BatchNorm>)>,
}

impl Block {
    fn new(scope: &mut Scope<'_>, from: i64, to: i64, stride: i64, shortcut_norm: bool) -> Self {
        let shape = [from, to];
        Self {
            conv1: Conv::new(&mut scope.sub("conv1"), shape, &[3, 3], Init::HeFanOut)
                .with_stride(stride)
                .channels_last(),
            bn1: BatchNorm::new(&mut scope.sub("bn1"), to, true),
            conv2: Conv::new(&mut scope.sub("conv2"), [to, to], &[3, 3], Init::HeFanOut)
                .channels_last(),
            bn2: BatchNorm::new(&mut scope.sub("bn2"), to, true),
            shortcut: (stride != 1).then(|| {
                let mut scope = scope.sub("downsample");
                let conv = Conv::new(&mut scope.sub("0"), shape, &[1, 1], Init::HeFanOut)
                    .with_stride(stride)
                    .channels_last();
                let norm = shortcut_norm.then(|| BatchNorm::new(&mut scope.sub("1"), to, true));
                (conv, norm)
            }),
        }
    }

    fn forward(&self, input: &Tensor, mode: Mode) -> Tensor {
        let mut hidden = self.conv1.forward_normalized(input, &self.bn1, mode);
        let hidden = hidden.relu_();
        let hidden = self.conv2.forward_normalized(&hidden, &self.bn2, mode);
        let past = match &self.shortcut {
            None => input.shallow_clone(),
            Some((conv, None)) => conv.forward(input, mode.kind),
            Some((conv, Some(norm))) => conv.forward_normalized(input, norm, mode),
        };
        (hidden + past).relu_()
    }
}

/// The paper's trunk (spec E.1).
pub(super) struct ResNet18 {
    conv1: Conv,
    bn1: BatchNorm,
    blocks: Vec<Block>,
    fc: Linear,
}

impl ResNet18 {
    /// A trunk for `images` of one channel, seen one after another.
    pub(super) fn new(
        scope: &mut Scope<'_>,
        images: i64,
        output: i64,
        shortcut_norm: bool,
    ) -> Self {
        // The reference leaves the stem at PyTorch's default, as no ImageNet stem fits it.
        let conv1 = Conv::new(
            &mut scope.sub("conv1"),
            [1, 64],
            &[3, 3],
            Init::TorchDefault,
        )
        .channels_last();
        let bn1 = BatchNorm::new(&mut scope.sub("bn1"), 64, true);
        let mut blocks = Vec::new();
        for (layer, from, to, stride) in [(1, 64, 64, 1), (2, 64, 128, 2), (3, 128, 256, 2)] {
            let mut scope = scope.sub(&format!("layer{layer}"));
            blocks.push(Block::new(
                &mut scope.sub("0"),
                from,
                to,
                stride,
                shortcut_norm,
            ));
            blocks.push(Block::new(&mut scope.sub("1"), to, to, 1, shortcut_norm));
        }
        let fc = Linear::new(
            &mut scope.sub("fc"),
            [256 * images, output],
            Init::Normal(0.001),
            Some(Init::Constant(0.001)),
        );
        Self {
            conv1,
            bn1,
            blocks,
            fc,
        }
    }

    /// The images of one item go through the same weights and share batch statistics (spec E.1).
    pub(super) fn forward(&self, images: &Tensor, mode: Mode) -> Tensor {
        let (items, channels, height, width) = images.size4().expect("shapes are checked before");
        // Stacked along the batch, modality by modality, as the reference does.
        let stacked = images
            .transpose(0, 1)
            .reshape([channels * items, 1, height, width]);
        let mut hidden = (self.conv1.forward_normalized(&stacked, &self.bn1, mode)).relu_();
        for block in &self.blocks {
            hidden = block.forward(&hidden, mode);
        }
        let pooled = hidden
            .to_kind(Kind::Float)
            .mean_dim([2, 3].as_slice(), false, Kind::Float);
        let joined = pooled
            .view([channels, items, 256])
            .transpose(0, 1)
            .reshape([items, channels * 256]);
        self.fc.forward(&joined)
    }
}
