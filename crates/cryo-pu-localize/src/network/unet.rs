use cryo_train::nn::{BatchNorm, Conv, ConvTranspose2d, Init, Mode, Scope};
use tch::Tensor;

use crate::{NetworkConfig, Resolution};

/// Two convolutions of 3 × 3, each normalized and rectified.
struct Block([(Conv, BatchNorm); 2]);

impl Block {
    fn new(scope: &mut Scope<'_>, [from, to]: [i64; 2]) -> Self {
        let mut layer = |name: &str, from| {
            let mut place = scope.sub(name);
            let conv = Conv::new(&mut place.sub("conv"), [from, to], &[3, 3], Init::Xavier);
            (
                conv.channels_last(),
                BatchNorm::new(&mut place.sub("norm"), to, true),
            )
        };
        Self([layer("0", from), layer("1", to)])
    }

    fn forward(&self, input: &Tensor, mode: Mode) -> Tensor {
        let mut hidden = input.shallow_clone();
        for (conv, norm) in &self.0 {
            hidden = conv.forward_normalized(&hidden, norm, mode).relu_();
        }
        hidden
    }
}

struct Up {
    grow: ConvTranspose2d,
    norm: BatchNorm,
    block: Block,
}

/// The UNet of one slice (spec G.3, steps 1 and 2).
pub(super) struct UNet {
    stem: Option<(Conv, BatchNorm)>,
    down: Vec<Block>,
    up: Vec<Up>,
    last: Conv,
    channels: i64,
}

const STEM: i64 = 16;

impl UNet {
    pub(super) fn new(scope: &mut Scope<'_>, config: &NetworkConfig) -> Self {
        let stem = (config.resolution == Resolution::HalfByStem).then(|| {
            let mut place = scope.sub("stem");
            let conv = Conv::new(&mut place.sub("conv"), [1, STEM], &[7, 7], Init::Xavier);
            let norm = BatchNorm::new(&mut place.sub("norm"), STEM, true);
            (conv.with_stride(2), norm)
        });
        let width = config.width as i64;
        let widths: Vec<i64> = (0..config.blocks).map(|block| width << block).collect();
        let mut from = if stem.is_some() { STEM } else { 1 };
        let mut down = Vec::new();
        for (number, &to) in widths.iter().enumerate() {
            down.push(Block::new(
                &mut scope.sub(&format!("down.{number}")),
                [from, to],
            ));
            from = to;
        }
        let skipped = usize::from(config.resolution == Resolution::HalfByDecoder);
        let mut up = Vec::new();
        for (number, &to) in widths[skipped..config.blocks - 1].iter().rev().enumerate() {
            let mut place = scope.sub(&format!("up.{number}"));
            up.push(Up {
                grow: ConvTranspose2d::new(&mut place.sub("grow"), [from, to], Init::Xavier),
                norm: BatchNorm::new(&mut place.sub("norm"), to, true),
                block: Block::new(&mut place, [2 * to, to]),
            });
            from = to;
        }
        let mut place = scope.sub("last");
        let last = Conv::new(&mut place, [from, width], &[1, 1], Init::Xavier);
        Self {
            stem,
            down,
            up,
            last: last.with_bias(&mut place, Init::Constant(0.0)),
            channels: width,
        }
    }

    pub(super) fn channels(&self) -> i64 {
        self.channels
    }

    /// `[n, 1, y, x]` to `[n, channels, y, x]` at the heat map's resolution.
    pub(super) fn forward(&self, slices: &Tensor, mode: Mode) -> Tensor {
        let mut hidden = slices.shallow_clone();
        if let Some((conv, norm)) = &self.stem {
            hidden = conv.forward_normalized(&hidden, norm, mode).relu_();
        }
        let mut skips = Vec::new();
        for (number, block) in self.down.iter().enumerate() {
            if number > 0 {
                hidden = hidden.max_pool2d([2, 2], [2, 2], [0, 0], [1, 1], true);
            }
            hidden = block.forward(&hidden, mode);
            skips.push(hidden.shallow_clone());
        }
        skips.pop();
        for up in &self.up {
            let skip = skips.pop().expect("every block up has one down");
            let size = skip.size();
            let grown = up.grow.forward_normalized(&hidden, &up.norm, mode);
            let grown = narrowed(&narrowed(&grown, 2, size[2]), 3, size[3]).relu_();
            hidden = up.block.forward(&Tensor::cat(&[grown, skip], 1), mode);
        }
        self.last.forward(&hidden, mode.kind)
    }
}

/// Without what lies beyond `length` along an axis; a tensor of that length costs no gradient of a part.
fn narrowed(tensor: &Tensor, axis: i64, length: i64) -> Tensor {
    if tensor.size()[axis as usize] == length {
        tensor.shallow_clone()
    } else {
        tensor.narrow(axis, 0, length)
    }
}
