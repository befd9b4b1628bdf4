use tch::{Kind, Tensor};

use super::{Mode, init::Init, scope::Scope};

/// A convolution without bias.
pub(super) struct Conv2d {
    weight: Tensor,
    stride: i64,
}

impl Conv2d {
    /// `kernel` is odd; the output is as large as the input over `stride`.
    pub(super) fn new(
        scope: &mut Scope<'_>,
        channels: [i64; 2],
        kernel: i64,
        stride: i64,
        init: Init,
    ) -> Self {
        let [from, to] = channels;
        let weight = scope.weight("weight", &[to, from, kernel, kernel], init);
        Self { weight, stride }
    }

    pub(super) fn forward(&self, input: &Tensor, kind: Kind) -> Tensor {
        let padding = self.weight.size()[2] / 2;
        let weight = cast(&self.weight, kind);
        cast(input, kind).conv2d::<Tensor>(
            &weight,
            None,
            [self.stride, self.stride],
            [padding, padding],
            [1, 1],
            1,
        )
    }
}

fn cast(tensor: &Tensor, kind: Kind) -> Tensor {
    if tensor.kind() == kind {
        tensor.shallow_clone()
    } else {
        tensor.to_kind(kind)
    }
}

/// Batch normalization with PyTorch's constants (Ioffe and Szegedy 2015, arXiv 1502.03167).
pub(super) struct BatchNorm {
    affine: Option<[Tensor; 2]>,
    running: [Tensor; 2],
}

const MOMENTUM: f64 = 0.1;
const EPSILON: f64 = 1e-5;

impl BatchNorm {
    pub(super) fn new(scope: &mut Scope<'_>, channels: i64, affine: bool) -> Self {
        let affine = affine.then(|| {
            [
                scope.weight("weight", &[channels], Init::Constant(1.0)),
                scope.weight("bias", &[channels], Init::Constant(0.0)),
            ]
        });
        let running = [
            scope.buffer("running_mean", channels, 0.0),
            scope.buffer("running_var", channels, 1.0),
        ];
        Self { affine, running }
    }

    pub(super) fn forward(&self, input: &Tensor, mode: Mode) -> Tensor {
        let [weight, bias] = match &self.affine {
            Some([weight, bias]) => [Some(weight), Some(bias)],
            None => [None, None],
        };
        let [mean, variance] = &self.running;
        input.batch_norm(
            weight,
            bias,
            Some(mean),
            Some(variance),
            mode.train,
            MOMENTUM,
            EPSILON,
            true,
        )
    }
}

/// A linear layer, always in f32.
pub(super) struct Linear {
    weight: Tensor,
    bias: Option<Tensor>,
}

impl Linear {
    pub(super) fn new(
        scope: &mut Scope<'_>,
        [from, to]: [i64; 2],
        weight: Init,
        bias: Option<Init>,
    ) -> Self {
        Self {
            weight: scope.weight("weight", &[to, from], weight),
            bias: bias.map(|init| scope.weight("bias", &[to], init)),
        }
    }

    pub(super) fn forward(&self, input: &Tensor) -> Tensor {
        input.linear(&self.weight, self.bias.as_ref())
    }
}
