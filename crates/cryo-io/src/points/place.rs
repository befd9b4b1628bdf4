use cryo_core::{ParticleSet, VoxelPos};

use crate::{Finding, IndexBase, Picks, Severity};

/// The position of a coordinate triple `x, y, z` that counts voxels from `base`.
pub(crate) fn position_from_counted(xyz: [f64; 3], base: IndexBase) -> VoxelPos {
    let [x, y, z] = xyz.map(|coordinate| coordinate - base.offset());
    VoxelPos { z, y, x }
}

/// The triple `x, y, z` of a position, counted from `base`.
pub(crate) fn counted(position: VoxelPos, base: IndexBase) -> [f64; 3] {
    [position.x, position.y, position.z].map(|coordinate| coordinate + base.offset())
}

impl Picks {
    /// A warning for each tomogram of known extent that does not contain all of its particles.
    #[must_use]
    pub fn outside(&self) -> Vec<Finding> {
        let known = self.sets.iter().filter(|set| set.grid.has_extent());
        known.filter_map(outside_of).collect()
    }
}

fn outside_of(set: &ParticleSet) -> Option<Finding> {
    let grid = &set.grid;
    let mut outside = (set.items.iter()).filter(|item| !grid.contains(item.position));
    let VoxelPos { z, y, x } = outside.next()?.position;
    let count = outside.count() + 1;
    Some(Finding::new(
        Severity::Warning,
        format!("tomogram {:?}", set.tomogram),
        format!("positions inside of {grid}"),
        format!("{count} outside, the first at x {x}, y {y}, z {z}"),
        "check the binning, the axis order and the index base",
    ))
}
