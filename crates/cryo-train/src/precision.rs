use serde::{Deserialize, Serialize};
use tch::{Device, Kind, Tensor};

use crate::{Error, NamedTensors, Optimizer, cuda, error::require};

/// In which kind of number the heavy layers (convolutions, products) are computed.
///
/// Weights, batch statistics, losses and the optimizer are always f32: a layer casts its input and its
/// weights to [`Precision::kind`], and casts its result back where a sum over the batch follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    /// bf16 where the device multiplies such matrices in hardware: CUDA from compute capability 8.0, and a CPU with AMX or
    /// AVX-512 BF16, on which convolutions take half the time or less. Else f16 with a [`LossScaler`] on CUDA (V100) and
    /// f32 on the CPU.
    #[default]
    #[serde(alias = "fast")]
    Auto,
    /// 32 bits.
    F32,
    /// bfloat16: the range of f32, so losses need no scaling.
    Bf16,
    /// IEEE half precision: needs a [`LossScaler`].
    F16,
}

impl Precision {
    /// The kind on that device.
    ///
    /// # Errors
    /// [`Error::Parameter`] for f16 on the CPU, where libtorch lacks most of its kernels.
    pub fn kind(self, device: Device) -> Result<Kind, Error> {
        Ok(match (self, device) {
            (Self::Auto, Device::Cpu) if multiplies_bf16() => Kind::BFloat16,
            (Self::F32, _) | (Self::Auto, Device::Cpu) => Kind::Float,
            (Self::Bf16, _) => Kind::BFloat16,
            (Self::F16, device) => {
                require(
                    device != Device::Cpu,
                    "precision",
                    "f32 or bf16 on the CPU",
                    "f16",
                )?;
                Kind::Half
            }
            (Self::Auto, Device::Cuda(index)) => match cuda::compute_capability(index) {
                Some(8..) => Kind::BFloat16,
                Some(_) => Kind::Half,
                None => Kind::Float,
            },
            (Self::Auto, _) => Kind::Float,
        })
    }
}

/// Whether the processor multiplies bf16 matrices in hardware.
fn multiplies_bf16() -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        // AMX cannot be asked for in stable Rust; processors that have it have this, too.
        std::arch::is_x86_feature_detected!("avx512bf16")
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        false
    }
}

/// Dynamic loss scaling for f16 (Micikevicius et al. 2018, arXiv 1710.03740), with PyTorch's constants.
///
/// The loss is multiplied by a scale before the backward pass, the gradients are divided by it. A step
/// with infinite gradients is left out and halves the scale; 2000 good ones in a row double it.
#[derive(Debug, Clone, PartialEq)]
pub struct LossScaler {
    scale: f64,
    good_steps: i64,
}

const GROWTH_INTERVAL: i64 = 2000;
const SCALE: &str = "loss_scaler.scale";
const GOOD_STEPS: &str = "loss_scaler.good_steps";

impl LossScaler {
    /// A scaler for computing in `kind`: for anything but f16 it does nothing.
    #[must_use]
    pub fn new(kind: Kind) -> Option<Self> {
        (kind == Kind::Half).then_some(Self {
            scale: 65_536.0,
            good_steps: 0,
        })
    }

    /// The factor of the loss at present.
    #[must_use]
    pub fn scale(&self) -> f64 {
        self.scale
    }

    /// `loss` times the scale.
    ///
    /// # Errors
    /// [`Error::Torch`].
    pub fn scaled(&self, loss: &Tensor) -> Result<Tensor, Error> {
        Ok(loss.f_mul_scalar(self.scale)?)
    }

    /// Divides the gradients by the scale; `false` if one is infinite or NaN, and the step must be left
    /// out. Adapts the scale.
    ///
    /// # Errors
    /// [`Error::Torch`].
    pub fn unscale(&mut self, optimizer: &mut Optimizer) -> Result<bool, Error> {
        optimizer.scale_gradients(1.0 / self.scale)?;
        let finite = optimizer.gradient_norm()?.is_finite();
        if finite {
            self.good_steps += 1;
            if self.good_steps == GROWTH_INTERVAL {
                self.scale *= 2.0;
                self.good_steps = 0;
            }
        } else {
            self.scale = (self.scale / 2.0).max(1.0);
            self.good_steps = 0;
        }
        Ok(finite)
    }

    /// Adds the scaler's state to that of the optimizer.
    pub fn save_into(&self, state: &mut NamedTensors) {
        state.insert(SCALE, Tensor::from_slice(&[self.scale]));
        state.insert(GOOD_STEPS, Tensor::from_slice(&[self.good_steps]));
    }

    /// Takes the scaler's state out of that of the optimizer, if it is there.
    pub fn take_from(&mut self, state: &mut NamedTensors) {
        if let Some(scale) = state.remove(SCALE) {
            self.scale = scale.double_value(&[0]);
        }
        if let Some(steps) = state.remove(GOOD_STEPS) {
            self.good_steps = steps.int64_value(&[0]);
        }
    }
}
