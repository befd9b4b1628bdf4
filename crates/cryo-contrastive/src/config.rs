use serde::{Deserialize, Serialize};

use crate::error::{Error, require};

/// What goes into the network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputConfig {
    /// Channels, rows and columns of a view as it comes; rows and columns alike. A margin of a fifth of the
    /// crop on every side lets it turn without showing what is not there.
    pub view: [usize; 3],
    /// How many channels, rows and columns are averaged into one before anything else; divides `view`.
    /// For views whose channels are slices `[2, 2, 2]` is binning by two.
    pub bin: [usize; 3],
    /// Rows and columns, after binning, of the centre that the network sees; at least 8. About the
    /// diameter of the largest particle of interest: more of it is surroundings, which tell particles apart
    /// that are alike.
    pub crop: usize,
}

impl InputConfig {
    /// Channels, rows, columns after binning.
    #[must_use]
    pub fn binned(&self) -> [usize; 3] {
        std::array::from_fn(|axis| self.view[axis] / self.bin[axis].max(1))
    }
}

/// The trunk that turns an image into features.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Encoder {
    /// The paper's: ResNet-18 (He et al. 2016, arXiv 1512.03385) with a 3×3 stem of stride 1, without
    /// pooling after it and without `layer4`. Every channel goes through the same trunk, and the features of
    /// all are concatenated, then one linear layer makes `output` features.
    ResNet18 {
        /// Features, 128 in the paper.
        output: usize,
        /// Batch normalization in the shortcuts: the reference has it for two channels (tilt view and
        /// slice), and not for one.
        shortcut_norm: bool,
    },
    /// Five 3×3 convolutions, two of them of stride 2, `width` channels at first and four times as many,
    /// the features, at last. Made for a CPU: [`ModelConfig::macs`] says how small it is.
    Compact {
        /// At least 4. Raising it by 1.4 doubles the time.
        width: usize,
    },
}

/// What follows the encoder while it learns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum HeadsConfig {
    /// SimSiam's projector (three layers) and predictor (two), all of one width and without bottleneck,
    /// as the reference has them (`width` 128).
    SimSiam {
        /// Width of every layer; that of the encoder's output.
        width: usize,
    },
    /// A projector of two layers (Chen et al. 2020, arXiv 2002.05709).
    Projector {
        /// Width of the first.
        hidden: usize,
        /// Width of the second.
        output: usize,
    },
}

/// Which output of the network is the embedding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Embedded {
    /// The encoder's output: what contrastive learning uses, since the projector forgets what the
    /// objective has no use for.
    Features,
    /// The projector's output.
    Projection,
    /// The predictor's output: what the reference clusters. Needs [`HeadsConfig::SimSiam`].
    Prediction,
}

/// The architecture: all that must be known to load weights.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelConfig {
    /// What goes in.
    pub input: InputConfig,
    /// The trunk.
    pub encoder: Encoder,
    /// What follows it.
    pub heads: HeadsConfig,
    /// What the embedding is.
    pub embedded: Embedded,
    /// Whether the embedding is shifted to a mean of 0 and whitened a little by what was learned from, once training is done; so that
    /// neighbours differ by what tells items apart, not by what all have in common.
    pub whitened: bool,
}

impl ModelConfig {
    /// The paper's network for a tilt view and a slice as two channels, `size` pixels (2,922,432
    /// parameters).
    #[must_use]
    pub fn paper_2d3d(size: usize) -> Self {
        Self::paper(2, size)
    }

    /// The paper's network for the sum of three slices as one channel, `size` pixels (2,888,896
    /// parameters).
    #[must_use]
    pub fn paper_3d(size: usize) -> Self {
        Self::paper(1, size)
    }

    fn paper(channels: usize, size: usize) -> Self {
        Self {
            input: InputConfig {
                view: [channels, size, size],
                bin: [1; 3],
                crop: size,
            },
            encoder: Encoder::ResNet18 {
                output: 128,
                shortcut_norm: channels > 1,
            },
            heads: HeadsConfig::SimSiam { width: 128 },
            embedded: Embedded::Prediction,
            whitened: false,
        }
    }

    /// The default: `slices` neighbouring slices of `size` voxels, binned by two, of which a centre of
    /// `crop` binned voxels goes through the compact encoder (128 features).
    #[must_use]
    pub fn recommended(slices: usize, size: usize, crop: usize) -> Self {
        Self {
            input: InputConfig {
                view: [slices, size, size],
                bin: [2; 3],
                crop,
            },
            encoder: Encoder::Compact { width: 32 },
            heads: HeadsConfig::Projector {
                hidden: 256,
                output: 256,
            },
            embedded: Embedded::Features,
            whitened: true,
        }
    }

    /// Length of the encoder's output.
    #[must_use]
    pub fn features(&self) -> usize {
        match self.encoder {
            Encoder::ResNet18 { output, .. } => output,
            Encoder::Compact { width } => 4 * width,
        }
    }

    /// Length of the projector's output.
    #[must_use]
    pub fn projected(&self) -> usize {
        match self.heads {
            HeadsConfig::SimSiam { width } => width,
            HeadsConfig::Projector { output, .. } => output,
        }
    }

    /// Length of the embedding.
    #[must_use]
    pub fn embedding_len(&self) -> usize {
        match self.embedded {
            Embedded::Features => self.features(),
            Embedded::Projection | Embedded::Prediction => self.projected(),
        }
    }

    /// Multiplications (each with an addition) of the convolutions and the encoder's linear layer for one
    /// view; a training step takes about three times as many for each of two views.
    #[must_use]
    pub fn macs(&self) -> u64 {
        let (channels, edge) = (self.input.binned()[0] as u64, self.input.crop as u64);
        let half = edge.div_ceil(2);
        let quarter = half.div_ceil(2);
        // (output pixels along an edge, kernel area, channels in, channels out, how often)
        let conv = |edge: u64, area: u64, from: u64, to: u64, times: u64| {
            edge * edge * area * from * to * times
        };
        match self.encoder {
            Encoder::ResNet18 { output, .. } => {
                let trunk = conv(edge, 9, 1, 64, 1)
                    + conv(edge, 9, 64, 64, 4)
                    + conv(half, 9, 64, 128, 1)
                    + conv(half, 9, 128, 128, 3)
                    + conv(half, 1, 64, 128, 1)
                    + conv(quarter, 9, 128, 256, 1)
                    + conv(quarter, 9, 256, 256, 3)
                    + conv(quarter, 1, 128, 256, 1);
                channels * (trunk + 256 * output as u64)
            }
            Encoder::Compact { width } => {
                let width = width as u64;
                conv(edge, 9, channels, width, 1)
                    + conv(half, 9, width, 2 * width, 1)
                    + conv(half, 9, 2 * width, 2 * width, 1)
                    + conv(quarter, 9, 2 * width, 4 * width, 1)
                    + conv(quarter, 9, 4 * width, 4 * width, 1)
            }
        }
    }

    /// Bytes that a step of training with `pairs` pairs of views takes beside the network: about 5 numbers of 32 bits for
    /// each output of a convolution, and 1.4 for each value of a view (measured on the CPU; within a fifth).
    ///
    /// ```
    /// let config = cryo_contrastive::ModelConfig::recommended(4, 36, 12);
    /// assert_eq!(config.training_bytes(256) >> 20, 128);
    /// ```
    #[must_use]
    pub fn training_bytes(&self, pairs: usize) -> u64 {
        let [channels, height, width] = self.input.view.map(|extent| extent as u64);
        let numbers = 51 * self.activations() + 14 * channels * height * width;
        2 * pairs as u64 * 4 * numbers / 10
    }

    /// Outputs of all convolutions for one view.
    fn activations(&self) -> u64 {
        let (channels, edge) = (self.input.binned()[0] as u64, self.input.crop as u64);
        let half = edge.div_ceil(2);
        let area = |edge: u64| edge * edge;
        let quarter = area(half.div_ceil(2));
        let (edge, half) = (area(edge), area(half));
        match self.encoder {
            Encoder::ResNet18 { .. } => {
                channels * (5 * 64 * edge + 5 * 128 * half + 5 * 256 * quarter)
            }
            Encoder::Compact { width } => width as u64 * (edge + 4 * half + 8 * quarter),
        }
    }

    /// Checks every field.
    ///
    /// # Errors
    /// [`Error::Parameter`] names the first field that is out of its range.
    pub fn validate(&self) -> Result<(), Error> {
        let InputConfig { view, bin, crop } = &self.input;
        let square = view[1] == view[2] && bin[1] == bin[2];
        require(square, "view", "as high as wide", format!("{view:?}"))?;
        let divides = bin
            .iter()
            .zip(view)
            .all(|(&bin, &edge)| bin > 0 && edge > 0 && edge % bin == 0);
        require(
            divides,
            "bin",
            format!("divisors of {view:?}"),
            format!("{bin:?}"),
        )?;
        let edge = self.input.binned()[1];
        let fits = (8..=edge).contains(crop);
        require(
            fits,
            "crop",
            format!("from 8 to the binned view's {edge}"),
            crop,
        )?;
        match self.encoder {
            Encoder::ResNet18 { output, .. } => require(output > 0, "output", "at least 1", output),
            Encoder::Compact { width } => require(width >= 4, "width", "at least 4", width),
        }?;
        match self.heads {
            HeadsConfig::SimSiam { width } => {
                let features = self.features();
                require(
                    width == features,
                    "width",
                    format!("the encoder's {features}"),
                    width,
                )
            }
            HeadsConfig::Projector { hidden, output } => {
                require(hidden > 0, "hidden", "at least 1", hidden)?;
                require(output > 0, "output", "at least 1", output)?;
                let has = self.embedded != Embedded::Prediction;
                require(
                    has,
                    "embedded",
                    "features or projection without a predictor",
                    "prediction",
                )
            }
        }
    }
}
