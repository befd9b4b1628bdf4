//! The peak of memory is the process', so this is a process of its own.
#![cfg(target_os = "linux")]

use std::ops::Range;

use cryo_candidates::{PlaneSource, SourceError};
use cryo_core::{Grid, VoxelSize};
use cryo_pu_localize::{reduce, reduce_bytes};
use cryo_train::peak_memory_bytes;
use ndarray::ArrayViewMut3;

/// A tomogram that is nowhere.
struct Computed(Grid);

impl PlaneSource for Computed {
    fn grid(&self) -> Grid {
        self.0
    }

    fn read_planes(
        &self,
        planes: Range<usize>,
        mut out: ArrayViewMut3<'_, f32>,
    ) -> Result<(), SourceError> {
        out.indexed_iter_mut()
            .for_each(|((z, _, x), out)| *out = ((planes.start + z) ^ x) as f32);
        Ok(())
    }
}

#[test]
fn a_tomogram_is_never_in_memory() {
    let grid = Grid::new([160, 1024, 1024], VoxelSize::new(2.0).unwrap());
    let whole = 4 * 160 * 1024 * 1024;
    let before = peak_memory_bytes().unwrap();
    let reduced = reduce("TS_01", &Computed(grid), None, 16.0).unwrap();
    let taken = peak_memory_bytes().unwrap() - before;
    let out = 4 * reduced.volume.data().len() as u64;
    let told = reduce_bytes(&grid) + out;
    // Of threads and what comes back late.
    let slack = 16 << 20;
    assert!(taken <= told + slack, "{taken} bytes, told {told}");
    assert!(told < whole / 4, "{told} bytes of {whole}");
}
