use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

/// How a tensor begins.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Init {
    /// One value.
    Constant(f32),
    /// Normal with that standard deviation.
    Normal(f64),
    /// PyTorch's default for convolutions and linear layers: uniform within 1/√(inputs of a neuron).
    TorchDefault,
    /// Normal with √(2 / (inputs of a neuron + outputs × kernel area)), PyTorch's Xavier initialization (Glorot and
    /// Bengio 2010).
    Xavier,
    /// Normal with √(2 / (outputs × kernel area)) (He et al. 2015, arXiv 1502.01852), as torchvision's ResNet.
    HeFanOut,
}

impl Init {
    /// Values of a tensor of `size`, drawn from `rng`.
    pub(super) fn values(self, size: &[i64], rng: &mut ChaCha8Rng) -> Vec<f32> {
        let count: i64 = size.iter().product();
        let per_output = count / size[0];
        let mut normal = |deviation: f64| -> Vec<f32> {
            let draw = |_| {
                let value: f64 = StandardNormal.sample(rng);
                (value * deviation) as f32
            };
            (0..count).map(draw).collect()
        };
        match self {
            Self::Constant(value) => vec![value; count as usize],
            Self::Normal(deviation) => normal(deviation),
            Self::HeFanOut => {
                let area: i64 = size[2..].iter().product();
                normal((2.0 / (size[0] * area) as f64).sqrt())
            }
            Self::Xavier => {
                let area: i64 = size[2..].iter().product();
                normal((2.0 / (per_output + size[0] * area) as f64).sqrt())
            }
            Self::TorchDefault => {
                let bound = 1.0 / (per_output as f64).sqrt();
                (0..count)
                    .map(|_| rng.random_range(-bound..bound) as f32)
                    .collect()
            }
        }
    }
}
