use std::ops::Range;

use cryo_core::{Grid, Volume, VolumeView};
use ndarray::{ArrayViewMut3, s};

use crate::SourceError;

/// A volume that is read a few planes at a time, from memory or from a file.
///
/// The same plane is asked for several times, and planes by several threads at once. Implement it over your own reader to search tomograms that do not fit into memory.
pub trait PlaneSource: Sync {
    /// Shape, voxel size and origin.
    fn grid(&self) -> Grid;

    /// Writes the planes to `out`, `[planes.len(), y, x]`.
    ///
    /// # Errors
    ///
    /// Whatever keeps the source from reading them.
    fn read_planes(
        &self,
        planes: Range<usize>,
        out: ArrayViewMut3<'_, f32>,
    ) -> Result<(), SourceError>;
}

impl PlaneSource for VolumeView<'_> {
    fn grid(&self) -> Grid {
        *VolumeView::grid(self)
    }

    fn read_planes(
        &self,
        planes: Range<usize>,
        mut out: ArrayViewMut3<'_, f32>,
    ) -> Result<(), SourceError> {
        out.assign(&self.data().slice(s![planes, .., ..]));
        Ok(())
    }
}

impl PlaneSource for Volume {
    fn grid(&self) -> Grid {
        *Volume::grid(self)
    }

    fn read_planes(
        &self,
        planes: Range<usize>,
        out: ArrayViewMut3<'_, f32>,
    ) -> Result<(), SourceError> {
        self.view().read_planes(planes, out)
    }
}
