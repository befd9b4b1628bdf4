use ndarray::{Array3, ArrayView3, s};

use crate::{Grid, ShapeMismatch};

/// A volume: `data` is `[z, y, x]`, C-contiguous, and lies on `grid`.
///
/// ```
/// use cryo_core::{Grid, Volume, VoxelSize};
/// use ndarray::Array3;
/// let grid = Grid::new([2, 3, 4], VoxelSize::new(10.0).expect("valid"));
/// let volume = Volume::new(Array3::zeros((2, 3, 4)), grid)?;
/// let corner = volume.crop([0, 1, 1], [1, 2, 3])?;
/// assert_eq!(corner.grid().origin.x, 10.0);
/// assert!(Volume::new(Array3::zeros((4, 3, 2)), grid).is_err());
/// # Ok::<(), cryo_core::ShapeMismatch>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Volume {
    data: Array3<f32>,
    grid: Grid,
}

impl Volume {
    /// A volume of `data` on `grid`; an array in another memory order is copied once.
    ///
    /// # Errors
    /// [`ShapeMismatch`] if the array does not have the shape of the grid.
    pub fn new(data: Array3<f32>, grid: Grid) -> Result<Self, ShapeMismatch> {
        check_shape(data.view(), &grid)?;
        let data = if data.is_standard_layout() {
            data
        } else {
            data.as_standard_layout().into_owned()
        };
        Ok(Self { data, grid })
    }

    /// Where the voxels lie.
    #[must_use]
    pub fn grid(&self) -> &Grid {
        &self.grid
    }

    /// The array, `[z, y, x]`.
    #[must_use]
    pub fn data(&self) -> &Array3<f32> {
        &self.data
    }

    /// The array, given away.
    #[must_use]
    pub fn into_data(self) -> Array3<f32> {
        self.data
    }

    /// A borrowed volume.
    #[must_use]
    pub fn view(&self) -> VolumeView<'_> {
        VolumeView {
            data: self.data.view(),
            grid: self.grid,
        }
    }

    /// The box of `shape` voxels from `start` (both z, y, x), borrowed.
    ///
    /// # Errors
    /// [`ShapeMismatch`] if the box leaves the volume.
    pub fn crop(
        &self,
        start: [usize; 3],
        shape: [usize; 3],
    ) -> Result<VolumeView<'_>, ShapeMismatch> {
        let fits = (0..3).all(|axis| {
            start[axis]
                .checked_add(shape[axis])
                .is_some_and(|end| end <= self.grid.shape[axis])
        });
        if !fits {
            let expected = (0..3).map(|axis| self.grid.shape[axis].saturating_sub(start[axis]));
            return Err(ShapeMismatch {
                expected: expected.collect(),
                got: shape.to_vec(),
            });
        }
        let [z, y, x] = start;
        let [depth, height, width] = shape;
        let data = self
            .data
            .slice(s![z..z + depth, y..y + height, x..x + width]);
        Ok(VolumeView {
            data,
            grid: self.grid.cropped(start, shape),
        })
    }

    /// The volume that `f` makes of the array, on the same grid.
    ///
    /// # Errors
    /// [`ShapeMismatch`] if `f` changes the shape.
    pub fn map_data(
        self,
        f: impl FnOnce(Array3<f32>) -> Array3<f32>,
    ) -> Result<Self, ShapeMismatch> {
        Self::new(f(self.data), self.grid)
    }
}

/// A borrowed volume, possibly a part of a larger one; its rows need not be contiguous.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct VolumeView<'a> {
    data: ArrayView3<'a, f32>,
    grid: Grid,
}

impl<'a> VolumeView<'a> {
    /// A view of `data` on `grid`.
    ///
    /// # Errors
    /// [`ShapeMismatch`] if the array does not have the shape of the grid.
    pub fn new(data: ArrayView3<'a, f32>, grid: Grid) -> Result<Self, ShapeMismatch> {
        check_shape(data, &grid)?;
        Ok(Self { data, grid })
    }

    /// Where the voxels lie.
    #[must_use]
    pub fn grid(&self) -> &Grid {
        &self.grid
    }

    /// The array, `[z, y, x]`.
    #[must_use]
    pub fn data(&self) -> ArrayView3<'a, f32> {
        self.data
    }

    /// A copy of its own.
    #[must_use]
    pub fn to_volume(&self) -> Volume {
        Volume {
            data: self.data.as_standard_layout().into_owned(),
            grid: self.grid,
        }
    }
}

fn check_shape(data: ArrayView3<'_, f32>, grid: &Grid) -> Result<(), ShapeMismatch> {
    if data.shape() == grid.shape {
        return Ok(());
    }
    Err(ShapeMismatch {
        expected: grid.shape.to_vec(),
        got: data.shape().to_vec(),
    })
}
