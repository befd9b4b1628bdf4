use tch::{Device, Kind, Tensor};

use super::{Init, Scope};

/// How a forward pass is done.
#[derive(Debug, Clone, Copy)]
pub struct Mode {
    /// Batch statistics are those of the batch, and the running ones are updated.
    pub train: bool,
    /// In which the convolutions are computed.
    pub kind: Kind,
}

/// A convolution over as many axes as its kernel has; with odd kernels and stride 1 the output is as large as the input.
pub struct Conv {
    weight: Tensor,
    bias: Option<Tensor>,
    stride: Vec<i64>,
    padding: Vec<i64>,
    dilation: Vec<i64>,
    channels_last: bool,
}

impl Conv {
    /// From and to so many channels, without bias.
    pub fn new(scope: &mut Scope<'_>, channels: [i64; 2], kernel: &[i64], init: Init) -> Self {
        let size = [&[channels[1], channels[0]], kernel].concat();
        let weight = scope.weight("weight", &size, init);
        let ones = vec![1; kernel.len()];
        Self {
            weight,
            bias: None,
            stride: ones.clone(),
            padding: kernel.iter().map(|extent| extent / 2).collect(),
            dilation: ones,
            channels_last: false,
        }
    }

    /// With a bias.
    #[must_use]
    pub fn with_bias(mut self, scope: &mut Scope<'_>, init: Init) -> Self {
        self.bias = Some(scope.weight("bias", &[self.weight.size()[0]], init));
        self
    }

    /// With that stride along every axis.
    #[must_use]
    pub fn with_stride(mut self, stride: i64) -> Self {
        self.stride.fill(stride);
        self
    }

    /// With that dilation, and the padding that keeps the size.
    #[must_use]
    pub fn with_dilation(mut self, dilation: &[i64]) -> Self {
        self.dilation = dilation.to_vec();
        for (padding, dilation) in self.padding.iter_mut().zip(dilation) {
            *padding *= dilation;
        }
        self
    }

    /// Computed with the channels of a voxel beside each other in memory, which is faster for small kernels over many
    /// channels: libtorch takes the layout of the weights for the whole convolution.
    #[must_use]
    pub fn channels_last(mut self) -> Self {
        self.channels_last = true;
        self
    }

    /// `[n, c, …]` to `[n, c', …]`, computed in `kind`.
    pub fn forward(&self, input: &Tensor, kind: Kind) -> Tensor {
        self.convolved(input, &self.weight, self.bias.as_ref(), kind)
    }

    /// What [`Conv::forward`] gives at some voxels of `[n, c, z, y, x]`, without the others: `[m, c']` for m numbers of
    /// voxels, counted along x, y, z and then n. For kernels that reach along z alone, with stride and dilation 1.
    pub fn forward_at(&self, input: &Tensor, voxels: &Tensor, kind: Kind) -> Tensor {
        let size = input.size();
        let (channels, depth, plane) = (size[1], size[2], size[3] * size[4]);
        let rows = cast(input, kind).movedim_int(1, -1);
        let rows = rows.reshape([-1, channels]);
        let planes = self.weight.size()[2];
        let z = voxels.divide_scalar_mode(plane, "floor").remainder(depth);
        let part = |number: i64| {
            let step = number - planes / 2;
            let there = &z + step;
            let inside = there.ge(0).logical_and(&there.lt(depth));
            let from = voxels + inside.to_kind(Kind::Int64) * (step * plane);
            let part = rows.index_select(0, &from);
            match step {
                0 => part,
                _ => part * inside.to_kind(kind).unsqueeze(1),
            }
        };
        let parts: Vec<Tensor> = (0..planes).map(part).collect();
        let weight = self.weight.flatten(2, -1).transpose(1, 2);
        let weight = weight.reshape([-1, planes * channels]);
        let bias = self.bias.as_ref().map(|bias| cast(bias, kind));
        Tensor::cat(&parts, 1).linear(&cast(&weight, kind), bias.as_ref())
    }

    /// [`Conv::forward`] and then `norm`, which outside training becomes part of the weights: one pass over the output less.
    pub fn forward_normalized(&self, input: &Tensor, norm: &BatchNorm, mode: Mode) -> Tensor {
        if mode.train {
            let split = self.dilated_along_z() && input.device() == Device::Cpu;
            let output = match split {
                true => self.forward_split(input, mode.kind),
                false => self.forward(input, mode.kind),
            };
            return norm.forward(&output, mode);
        }
        let [scale, offset] = norm.scale_and_offset();
        let mut size = vec![1; self.weight.dim()];
        size[0] = -1;
        let weight = &self.weight * scale.view(size.as_slice());
        let offset = match &self.bias {
            Some(bias) => offset + bias * scale,
            None => offset,
        };
        self.convolved(input, &weight, Some(&offset), mode.kind)
    }

    fn dilated_along_z(&self) -> bool {
        matches!(self.dilation[..], [z, 1, 1] if z > 1)
    }

    /// [`Conv::forward`] of a kernel dilated d times along z: every d-th plane is a volume of its own for the same kernel
    /// without dilation. On a processor the gradient of a dilated convolution takes four times as long as this one's.
    fn forward_split(&self, input: &Tensor, kind: Kind) -> Tensor {
        let (size, every) = (input.size(), self.dilation[0]);
        let [count, depth, height, width] = [size[0], size[2], size[3], size[4]];
        let parts = depth
            .unsigned_abs()
            .div_ceil(every.unsigned_abs())
            .cast_signed();
        let last = [0, 0, 0, 0, 0, 0, 0, parts * every - depth];
        let volumes = cast(input, kind)
            .movedim_int(1, -1)
            .constant_pad_nd(last)
            .view([count, parts, every, height, width, size[1]])
            .transpose(1, 2)
            .reshape([count * every, parts, height, width, size[1]])
            .movedim_int(-1, 1);
        let one = Self {
            weight: self.weight.shallow_clone(),
            bias: self.bias.as_ref().map(Tensor::shallow_clone),
            stride: self.stride.clone(),
            padding: vec![self.padding[0] / every, self.padding[1], self.padding[2]],
            dilation: vec![1; 3],
            channels_last: self.channels_last,
        };
        one.forward(&volumes, kind)
            .movedim_int(1, -1)
            .reshape([count, every, parts, height, width, -1])
            .transpose(1, 2)
            .reshape([count, parts * every, height, width, -1])
            .narrow(1, 0, depth)
            .movedim_int(-1, 1)
    }

    fn convolved(
        &self,
        input: &Tensor,
        weight: &Tensor,
        bias: Option<&Tensor>,
        kind: Kind,
    ) -> Tensor {
        let (mut input, mut weight) = (cast(input, kind), cast(weight, kind));
        if self.channels_last && self.stride.len() == 2 {
            let size = input.size();
            if size[1] == 1 {
                // Of one channel either layout is both; libtorch would take the other for what follows.
                input = input
                    .reshape([size[0], size[2], size[3], 1])
                    .permute([0, 3, 1, 2]);
            }
            weight = weight
                .permute([0, 2, 3, 1])
                .contiguous()
                .permute([0, 3, 1, 2]);
        }
        let bias = bias.map(|bias| cast(bias, kind));
        let (stride, padding, dilation) = (&self.stride, &self.padding, &self.dilation);
        if self.stride.len() == 2 {
            input.conv2d(&weight, bias.as_ref(), stride, padding, dilation, 1)
        } else {
            input.conv3d(&weight, bias.as_ref(), stride, padding, dilation, 1)
        }
    }
}

/// A transposed convolution of 2 × 2 with stride 2 and bias: an image twice as large.
pub struct ConvTranspose2d {
    weight: Tensor,
    bias: Tensor,
}

impl ConvTranspose2d {
    /// From and to so many channels.
    pub fn new(scope: &mut Scope<'_>, [from, to]: [i64; 2], init: Init) -> Self {
        Self {
            weight: scope.weight("weight", &[from, to, 2, 2], init),
            bias: scope.weight("bias", &[to], Init::Constant(0.0)),
        }
    }

    /// `[n, c, y, x]` to `[n, c', 2y, 2x]`, computed in `kind`.
    pub fn forward(&self, input: &Tensor, kind: Kind) -> Tensor {
        Self::grown(input, &self.weight, Some(&self.bias), kind)
    }

    /// The same and then `norm`, which outside training becomes part of the weights.
    pub fn forward_normalized(&self, input: &Tensor, norm: &BatchNorm, mode: Mode) -> Tensor {
        if mode.train {
            // Only the running mean knows of a bias before it: its gradient is 0, for which oneDNN takes as long as for
            // the kernel's.
            let output = norm.forward(&Self::grown(input, &self.weight, None, mode.kind), mode);
            norm.shift(&self.bias);
            return output;
        }
        let [scale, offset] = norm.scale_and_offset();
        let weight = &self.weight * scale.view([1, -1, 1, 1]);
        let offset = offset + &self.bias * scale;
        Self::grown(input, &weight, Some(&offset), mode.kind)
    }

    fn grown(input: &Tensor, weight: &Tensor, bias: Option<&Tensor>, kind: Kind) -> Tensor {
        let bias = bias.map(|bias| cast(bias, kind));
        cast(input, kind).conv_transpose2d(
            &cast(weight, kind),
            bias.as_ref(),
            [2, 2],
            [0, 0],
            [0, 0],
            1,
            [1, 1],
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
pub struct BatchNorm {
    affine: Option<[Tensor; 2]>,
    running: [Tensor; 2],
}

const MOMENTUM: f64 = 0.1;
const EPSILON: f64 = 1e-5;

impl BatchNorm {
    /// Over so many channels, with a learned scale and offset where `affine`.
    pub fn new(scope: &mut Scope<'_>, channels: i64, affine: bool) -> Self {
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

    /// What it multiplies each channel by and then adds, by its running statistics.
    fn scale_and_offset(&self) -> [Tensor; 2] {
        let [mean, variance] = &self.running;
        let inverse = (variance + EPSILON).rsqrt();
        match &self.affine {
            Some([weight, bias]) => {
                let scale = weight * inverse;
                [scale.shallow_clone(), bias - mean * scale]
            }
            None => [inverse.shallow_clone(), -(mean * inverse)],
        }
    }

    /// As if what was just seen in training had been larger by so much in each channel.
    fn shift(&self, by: &Tensor) {
        let _guard = tch::no_grad_guard();
        // Not a change that the gradient minds, as those by libtorch itself.
        let _ = self.running[0].data().g_add_(&(by * MOMENTUM));
    }

    /// `[n, c, …]`, normalized.
    pub fn forward(&self, input: &Tensor, mode: Mode) -> Tensor {
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
pub struct Linear {
    weight: Tensor,
    bias: Option<Tensor>,
}

impl Linear {
    /// From and to so many features.
    pub fn new(
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

    /// `[n, from]` to `[n, to]`.
    pub fn forward(&self, input: &Tensor) -> Tensor {
        input.linear(&self.weight, self.bias.as_ref())
    }
}
