//! What the tests of views share.
#![allow(dead_code, reason = "each test program uses its own part of this")]

use cryo_candidates::Border;
use cryo_core::{
    Grid, Particle, ParticleSet, Progress, Tilt, TiltGeometry, TiltSeries, TiltSign, Volume,
    VoxelPos, VoxelSize,
};
use ndarray::Array3;

pub(crate) fn grid(shape: [usize; 3]) -> Grid {
    Grid::new(shape, VoxelSize::new(10.0).unwrap())
}

/// Values without order, different everywhere.
pub(crate) fn noise(shape: (usize, usize, usize), seed: u64) -> Array3<f32> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    Array3::from_shape_simple_fn(shape, || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1 << 24) as f32
    })
}

pub(crate) fn volume(shape: [usize; 3], seed: u64) -> Volume {
    let [z, y, x] = shape;
    Volume::new(noise((z, y, x), seed), grid(shape)).unwrap()
}

pub(crate) fn particles(grid: Grid, places: &[(f64, f64, f64)]) -> ParticleSet {
    let mut set = ParticleSet::new("ts_01", grid);
    let places = places.iter();
    set.items
        .extend(places.map(|&(x, y, z)| Particle::at(VoxelPos::xyz(x, y, z))));
    set
}

pub(crate) fn series(images: Array3<f32>, angles: &[f64], grid: &Grid) -> TiltSeries {
    let (_, height, width) = images.dim();
    let tilts = angles.iter().copied().map(Tilt::at).collect();
    let sign = TiltSign::Negative;
    let geometry = TiltGeometry::centred(tilts, sign, grid, [height, width], 10.0);
    TiltSeries::new(images, geometry).unwrap()
}

/// The value that a border shows at an index beyond an axis of n, by the definition.
pub(crate) fn beyond(border: Border, mut index: i64, n: usize) -> usize {
    let last = n as i64 - 1;
    while index < 0 || index > last {
        index = match border {
            Border::Reflect if index < 0 => -1 - index,
            Border::Reflect => 2 * last + 1 - index,
            _ => index.clamp(0, last),
        };
    }
    usize::try_from(index).unwrap()
}

pub(crate) fn on_threads<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    pool.unwrap().install(work)
}

#[track_caller]
pub(crate) fn near(got: &[f32], expected: &[f32], tolerance: f32) {
    assert_eq!(got.len(), expected.len());
    for (index, (got, expected)) in got.iter().zip(expected).enumerate() {
        let off = (got - expected).abs();
        assert!(off <= tolerance, "{got} for {expected} at {index}");
    }
}

/// A caller who has already lost patience.
pub(crate) struct Cancelled;

impl Progress for Cancelled {
    fn is_cancelled(&self) -> bool {
        true
    }
}
