use std::collections::BTreeMap;

use cryo_core::{CentreRule, Grid, ParticleSet, VoxelSize};

use crate::Error;

/// Particles as a coordinate file holds them, with what it says besides.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Picks {
    /// One set a tomogram, in the order in which the file first names them.
    pub sets: Vec<ParticleSet>,
    /// Columns that have no field in [`Particle`](cryo_core::Particle), kept as text.
    ///
    /// Value `i` belongs to the `i`-th particle, counted through the sets in order.
    pub extra: Vec<ExtraColumn>,
}

/// A column that is carried along unread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExtraColumn {
    /// Its name in the file it came from.
    pub name: String,
    /// One value a particle.
    pub values: Vec<String>,
}

impl Picks {
    /// Number of particles in all sets.
    #[must_use]
    pub fn len(&self) -> usize {
        self.sets.iter().map(ParticleSet::len).sum()
    }

    /// Whether there is no particle.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// How a pixel of binned data lies over the pixels that it was made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum BinningRule {
    /// Binned voxel `i` is centred on voxel `b·i`: RELION, Warp and most converters.
    #[default]
    FirstVoxel,
    /// Binned voxel `i` is centred on the mean of voxels `b·i … b·i + b − 1`: IMOD's `binvol`.
    BlockCentre,
}

impl BinningRule {
    /// The coordinate among the unbinned voxels of a coordinate among the binned ones.
    #[must_use]
    pub fn unbinned_from_binned(self, coordinate: f64, binning: f64) -> f64 {
        match self {
            Self::FirstVoxel => coordinate * binning,
            Self::BlockCentre => coordinate * binning + (binning - 1.0) / 2.0,
        }
    }

    /// The coordinate among the binned voxels of a coordinate among the unbinned ones.
    #[must_use]
    pub fn binned_from_unbinned(self, coordinate: f64, binning: f64) -> f64 {
        match self {
            Self::FirstVoxel => coordinate / binning,
            Self::BlockCentre => (coordinate - (binning - 1.0) / 2.0) / binning,
        }
    }
}

/// The coordinate of the first voxel in a format that counts voxels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IndexBase {
    /// The centre of the first voxel is 0.
    Zero,
    /// The centre of the first voxel is 1.
    One,
    /// The corner of the first voxel is 0 and its centre 0.5.
    Corner,
}

impl IndexBase {
    /// What the format writes for the centre of the first voxel: 0, 1 or 0.5.
    #[must_use]
    pub fn offset(self) -> f64 {
        match self {
            Self::Zero => 0.0,
            Self::One => 1.0,
            Self::Corner => 0.5,
        }
    }
}

/// What is known of a tomogram that coordinates are counted in.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Frame {
    /// Number of voxels along z, y, x.
    pub shape: Option<[usize; 3]>,
    /// Edge of its voxels.
    pub voxel_size: Option<VoxelSize>,
    /// Shape before binning (z, y, x), where it is known better than `shape × binning`.
    pub unbinned_shape: Option<[usize; 3]>,
    /// Pixel size of the tilt series before binning in ångström (`rlnTomoTiltSeriesPixelSize`).
    pub tilt_series_pixel_size: Option<f64>,
}

impl Frame {
    /// The frame of a tomogram that lies on `grid`.
    #[must_use]
    pub fn of(grid: &Grid) -> Self {
        let shape = grid.has_extent().then_some(grid.shape);
        Self {
            shape,
            voxel_size: Some(grid.voxel_size),
            ..Self::default()
        }
    }

    /// What this frame says, and where it is silent what `other` says.
    #[must_use]
    pub fn or(self, other: Frame) -> Self {
        Self {
            shape: self.shape.or(other.shape),
            voxel_size: self.voxel_size.or(other.voxel_size),
            unbinned_shape: self.unbinned_shape.or(other.unbinned_shape),
            tilt_series_pixel_size: self.tilt_series_pixel_size.or(other.tilt_series_pixel_size),
        }
    }

    /// The grid of the tomogram, its first voxel at 0 Å; of unknown extent without a shape.
    ///
    /// # Errors
    /// [`Needed`](crate::ErrorKind::Needed) without a voxel size.
    pub fn grid(&self, tomogram: &str) -> Result<Grid, Error> {
        let Some(voxel_size) = self.voxel_size else {
            return Err(
                Error::needed(format!("the voxel size of tomogram {tomogram:?}"))
                    .fix("give the tomogram, the dataset list or the voxel size"),
            );
        };
        Ok(Grid::new(self.shape.unwrap_or_default(), voxel_size))
    }
}

/// The frames of the tomograms that a coordinate file may name.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Frames {
    /// By name of the tomogram.
    pub named: BTreeMap<String, Frame>,
    /// For every name that is not among them.
    pub other: Frame,
}

impl Frames {
    /// One frame for whatever tomogram is named.
    #[must_use]
    pub fn all(frame: Frame) -> Self {
        Self {
            named: BTreeMap::new(),
            other: frame,
        }
    }

    /// The frame of a tomogram; empty where nothing is known.
    #[must_use]
    pub fn get(&self, tomogram: &str) -> Frame {
        self.named
            .get(tomogram)
            .map_or(self.other, |frame| frame.or(self.other))
    }
}

/// How coordinates are read and written; each format says which fields it uses.
#[derive(Debug, Clone, PartialEq)]
pub struct PicksOptions {
    /// The tomograms. What a file itself says of one is used where this is silent.
    pub frames: Frames,
    /// Name of the tomogram in formats that hold one and do not say which; by default the file's stem.
    pub tomogram: Option<String>,
    /// The centre that centred coordinates are counted from.
    pub centre: CentreRule,
    /// How binned voxels lie over unbinned ones in formats that count unbinned voxels.
    pub binning: BinningRule,
    /// First voxel in formats that count voxels, where it differs from the format's default.
    pub index_base: Option<IndexBase>,
    /// Tomograms by number, for formats that number them (Dynamo's column 20, row 5 of a motive list).
    ///
    /// A value is the tomogram's name or a path to its file, whose stem is then the name. A number
    /// that is not among them is its own name.
    pub numbers: BTreeMap<u32, String>,
    /// Largest file that is read, in bytes.
    pub max_bytes: u64,
}

impl Default for PicksOptions {
    fn default() -> Self {
        Self {
            frames: Frames::default(),
            tomogram: None,
            centre: CentreRule::default(),
            binning: BinningRule::default(),
            index_base: None,
            numbers: BTreeMap::new(),
            max_bytes: 4 << 30,
        }
    }
}
