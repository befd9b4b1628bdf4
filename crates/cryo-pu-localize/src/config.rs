use serde::{Deserialize, Serialize};

use crate::{Error, error::require};

/// At which resolution in the plane the slices are looked at and the heat map is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resolution {
    /// Every voxel in, every voxel out.
    Full,
    /// A convolution of 7 × 7 with stride 2 comes first (spec G.3, the reference's public code): half the extent in
    /// x and y.
    HalfByStem,
    /// The decoder stops one block early (spec 0.2, the reference of the paper's time): half the extent in x and y.
    HalfByDecoder,
}

/// Architecture of the network: a 2D UNet on every slice (Ronneberger et al. 2015, arXiv 1505.04597), 3D convolutions
/// over its features, a heat map for each class and features for the contrastive terms.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkConfig {
    /// Classes of particles, each with a heat map of its own; at least 1.
    pub classes: usize,
    /// Encoder blocks, 3 to 6: each but the last halves the extent, so more see further and take more weights.
    pub blocks: usize,
    /// Channels of the first block; every further one has twice as many.
    pub width: usize,
    /// Resolution of the heat map.
    pub resolution: Resolution,
    /// Dilation (z, y, x) of each 3D convolution of 3 × 3 × 3.
    pub fusion: Vec<[i64; 3]>,
    /// Batch normalization after each 3D convolution.
    pub fusion_norm: bool,
    /// Planes that the kernels of the heads reach over: 1 or 3; 1 × 1 in the plane.
    pub head_planes: usize,
    /// Whether the heat map's head has a bias, which begins at the class prior, so that a score means a probability.
    pub head_bias: bool,
    /// Channels of the contrastive features; 0 leaves their head out.
    pub projection: usize,
}

impl NetworkConfig {
    /// Bytes that training takes beside the network for each voxel of a batch of samples: 1.5 numbers of 32 bits for each
    /// output of a layer (on a CPU that computes in bf16 half of it was measured).
    #[must_use]
    pub fn training_bytes_per_voxel(&self) -> u64 {
        let level = |block: usize| self.width as f64 / (1_u64 << block) as f64;
        let down: f64 = (0..self.blocks).map(|block| 2.0 * level(block)).sum();
        let up: f64 = (1..self.blocks).map(|block| 5.0 * level(block - 1)).sum();
        let rest = (1 + self.fusion.len()) as f64 * self.width as f64;
        (4.0 * 1.5 * (down + up + rest)) as u64
    }

    /// Bytes that a heat map takes beside the network for each voxel that the network sees at once.
    #[must_use]
    pub(crate) fn prediction_bytes_per_voxel(&self) -> u64 {
        // Live at once at the finest level: input and output of a convolution, the skip and copies in another layout.
        4 * 6 * self.width as u64
    }

    /// The project's default (docs/benchmarks.md says what it was compared with): full resolution of a grid that is as coarse as the particle allows, three
    /// blocks from 16 channels, two 3D convolutions of which the second reaches two planes further.
    #[must_use]
    pub fn recommended(classes: usize) -> Self {
        Self {
            classes,
            blocks: 3,
            width: 16,
            resolution: Resolution::Full,
            fusion: vec![[1, 1, 1], [2, 1, 1]],
            fusion_norm: true,
            head_planes: 1,
            head_bias: true,
            projection: 0,
        }
    }

    /// The paper's: 4 blocks for small, 5 for large proteins, heads of 1 × 1 × 1.
    #[must_use]
    pub fn paper(classes: usize, blocks: usize) -> Self {
        Self {
            classes,
            blocks,
            width: 32,
            resolution: Resolution::HalfByDecoder,
            fusion: vec![[1, 1, 1], [1, 1, 1]],
            fusion_norm: false,
            head_planes: 1,
            head_bias: true,
            projection: 32,
        }
    }

    /// The public code's (spec G.3): a stem of stride 2, dilated 3D convolutions, heads of 3 × 1 × 1 without bias.
    #[must_use]
    pub fn cet_pick(classes: usize, blocks: usize) -> Self {
        Self {
            resolution: Resolution::HalfByStem,
            fusion: vec![[1, 4, 4], [1, 4, 4]],
            head_planes: 3,
            head_bias: false,
            ..Self::paper(classes, blocks)
        }
    }

    /// Input voxels in the plane to a voxel of the heat map.
    #[must_use]
    pub fn stride(&self) -> usize {
        match self.resolution {
            Resolution::Full => 1,
            Resolution::HalfByStem | Resolution::HalfByDecoder => 2,
        }
    }

    /// How many planes above and below a plane of the heat map depend on.
    #[must_use]
    pub fn reach_planes(&self) -> usize {
        let fusion: i64 = self.fusion.iter().map(|dilation| dilation[0]).sum();
        fusion.unsigned_abs() as usize + self.head_planes / 2
    }

    /// The extents of slices must be multiples of this for the result not to depend on the padding.
    #[must_use]
    pub fn granule(&self) -> usize {
        let stem = usize::from(self.resolution == Resolution::HalfByStem);
        1 << (self.blocks - 1 + stem)
    }

    /// Checks every field.
    ///
    /// # Errors
    /// [`Error::Parameter`].
    pub fn validate(&self) -> Result<(), Error> {
        require(self.classes >= 1, "classes", "at least 1", self.classes)?;
        let blocks = (3..=6).contains(&self.blocks);
        require(blocks, "blocks", "3 to 6", self.blocks)?;
        let width = (1..=256).contains(&self.width);
        require(width, "width", "1 to 256", self.width)?;
        let dilations = self.fusion.iter().flatten().all(|d| (1..=16).contains(d));
        let fusion = !self.fusion.is_empty() && dilations;
        let got = format!("{:?}", self.fusion);
        require(fusion, "fusion", "at least one dilation of 1 to 16", got)?;
        let planes = matches!(self.head_planes, 1 | 3);
        require(planes, "head_planes", "1 or 3", self.head_planes)?;
        require(
            self.projection <= 1024,
            "projection",
            "at most 1024",
            self.projection,
        )
    }
}
