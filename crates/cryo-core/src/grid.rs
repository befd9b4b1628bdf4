use std::fmt;

use crate::{AngstromPos, CentreRule, VoxelPos, VoxelSize};

/// Where the voxels of a volume lie in space.
///
/// `shape` is `[z, y, x]`; `origin` is the ångström position of the *centre* of voxel (0, 0, 0).
///
/// ```
/// use cryo_core::{AngstromPos, Grid, VoxelPos, VoxelSize};
/// let grid = Grid::new([4, 6, 8], VoxelSize::new(10.0).expect("valid"));
/// let position = grid.angstrom_from_voxel(VoxelPos::xyz(1.0, 2.0, 3.0));
/// assert_eq!(position, AngstromPos::xyz(10.0, 20.0, 30.0));
///
/// // The mean of voxels 0 and 1 lies half a voxel to the right of voxel 0.
/// let coarse = grid.binned([2, 2, 2]).expect("2 fits");
/// assert_eq!(coarse.origin, AngstromPos::xyz(5.0, 5.0, 5.0));
/// assert_eq!(coarse.voxel_from(&grid, VoxelPos::xyz(0.5, 0.5, 0.5)), VoxelPos::xyz(0.0, 0.0, 0.0));
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Grid {
    /// Number of voxels along z, y, x; zeros where the extent is unknown.
    pub shape: [usize; 3],
    /// Edge lengths of a voxel.
    pub voxel_size: VoxelSize,
    /// Position of the centre of voxel (0, 0, 0).
    pub origin: AngstromPos,
}

impl Grid {
    /// A grid whose first voxel is centred on 0 Å.
    #[must_use]
    pub fn new(shape: [usize; 3], voxel_size: VoxelSize) -> Self {
        Self {
            shape,
            voxel_size,
            origin: AngstromPos::default(),
        }
    }

    /// A grid of which only the voxel size is known, as of a coordinate file without its tomogram.
    ///
    /// Its shape is zeros: it contains nothing and has no centre, but counts positions like any other.
    #[must_use]
    pub fn of_unknown_extent(voxel_size: VoxelSize) -> Self {
        Self::new([0; 3], voxel_size)
    }

    /// Whether the number of voxels is known.
    #[must_use]
    pub fn has_extent(&self) -> bool {
        !self.shape.contains(&0)
    }

    /// The same voxels with the centre of voxel (0, 0, 0) at `origin`.
    #[must_use]
    pub fn with_origin(self, origin: AngstromPos) -> Self {
        Self { origin, ..self }
    }

    /// Whether the position lies in a voxel: from −0.5 up to, not including, n − 0.5 on each axis.
    #[must_use]
    pub fn contains(&self, position: VoxelPos) -> bool {
        let inside = |coordinate: f64, n: usize| (-0.5..n as f64 - 0.5).contains(&coordinate);
        inside(position.z, self.shape[0])
            && inside(position.y, self.shape[1])
            && inside(position.x, self.shape[2])
    }

    /// Where a position counted on this grid lies in space.
    #[must_use]
    pub fn angstrom_from_voxel(&self, position: VoxelPos) -> AngstromPos {
        AngstromPos {
            z: self.origin.z + position.z * self.voxel_size.z(),
            y: self.origin.y + position.y * self.voxel_size.y(),
            x: self.origin.x + position.x * self.voxel_size.x(),
        }
    }

    /// The coordinates on this grid of a place in space, also outside of it.
    #[must_use]
    pub fn voxel_from_angstrom(&self, position: AngstromPos) -> VoxelPos {
        VoxelPos {
            z: (position.z - self.origin.z) / self.voxel_size.z(),
            y: (position.y - self.origin.y) / self.voxel_size.y(),
            x: (position.x - self.origin.x) / self.voxel_size.x(),
        }
    }

    /// The coordinates on this grid of a position that is counted on another.
    #[must_use]
    pub fn voxel_from(&self, other: &Grid, position: VoxelPos) -> VoxelPos {
        self.voxel_from_angstrom(other.angstrom_from_voxel(position))
    }

    /// The centre by `rule` in voxels of this grid.
    #[must_use]
    pub fn centre(&self, rule: CentreRule) -> VoxelPos {
        let [z, y, x] = self.shape.map(|n| rule.centre_vox(n));
        VoxelPos { z, y, x }
    }

    /// The grid of blocks of `factors` (z, y, x) voxels, incomplete blocks dropped.
    ///
    /// A block is centred on the mean of its voxels, so the origin moves by (k − 1)/2 voxels.
    /// `None` if a factor is 0 or leaves no block.
    #[must_use]
    pub fn binned(&self, factors: [usize; 3]) -> Option<Self> {
        let voxel_size = self.voxel_size.binned(factors)?;
        let mut shape = self.shape;
        for (n, factor) in shape.iter_mut().zip(factors) {
            *n /= factor;
        }
        let [z, y, x] = factors.map(|factor| (factor as f64 - 1.0) / 2.0);
        let origin = self.angstrom_from_voxel(VoxelPos { z, y, x });
        (!shape.contains(&0)).then_some(Self {
            shape,
            voxel_size,
            origin,
        })
    }

    /// The grid of the box of `shape` voxels whose first voxel is `start` (z, y, x) of this one.
    #[must_use]
    pub fn cropped(&self, start: [usize; 3], shape: [usize; 3]) -> Self {
        let [z, y, x] = start.map(|n| n as f64);
        let origin = self.angstrom_from_voxel(VoxelPos { z, y, x });
        Self {
            shape,
            voxel_size: self.voxel_size,
            origin,
        }
    }

    /// Number of voxels, `None` where it overflows.
    #[must_use]
    pub fn voxels(&self) -> Option<usize> {
        self.shape
            .iter()
            .try_fold(1_usize, |product, &n| product.checked_mul(n))
    }
}

impl fmt::Display for Grid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [z, y, x] = self.shape;
        let origin = self.origin;
        write!(f, "{x} × {y} × {z} voxels (x, y, z) of {}", self.voxel_size)?;
        write!(f, " from ({}, {}, {}) Å", origin.x, origin.y, origin.z)
    }
}
